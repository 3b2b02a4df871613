"""Customers and what hangs on them for all rooms' tests: minimal valid rows.

They write the columns directly, without services: stories call services.
"""

from datetime import date

import factory
from django.contrib.auth.models import Permission
from django.utils import timezone

from crm.core.checkdigits import customer_code
from crm.core.models import Region
from crm.core.sealed import seal
from crm.identity.choices import Duty, Profile
from crm.identity.tests.factories import DepartmentFactory, OrganisationFactory, UserFactory
from customers.choices import (
    BindingStatus,
    CustomerKind,
    CustomerStatus,
    GrantLevel,
    RelationKind,
)
from customers.models import (
    BankBinding,
    Contact,
    ContactRelation,
    Customer,
    CustomerGrant,
    CustomerLoan,
    Membership,
    RepairProfile,
    RetailProfile,
    UnitLink,
)
from customers.services._names import name_columns

CITY = "6101"
ACCOUNT = "6222020200112233446"
IDENTITY = "11010519491231002X"
CREDIT_CODE = "91350100M000100Y43"


def region(code):
    """One division of the loaded GB/T 2260 table."""
    return Region.objects.get(pk=code)


class CustomerFactory(factory.django.DjangoModelFactory):
    """A customer in force in 西安; `department` (made when not given) gives the organisation."""

    class Meta:
        model = Customer
        skip_postgeneration_save = True

    class Params:
        # The series that gives real codes never gets so far.
        serial = factory.Sequence(lambda n: n + 100_001)
        suspended = factory.Trait(status=CustomerStatus.SUSPENDED, may_order=False)
        pending = factory.Trait(status=CustomerStatus.PENDING, may_order=False, entered_on=None)
        cancelled = factory.Trait(status=CustomerStatus.CANCELLED, may_order=False)

    department = factory.SubFactory(DepartmentFactory)
    organisation = factory.SelfAttribute("department.organisation")
    code = factory.LazyAttribute(lambda o: customer_code(CITY, o.serial))
    name = factory.Sequence(lambda n: f"西安测试商行{n}")
    customer_kind = CustomerKind.ORGANISATION
    status = CustomerStatus.NORMAL
    may_order = True
    province = factory.LazyFunction(lambda: region("610000"))
    city = factory.LazyFunction(lambda: region("610100"))
    entered_on = factory.LazyFunction(timezone.localdate)
    created_by = factory.SubFactory(UserFactory, department=factory.SelfAttribute("..department"))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        names = name_columns(kwargs["name"], kwargs["customer_kind"])
        kwargs["unique_name"] = kwargs["organisation"].profile == Profile.REPAIR
        return super()._create(model_class, *args, **(names | kwargs))


class ContactFactory(factory.django.DjangoModelFactory):
    """A related person with a mobile number; `identity_no` is given clear."""

    class Meta:
        model = Contact

    customer = factory.SubFactory(CustomerFactory)
    name = "王建国"
    position = "运维部主任"
    mobile = "13891234567"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        clear = kwargs.pop("identity_no", "")
        row = model_class(*args, **kwargs)
        seal(row, "identity_no", clear)
        row.save()
        return row


class RetailProfileFactory(factory.django.DjangoModelFactory):
    """Licence and sales data; `identity_no` is given clear."""

    class Meta:
        model = RetailProfile

    customer = factory.SubFactory(CustomerFactory, customer_kind=CustomerKind.RETAIL)
    organisation = factory.SelfAttribute("customer.organisation")
    licence_no = factory.Sequence(lambda n: f"6101{n:08d}")
    store_name = factory.SelfAttribute("customer.name")
    business_premises = "西安市雁塔区小寨东路1号"
    legal_representative = "何然雨"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        clear = kwargs.pop("identity_no", "")
        row = model_class(*args, **kwargs)
        seal(row, "identity_no", clear)
        row.save()
        return row


class RepairProfileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RepairProfile

    customer = factory.SubFactory(CustomerFactory)


class BankBindingFactory(factory.django.DjangoModelFactory):
    """A pending account of 陕西信合; `account_no` is given clear."""

    class Meta:
        model = BankBinding

    class Params:
        bound = factory.Trait(
            status=BindingStatus.BOUND,
            confirmed_by=factory.SubFactory(UserFactory),
            bound_at=factory.LazyFunction(timezone.now),
        )

    customer = factory.SubFactory(CustomerFactory)
    bank = "陕西信合"
    holder_name = "何然雨"
    bound_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        clear = {name: kwargs.pop(name, "") for name in ("holder_certificate", "agreement_no")}
        clear["account_no"] = kwargs.pop("account_no", ACCOUNT)
        row = model_class(*args, **kwargs)
        for name, value in clear.items():
            seal(row, name, value)
        row.save()
        return row


class CustomerGrantFactory(factory.django.DjangoModelFactory):
    """One customer shared by name; `level` is VIEW unless given."""

    class Meta:
        model = CustomerGrant

    class Params:
        level = GrantLevel.VIEW

    user = factory.SubFactory(UserFactory)
    permission = factory.LazyAttribute(
        lambda o: Permission.objects.get(content_type__app_label="customers", codename=o.level)
    )
    content_object = factory.SubFactory(CustomerFactory)
    reason = "代班"
    granted_by = factory.SubFactory(UserFactory)


class CustomerLoanFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CustomerLoan

    customer = factory.SubFactory(CustomerFactory)
    department = factory.SelfAttribute("customer.department")
    duty = Duty.SL
    reference = factory.Sequence(lambda n: f"DJ{n}")


class UnitLinkFactory(factory.django.DjangoModelFactory):
    """`child` under `parent` since the beginning of 2026."""

    class Meta:
        model = UnitLink

    organisation = factory.SelfAttribute("child.organisation")
    starts_on = date(2026, 1, 1)


class MembershipFactory(factory.django.DjangoModelFactory):
    """`member` in `group` since the beginning of 2026."""

    class Meta:
        model = Membership

    organisation = factory.SelfAttribute("group.organisation")
    starts_on = date(2026, 1, 1)


class ContactRelationFactory(factory.django.DjangoModelFactory):
    """`other` is the superior of `person`."""

    class Meta:
        model = ContactRelation

    kind = RelationKind.SUPERIOR


class Bureau:
    """One small organisation with the personas of every test, each made when first asked for.

    `bureau.person(Duty.AM)` is a new holder of the duty in the market department;
    `bureau.manager` owns `bureau.customer`, `colleague` is another manager, `head` sees the
    company, `stranger` works elsewhere.
    """

    def __init__(self, profile=Profile.REPAIR, **org):
        self.org = OrganisationFactory(profile=profile, **org)
        self.market = DepartmentFactory(parent=self.org)

    def person(self, *duties, department=None, **kwargs):
        return UserFactory(
            department=department or self.market, organisation=self.org, duties=duties, **kwargs
        )

    def unit(self, layer, manager=None, **kwargs):
        """A unit of the operator at its layer (R-40)."""
        row = self.customer(manager, **kwargs)
        RepairProfileFactory(customer=row, unit_layer=layer)
        return row

    def customer(self, manager=None, department=None, **kwargs):
        return CustomerFactory(
            department=department or self.market,
            manager=manager,
            created_by=manager or UserFactory(department=self.market, organisation=self.org),
            **kwargs,
        )
