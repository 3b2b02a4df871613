"""What one key person is to another: recorded and taken back (B-38)."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from crm.identity.models import User
from customers.access import contacts_for, relations_for
from customers.choices import ContactRole, CustomerPerm, TimelineKind
from customers.errors import WrongState
from customers.models import Contact, ContactRelation, Customer
from customers.services._ties import ensure_reason, hold_customers
from customers.services.marks import add_timeline


@transaction.atomic
def relate_people(
    *,
    person: Contact,
    other: Contact,
    kind: str,
    by: User,
    note: str = "",
    reason: str = "",
) -> ContactRelation:
    """Record what `other` is to `person`, in the same customer or in two; both are key persons.

    Raises NotFound, WrongState, ValidationError. Rules: B-38, B-39.
    """
    held = hold_customers([person.customer_id, other.customer_id])
    rows = Contact.objects.select_for_update(of=("self",)).order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[person.pk, other.pk])}
    one, two = found[person.pk], found[other.pk]
    if not contacts_for(by, CustomerPerm.CONTACT_UPDATE).filter(pk=one.pk).exists():
        raise NotFound
    if not contacts_for(by, CustomerPerm.CONTACT_VIEW).filter(pk=two.pk).exists():
        raise NotFound
    for row in (one, two):
        if row.role != ContactRole.KEY or not row.is_live:
            raise WrongState(_("只能在在用的关键人之间建立关系：%(name)s") % {"name": row.name})
    relation = ContactRelation(person=one, other=two, kind=kind, note=note)
    save_as(relation, by=by, reason=reason or _("记录人员关系"), expected=None)
    _tell(TimelineKind.RELATED, relation, held, by=by)
    return relation


@transaction.atomic
def end_relation(
    *, relation: ContactRelation, expected: int, reason: str, by: User
) -> ContactRelation:
    """Take a relation out of use; it stays in the history.

    Raises NotFound, StaleVersion, ValidationError. Rules: B-38, B-16, RF-07.
    """
    ensure_reason(reason)
    people = Contact.objects.filter(pk__in=[relation.person_id, relation.other_id])
    held = hold_customers(people.values_list("customer_id", flat=True))
    row = (
        ContactRelation.objects.select_for_update(of=("self",))
        .select_related("person", "other")
        .get(pk=relation.pk)
    )
    if not relations_for(by, CustomerPerm.CONTACT_UPDATE).filter(pk=row.pk).exists():
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    if not row.is_live:
        raise ValidationError(_("该关系已解除"))
    row.is_live = False
    save_as(row, by=by, reason=reason, expected=None, fields=["is_live"])
    _tell(TimelineKind.UNRELATED, row, held, by=by)
    return row


def _tell(
    kind: TimelineKind, relation: ContactRelation, held: dict[int, Customer], *, by: User
) -> None:
    """No names: a timeline is read by people who do not see the persons (PM-08)."""
    for customer in held.values():
        add_timeline(customer=customer, kind=kind, values={"relation": relation.pk}, by=by)
