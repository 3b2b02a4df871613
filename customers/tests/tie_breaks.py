"""How to break each constraint of units, members and relations: for `test_constraints`."""

from datetime import date

from customers.choices import CustomerKind, UnitLayer
from customers.models import Customer, GroupCount, UnitLink
from customers.tests.factories import (
    ContactRelationFactory,
    MembershipFactory,
    RepairProfileFactory,
    UnitLinkFactory,
)

EARLY = date(2025, 1, 1)


def link(w, **more):
    """The second customer under the first."""
    RepairProfileFactory(customer=w.one, unit_layer=UnitLayer.GROUP)
    RepairProfileFactory(customer=w.two, unit_layer=UnitLayer.CITY)
    return UnitLinkFactory(child=w.two, parent=w.one, **more)


def second_parent(w):
    link(w)
    third = w.bureau.unit(UnitLayer.PROVINCE, name="丙公司")
    UnitLinkFactory(child=w.two, parent=third, starts_on=date(2026, 7, 1))


def member(w, **more):
    """The second customer, now a person, in the first."""
    Customer.objects.filter(pk=w.two.pk).update(customer_kind=CustomerKind.PERSON)
    return MembershipFactory(group=w.one, member=w.two, **more)


def second_payer(w):
    member(w, payer="group")
    third = w.bureau.customer(name="丙公司")
    MembershipFactory(group=third, member=w.two, payer="group", starts_on=date(2026, 7, 1))


def twice_in(w):
    row = member(w)
    MembershipFactory(group=row.group, member=row.member, starts_on=date(2026, 7, 1))


def related_twice(w):
    ContactRelationFactory(person=w.primary, other=w.other)
    ContactRelationFactory(person=w.other, other=w.primary)


def counted_twice(w):
    for _turn in range(2):
        GroupCount.objects.create(group=w.one, counted_on=EARLY)


TIE_BREAKS = {
    "customers_unitlink_one_parent": second_parent,
    "customers_unitlink_not_itself": lambda w: UnitLink.objects.filter(pk=link(w).pk).update(
        child=w.one
    ),
    "customers_unitlink_dates_in_order": lambda w: link(w, ends_on=EARLY),
    "customers_membership_once": twice_in,
    "customers_membership_one_payer": second_payer,
    "customers_membership_dates_in_order": lambda w: member(w, ends_on=EARLY),
    "customers_membership_pays_to_after_leaving": lambda w: member(w, group_pays_to=EARLY),
    "customers_relation_once": related_twice,
    "customers_relation_not_himself": lambda w: ContactRelationFactory(
        person=w.primary, other=w.primary
    ),
    "customers_groupcount_group_id_key": counted_twice,
}
