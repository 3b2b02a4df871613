"""用户 and 帐户: who is served, who pays, and in which order they end (B-8 to B-10, B-16, B-17)."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from crm.core.errors import NotFound, StaleVersion
from crm.identity.choices import Duty
from crm.outbox.models import Message
from customers.boss_values import NewAccount, NewUser, Share
from customers.choices import CustomerStatus
from customers.domains import (
    AccountStatus,
    CertificateKind,
    CertificateRole,
    ChargeKind,
    UserStatus,
)
from customers.errors import WrongState
from customers.models import (
    BillingAccount,
    Certificate,
    Contact,
    Customer,
    PayLink,
    SubscriberProfile,
    Subscription,
    TimelineEntry,
)
from customers.services.accounts import (
    cancel_account,
    edit_account,
    make_default_account,
    open_account,
)
from customers.services.status import cancel_customer
from customers.services.users import (
    change_user_state,
    edit_user,
    open_user,
    split_payment,
    switch_payer,
)
from customers.tests.factories_boss import (
    BillingAccountFactory,
    CertificateFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db
HOME = NewAccount(name="家庭帐户", billing_day=5)


def tv(account, **changes):
    wanted = NewUser(account=account.pk, service="tv", install_address="天河区体育西路 1 号 201")
    return replace(wanted, **changes)


@pytest.fixture
def account(identified, keeper):
    return open_account(customer=identified, data=HOME, by=keeper)


@pytest.fixture
def served(identified, account, keeper):
    return open_user(customer=identified, data=tv(account), by=keeper)


def test_the_first_account_of_a_customer_is_his_default(identified, keeper, account):
    """B-9, B-10, B-27."""
    second = open_account(customer=identified, data=replace(HOME, name="公司代付"), by=keeper)
    assert (account.is_default, second.is_default) == (True, False)
    assert account.number[0] == "Z"
    assert (account.version, account.history.count()) == (1, 1)


def test_a_new_default_takes_the_place_of_the_one_before(identified, keeper, account):
    """B-10: one default account, whoever writes."""
    second = open_account(customer=identified, data=HOME, by=keeper)
    make_default_account(account=second, reason="客户要求", by=keeper)
    rows = BillingAccount.objects.filter(customer=identified).order_by("pk")
    assert [row.is_default for row in rows] == [False, True]


def test_a_user_belongs_to_a_customer_and_is_paid_by_an_account(identified, served, account):
    """B-8, B-9, B-17; billing hears of it without personal data."""
    assert (served.customer, served.account) == (identified, account)
    message = Message.objects.get(key=f"{identified.code}:{served.number}:1")
    assert message.payload["fields"] == ["users"]
    assert "体育西路" not in str(message.payload)
    assert TimelineEntry.objects.filter(customer=identified, kind="user_opened").count() == 1


def test_nobody_is_served_without_a_certificate_or_a_waiver(subscriber, keeper):
    """B-16, B-62."""
    account = open_account(customer=subscriber, data=HOME, by=keeper)
    with pytest.raises(WrongState, match="有效的证件"):
        open_user(customer=subscriber, data=tv(account), by=keeper)
    assert Subscription.objects.count() == 0
    SubscriberProfile.objects.bulk_create(
        [SubscriberProfile(customer=subscriber, certificate_waiver="virtual_card")]
    )
    assert open_user(customer=subscriber, data=tv(account), by=keeper).pk


def test_an_expired_certificate_identifies_nobody(identified, keeper, account):
    """B-16, B-55."""
    Certificate.objects.filter(customer=identified).update(valid_to="2020-01-01")
    with pytest.raises(WrongState, match="有效的证件"):
        open_user(customer=identified, data=tv(account), by=keeper)
    assert Subscription.objects.count() == 0


def test_nobody_is_served_without_a_contact(identified, keeper, account):
    """B-16."""
    Contact.objects.filter(customer=identified).update(is_live=False, is_primary=False)
    with pytest.raises(WrongState, match="联系人"):
        open_user(customer=identified, data=tv(account), by=keeper)
    assert Subscription.objects.count() == 0


def test_the_default_payer_is_an_account_of_the_customer_himself(boss, identified, keeper):
    """B-9, B-17."""
    foreign = BillingAccountFactory(customer=boss.customer(name="别人"))
    with pytest.raises(ValidationError) as refused:
        open_user(customer=identified, data=tv(foreign), by=keeper)
    assert refused.value.message_dict == {"account": ["请选择该客户在用的帐户"]}
    assert Subscription.objects.count() == 0


def test_a_second_customer_at_one_address_shows_the_deed(boss, identified, keeper, served):
    """B-54: whatever spaces and widths the address is typed with."""
    other = boss.customer(name="杜桂", customer_kind="person")
    Contact.objects.bulk_create([Contact(customer=other, name="杜桂")])
    CertificateFactory(customer=other, number="440106196010176580")
    account = open_account(customer=other, data=HOME, by=keeper)
    again = tv(account, install_address="天河区体育西路１号201")
    with pytest.raises(WrongState, match="房产证"):
        open_user(customer=other, data=again, by=keeper)
    assert Subscription.objects.filter(customer=other).count() == 0
    CertificateFactory(
        customer=other,
        role=CertificateRole.OWNER,
        kind=CertificateKind.PROPERTY,
        number="粤房地权证字0012345号",
    )
    assert open_user(customer=other, data=again, by=keeper).pk


def test_an_account_with_live_users_is_not_cancelled(account, served, keeper):
    """B-17: the database's own sentence."""
    with pytest.raises(ValidationError, match="还有在用的用户"):
        cancel_account(account=account, expected=1, reason="销户", by=keeper)
    account.refresh_from_db()
    assert (account.status, account.version) == (AccountStatus.NORMAL, 1)


