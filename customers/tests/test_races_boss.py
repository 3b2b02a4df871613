"""The last user and the end of his account or customer, at the same moment (B-17, B-10)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from crm.identity.choices import Duty, Profile
from customers.boss_values import NewUser, Share
from customers.domains import AccountStatus, ChargeKind
from customers.errors import WrongState
from customers.models import BillingAccount, PayLink, Subscription
from customers.services.accounts import cancel_account
from customers.services.users import open_user, split_payment
from customers.tests.factories import Bureau, ContactFactory
from customers.tests.factories_boss import (
    BillingAccountFactory,
    CertificateFactory,
    SubscriptionFactory,
)
from customers.tests.test_races import ROUNDS, together

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(transactional_db):
    boss = Bureau(Profile.BOSS)
    keeper = boss.person(Duty.ARC)
    row = boss.customer(name="黄娟", customer_kind="person")
    ContactFactory(customer=row)
    CertificateFactory(customer=row)
    return row, keeper


def one_round(row, keeper, number):
    """Open a user on an account while it is cancelled; what went wrong, or nothing."""
    account = BillingAccountFactory(customer=row)
    data = NewUser(account=account.pk, service="tv", install_address=f"体育西路{number}号")
    opened, ended = together(
        lambda: open_user(customer=row, data=data, by=keeper),
        lambda: cancel_account(account=account, expected=1, reason="退户", by=keeper),
    )
    good = [r for r in (opened, ended) if not isinstance(r, WrongState | ValidationError)]
    live = Subscription.objects.live().filter(account=account).exists()
    gone = BillingAccount.objects.get(pk=account.pk).status == AccountStatus.CANCELLED
    if live and gone:
        return "a live user on a cancelled account"
    return "" if len(good) == 1 else f"not exactly one won: {opened!r} {ended!r}"


def test_an_account_is_never_cancelled_under_its_new_user(scene):
    """B-17."""
    row, keeper = scene
    faults = [fault for n in range(ROUNDS) if (fault := one_round(row, keeper, n))]
    assert faults == []


def test_the_triggers_hold_when_no_service_locks(scene, monkeypatch):
    """B-17: the database alone, with the services' lock taken away."""
    row, keeper = scene
    without_lock(monkeypatch)
    assert not any("live user" in one_round(row, keeper, n) for n in range(ROUNDS))


def test_the_check_notices_when_lock_and_triggers_are_gone(scene, monkeypatch):
    """Negative control: without both a violation shows within fifty rounds."""
    row, keeper = scene
    without_lock(monkeypatch)
    switch("DISABLE")
    try:
        assert any("live user" in one_round(row, keeper, n) for n in range(50))
    finally:
        switch("ENABLE")


def without_lock(monkeypatch):
    """The services read the customer without locking it, and meet before they write."""

    def bare(customer, perm, *, by):
        return type(customer).objects.select_related("organisation").get(pk=customer.pk)

    for module in ("accounts", "users", "_operated"):
        monkeypatch.setattr(f"customers.services.{module}.lock_operated", bare)


def switch(how):
    with connection.cursor() as cursor:
        for table, name in (
            ("customers_billingaccount", "customers_account_stands"),
            ("customers_subscription", "customers_user_stands_new"),
        ):
            cursor.execute(f"ALTER TABLE {table} {how} TRIGGER {name}")


def test_two_splits_of_one_charge_leave_one_hundred(scene):
    """B-10: whoever comes second replaces the first; there is never more than a hundred."""
    row, keeper = scene
    accounts = [BillingAccountFactory(customer=row) for _n in range(2)]
    user = SubscriptionFactory(account=accounts[0])
    for _n in range(ROUNDS):
        together(
            *[
                lambda a=a: split_payment(
                    subscription=user,
                    charge_kind=ChargeKind.BASIC,
                    shares=[Share(a.pk, 100)],
                    reason="换付费人",
                    by=keeper,
                )
                for a in accounts
            ]
        )
        live = PayLink.objects.live().filter(subscription=user).values_list("share", flat=True)
        assert list(live) == [100]
