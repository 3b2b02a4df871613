"""Members of a group customer, and the groups of a member, as the reader sees them (B-36, B-37)."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Q
from django.utils import timezone

from crm.identity.access import rights_of
from crm.identity.choices import Scope
from crm.identity.models import User
from customers.access import Shares, memberships_for, units_for
from customers.choices import CustomerKind, CustomerPerm, CustomerStatus, Payer
from customers.models import Customer, CustomerQuerySet, GroupCount, Membership, MembershipQuerySet
from customers.selectors.units import named

MOST: Final = 1000
ORDER: Final = ("-is_key", "starts_on", "pk")


def members_of(
    group: Customer, user: User, *, state: str = "", text: str = "", shares: Shares | None = None
) -> MembershipQuerySet:
    """The members the reader sees: those still in, or those who left (`state="left"`)."""
    today = timezone.localdate()
    rows = memberships_for(user, CustomerPerm.UNIT_VIEW, shares).filter(group=group)
    if state == "left":
        rows = rows.filter(ends_on__lte=today)
    else:
        rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today))
    if text.strip():
        seen = named(units_for(user, CustomerPerm.UNIT_VIEW), text)
        rows = rows.filter(member__in=seen.values("pk"))
    return rows.select_related("member")


def groups_of(member: Customer, user: User) -> list[Membership]:
    """The groups a customer is or was in, the present ones first."""
    rows = memberships_for(user, CustomerPerm.UNIT_VIEW).filter(member=member)
    return list(rows.in_order().select_related("group"))


@dataclass(frozen=True, slots=True)
class Totals:
    """What a group counts to for this reader; `on` is the night it was counted, if it was."""

    members: int
    key_members: int
    group_paid: int
    units: int | None
    on: date | None = None


def totals_of(group: Customer, user: User) -> Totals:
    """Who sees the whole organisation reads last night's sums, everybody else counts his own.

    Rules: B-41, B202.
    """
    sees_all = any(cell.scope is Scope.ALL for cell in rights_of(user, CustomerPerm.UNIT_VIEW))
    row = GroupCount.objects.filter(group=group).first() if sees_all else None
    if row is not None:
        return Totals(row.members, row.key_members, row.group_paid, row.units, row.counted_on)
    found = members_of(group, user).aggregate(
        members=Count("pk"),
        key_members=Count("pk", filter=Q(is_key=True)),
        group_paid=Count("pk", filter=Q(payer=Payer.GROUP)),
    )
    return Totals(units=None, **found)


def members_for(group: Customer, user: User, *, text: str = "") -> CustomerQuerySet:
    """Customers who may enter the group: persons, families, shops not in it yet (B-36)."""
    inside = Membership.objects.filter(group=group, ends_on__isnull=True).values("member")
    rows = named(units_for(user, CustomerPerm.UNIT_VIEW), text)
    return (
        rows.filter(organisation_id=group.organisation_id)
        .exclude(customer_kind=CustomerKind.ORGANISATION)
        .exclude(status=CustomerStatus.CANCELLED)
        .exclude(pk__in=inside)
        .order_by("pinyin", "code")
    )


def membership_record(row: Membership) -> dict[str, Any]:
    """One membership as the API tells it."""
    return {
        "id": row.pk,
        "group": row.group.code,
        "member": row.member.code,
        "name": row.member.name,
        "role": row.role,
        "is_key": row.is_key,
        "payer": row.payer,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "group_pays_to": row.group_pays_to,
        "version": row.version,
    }


def memberships_shown(group: Customer, user: User) -> list[dict[str, Any]]:
    """The members still in, as the API tells them: at most a thousand."""
    rows = members_of(group, user).select_related("group", "member").order_by(*ORDER)
    return [membership_record(row) for row in rows[:MOST]]
