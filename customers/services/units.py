"""Put a unit under another, move it, take it out; one by one, or set-based (R-40 to R-43)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.bulk import bulk_insert, drop_staging, stage
from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from crm.identity.models import Department, User
from customers.access import unit_links_for
from customers.choices import CustomerPerm, TimelineKind
from customers.errors import WrongState
from customers.models import Customer, TimelineEntry, UnitLink
from customers.services._intended import Intended, check_links
from customers.services._ties import (
    day_or_today,
    ensure_reason,
    ensure_tied,
    hold_customers,
    lock_units,
)
from customers.services.marks import add_timeline
from customers.services.register import RefusedRow
from customers.values import UnitPair

SLICE = 5000
_COLUMNS = (("organisation", "bigint"), ("child", "bigint"), ("parent", "bigint"), ("day", "date"))


@transaction.atomic
def link_unit(
    *,
    child: Customer,
    parent: Customer,
    by: User,
    starts_on: date | None = None,
    reason: str = "",
    form: str = "",
) -> UnitLink:
    """Put a unit under the one above it; both archives must exist (R-42).

    Raises NotFound, WrongState, ValidationError with the sentence of the broken rule: one parent,
    lower layer, no cycle, three layers. Rules: R-40, R-41, R-42, R-43, B-37.
    """
    day = day_or_today(starts_on, "starts_on")
    held = hold_customers([child.pk, parent.pk])
    low, high = held[child.pk], held[parent.pk]
    lock_units(low.organisation_id)
    ensure_tied(low, high, CustomerPerm.UNIT_CREATE, by=by)
    link = UnitLink(organisation_id=low.organisation_id, child=low, parent=high, starts_on=day)
    save_as(link, by=by, reason=reason or _("纳入上级单位"), expected=None, form=form)
    _tell(TimelineKind.UNIT_LINKED, low, high, day, by=by)
    return link


@transaction.atomic
def link_chosen(
    *,
    parent: Customer,
    children: Iterable[Customer],
    by: User,
    starts_on: date | None = None,
    reason: str = "",
) -> int:
    """Put several chosen units under one, all or none; how many.

    Raises NotFound, ValidationError naming each unit that cannot. Rules: R-42, R-43.
    """
    chosen = list(children)
    day = day_or_today(starts_on, "starts_on")
    done = link_units(
        organisation=parent.organisation,
        rows=[UnitPair(child.pk, parent.pk, day) for child in chosen],
        by=by,
        reason=reason,
    )
    if done.refused:
        raise ValidationError([f"{chosen[no.index].name}：{no.message}" for no in done.refused])
    return done.count


@transaction.atomic
def move_unit(
    *,
    link: UnitLink,
    parent: Customer,
    expected: int,
    reason: str,
    by: User,
    effective_on: date | None = None,
    form: str = "",
) -> UnitLink:
    """Put a unit under another parent from a day on; until then it stays where it is.

    On the day the old link began it only corrects it: the old one then never held.
    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: R-41, R-43, RF-07.
    """
    ensure_reason(reason)
    day = day_or_today(effective_on, "effective_on")
    held = hold_customers([link.child_id, link.parent_id, parent.pk])
    row = _locked(link, CustomerPerm.UNIT_UPDATE, expected, by=by)
    ensure_tied(held[row.child_id], held[parent.pk], CustomerPerm.UNIT_UPDATE, by=by)
    if parent.pk == row.parent_id:
        raise ValidationError({"parent": _("该单位现在就隶属此上级单位")})
    _end(row, day, "effective_on", by=by, reason=reason, form=form)
    low, high = held[row.child_id], held[parent.pk]
    fresh = UnitLink(organisation_id=row.organisation_id, child=low, parent=high, starts_on=day)
    save_as(fresh, by=by, reason=reason, expected=None, form=form)
    _tell(TimelineKind.UNIT_MOVED, low, high, day, by=by)
    return fresh


@transaction.atomic
def unlink_unit(
    *,
    link: UnitLink,
    expected: int,
    reason: str,
    by: User,
    ends_on: date | None = None,
    form: str = "",
) -> UnitLink:
    """Take a unit out from under its parent from a day on; both archives stay.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: R-41, R-43, B-16, RF-07.
    """
    ensure_reason(reason)
    day = day_or_today(ends_on, "ends_on")
    held = hold_customers([link.child_id, link.parent_id])
    row = _locked(link, CustomerPerm.UNIT_END, expected, by=by)
    _end(row, day, "ends_on", by=by, reason=reason, form=form)
    low, high = held[row.child_id], held[row.parent_id]
    _tell(TimelineKind.UNIT_ENDED, low, high, day, by=by)
    return row


@transaction.atomic
def take_back_link(*, link: UnitLink, by: User, reason: str, form: str) -> None:
    """Undo a link that an import made: it ends today, and on its first day it never held.

    Raises NotFound, StaleVersion. Rules: UX-54, R-41, R-43.
    """
    held = hold_customers([link.child_id, link.parent_id])
    row = _locked(link, CustomerPerm.UNIT_END, link.version, by=by)
    day = max(day_or_today(None, "ends_on"), row.starts_on)
    _end(row, day, "ends_on", by=by, reason=reason, form=form)
    low, high = held[row.child_id], held[row.parent_id]
    _tell(TimelineKind.UNIT_ENDED, low, high, day, by=by, form=form)


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of a bulk linking: how many were put in, and why the others were not."""

    count: int
    refused: list[RefusedRow]


