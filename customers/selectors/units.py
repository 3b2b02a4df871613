"""The tree of units around one customer, as far as the reader sees it (R-40, B202)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.core.search import fold
from crm.identity.choices import Profile
from crm.identity.models import User
from customers.access import Eyes, unit_links_for, units_for
from customers.choices import CustomerPerm, CustomerStatus, UnitLayer
from customers.models import Customer, CustomerQuerySet, UnitLink

MOST: Final = 500
CANDIDATES: Final = 50
RECORDS: Final = 50
_ABOVE: Final[dict[str, list[str]]] = {
    UnitLayer.PROVINCE: [UnitLayer.GROUP],
    UnitLayer.CITY: [UnitLayer.GROUP, UnitLayer.PROVINCE],
}
_BELOW: Final[dict[str, list[str]]] = {
    UnitLayer.GROUP: [UnitLayer.PROVINCE, UnitLayer.CITY],
    UnitLayer.PROVINCE: [UnitLayer.CITY],
}
_RELATED: Final = ("manager", "city", "repair", "organisation")


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of the tree: `step` is how deep it stands below the page's own unit."""

    pk: int
    code: str
    name: str
    layer: str
    city: str
    manager: str
    step: int
    link: int
    since: date | None
    may_move: bool = False
    may_end: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """A unit with what stands above and below it on a day; only what the reader sees.

    `has_hidden_parent`: it has a parent whose archive he may not open. `own` is its own link up.
    """

    above: list[Unit]
    own: Unit | None
    has_hidden_parent: bool
    below: list[Unit] = field(default_factory=list)
    count: int = 0

    @property
    def left_out(self) -> int:
        """How many more there are than the page shows."""
        return self.count - len(self.below)


def family_of(customer: Customer, eyes: Eyes, *, day: date | None = None) -> Family:
    """Parent chain and tree of a unit; a unit under an unseen one moves up to who is seen.

    Rules: R-40, R-41, R-43, B-37, B202 of the corpus.
    """
    when = day or timezone.localdate()
    up = _linked(UnitLink.objects.above(customer.pk, when), "parent")
    chain = _chain(customer.pk, up)
    seen = [link for link in chain if _sees(eyes, link.parent)]
    above = [_unit(link, link.parent, 0, eyes) for link in reversed(seen)]
    own = next((link for link in chain[:1] if link in seen), None)
    links = _linked(UnitLink.objects.below(customer.pk, when), "child")
    below = _tree(customer.pk, links, eyes)
    return Family(
        above=above,
        own=_unit(own, customer, 0, eyes) if own is not None else None,
        has_hidden_parent=bool(chain) and own is None,
        below=list(islice(below, MOST)),
        count=len(below),
    )


def units_below(customer: Customer, eyes: Eyes) -> CustomerQuerySet:
    """The units below that the reader sees: as many as the tab says (UX-15, B202)."""
    links = UnitLink.objects.below(customer.pk, timezone.localdate())
    rows = units_for(eyes.user, CustomerPerm.UNIT_VIEW, eyes.shares)
    return rows.filter(pk__in=links.values("child"))


def _linked(links: QuerySet[UnitLink], end: str) -> list[UnitLink]:
    return list(links.select_related(*(f"{end}__{name}" for name in _RELATED)))


def _sees(eyes: Eyes, row: Customer) -> bool:
    return eyes.may(row, CustomerPerm.UNIT_VIEW) and eyes.may(row, CustomerPerm.VIEW)


def _chain(unit: int, links: Iterable[UnitLink]) -> list[UnitLink]:
    """Links from the unit upwards, nearest first."""
    by_child = {link.child_id: link for link in links}
    found: list[UnitLink] = []
    while unit in by_child and by_child[unit] not in found:
        found.append(by_child[unit])
        unit = by_child[unit].parent_id
    return found


def _tree(top: int, links: Sequence[UnitLink], eyes: Eyes) -> list[Unit]:
    """Depth first, by layer and name; whoever hangs on an unseen unit hangs on what is seen."""
    below: dict[int, list[UnitLink]] = {}
    for link in sorted(links, key=lambda one: (one.child.pinyin, one.child.code)):
        below.setdefault(link.parent_id, []).append(link)
    found: list[Unit] = []

    def walk(unit: int, step: int, *, is_open: bool) -> None:
        for link in below.get(unit, ()):
            if is_seen := _sees(eyes, link.child):
                found.append(_unit(link, link.child, step, eyes, may_act=is_open))
            walk(link.child_id, step + is_seen, is_open=is_seen)

    walk(top, 1, is_open=True)
    return found


def _unit(link: UnitLink, row: Customer, step: int, eyes: Eyes, *, may_act: bool = True) -> Unit:
    """`may_act`: both ends of the link are seen, so its forms open."""
    profile = getattr(row, "repair", None)
    acts = may_act and link.ends_on is None and row.pk == link.child_id
    return Unit(
        pk=row.pk,
        code=row.code,
        name=row.name,
        layer=profile.get_unit_layer_display() if profile is not None else "",
        city=row.city.name,
        manager=str(row.manager or ""),
        step=step,
        link=link.pk,
        since=link.starts_on,
        may_move=acts and eyes.may(row, CustomerPerm.UNIT_UPDATE),
        may_end=acts and eyes.may(row, CustomerPerm.UNIT_END),
    )


