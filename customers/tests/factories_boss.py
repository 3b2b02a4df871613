"""Rows of document 002 for tests: minimal and valid, written without services."""

import factory
from django.utils import timezone

from crm.core.sealed import blind_index, seal
from crm.core.search import strict_key
from customers.choices import CustomerKind
from customers.domains import OF_ORGANISATIONS, CertificateKind, ListColour, ValueKind
from customers.models import (
    AttributeDefinition,
    BillingAccount,
    Certificate,
    ExternalAccount,
    ListEntry,
    Party,
    PartyLink,
    PayLink,
    Subscription,
)
from customers.tests.factories import CustomerFactory

RESIDENT = "11010519491231002X"
OTHER_RESIDENT = "440524188001010014"


class BillingAccountFactory(factory.django.DjangoModelFactory):
    """A live account of a person."""

    class Meta:
        model = BillingAccount

    customer = factory.SubFactory(CustomerFactory, customer_kind=CustomerKind.PERSON)
    number = factory.Sequence(lambda n: f"ZT{n + 50_000_000:08d}")
    name = "家庭帐户"
    starts_on = factory.LazyFunction(timezone.localdate)


class SubscriptionFactory(factory.django.DjangoModelFactory):
    """A live user paid by an account of his customer."""

    class Meta:
        model = Subscription

    account = factory.SubFactory(BillingAccountFactory)
    customer = factory.SelfAttribute("account.customer")
    number = factory.Sequence(lambda n: f"YT{n + 50_000_000:08d}")
    service = "tv"
    product = "数字电视基本包"
    install_address = factory.Sequence(lambda n: f"广州市天河区体育西路{n}号")
    address_key = factory.LazyAttribute(lambda o: strict_key(o.install_address))
    starts_on = factory.LazyFunction(timezone.localdate)


class PayLinkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PayLink

    subscription = factory.SubFactory(SubscriptionFactory)
    account = factory.SelfAttribute("subscription.account")
    charge_kind = "broadband"
    starts_on = factory.LazyFunction(timezone.localdate)


class CertificateFactory(factory.django.DjangoModelFactory):
    """A resident identity card; `number` is given clear, whatever the kind."""

    class Meta:
        model = Certificate

    customer = factory.SubFactory(CustomerFactory, customer_kind=CustomerKind.PERSON)
    organisation = factory.SelfAttribute("customer.organisation")
    kind = CertificateKind.RESIDENT
    holder_name = "黄娟"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        clear = kwargs.pop("number", RESIDENT)
        row = model_class(*args, **kwargs)
        if row.kind in OF_ORGANISATIONS:
            row.public_no, row.number_index = clear, blind_index(clear)
        else:
            seal(row, "number", clear)
        row.save()
        return row


class ListEntryFactory(factory.django.DjangoModelFactory):
    """A customer on the black list from today on."""

    class Meta:
        model = ListEntry

    customer = factory.SubFactory(CustomerFactory)
    colour = ListColour.BLACK
    subtype = "arrears"
    reason = "连续三期恶意欠费"
    department = factory.SelfAttribute("customer.department")
    starts_on = factory.LazyFunction(timezone.localdate)


class PartyLinkFactory(factory.django.DjangoModelFactory):
    """A customer record in a party of its own organisation."""

    class Meta:
        model = PartyLink

    customer = factory.SubFactory(CustomerFactory)
    party = factory.LazyAttribute(
        lambda o: Party.objects.create(organisation=o.customer.organisation, name="黄娟")
    )


class ExternalAccountFactory(factory.django.DjangoModelFactory):
    """A bank account that pays for an account; `account_no` is given clear."""

    class Meta:
        model = ExternalAccount

    account = factory.SubFactory(BillingAccountFactory)
    customer = factory.SelfAttribute("account.customer")
    channel = "bank"
    holder_name = "黄娟"
    institution = "工商银行"
    starts_on = factory.LazyFunction(timezone.localdate)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        clear = kwargs.pop("account_no", "6222021234567890")
        row = model_class(*args, **kwargs)
        seal(row, "account_no", clear)
        row.save()
        return row


class AttributeFactory(factory.django.DjangoModelFactory):
    """A free text that an organisation keeps of all its customers."""

    class Meta:
        model = AttributeDefinition

    code = factory.Sequence(lambda n: f"extra_{n}")
    label = factory.Sequence(lambda n: f"扩展项{n}")
    value_kind = ValueKind.TEXT
    valid_from = factory.LazyFunction(timezone.localdate)