def test_a_customer_with_live_users_or_accounts_is_not_cancelled(
    identified, account, served, keeper
):
    """B-17: users, then accounts, then the customer; afterwards his papers are free (B-18)."""
    with pytest.raises(WrongState, match="在用的用户"):
        cancel_customer(customer=identified, reason="搬家", by=keeper)
    change_user_state(
        subscription=served, status=UserStatus.CANCELLED, expected=1, reason="搬家", by=keeper
    )
    with pytest.raises(WrongState, match="在用的帐户"):
        cancel_customer(customer=identified, reason="搬家", by=keeper)
    assert Customer.objects.get(pk=identified.pk).status == CustomerStatus.NORMAL
    cancel_account(account=account, expected=1, reason="搬家", by=keeper)
    gone = cancel_customer(customer=identified, reason="搬家", by=keeper)
    assert gone.status == CustomerStatus.CANCELLED
    assert Certificate.objects.live().count() == 0
    assert Subscription.objects.get().ends_on is not None


def test_a_cancelled_customer_gets_neither_account_nor_user(identified, keeper):
    """B-17."""
    cancel_customer(customer=identified, reason="搬家", by=keeper)
    with pytest.raises(WrongState, match="已注销"):
        open_account(customer=identified, data=HOME, by=keeper)
    assert BillingAccount.objects.count() == 0


@pytest.mark.parametrize(
    ("before", "after"), [("cancelled", "normal"), ("pre_cancelled", "suspended")]
)
def test_a_user_moves_only_along_its_states(served, keeper, before, after):
    """B-13, B-59, domain 5."""
    ended = served.starts_on if before == "cancelled" else None
    Subscription.objects.filter(pk=served.pk).update(status=before, ends_on=ended)
    with pytest.raises(WrongState):
        change_user_state(
            subscription=served, status=UserStatus(after), expected=1, reason="测试", by=keeper
        )
    served.refresh_from_db()
    assert (served.status, served.version) == (before, 1)


def test_a_stale_version_changes_nothing(served, account, keeper):
    """RF-07."""
    edit_user(
        subscription=served, changes={"product": "互动包"}, expected=1, reason="升级", by=keeper
    )
    with pytest.raises(StaleVersion):
        edit_user(subscription=served, changes={"product": "x"}, expected=1, reason="x", by=keeper)
    edit_account(account=account, changes={"name": "新名"}, expected=1, reason="改名", by=keeper)
    with pytest.raises(StaleVersion):
        edit_account(account=account, changes={"name": "旧"}, expected=1, reason="x", by=keeper)
    served.refresh_from_db()
    account.refresh_from_db()
    assert (served.product, served.version) == ("互动包", 2)
    assert (account.name, account.version) == ("新名", 2)