@dataclass(frozen=True, slots=True)
class LinkWrite:
    """One accepted write on a link: who put which unit under which, from when to when, and why."""

    at: datetime
    by: str
    reason: str
    child: Customer
    parent: Customer
    starts_on: date
    ends_on: date | None


def link_writes(customer: Customer, eyes: Eyes) -> list[LinkWrite]:
    """Every write on the unit's links up and one step down that the reader sees (B-47, R-41)."""
    rows = unit_links_for(eyes.user, CustomerPerm.UNIT_VIEW, eyes.shares).filter(
        Q(child=customer) | Q(parent=customer)
    )
    keys = list(rows.order_by("-pk").values_list("pk", flat=True)[:MOST])
    writes = UnitLink.history.filter(id__in=keys).order_by("-history_id")[:RECORDS]
    return [
        LinkWrite(
            at=row.history_date,
            by=str(row.history_user or ""),
            reason=row.history_change_reason or "",
            child=row.child,
            parent=row.parent,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
        )
        for row in writes.select_related("child", "parent", "history_user")
    ]


def coming_links(customer: Customer, eyes: Eyes) -> list[UnitLink]:
    """Links of the unit itself that begin later, soonest first (R-41)."""
    rows = unit_links_for(eyes.user, CustomerPerm.UNIT_VIEW, eyes.shares)
    later = rows.filter(child=customer, ends_on=None, starts_on__gt=timezone.localdate())
    return list(later.select_related("parent").order_by("starts_on"))


def may_stand_over(customer: Customer) -> bool:
    """Whether its layer leaves room below it; without layers any unit may (R-43)."""
    return customer.organisation.profile != Profile.REPAIR or _layer(customer) in _BELOW


def may_stand_under(customer: Customer) -> bool:
    """Whether its layer leaves room above it (R-43)."""
    return customer.organisation.profile != Profile.REPAIR or _layer(customer) in _ABOVE


def children_for(customer: Customer, user: User, *, text: str = "") -> CustomerQuerySet:
    """Units that may be put under this one: lower, without a parent, seen (R-42)."""
    rows = _offered(customer, units_for(user, CustomerPerm.UNIT_CREATE), text)
    if customer.organisation.profile == Profile.REPAIR:
        rows = rows.filter(repair__unit_layer__in=_BELOW.get(_layer(customer), []))
    taken = UnitLink.objects.filter(ends_on__isnull=True).values("child")
    near = rows.exclude(pk__in=taken)
    return near.order_by("pinyin", "code")


def parents_for(
    customer: Customer, user: User, *, text: str = "", but: int | None = None
) -> CustomerQuerySet:
    """Units this one may be put under: higher ones that are seen (R-42)."""
    rows = _offered(customer, units_for(user, CustomerPerm.UNIT_VIEW), text)
    if customer.organisation.profile == Profile.REPAIR:
        rows = rows.filter(repair__unit_layer__in=_ABOVE.get(_layer(customer), []))
    others = rows if but is None else rows.exclude(pk=but)
    return others.order_by("pinyin", "code")


def _layer(customer: Customer) -> str:
    profile = getattr(customer, "repair", None)
    return profile.unit_layer if profile is not None else ""


def _offered(customer: Customer, rows: CustomerQuerySet, text: str) -> CustomerQuerySet:
    return (
        named(rows, text)
        .filter(organisation_id=customer.organisation_id, customer_kind=customer.customer_kind)
        .exclude(pk=customer.pk)
        .exclude(status=CustomerStatus.CANCELLED)
    )


def named(rows: CustomerQuerySet, text: str) -> CustomerQuerySet:
    """Rows whose name, pinyin initials or code hold what was typed."""
    folded = fold(text.strip())
    if not folded:
        return rows
    wanted = Q(name_folded__contains=folded) | Q(pinyin__startswith=folded)
    return rows.filter(wanted | Q(code__startswith=folded))


def option_line(row: Customer) -> str:
    """How a list names a customer to pick: name, layer, place, code."""
    profile = getattr(row, "repair", None)
    layer = profile.get_unit_layer_display() if profile is not None else ""
    words = [row.name, layer, row.city.name, row.code]
    return " · ".join(word for word in words if word)


def for_options(rows: CustomerQuerySet) -> CustomerQuerySet:
    """With what `option_line` says."""
    return rows.select_related("repair", "city")


def link_record(link: UnitLink) -> dict[str, Any]:
    """One link as the API tells it."""
    return {
        "id": link.pk,
        "child": link.child.code,
        "name": link.child.name,
        "parent": link.parent.code,
        "starts_on": link.starts_on,
        "ends_on": link.ends_on,
        "version": link.version,
    }


def links_shown(customer: Customer, user: User) -> list[dict[str, Any]]:
    """The links right below a unit that are not over, as the API tells them."""
    rows = unit_links_for(user, CustomerPerm.UNIT_VIEW).filter(parent=customer)
    open_rows = rows.exclude(ends_on__lte=timezone.localdate()).select_related("child", "parent")
    return [link_record(link) for link in open_rows.order_by("starts_on", "pk")[:MOST]]
