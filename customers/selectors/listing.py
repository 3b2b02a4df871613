"""What the list of customers shows: rows by key, their columns, how many there are (UX-01 ff.)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.core.atoms import text_html
from crm.core.lists import CellView
from crm.core.models import Region
from crm.core.paging import Count
from crm.core.prepared import Prepared, columns_of, from_row
from crm.core.request import once
from crm.identity.access import may, rights_of
from crm.identity.choices import Duty, Scope
from crm.identity.models import Department, User
from crm.identity.selectors import holders_of
from customers.access import (
    CustomerFilters,
    Eyes,
    Sight,
    count_for,
    customers_page,
    fitting_order,
)
from customers.choices import (
    CustomerKind,
    CustomerPerm,
    CustomerStatus,
    Lifecycle,
    TemporalClass,
    Visibility,
)
from customers.models import Customer, FieldRule
from customers.selectors.columns import MORE_COLUMNS, Column
from customers.selectors.fields import DICTIONARIES, labels_in, masked_text
from logistics.models import DeliveryRoute

COLUMNS: Final = (
    Column(
        "code",
        _("客户代码"),
        "customer.code",
        lambda row: row.code,
        look="code",
        is_locked=True,
    ),
    Column(
        "name",
        _("客户名称"),
        "customer.name",
        lambda row: row.name,
        look="name",
        is_locked=True,
    ),
    Column(
        "status",
        _("状态"),
        "customer.status",
        lambda row: row.status,
        choices=CustomerStatus,
        look="status",
        is_usual=True,
    ),
    Column(
        "kind",
        _("客户性质"),
        "customer.customer_kind",
        lambda row: row.customer_kind,
        choices=CustomerKind,
    ),
    Column("city", _("地市"), "customer.city", lambda row: row.city_name, is_usual=True),
    Column(
        "manager",
        _("客户经理"),
        "customer.manager",
        lambda row: row.manager_name,
        look="person",
        is_usual=True,
    ),
    Column("department", _("归属部门"), "customer.department", lambda row: row.department_name),
    Column("phone", _("办公电话"), "customer.phone", lambda row: row.phone, look="mono"),
    Column("mobile", _("移动电话"), "customer.mobile", lambda row: row.mobile, look="mono"),
    Column("address", _("地址"), "customer.address", lambda row: row.address),
    Column(
        "temporal",
        _("客户时态"),
        "customer.temporal_class",
        lambda row: row.temporal_class,
        choices=TemporalClass,
        is_usual=True,
    ),
    Column(
        "lifecycle",
        _("生命周期"),
        "customer.lifecycle",
        lambda row: row.lifecycle,
        choices=Lifecycle,
    ),
    Column(
        "created",
        _("建档时间"),
        "customer.created_at",
        lambda row: row.created_at,
        look="date",
        is_usual=True,
    ),
    *MORE_COLUMNS,
)


@dataclass(frozen=True, slots=True)
class RowView:
    """One customer in the list."""

    url: str
    cells: list[CellView]
    pk: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list. `state` says why it is empty: `none`, `match`, `right` or ``.

    `order` is the one the rows stand in: another than asked when they are too many for it.
    """

    rows: list[RowView]
    columns: list[Column]
    order: str
    total: Count
    next: str
    previous: str
    state: str
    may_register: bool
    may_decide: bool
    may_compare: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the URL asks for, checked by the form."""

    filters: CustomerFilters = field(default_factory=CustomerFilters)
    order: str = "code"
    after: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything narrows the list."""
        return self.filters != CustomerFilters()


def list_page(
    user: User,
    asked: Asked,
    columns: Sequence[Column],
    rules: Mapping[str, FieldRule] | None = None,
) -> ListPage:
    """One page of the customers `user` may see, each cell as he may see it (D8, D9, trust 2.6)."""
    eyes = Eyes(user)
    order = fitting_order(user, CustomerPerm.VIEW, asked.order, asked.filters, eyes.shares)
    page = customers_page(
        user,
        CustomerPerm.VIEW,
        order=order,
        after=asked.after if order == asked.order else "",
        filters=asked.filters,
        shares=eyes.shares,
    )
    return ListPage(
        rows=row_views(page.rows, columns, eyes, rules),
        columns=list(columns),
        order=order,
        total=_total(user, asked, eyes, shown=len(page.rows), has_more=bool(page.next)),
        next=page.next,
        previous=page.previous,
        state="" if page.rows else _why_empty(user, asked),
        may_register=may(user, CustomerPerm.CREATE),
        may_decide=may(user, CustomerPerm.DECIDE),
        may_compare=may(user, CustomerPerm.DUPLICATE_VIEW),
    )


def _total(user: User, asked: Asked, eyes: Eyes, *, shown: int, has_more: bool) -> Count:
    """Counted only when the first page does not hold them all."""
    if not asked.after and not has_more:
        return Count(shown)
    return count_for(user, CustomerPerm.VIEW, asked.filters, shares=eyes.shares)


