"""Every constraint and trigger of this room, each tried once against the database itself."""

import importlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from customers.choices import BindingStatus, ConflictStatus, Light
from customers.models import (
    BankBinding,
    Conflict,
    Contact,
    Customer,
    CustomerAlias,
    CustomerLoan,
    DistinctPair,
    DuplicatePair,
    FieldRule,
    ManagerAssignment,
    ManagerScore,
    OpenForm,
    RetailProfile,
    ScopeSize,
    SystemState,
    TimelineEntry,
)
from customers.tests.factories import (
    CREDIT_CODE,
    BankBindingFactory,
    ContactFactory,
    RepairProfileFactory,
    RetailProfileFactory,
)
from customers.tests.tie_breaks import TIE_BREAKS

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class World:
    """Two customers of one company with one of everything."""

    def __init__(self, bureau, manager, colleague):
        self.bureau, self.manager, self.colleague = bureau, manager, colleague
        self.one = bureau.customer(manager, name="甲公司", credit_code=CREDIT_CODE)
        self.two = bureau.customer(manager, name="乙公司")
        self.primary = ContactFactory(customer=self.one, is_primary=True, login_code="yadxyw")
        self.other = ContactFactory(customer=self.one)
        self.binding = BankBindingFactory(customer=self.one, bound_by=manager)
        self.shop = RetailProfileFactory(customer=self.one)
        self.term = ManagerAssignment.objects.create(
            customer=self.one, manager=manager, reason="x", proposer=manager
        )
        self.pair = DuplicatePair.objects.create(
            organisation=bureau.org, first=self.one, second=self.two, score=98, reason="swap"
        )
        self.distinct = DistinctPair.objects.create(first=self.one, second=self.two, reason="x")
        self.conflict = Conflict.objects.create(
            number="GS2026000001",
            organisation=bureau.org,
            customer=self.one,
            newcomer=colleague,
            typed_name="甲",
            matched="name",
        )
        self.alias = CustomerAlias.objects.create(
            customer=self.one, organisation=bureau.org, system="erp", code="E1"
        )
        self.form = OpenForm.objects.create(customer=self.one, kind="change", number="WH1")
        self.light = SystemState.objects.create(customer=self.one, system="em", at=NOW)
        self.loan = CustomerLoan.objects.create(
            customer=self.one, department=bureau.market, duty="SL", reference="DJ1"
        )


@pytest.fixture
def world(repair, manager, colleague):
    return World(repair, manager, colleague)


def change(model, row, **values):
    model.objects.filter(pk=row.pk).update(**values)


def again(row, **values):
    """Insert the same row once more."""
    row.pk, row._state.adding = None, True
    for name, value in values.items():
        setattr(row, name, value)
    type(row).objects.bulk_create([row])