@pytest.mark.parametrize("name", ["status", "customer", "number", "account"])
def test_a_change_never_sets_what_has_a_service_of_its_own(served, keeper, name):
    """PM-10."""
    with pytest.raises(ValidationError):
        edit_user(subscription=served, changes={name: "1"}, expected=1, reason="x", by=keeper)
    served.refresh_from_db()
    assert served.version == 1


def test_several_accounts_share_a_charge(boss, identified, served, account, keeper):
    """B-10: another customer's account may pay, the rest stays with the user's own."""
    group = BillingAccountFactory(customer=boss.customer(name="集团"), name="集团统付")
    shares = [Share(account.pk, 40), Share(group.pk, 60), Share(account.pk, 100, rank=2)]
    with pytest.raises(ValidationError, match="已为该用户的此类费用付费"):
        split_payment(
            subscription=served,
            charge_kind=ChargeKind.BROADBAND,
            shares=shares,
            reason="统付",
            by=keeper,
        )
    made = split_payment(
        subscription=served,
        charge_kind=ChargeKind.BROADBAND,
        shares=shares[:2],
        reason="统付",
        by=keeper,
    )
    assert [(link.account_id, link.share) for link in made] == [(account.pk, 40), (group.pk, 60)]
    served.refresh_from_db()
    assert served.account == account


@pytest.mark.parametrize("parts", [(40, 50), (60, 60)])
def test_shares_make_a_hundred(boss, served, account, keeper, parts):
    """B-10: the deferred sum speaks before the transaction ends, and nothing stays."""
    group = BillingAccountFactory(customer=boss.customer(name="集团"))
    shares = [Share(account.pk, parts[0]), Share(group.pk, parts[1])]
    with pytest.raises(ValidationError, match="合计应为 100"):
        split_payment(
            subscription=served, charge_kind=ChargeKind.BASIC, shares=shares, reason="x", by=keeper
        )
    assert PayLink.objects.count() == 0


def test_a_payer_of_shares_is_not_cancelled_until_they_end(boss, served, account, keeper):
    """B-17, B-10."""
    group = BillingAccountFactory(customer=boss.customer(name="集团"))
    split_payment(
        subscription=served,
        charge_kind=ChargeKind.BASIC,
        shares=[Share(group.pk, 100)],
        reason="统付",
        by=keeper,
    )
    with pytest.raises(ValidationError, match="还在为用户付费"):
        cancel_account(account=group, expected=1, reason="退出", by=keeper)
    change_user_state(
        subscription=served, status=UserStatus.CANCELLED, expected=2, reason="销户", by=keeper
    )
    assert PayLink.objects.live().count() == 0
    assert cancel_account(account=group, expected=1, reason="退出", by=keeper).ends_on


def test_the_payer_of_a_user_can_be_another_account_of_the_customer(identified, served, keeper):
    """B-10."""
    second = open_account(customer=identified, data=HOME, by=keeper)
    change = {"subscription": served, "expected": 1, "by": keeper}
    for wrong in ({"account": second.pk, "reason": " "}, {"account": served.account_id}):
        with pytest.raises(ValidationError):
            switch_payer(**change | {"reason": "换帐户"} | wrong)
    row = switch_payer(account=second.pk, reason="换帐户", **change)
    assert (row.account, row.version, row.history.count()) == (second, 2, 2)
    assert TimelineEntry.objects.get(kind="payment_split").values["after"] == second.number


def test_people_without_the_right_reach_no_user(boss, identified, account):
    """Trust 4.3: a manager looks, he does not open; a stranger knows of nothing."""
    manager = boss.person(Duty.AM)
    with pytest.raises(NotFound):
        open_user(customer=identified, data=tv(account), by=manager)
    assert Subscription.objects.count() == 0


def test_other_organisations_keep_no_users(repair, customer):
    """D9b: documents 000 and 001 know no user and no account."""
    keeper = repair.person(Duty.ARC)
    with pytest.raises(NotFound):
        open_account(customer=customer, data=HOME, by=keeper)
    assert BillingAccount.objects.count() == 0


def test_one_account_pays_for_many_users(account):
    """B-9, B-10."""
    for _n in range(3):
        SubscriptionFactory(account=account)
    assert Subscription.objects.live().filter(account=account).count() == 3
