"""Members of group customers: enter, change, leave; and the sums of the night (B-36 to B-41)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from crm.identity.models import User
from customers.access import memberships_for
from customers.choices import CustomerPerm, Payer, TimelineKind
from customers.errors import WrongState
from customers.formulas import cycle_end
from customers.models import Customer, GroupCount, Membership
from customers.services._ties import day_or_today, ensure_reason, ensure_tied, hold_customers
from customers.services.marks import add_timeline
from customers.values import MemberTerms

USUAL: Final = MemberTerms()
CHANGEABLE: Final = frozenset({"role", "is_key", "payer"})


@transaction.atomic
def enter_group(
    *,
    group: Customer,
    member: Customer,
    by: User,
    terms: MemberTerms = USUAL,
    reason: str = "",
    form: str = "",
) -> Membership:
    """Take a person, family or shop into a group customer.

    Raises NotFound, WrongState, ValidationError: once in a group, one group pays, a group is a
    unit. Rules: B-36, B-37.
    """
    day = day_or_today(terms.starts_on, "starts_on")
    held = hold_customers([group.pk, member.pk])
    home, person = held[group.pk], held[member.pk]
    ensure_tied(home, person, CustomerPerm.UNIT_CREATE, by=by)
    row = Membership(
        organisation_id=home.organisation_id,
        group=home,
        member=person,
        role=terms.role,
        is_key=terms.is_key,
        payer=terms.payer,
        starts_on=day,
    )
    save_as(row, by=by, reason=reason or _("加入集团"), expected=None, form=form)
    _tell(TimelineKind.GROUP_ENTERED, row, day, by=by)
    return row


@transaction.atomic
def edit_membership(
    *,
    membership: Membership,
    changes: Mapping[str, Any],
    expected: int,
    reason: str,
    by: User,
    form: str = "",
) -> Membership:
    """Change a member's role, key mark or who pays.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-36, B-37, RF-07.
    """
    ensure_reason(reason)
    if strange := changes.keys() - CHANGEABLE:
        raise ValidationError({min(strange): _("不能写入此项目")})
    row = _locked(membership, expected, by=by)
    for name, value in changes.items():
        setattr(row, name, value)
    save_as(row, by=by, reason=reason, expected=None, form=form)
    _tell(TimelineKind.GROUP_CHANGED, row, timezone.localdate(), by=by)
    return row


@transaction.atomic
def leave_group(
    *,
    membership: Membership,
    expected: int,
    reason: str,
    by: User,
    ends_on: date | None = None,
    form: str = "",
) -> Membership:
    """Take a member out from a day on. His points, credit and debts stay his and are not touched;
    what the group pays for him, it pays to the end of the billing cycle.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-37, B-40, RF-07.
    """
    ensure_reason(reason)
    day = day_or_today(ends_on, "ends_on")
    row = _locked(membership, expected, by=by)
    if day < row.starts_on:
        started = {"day": row.starts_on.isoformat()}
        raise ValidationError({"ends_on": _("不能早于加入日期 %(day)s") % started})
    row.ends_on = day
    row.group_pays_to = cycle_end(day) if row.payer == Payer.GROUP else None
    save_as(
        row, by=by, reason=reason, expected=None, fields=["ends_on", "group_pays_to"], form=form
    )
    _tell(TimelineKind.GROUP_LEFT, row, day, by=by)
    return row


def _locked(membership: Membership, expected: int, *, by: User) -> Membership:
    """Customers first, then the membership; sight and right are asked under the lock."""
    hold_customers([membership.group_id, membership.member_id])
    row = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("group", "member")
        .get(pk=membership.pk)
    )
    if not memberships_for(by, CustomerPerm.UNIT_UPDATE).filter(pk=row.pk).exists():
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    if row.ends_on is not None:
        raise WrongState(_("该成员已登记退出，不能再修改"))
    return row


def _tell(kind: TimelineKind, row: Membership, day: date, *, by: User) -> None:
    values = {"group": row.group.code, "member": row.member.code, "day": day.isoformat()}
    add_timeline(customer=row.member, kind=kind, values=values, by=by)
    add_timeline(customer=row.group, kind=TimelineKind.MEMBERS_CHANGED, values=values, by=by)


_RECOUNT = """
INSERT INTO customers_groupcount (group_id, units, members, key_members, group_paid, counted_on)
SELECT part.unit, sum(part.units), sum(part.members), sum(part.key_members), sum(part.group_paid),
       %(day)s
FROM (
    SELECT group_id AS unit, 0 AS units,
           (ends_on IS NULL OR ends_on > %(day)s)::int AS members,
           (is_key AND (ends_on IS NULL OR ends_on > %(day)s))::int AS key_members,
           (payer = 'group' AND (ends_on IS NULL OR ends_on > %(day)s
                                 OR group_pays_to >= %(day)s))::int AS group_paid
    FROM customers_membership
    WHERE starts_on <= %(day)s AND ends_on IS DISTINCT FROM starts_on
    UNION ALL
    SELECT parent_id, 1, 0, 0, 0 FROM customers_unitlink
    WHERE starts_on <= %(day)s AND (ends_on IS NULL OR ends_on > %(day)s)
    UNION ALL
    SELECT high.parent_id, 1, 0, 0, 0
    FROM customers_unitlink low JOIN customers_unitlink high ON high.child_id = low.parent_id
    WHERE low.starts_on <= %(day)s AND (low.ends_on IS NULL OR low.ends_on > %(day)s)
      AND high.starts_on <= %(day)s AND (high.ends_on IS NULL OR high.ends_on > %(day)s)
) AS part
GROUP BY part.unit
ON CONFLICT (group_id) DO UPDATE SET
    units = excluded.units, members = excluded.members, key_members = excluded.key_members,
    group_paid = excluded.group_paid, counted_on = excluded.counted_on
"""


@transaction.atomic
def recount_groups(*, day: date | None = None) -> int:
    """Work out the sums of every group and unit in one statement; those of nobody any more go.

    May be called again for the same night. How many groups there are. Rules: B-41, B-40.
    """
    when = day or timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"day": when})
    GroupCount.objects.exclude(counted_on=when).delete()
    return GroupCount.objects.count()