BREAKS = {
    "customers_customer_code_key": lambda w: again(w.two, name_key_strict="z"),
    "customers_customer_credit_code_once": lambda w: change(
        Customer, w.two, credit_code=CREDIT_CODE
    ),
    "customers_customer_legal_name_once": lambda w: change(
        Customer, w.two, name_key_strict="甲公司"
    ),
    "customers_customer_has_name": lambda w: change(Customer, w.two, name=""),
    "customers_customer_postcode_has_6_digits": lambda w: change(Customer, w.two, postcode="7100"),
    "customers_customer_orders_when_normal": lambda w: change(Customer, w.two, status="closed"),
    "customers_customer_code_has_14_digits": lambda w: again(
        w.two, code="610", name_key_strict="z"
    ),
    "customers_retail_licence_once": lambda w: RetailProfileFactory(
        customer=w.two, licence_no=w.shop.licence_no
    ),
    "customers_retail_licence_has_12_digits": lambda w: change(
        RetailProfile, w.shop, licence_no="12"
    ),
    "customers_retailprofile_customer_id_key": lambda w: RetailProfileFactory(customer=w.one),
    "customers_repairprofile_customer_id_key": lambda w: again(
        RepairProfileFactory(customer=w.one)
    ),
    "customers_contact_one_primary": lambda w: change(Contact, w.other, is_primary=True),
    "customers_contact_key_type_of_key_person": lambda w: change(
        Contact, w.other, key_type="finance"
    ),
    "customers_contact_age_is_human": lambda w: change(Contact, w.other, age=150),
    "customers_contact_primary_is_live": lambda w: change(Contact, w.primary, is_live=False),
    "customers_contact_login_code_once": lambda w: change(Contact, w.other, login_code="YADXYW"),
    "customers_bank_one_live": lambda w: BankBindingFactory(customer=w.one),
    "customers_bank_has_a_state": lambda w: change(
        BankBinding, w.binding, status=BindingStatus.UNBOUND
    ),
    "customers_bank_two_people": lambda w: change(
        BankBinding, w.binding, confirmed_by=w.manager, bound_at=NOW
    ),
    "customers_bank_confirmed_by_and_at": lambda w: change(
        BankBinding, w.binding, confirmed_by=w.colleague
    ),
    "customers_bank_bound_is_confirmed": lambda w: change(BankBinding, w.binding, status="bound"),
    "customers_bank_closed_has_end": lambda w: change(BankBinding, w.binding, status="closed"),
    "customers_assignment_one_open": lambda w: again(w.term),
    "customers_assignment_dates_in_order": lambda w: change(
        ManagerAssignment, w.term, ends_at=NOW - timedelta(days=1)
    ),
    "customers_assignment_contact_after_start": lambda w: change(
        ManagerAssignment, w.term, contacted_at=NOW - timedelta(days=900)
    ),
    "customers_duplicate_once": lambda w: again(w.pair),
    "customers_duplicate_older_first": lambda w: change(
        DuplicatePair, w.pair, second_id=w.pair.first_id
    ),
    "customers_distinct_once": lambda w: again(w.distinct),
    "customers_distinct_older_first": lambda w: change(
        DistinctPair, w.distinct, second_id=w.distinct.first_id
    ),
    "customers_distinct_has_reason": lambda w: change(DistinctPair, w.distinct, reason=""),
    "customers_conflict_one_open": lambda w: again(w.conflict, number="GS2026000002"),
    "customers_conflict_number_key": lambda w: again(w.conflict, newcomer=w.manager),
    "customers_conflict_decided_by_and_at": lambda w: change(
        Conflict, w.conflict, status=ConflictStatus.DECIDED
    ),
    "customers_alias_code_once": lambda w: again(w.alias, customer=w.two),
    "customers_openform_one_a_kind": lambda w: again(w.form, number="WH2"),
    "customers_openform_number_key": lambda w: again(w.form, kind="other"),
    "customers_light_one_a_system": lambda w: again(w.light),
    "customers_light_green_by_message": lambda w: change(SystemState, w.light, state=Light.OK),
    "customers_loan_once": lambda w: again(w.loan),
    "customers_fieldrule_once": lambda w: again(FieldRule.objects.first()),
    "customers_managerscore_manager_id_key": lambda w: again(
        ManagerScore.objects.create(manager=w.manager, customers=1, percent=50)
    ),
    "customers_scopesize_once": lambda w: again(ScopeSize.objects.create(value=0, size=1)),
} | TIE_BREAKS


@pytest.mark.parametrize("name", BREAKS)
def test_each_constraint_refuses_its_breach(world, name):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BREAKS[name](world)
    assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_of_the_room_is_tried():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid::regclass::text LIKE 'customers_%%'"
            " AND conrelid::regclass::text !~ 'historical|grant' AND contype IN ('c', 'u', 'x')"
            " UNION SELECT indexname FROM pg_indexes WHERE indexname LIKE 'customers_%%'"
            " AND indexdef LIKE 'CREATE UNIQUE%%WHERE%%'"
        )
        names = {row[0] for row in cursor.fetchall()}
    ours = {name for name in names if not name.endswith("_check")}
    assert ours - BREAKS.keys() - elsewhere() == set()


def elsewhere():
    """Constraints tried in a file of their own."""
    return set(importlib.import_module("customers.tests.test_constraints_boss").BREAKS)


@pytest.mark.parametrize(
    "values",
    [
        {"code": "61010000000153"},
        {"created_at": NOW - timedelta(days=900)},
        {"organisation_id": 1},
        {"created_by_id": 1},
    ],
)
def test_code_birth_and_home_never_change(world, values):
    with pytest.raises(InternalError, match="终身不变"), transaction.atomic():
        change(Customer, world.one, **values)


def test_an_archive_is_never_deleted(world):
    with pytest.raises(InternalError, match="不能删除"), transaction.atomic():
        Customer.objects.filter(pk=world.two.pk)._raw_delete("default")


def test_the_timeline_is_append_only(world):
    row = TimelineEntry.objects.create(customer=world.one, kind="notice", by=world.manager)
    with pytest.raises(InternalError, match="只能追加"), transaction.atomic():
        TimelineEntry.objects.filter(pk=row.pk).update(kind="licence")
    with pytest.raises(InternalError, match="只能追加"), transaction.atomic():
        row.delete()


def test_the_timeline_cannot_be_emptied():
    with (
        pytest.raises(InternalError, match="只能追加"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE customers_timelineentry")


def test_a_cancelled_archive_sets_its_keys_free(world):
    change(Customer, world.one, status="cancelled", may_order=False)
    change(Customer, world.two, credit_code=CREDIT_CODE, name_key_strict="甲公司")
    assert Customer.objects.filter(Q(credit_code=CREDIT_CODE)).count() == 2


def test_shops_of_a_bureau_may_share_a_name(tobacco):
    one, two = tobacco.customer(name="鑫家商行"), tobacco.customer(name="鑫家商行")
    assert one.name_key_strict == two.name_key_strict
