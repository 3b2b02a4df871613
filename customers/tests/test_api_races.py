"""Many at once at the API's door, on real connections: RF-07, RF-45, RF-09 over HTTP."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection, connections, transaction

from crm.identity.choices import Duty, Profile
from customers.models import Conflict, Customer
from customers.services.details import edit_customer
from customers.tests.factories import CREDIT_CODE, Bureau
from customers.tests.outside import ALL, Outside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
URL = "/api/v1/customers/"
ROUNDS = 200 if os.environ.get("KEDANG_SOAK") else 20
HANDS = 10
BODY = {"name": "西安甲乙丙商行", "province": "610000", "city": "610600"}


@pytest.fixture
def bureau():
    return Bureau(Profile.REPAIR)


@pytest.fixture(autouse=True)
def _no_throttle(monkeypatch):
    monkeypatch.setattr(
        "crm.core.throttles.ClientThrottle.THROTTLE_RATES", {"client": "100000/second"}
    )


def all_at_once(acts):
    """Run the acts in threads of their own that start together; their results in order."""
    gate = threading.Barrier(min(len(acts), HANDS))

    def run(act):
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=5)
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=HANDS) as pool:
        return list(pool.map(run, acts))


def test_of_fifty_changes_from_one_version_exactly_one_wins(bureau, record_property):
    """RF-07: 1 × 200, 49 × 412; the row's version rises by one and history by one row."""
    record_property("rounds", max(1, ROUNDS // 10))
    manager = bureau.person(Duty.AM)
    erp = Outside(bureau, ALL)
    for turn in range(max(1, ROUNDS // 10)):
        row = bureau.customer(manager, name=f"甲{turn}")

        def change(number, row=row):
            url = f"{URL}{row.code}/"
            return erp.patch(url, {"address": f"第{number}号"}, match='"v1"').status_code

        told = all_at_once([lambda n=n: change(n) for n in range(50)])
        assert sorted(set(told)) == [200, 412]
        assert told.count(200) == 1
        row.refresh_from_db()
        assert row.version == 2
        assert row.history.count() == 2


def test_a_door_that_ignores_the_tag_lets_them_overwrite_each_other(bureau, monkeypatch):
    """Negative control: the same changes without the client's version all go through."""
    erp, row = Outside(bureau, ALL), bureau.customer(bureau.person(Duty.AM), name="甲")

    def naive(*, customer, **more):
        with transaction.atomic():
            row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
            return edit_customer(customer=row, **more | {"expected": row.version})

    monkeypatch.setattr("customers.api.customers.edit_customer", naive)

    def change(number):
        url = f"{URL}{row.code}/"
        return erp.patch(url, {"address": f"第{number}号"}, match='"v1"').status_code

    told = all_at_once([lambda n=n: change(n) for n in range(10)])
    assert told == [200] * 10


def test_twenty_posts_with_one_key_make_one_customer(bureau, record_property):
    """RF-45: the others replay the answer or are told to come back."""
    record_property("rounds", ROUNDS)
    erp = Outside(bureau, ALL)
    for turn in range(ROUNDS):
        body, key = BODY | {"name": f"西安商行{turn}"}, {"Idempotency-Key": f"round-{turn}"}
        told = all_at_once([lambda b=body, k=key: erp.post(URL, b, headers=k)] * 20)
        made = [response.json()["code"] for response in told if response.status_code == 201]
        waiting = [response for response in told if response.status_code != 201]
        assert len(set(made)) == 1
        assert all(r.status_code == 409 and r["Retry-After"] for r in waiting)
        assert Customer.objects.filter(name=f"西安商行{turn}").count() == 1


def test_without_a_key_and_a_unique_name_the_twins_all_get_in(bureau):
    """Negative control: what the key protects from really happens without it."""
    boss = Bureau(Profile.BOSS)
    erp = Outside(boss, ALL)
    body = BODY | {"customer_kind": "person", "name": "刘静"}
    told = all_at_once([lambda: erp.post(URL, body)] * 5)
    assert [response.status_code for response in told] == [201] * 5
    assert Customer.objects.filter(name="刘静").count() == 5


def test_two_systems_with_the_same_credit_code_make_one_customer_and_one_case(bureau):
    """RF-09 through the API: the refused one's case outlives its rolled back transaction."""
    first, second = Outside(bureau, ALL), Outside(bureau, ALL)
    key = {"Idempotency-Key": "same"}
    body = BODY | {"credit_code": CREDIT_CODE}
    told = all_at_once(
        [
            lambda: first.post(URL, body, headers=key),
            lambda: second.post(URL, body | {"name": "另一个名字"}, headers=key),
        ]
    )
    assert sorted(response.status_code for response in told) == [201, 409]
    assert Customer.objects.count() == 1
    assert Conflict.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_idempotencykey WHERE key = 'same'")
        assert cursor.fetchone() == (1,)
