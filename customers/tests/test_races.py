"""Many at once on PostgreSQL, each with the figure of trust 1.2. `make soak` runs 200 rounds."""

import os
import threading
from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone

from crm.core.checkdigits import is_customer_code
from crm.core.errors import NotFound, StaleVersion, TooManyExports
from crm.core.models import AccessKind, AccessLog
from crm.core.services import access_log
from crm.identity.choices import Duty, Profile
from customers.errors import AlreadyExists, TooManyReveals
from customers.models import Conflict, Customer
from customers.services.details import edit_customer
from customers.services.managers import transfer_customer
from customers.services.register import register_customer
from customers.services.reveal import reveal_field
from customers.tests.factories import Bureau, ContactFactory
from customers.tests.test_register import TELECOM

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SOAK = os.environ.get("KEDANG_SOAK") == "1"
ROUNDS = 200 if SOAK else 20
AT_ONCE = 64 if SOAK else 16


def together(*jobs):
    """Run the jobs at the same moment in a thread each; what each returned or raised, in order."""
    results, gate = [None] * len(jobs), threading.Barrier(len(jobs))

    def run(place, job):
        try:
            gate.wait(timeout=30)
            results[place] = job()
        except Exception as problem:  # noqa: BLE001  (the result is the exception)
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


@pytest.fixture
def bureau(transactional_db):
    return Bureau(Profile.REPAIR)


def shop(number, **changes):
    return replace(TELECOM, name=f"西安商行{number}", credit_code="", aliases=(), **changes)


def test_rf08_parallel_creates_get_distinct_right_codes(bureau):
    people = [bureau.person(Duty.AM) for _n in range(AT_ONCE)]
    each = 64 // AT_ONCE

    def create(place):
        return [
            register_customer(
                organisation=bureau.org, data=shop(place * 100 + n), by=people[place]
            ).code
            for n in range(each)
        ]

    results = together(*[lambda p=place: create(p) for place in range(AT_ONCE)])
    codes = [code for made in results for code in made]
    assert len(codes) == len(set(codes)) == Customer.objects.count() == 64
    assert all(is_customer_code(code) for code in codes)


def two_register(bureau, first, second, number):
    """One round of RF-09; the names of what went wrong, nothing when all is as promised."""
    code = credit_code(number)
    data = replace(shop(number), credit_code=code, contacts=())
    results = together(
        *[
            lambda who=who, n=n: register_customer(
                organisation=bureau.org, data=replace(data, name=f"{data.name}-{n}"), by=who
            )
            for n, who in enumerate((first, second))
        ]
    )
    made = [row for row in results if isinstance(row, Customer)]
    refused = [row for row in results if isinstance(row, AlreadyExists)]
    faults = []
    if Customer.objects.filter(credit_code=code).count() != 1 or len(made) != 1:
        faults.append("not one customer")
    told = [(str(row.message), row.field, row.seen_code) for row in refused]
    if told != [("已存在，先记录者优先", "credit_code", "")]:
        faults.append(f"foreign detail or other words: {told}")
    conflict = Conflict.objects.filter(customer__credit_code=code).first()
    if conflict is None or conflict.newcomer_id == conflict.customer.manager_id:
        faults.append("no conflict for the general manager")
    return faults


