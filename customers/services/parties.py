"""参与人: customer records of one person or organisation read as one (B-11)."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from crm.core.text import CheckFailed, clean_line
from crm.identity.choices import Profile
from crm.identity.models import User
from customers.access import customers_for, party_links_for
from customers.choices import CustomerKind, CustomerPerm, TimelineKind
from customers.domains import PartyKind
from customers.models import Customer, Party, PartyLink
from customers.services._ties import ensure_reason, hold_customers
from customers.services.marks import add_timeline


@transaction.atomic
def join_party(*, customer: Customer, other: Customer, reason: str, by: User) -> Party:
    """Say that two customer records are of one party; it is made when neither has one.

    The records keep codes, users and accounts. Raises NotFound, ValidationError. Rules: B-11.
    """
    ensure_reason(reason)
    if customer.pk == other.pk:
        raise ValidationError({"other": _("请选择另一份客户档案")})
    held = hold_customers([customer.pk, other.pk])
    one, two = held[customer.pk], held[other.pk]
    _ensure_reached(one, two, by=by)
    links = PartyLink.objects.live().select_related("party").select_for_update(of=("self",))
    present = {link.customer_id: link.party for link in links.filter(customer__in=[one, two])}
    if len(present) == 2:
        is_same = present[one.pk] == present[two.pk]
        words = (
            _("两份档案已归入同一参与人")
            if is_same
            else _("两份档案分属不同参与人，请先移出其中一份")
        )
        raise ValidationError({"other": words})
    party = next(iter(present.values()), None) or _new_party(two, reason=reason, by=by)
    for row in (one, two):
        if row.pk not in present:
            save_as(PartyLink(party=party, customer=row), by=by, reason=reason, expected=None)
            _tell(row, party, TimelineKind.PARTY_JOINED, by=by)
    return party


@transaction.atomic
def leave_party(*, link: PartyLink, expected: int, reason: str, by: User) -> PartyLink:
    """Take a customer record out of its party; the history keeps that it was in.

    Raises NotFound, StaleVersion, ValidationError. Rules: B-11, B-18, RF-07.
    """
    ensure_reason(reason)
    customer = hold_customers([link.customer_id])[link.customer_id]
    row = PartyLink.objects.select_for_update(of=("self",)).select_related("party").get(pk=link.pk)
    if not party_links_for(by, CustomerPerm.UPDATE).filter(pk=row.pk).exists():
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    row.is_live = False
    save_as(row, by=by, reason=reason, expected=None, fields=["is_live"])
    _tell(customer, row.party, TimelineKind.PARTY_LEFT, by=by)
    return row


@transaction.atomic
def edit_party(
    *, link: PartyLink, name: str, remark: str, expected: int, reason: str, by: User
) -> Party:
    """Change name and remark of the party that `link` leads to; `expected` is the party's version.

    Raises NotFound, StaleVersion, ValidationError. Rules: B-11, RF-07.
    """
    ensure_reason(reason)
    if not party_links_for(by, CustomerPerm.UPDATE).filter(pk=link.pk).exists():
        raise NotFound
    row = Party.objects.select_for_update(of=("self",)).get(pk=link.party_id)
    if row.version != expected:
        raise StaleVersion(current=row.version)
    try:
        row.name = clean_line(name, 120, required=True)
        row.remark = clean_line(remark, 300)
    except CheckFailed as problem:
        raise ValidationError({"name": problem.message}, code=problem.code) from problem
    save_as(row, by=by, reason=reason, expected=None)
    return row


def _ensure_reached(one: Customer, two: Customer, *, by: User) -> None:
    """Both may be changed by the person and belong to one operator. Raises NotFound."""
    reached = customers_for(by, CustomerPerm.UPDATE).filter(
        pk__in=[one.pk, two.pk], organisation__profile=Profile.BOSS
    )
    if reached.count() != 2:
        raise NotFound


def _new_party(first: Customer, *, reason: str, by: User) -> Party:
    is_unit = first.customer_kind == CustomerKind.ORGANISATION
    party = Party(
        organisation_id=first.organisation_id,
        kind=PartyKind.ORGANISATION if is_unit else PartyKind.PERSON,
        name=first.name[:120],
    )
    save_as(party, by=by, reason=reason, expected=None)
    return party


def _tell(customer: Customer, party: Party, kind: TimelineKind, *, by: User) -> None:
    add_timeline(customer=customer, kind=kind, values={"party": party.pk}, by=by)