def _why_empty(user: User, asked: Asked) -> str:
    if asked.is_narrow:
        return "match"
    return "none" if may(user, CustomerPerm.VIEW) else "right"


def row_views(
    rows: Sequence[Customer],
    columns: Sequence[Column],
    eyes: Eyes,
    rules: Mapping[str, FieldRule] | None = None,
) -> list[RowView]:
    """Cells by sight: rows that are reached alike are judged once."""
    if not rows:
        return []
    rules = rules_by_key(eyes.user) if rules is None else rules
    if any(column.needs_retail for column in columns):
        prefetch_related_objects(rows, "retail__delivery_route")
    words = _words_of(eyes.user, columns)
    judged: dict[Sight, list[Visibility]] = {}
    labels = [SafeString(text_html(column.label)) for column in columns]
    before, _zero, after = reverse("customers:detail", args=[0]).rpartition("0")
    views = []
    for row in rows:
        sight = eyes.on(row)
        if sight not in judged:
            judged[sight] = [_see(sight, rules.get(column.rule)) for column in columns]
        told = zip(columns, labels, judged[sight], strict=True)
        cells = [_cell(row, column, label, see, words) for column, label, see in told]
        named = next((cell for cell in cells if cell.look == "name"), None)
        title = f"{row.code} {named.value if named else ''}"
        views.append(RowView(f"{before}{row.pk}{after}", cells, row.pk, title))
    return views


def _words_of(user: User, columns: Sequence[Column]) -> Mapping[str, Mapping[str, str]]:
    """Field key → stored value → word, for the columns that need it: no table is read in vain."""
    fixed = {
        c.rule: {value: str(word) for value, word in c.choices.choices}
        for c in columns
        if c.choices
    }
    if user.organisation_id is None or not any(c.rule in DICTIONARIES for c in columns):
        return fixed
    return fixed | {key: dict(pairs) for key, pairs in labels_in(user.organisation_id).items()}


def rules_by_key(user: User) -> dict[str, FieldRule]:
    """The rules of the person's own organisation by field key, in one query."""
    home = user.organisation_id

    def ask() -> dict[str, FieldRule]:
        rules = [from_row(FieldRule, row) for row in _RULES.rows(home)]
        return {rule.key: rule for rule in rules}

    return once(("rules of", home), ask)


_RULES: Final = Prepared(
    lambda home: (
        FieldRule.objects.filter(profile__in=Department.objects.filter(pk=home).values("profile"))
        .order_by("position", "pk")
        .values_list(*columns_of(FieldRule))
    ),
    -1,
)


def _see(sight: Sight, rule: FieldRule | None) -> Visibility:
    return Visibility.HIDDEN if rule is None else sight.of(rule)


def _cell(
    row: Customer,
    column: Column,
    label: str,
    see: Visibility,
    words: Mapping[str, Mapping[str, str]],
) -> CellView:
    if see == Visibility.HIDDEN:
        return CellView("text", label)
    value = column.value(row)
    if column.rule in words:
        value = words[column.rule].get(value, value)
    if see == Visibility.MASKED and not isinstance(value, date):
        value = masked_text(column.rule.partition(".")[2], value)
    return CellView(column.look, label, value, row.status if column.look == "status" else "")


def cities_by_province() -> list[tuple[str, list[tuple[str, str]]]]:
    """Prefectures in force under their provinces, for one grouped picker; at most a minute old."""
    return _cities(_minute())


def _minute() -> int:
    return int(time.monotonic() // 60)


@lru_cache(maxsize=2)
def _cities(_minute: int) -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    rows = Region.objects.cities().values_list("code", "name", "parent__name")
    for code, name, province in rows:
        groups.setdefault(province, []).append((code, name))
    return list(groups.items())


def managers_to_filter_by(user: User) -> list[tuple[str, str]]:
    """The managers a list may be cut by: only for people who see beyond their own customers."""
    cells = rights_of(user, CustomerPerm.VIEW)
    if all(cell.scope is Scope.OWN for cell in cells) or user.organisation_id is None:
        return []
    people = holders_of(Duty.AM, organisation_id=user.organisation_id)
    return [(str(pk), name) for pk, name in people.values_list("pk", "name")]


def labels_to_filter_by(user: User) -> Mapping[str, list[tuple[str, str]]]:
    """Entries of the code tables in the person's organisation, by field key; a minute old at most.

    Rules: T-77, T-78.
    """
    return {} if user.organisation_id is None else _labels(user.organisation_id, _minute())


@lru_cache(maxsize=64)
def _labels(organisation_id: int, _minute: int) -> dict[str, list[tuple[str, str]]]:
    return labels_in(organisation_id)


def routes_to_filter_by(user: User) -> list[tuple[str, str]]:
    """The delivery lines in use in the person's organisation (T-4)."""
    if user.organisation_id is None:
        return []
    rows = DeliveryRoute.objects.of_organisation(user.organisation_id).live().order_by("code")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