def credit_code(number):
    """A credit code with its right last place."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"9161000{number:010d}"
    total = sum(alphabet.index(mark) * pow(3, at, 31) for at, mark in enumerate(body))
    return body + alphabet[-total % 31]


def test_rf09_the_first_record_wins_and_the_second_goes_to_the_general_manager(
    bureau, record_property
):
    record_property("rounds", ROUNDS)
    first, second = bureau.person(Duty.AM), bureau.person(Duty.AM)
    bureau.person(Duty.GM)
    faults = [
        (number, fault)
        for number in range(ROUNDS)
        for fault in two_register(bureau, first, second, number)
    ]
    assert faults == []


def test_rf09_the_check_notices_when_the_lock_is_gone(bureau, monkeypatch):
    """Negative control: without the advisory lock a violation shows within fifty rounds."""
    monkeypatch.setattr("customers.services.register.lock_keys", lambda *args: None)
    first, second = bureau.person(Duty.AM), bureau.person(Duty.AM)
    bureau.person(Duty.GM)
    assert any(two_register(bureau, first, second, number) for number in range(50))


def test_rf07_one_of_many_saves_from_the_same_version_wins(bureau):
    manager = bureau.person(Duty.AM)
    row = bureau.customer(manager)
    count = 50 if SOAK else AT_ONCE

    def save(number):
        return edit_customer(
            customer=Customer.objects.get(pk=row.pk),
            changes={"address": f"北街{number}号"},
            expected=1,
            reason="名片",
            by=manager,
        )

    results = together(*[lambda n=n: save(n) for n in range(count)])
    won = [r for r in results if isinstance(r, Customer)]
    assert len(won) == 1
    assert sum(isinstance(r, StaleVersion) for r in results) == count - 1
    live = Customer.objects.get(pk=row.pk)
    assert (live.version, live.address) == (2, won[0].address)
    assert live.history.filter(version=2).count() == 1


def test_rf10_no_save_of_the_old_manager_lands_after_the_change(bureau, record_property):
    record_property("rounds", ROUNDS)
    old, new = bureau.person(Duty.AM), bureau.person(Duty.AM)
    for number in range(ROUNDS):
        row = bureau.customer(old)

        def save(row=row, number=number):
            seen = Customer.objects.get(pk=row.pk)
            return edit_customer(
                customer=seen,
                changes={"address": f"甲{number}"},
                expected=seen.version,
                reason="名片",
                by=old,
            )

        def change(row=row):
            return transfer_customer(customer=row, manager=new, reason="调岗", by=new)

        saved, moved = together(save, change)
        assert isinstance(moved, Customer)
        if isinstance(saved, Customer):
            assert saved.version < moved.version
        else:
            assert isinstance(saved, NotFound | StaleVersion)
            assert Customer.objects.get(pk=row.pk).address == ""


def test_the_hourly_limit_of_reveals_holds_under_threads(bureau):
    manager = bureau.person(Duty.AM)
    contact = ContactFactory(customer=bureau.customer(manager))

    def ask():
        try:
            return [
                reveal_field(row=contact, field="mobile", reason="核对", by=manager)
                for _n in range(70 // AT_ONCE + 1)
            ]
        except TooManyReveals:
            return []

    together(*[ask] * AT_ONCE)
    asked = AccessLog.objects.filter(kind="reveal", at__lte=timezone.now())
    assert asked.count() == 60


def take_file(manager):
    return access_log.log_export(
        list_name="customers.customer", rows=1, columns=["customer.code"], asked="", by=manager
    )


def test_the_daily_limit_of_files_holds_under_threads(bureau, monkeypatch):
    """Of many at once as many are let through as the limit says, the rest are told so."""
    monkeypatch.setattr(access_log, "FILES_A_DAY", 3)
    manager, keeper = bureau.person(Duty.AM), bureau.person(Duty.ARC)
    results = together(*[lambda: take_file(manager)] * 8, lambda: take_file(keeper))
    assert sum(isinstance(row, AccessLog) for row in results[:8]) == 3
    assert sum(isinstance(row, TooManyExports) for row in results[:8]) == 5
    assert AccessLog.objects.filter(kind=AccessKind.EXPORT, user_id=manager.pk).count() == 3
    assert isinstance(results[8], AccessLog)


def test_two_are_both_the_last_file_when_the_lock_is_gone(bureau, monkeypatch):
    """The negative control: both have counted before one has written."""
    manager, both = bureau.person(Duty.AM), threading.Barrier(2)
    write = access_log._write

    def write_together(*args, **kwargs):
        both.wait(timeout=30)
        return write(*args, **kwargs)

    monkeypatch.setattr(access_log, "FILES_A_DAY", 1)
    monkeypatch.setattr(access_log, "_let_one_count", lambda by: None)
    monkeypatch.setattr(access_log, "_write", write_together)
    together(*[lambda: take_file(manager)] * 2)
    assert AccessLog.objects.filter(kind=AccessKind.EXPORT, user_id=manager.pk).count() == 2