@transaction.atomic
def link_units(
    *,
    organisation: Department,
    rows: Sequence[UnitPair],
    by: User,
    reason: str = "",
    form: str = "",
) -> Linked:
    """The set-based twin of `link_unit`: up to 5,000 pairs in a few statements, in any order.

    Parents may be linked by the same call, so that a file may name them later (B230). Pairs that
    break a rule are told by their place; the others go in.
    Raises ValidationError, ValueError for more rows. Rules: R-40, R-42, R-43, B230, D13.
    """
    if len(rows) > SLICE:
        raise ValueError(f"at most {SLICE} rows at once")
    days = [day_or_today(pair.starts_on, "starts_on") for pair in rows]
    ids = {pk for pair in rows for pk in (pair.child, pair.parent)}
    held = list(Customer.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    lock_units(organisation.pk)
    wanted = [Intended(n, pair, day) for n, (pair, day) in enumerate(zip(rows, days, strict=True))]
    good, refused = check_links(wanted, organisation, {row.pk: row for row in held}, by=by)
    _insert(good, organisation, by=by, reason=reason or _("纳入上级单位"), form=form)
    return Linked(len(good), refused)


def _insert(
    good: Sequence[Intended], organisation: Department, *, by: User, reason: str, form: str
) -> None:
    if not good:
        return
    values = [(organisation.pk, row.pair.child, row.pair.parent, row.day) for row in good]
    staging = stage(_COLUMNS, values)
    columns = {
        "organisation": "s.organisation",
        "child": "s.child",
        "parent": "s.parent",
        "starts_on": "s.day",
    }
    bulk_insert(UnitLink, staging=staging, columns=columns, by=by, reason=reason, form=form)
    drop_staging(staging)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(customer_id=owner, kind=kind, values=row.words() | _from(form), by=by)
        for row in good
        for owner, kind in (
            (row.pair.child, TimelineKind.UNIT_LINKED),
            (row.pair.parent, TimelineKind.UNITS_CHANGED),
        )
    )


def _locked(link: UnitLink, perm: CustomerPerm, expected: int, *, by: User) -> UnitLink:
    """The link after its customers and the tree; sight and right are asked under the locks."""
    lock_units(link.organisation_id)
    row = UnitLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if not unit_links_for(by, perm).filter(pk=row.pk).exists():
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    return row


def _end(row: UnitLink, day: date, field: str, *, by: User, reason: str, form: str) -> None:
    if row.ends_on is not None:
        raise WrongState(_("该隶属关系已有失效日期，不能再次调整"))
    if day < row.starts_on:
        started = {"day": row.starts_on.isoformat()}
        raise ValidationError({field: _("不能早于现有关系的生效日期 %(day)s") % started})
    row.ends_on = day
    save_as(row, by=by, reason=reason, expected=None, fields=["ends_on"], form=form)


def _from(form: str) -> dict[str, str]:
    """What the timeline keeps of the file a change came with: an undo knows its own by it."""
    return {"form": form} if form else {}


def _tell(
    kind: TimelineKind, low: Customer, high: Customer, day: date, *, by: User, form: str = ""
) -> None:
    values = {"child": low.code, "parent": high.code, "day": day.isoformat()} | _from(form)
    add_timeline(customer=low, kind=kind, values=values, by=by)
    add_timeline(customer=high, kind=TimelineKind.UNITS_CHANGED, values=values, by=by)
