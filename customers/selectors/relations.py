"""What the key persons of a customer are to each other and to those of other customers (B-38)."""

from dataclasses import dataclass
from typing import Any, Final

from crm.core.errors import Forbidden
from crm.identity.choices import UserKind
from crm.identity.models import User
from customers.access import Eyes, contacts_for, relations_for, rules_of
from customers.choices import CustomerPerm, Subject, Visibility
from customers.models import Contact, ContactQuerySet, ContactRelation, Customer, FieldRule

MOST: Final = 200
ASKS: Final = "influence"
"""Who reads a key person's influence reads his relations: the same secret (PM-08)."""


@dataclass(frozen=True, slots=True)
class RelationView:
    """One relation of a person as his card shows it; the reverse reads the other way round."""

    pk: int
    label: str
    name: str
    where: str
    customer: int
    note: str
    version: int
    is_reverse: bool


def shows_relations(customer: Customer, eyes: Eyes, rules: list[FieldRule] | None = None) -> bool:
    """Whether the reader sees who stands how to whom at this customer (PM-08, R-37).

    An outside system is nobody's manager: its token must be one for sensitive fields.
    """
    if eyes.user.kind == UserKind.SYSTEM:
        return eyes.on(customer).works
    known = rules_of(customer) if rules is None else rules
    rule = next((r for r in known if r.subject == Subject.CONTACT and r.field == ASKS), None)
    return rule is not None and eyes.on(customer, Subject.CONTACT).of(rule) == Visibility.CLEAR


def ensure_shows_relations(customer: Customer, user: User) -> None:
    """Raises Forbidden for who may not see such relations at this customer."""
    if not shows_relations(customer, Eyes(user)):
        raise Forbidden


def relations_of(people: list[int], eyes: Eyes) -> dict[int, list[RelationView]]:
    """Person → his relations to people the reader sees as well."""
    rows = (
        relations_for(eyes.user, CustomerPerm.CONTACT_VIEW, eyes.shares)
        .of_people(people)
        .select_related("person__customer", "other__customer")
        .order_by("pk")[:MOST]
    )
    found: dict[int, list[RelationView]] = {}
    for row in rows:
        for own, other, is_reverse in (
            (row.person, row.other, False),
            (row.other, row.person, True),
        ):
            if own.pk in people:
                view = _view(row, own, other, is_reverse=is_reverse)
                found.setdefault(own.pk, []).append(view)
    return found


def _view(row: ContactRelation, own: Contact, other: Contact, *, is_reverse: bool) -> RelationView:
    is_home = own.customer_id == other.customer_id
    return RelationView(
        pk=row.pk,
        label=str(row.get_kind_display()),
        name=other.name,
        where="" if is_home else str(other.customer.name),
        customer=other.customer_id,
        note=row.note,
        version=row.version,
        is_reverse=is_reverse,
    )


def people_for(contact: Contact, user: User) -> ContactQuerySet:
    """Key persons somebody may be related to: of his own customer first, then of others seen."""
    rows = contacts_for(user, CustomerPerm.CONTACT_VIEW).key_persons().exclude(pk=contact.pk)
    return rows.filter(customer__organisation_id=contact.customer.organisation_id).select_related(
        "customer"
    )


def relation_record(row: ContactRelation) -> dict[str, Any]:
    """One relation as the API tells it: people by key, never by name (PM-08)."""
    return {
        "id": row.pk,
        "version": row.version,
        "kind": row.kind,
        "person": row.person_id,
        "customer": row.person.customer.code,
        "other": row.other_id,
        "other_customer": row.other.customer.code,
        "note": row.note,
        "is_live": row.is_live,
    }


def relation_records(contact: Contact, user: User) -> list[dict[str, Any]]:
    """The live relations of a person, on either side, to people the client sees as well."""
    rows = relations_for(user, CustomerPerm.CONTACT_VIEW).of_people([contact.pk])
    rows = rows.select_related("person__customer", "other__customer").order_by("pk")
    return [relation_record(row) for row in rows[:MOST]]
