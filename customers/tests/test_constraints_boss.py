"""Every constraint and trigger of document 002, each tried once against the database itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from customers.models import (
    AttributeDefinition,
    BillingAccount,
    Certificate,
    Customer,
    CustomerAttributes,
    ExternalAccount,
    ListEntry,
    Party,
    PayLink,
    SubscriberProfile,
    Subscription,
)
from customers.tests.factories_boss import (
    AttributeFactory,
    BillingAccountFactory,
    CertificateFactory,
    ExternalAccountFactory,
    ListEntryFactory,
    PartyLinkFactory,
    PayLinkFactory,
    SubscriptionFactory,
)
from customers.tests.test_constraints import again, change

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
PAST = TODAY - timedelta(days=1)


class World:
    """Two customers of an operator with one of everything."""

    def __init__(self, boss):
        self.boss = boss
        self.one = boss.customer(name="甲", customer_kind="person")
        self.two = boss.customer(name="乙", customer_kind="person")
        self.account = BillingAccountFactory(customer=self.one, is_default=True)
        self.other = BillingAccountFactory(customer=self.one)
        self.foreign = BillingAccountFactory(customer=self.two)
        self.user = SubscriptionFactory(account=self.account)
        self.link = PayLinkFactory(subscription=self.user)
        self.paper = CertificateFactory(customer=self.one)
        self.theirs = CertificateFactory(customer=self.two, number="440106196010176580")
        self.entry = ListEntryFactory(customer=self.one)
        self.profile = SubscriberProfile(customer=self.one)
        self.profile.save()
        self.field = AttributeFactory(organisation=boss.org, code="pets", label="宠物")
        self.extra = CustomerAttributes(customer=self.one)
        self.extra.save()


@pytest.fixture
def world(boss):
    return World(boss)


BREAKS = {
    "customers_account_one_default": lambda w: change(BillingAccount, w.other, is_default=True),
    "customers_account_billing_day": lambda w: change(BillingAccount, w.other, billing_day=29),
    "customers_account_days_in_order": lambda w: change(BillingAccount, w.other, ends_on=PAST),
    "customers_account_cancelled_has_end": lambda w: change(
        BillingAccount, w.other, status="cancelled"
    ),
    "customers_account_has_name": lambda w: change(BillingAccount, w.other, name=""),
    "customers_billingaccount_number_key": lambda w: again(w.other, is_default=False),
    "customers_user_has_service_and_address": lambda w: change(
        Subscription, w.user, install_address=""
    ),
    "customers_user_days_in_order": lambda w: change(
        Subscription, SubscriptionFactory(account=w.other), status="cancelled", ends_on=PAST
    ),
    "customers_user_cancelled_has_end": lambda w: change(Subscription, w.user, ends_on=TODAY),
    "customers_subscription_number_key": lambda w: again(w.user),
    "customers_paylink_once": lambda w: again(w.link),
    "customers_paylink_share": lambda w: change(PayLink, w.link, share=101),
    "customers_paylink_rank": lambda w: change(PayLink, w.link, rank=0),
    "customers_paylink_days_in_order": lambda w: change(PayLink, w.link, ends_on=PAST),
    "customers_subscriber_own_or_phone": lambda w: change(
        SubscriberProfile, w.profile, own_certificate_required=True, phone_delegation=True
    ),
    "customers_subscriberprofile_customer_id_key": lambda w: again(w.profile),
    "customers_certificate_one_customer": lambda w: change(
        Certificate, w.theirs, number_index=w.paper.number_index
    ),
    "customers_certificate_number_in_its_place": lambda w: change(
        Certificate, w.paper, kind="licence"
    ),
    "customers_certificate_has_index": lambda w: change(Certificate, w.paper, number_index=""),
    "customers_certificate_days_in_order": lambda w: change(
        Certificate, w.paper, valid_from=TODAY, valid_to=PAST
    ),
    "customers_certificate_checked_by_and_at": lambda w: change(
        Certificate, w.paper, checked_at=timezone.now()
    ),
    "customers_certificate_real_name_is_checked": lambda w: change(
        Certificate, w.paper, is_real_name=True
    ),
    "customers_check_failure_is_explained": lambda w: w.paper.checks.create(
        customer_id=w.one.pk, by=w.one.created_by, method="reader", channel="door", result="failed"
    ),
    "customers_listentry_names_its_object": lambda w: change(
        ListEntry, w.entry, object_type="account"
    ),
    "customers_listentry_days_in_order": lambda w: change(ListEntry, w.entry, ends_on=PAST),
    "customers_listentry_has_reason": lambda w: change(ListEntry, w.entry, reason=""),
    "customers_listentry_customer_once": lambda w: again(w.entry),
    "customers_listentry_account_once": lambda w: [
        ListEntryFactory(customer=w.one, object_type="account", account=w.account) for _n in "12"
    ],
    "customers_listentry_user_once": lambda w: [
        ListEntryFactory(customer=w.one, object_type="user", subscription=w.user) for _n in "12"
    ],
    "customers_attribute_code_once": lambda w: again(w.field),
    "customers_attribute_code_is_plain": lambda w: AttributeFactory(
        organisation=w.boss.org, code="Pets"
    ),
    "customers_attribute_never_sensitive": lambda w: AttributeFactory(
        organisation=w.boss.org, data_class="S"
    ),
    "customers_attribute_choice_has_dictionary": lambda w: AttributeFactory(
        organisation=w.boss.org, value_kind="choice"
    ),
    "customers_attribute_days_in_order": lambda w: change(
        AttributeDefinition, w.field, valid_to=PAST
    ),
    "customers_customerattributes_customer_id_key": lambda w: again(w.extra),
    "customers_party_has_name": lambda w: Party.objects.create(organisation=w.boss.org, name=""),
    "customers_partylink_one_party": lambda w: [
        PartyLinkFactory(customer=w.one) for _party in "12"
    ],
    "customers_external_once": lambda w: [
        ExternalAccountFactory(account=w.other) for _time in "12"
    ],
    "customers_external_has_number": lambda w: ExternalAccountFactory(
        account=w.other, holder_name=""
    ),
    "customers_external_names_its_bank": lambda w: ExternalAccountFactory(
        account=w.other, institution=""
    ),
    "customers_external_days_in_order": lambda w: ExternalAccountFactory(
        account=w.other, ends_on=PAST
    ),
    "customers_external_ended_has_end": lambda w: ExternalAccountFactory(
        account=w.other, status="ended"
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_constraint_refuses_its_breach(world, name):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BREAKS[name](world)
    assert refused.value.__cause__.diag.constraint_name == name


def cancel_user(w):
    change(PayLink, w.link, ends_on=TODAY)
    change(Subscription, w.user, status="cancelled", ends_on=TODAY)


CANCELLED = {"status": "cancelled", "ends_on": TODAY}
TRIGGERS = [
    ("还有在用的用户，不能注销", lambda w: change(BillingAccount, w.account, **CANCELLED)),
    (
        "还在为用户付费，不能注销",
        lambda w: [
            PayLinkFactory(subscription=w.user, account=w.other, share=50),
            change(BillingAccount, w.other, **CANCELLED),
        ],
    ),
    ("名下还有在用的用户", lambda w: change(Customer, w.one, status="cancelled", may_order=False)),
    ("名下还有在用的帐户", lambda w: change(Customer, w.two, status="cancelled", may_order=False)),
    ("还有生效的付费关系", lambda w: change(Subscription, w.user, **CANCELLED)),
    ("该客户自己的帐户", lambda w: change(Subscription, w.user, account=w.foreign)),
    (
        "帐户已注销，不能为用户付费",
        lambda w: [
            change(BillingAccount, w.other, **CANCELLED),
            change(Subscription, w.user, account=w.other),
        ],
    ),
    (
        "帐户已注销，不能为用户付费",
        lambda w: [
            change(BillingAccount, w.other, **CANCELLED),
            PayLinkFactory(subscription=w.user, account=w.other),
        ],
    ),
    ("用户已销户", lambda w: [cancel_user(w), again(w.link, ends_on=None)]),
    ("同一单位", lambda w: PayLinkFactory(subscription=w.user, account=BillingAccountFactory())),
    ("终身不变", lambda w: change(BillingAccount, w.other, number="Z1")),
    ("终身不变", lambda w: change(Subscription, w.user, number="Y1")),
    ("不能修改", lambda w: change(AttributeDefinition, w.field, code="dogs")),
    ("不能修改", lambda w: change(AttributeDefinition, w.field, data_class="P")),
    *[
        ("不能删除", lambda w, n=n: type(getattr(w, n)).objects.all()._raw_delete("default"))
        for n in ("user", "paper", "entry", "field")
    ],
    ("须属于同一单位", lambda w: PartyLinkFactory(customer=w.one, party=PartyLinkFactory().party)),
    (
        "该客户自己的帐户",
        lambda w: change(ExternalAccount, ExternalAccountFactory(account=w.other), customer=w.two),
    ),
    (
        "不能再有在用的外部支付账户",
        lambda w: [
            change(BillingAccount, w.other, **CANCELLED),
            ExternalAccountFactory(account=w.other),
        ],
    ),
    (
        "请先停用",
        lambda w: [
            ExternalAccountFactory(account=w.other),
            change(BillingAccount, w.other, **CANCELLED),
        ],
    ),
    *[
        ("不能删除", lambda w, make=make: make()._meta.model.objects.all()._raw_delete("default"))
        for make in (PartyLinkFactory, ExternalAccountFactory)
    ],
    ("没有定义扩展属性", lambda w: change(CustomerAttributes, w.extra, content={"cars": "2"})),
    ("的值与定义不符", lambda w: change(CustomerAttributes, w.extra, content={"pets": 2})),
    ("格式不对", lambda w: change(CustomerAttributes, w.extra, content=["pets"])),
]


@pytest.mark.parametrize(("words", "breach"), TRIGGERS)
def test_each_trigger_refuses_its_breach(world, words, breach):
    """B-9, B-10, B-17, B-18, B-26, B-33."""
    with pytest.raises(InternalError, match=words), transaction.atomic():
        breach(world)


def test_a_cancelled_customer_gets_no_account_behind_the_services_back(world):
    """B-17."""
    change(BillingAccount, world.foreign, **CANCELLED)
    change(Customer, world.two, status="cancelled", may_order=False)
    with pytest.raises(InternalError, match="客户已注销"), transaction.atomic():
        BillingAccountFactory(customer=world.two)
    with pytest.raises(InternalError, match="客户已注销"), transaction.atomic():
        change(BillingAccount, world.foreign, status="normal", ends_on=None)


def test_shares_are_summed_at_the_end_of_the_transaction(world):
    """B-10."""
    PayLinkFactory(subscription=world.user, account=world.other, share=50)
    with (
        pytest.raises(InternalError, match="合计应为 100，现为 150"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    PayLink.objects.all()._raw_delete("default")
