"""What ties the demo's customers together: parents, key persons, a group with its members."""

from typing import Final

from crm.demo.sources import Record
from crm.identity.models import Department, User
from customers.choices import (
    ContactRole,
    CustomerKind,
    KeyType,
    MemberRole,
    Payer,
    RelationKind,
    UnitLayer,
)
from customers.models import Contact, Customer
from customers.services.contacts import add_contact
from customers.services.groups import enter_group
from customers.services.register import register_customer
from customers.services.relations import relate_people
from customers.services.units import link_units
from customers.values import MemberTerms, NewContact, NewCustomer, UnitPair
from logistics.models import LogisticsFirm
from logistics.services import give_firm

KEY_PERSONS: Final = (
    NewContact("邵秉文", ContactRole.KEY, KeyType.DECISION, position="总经理", influence=3),
    NewContact("倪晓岚", ContactRole.KEY, KeyType.HANDLER, position="业务主管", influence=2),
    NewContact("郝思齐", ContactRole.KEY, KeyType.FINANCE, position="财务经理", influence=1),
)
MEMBERS: Final = (
    ("何嘉欣", MemberTerms(MemberRole.LEADER, is_key=True, payer=Payer.GROUP)),
    ("欧阳立", MemberTerms(MemberRole.LIAISON, payer=Payer.GROUP)),
    ("岑小满", MemberTerms()),
)
ROOT: Final = UnitLayer.GROUP


def link_operators(records: list[Record], organisation: Department, *, by: User) -> int:
    """Put every unit under the parent its row names, where both archives are there (R-42)."""
    keys = dict(Customer.objects.filter(organisation=organisation).values_list("name", "pk"))
    pairs = [
        UnitPair(keys[record["客户名称"]], keys[record["上级单位"]])
        for record in records
        if record["客户名称"] in keys and record["上级单位"] in keys
    ]
    return link_units(organisation=organisation, rows=pairs, by=by).count


def know_key_persons(organisation: Department, *, by: User) -> None:
    """Three key persons of the first group, and what they are to each other (B-38, B-39)."""
    units = Customer.objects.filter(organisation=organisation, repair__unit_layer=ROOT)
    group = units.order_by("code").first()
    if group is None:
        return
    boss, clerk, payer = (add_contact(customer=group, data=person, by=by) for person in KEY_PERSONS)
    _relate(clerk, boss, RelationKind.SUPERIOR, by=by)
    _relate(payer, clerk, RelationKind.CLASSMATE, by=by)


def _relate(person: Contact, other: Contact, kind: RelationKind, *, by: User) -> None:
    relate_people(person=person, other=other, kind=kind, by=by)


def give_office_a_firm(office: Department, *, by: User) -> None:
    """The branch in 延安, else the first firm, is kept by that office's assistant (R-48)."""
    firms = LogisticsFirm.objects.filter(organisation=office.organisation)
    firm = firms.filter(city="延安").order_by("pk").first() or firms.order_by("pk").first()
    if firm is not None:
        give_firm(firm=firm, office=office, expected=None, by=by)


def seed_group(organisation: Department, *, by: User) -> None:
    """A group customer with three people, two of them paid for by the group (B-36, B-37)."""
    group = _customer(organisation, "广州市示范教育集团", CustomerKind.ORGANISATION, by=by)
    for name, terms in MEMBERS:
        person = _customer(organisation, name, CustomerKind.PERSON, by=by)
        enter_group(group=group, member=person, terms=terms, by=by)


def _customer(organisation: Department, name: str, kind: CustomerKind, *, by: User) -> Customer:
    data = NewCustomer(name, "440000", "440100", customer_kind=kind)
    return register_customer(organisation=organisation, data=data, by=by)
