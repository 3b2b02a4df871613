"""How many customers of each sort a person sees: exact, from the summary (B187, T-5, speed 3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import CharField, Count, F, Model, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.identity.models import User
from customers.access import CustomerFilters, Shares
from customers.access.scopes import Way, ways_of
from customers.choices import CustomerPerm, CustomerStatus, CustomerType, Lifecycle, TemporalClass
from customers.models import Customer, CustomerFacet
from customers.selectors.listing import cities_by_province, labels_to_filter_by

DIMENSIONS: Final[dict[str, str]] = {
    "status": "status",
    "temporal": "temporal_class",
    "lifecycle": "lifecycle",
    "type": "customer_type",
    "class": "customer_class",
    "level": "customer_level",
    "city": "city_id",
    "manager": "manager_id",
}
"""Filter of the list → column of the summary."""

TITLES: Final[dict[str, Any]] = {
    "status": _("状态"),
    "temporal": _("客户时态"),
    "lifecycle": _("生命周期"),
    "type": _("客户类型"),
    "class": _("客户分类"),
    "level": _("客户级别"),
    "city": _("地市"),
    "manager": _("客户经理"),
}
_CUTS: Final = DIMENSIONS | {"department": "department_id", "area": "area_id"}
_SUMMED: Final = frozenset({"manager_id", "department_id", "area_id", "organisation_id"})
"""Scope columns that the summary has; what is reached otherwise is counted row by row."""

_FIXED: Final[dict[str, Any]] = {
    "status": CustomerStatus,
    "temporal": TemporalClass,
    "lifecycle": Lifecycle,
    "type": CustomerType,
}
Counts = Mapping[str, Mapping[str, int]]


def is_summed(filters: CustomerFilters) -> bool:
    """Whether the summary can answer for a list narrowed like this."""
    days = filters.created_from or filters.created_to
    return not filters.text and days is None and filters.equal.keys() <= _CUTS.keys()


def facet_counts(
    user: User, names: Sequence[str], filters: CustomerFilters | None = None
) -> Counts:
    """Dimension → value → how many of the customers `user` sees, each cut by the other filters.

    One query. Equal to counting the rows of the gate one by one, lent and shared ones included.
    """
    filters, parts = filters or CustomerFilters(), []
    for rows, total in _sources(user):
        parts += [_grouped(rows, total, name, filters) for name in names]
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    if parts:
        for name, value, number in parts[0].union(*parts[1:], all=True):
            held = counts[name]
            held[value or ""] = held.get(value or "", 0) + int(number or 0)
    return {name: {v: n for v, n in held.items() if n} for name, held in counts.items()}


def _sources(user: User) -> Iterable[tuple[QuerySet[Any], Any]]:
    """The summary for what scope columns reach, and the rows for what else is reached."""
    ways = ways_of(user, CustomerPerm.VIEW, Shares(user))
    summed = [way for way in ways if way.column in _SUMMED]
    others = [way for way in ways if way.column not in _SUMMED]
    if summed:
        rows = CustomerFacet.objects.filter(_any(summed), secrecy__lte=user.clearance)
        yield rows, Sum("number")
    if others:
        more = Customer.objects.filter(_any(others)).cleared(user.clearance)
        more = more.exclude(_any(summed)) if summed else more
        level = Coalesce("retail__customer_level", Value(""), output_field=CharField())
        yield more.annotate(customer_level=level), Count("pk")


def _any(ways: Iterable[Way]) -> Q:
    return reduce(or_, (way.as_q() for way in ways))


def _grouped(
    rows: QuerySet[Model], total: Any, name: str, filters: CustomerFilters
) -> QuerySet[Any, Any]:
    cut = Q(**{_CUTS[key]: value for key, value in filters.equal.items() if key != name})
    if filters.without_manager and name != "manager":
        cut &= Q(manager__isnull=True)
    found: QuerySet[Any, Any] = (
        rows.filter(cut)
        .order_by()
        .annotate(
            facet=Value(name, output_field=CharField()),
            held=Cast(F(DIMENSIONS[name]), CharField()),
        )
        .values("facet", "held")
        .annotate(total=total)
        .values_list("facet", "held", "total")
    )
    return found


@dataclass(frozen=True, slots=True)
class Slice:
    """One value of one dimension: its words, how many, and what the list must ask to show them."""

    value: str
    label: str
    number: int
    asked: str
    is_on: bool = False


@dataclass(frozen=True, slots=True)
class FacetView:
    """One dimension, most frequent first; `total` is the sum."""

    name: str
    title: str | Promise
    slices: list[Slice]

    @property
    def total(self) -> int:
        return sum(part.number for part in self.slices)


def facet_views(
    user: User,
    names: Sequence[str],
    filters: CustomerFilters | None = None,
    *,
    people: Mapping[str, str] | None = None,
) -> list[FacetView]:
    """The counts in words; dimensions in which nothing is told apart are left out."""
    counts = facet_counts(user, names, filters)
    on = {} if filters is None else {k: str(v) for k, v in filters.equal.items()}
    views = []
    for name in names:
        words = dict(people or {}) if name == "manager" else _words(user, name)
        slices = [
            Slice(
                value,
                words.get(value) or str(_UNSET),
                number,
                _ask(name, value),
                on.get(name) == value,
            )
            for value, number in sorted(counts[name].items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        if any(part.value for part in slices):
            views.append(FacetView(name, TITLES[name], slices))
    return views


_UNSET: Final = _("未填")


def _ask(name: str, value: str) -> str:
    if name == "manager" and not value:
        return "unassigned=on"
    return f"{name}={value}" if value else ""


def _words(user: User, name: str) -> Mapping[str, str]:
    if name in _FIXED:
        return {str(value): str(label) for value, label in _FIXED[name].choices}
    if name == "city":
        return {code: label for _province, group in cities_by_province() for code, label in group}
    key = {"class": "customer.customer_class", "level": "retail.customer_level"}[name]
    return dict(labels_to_filter_by(user).get(key, []))
