"""What the search box answers: rows in scope and why each was found (UX-01 to UX-03)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.core.lists import arranged
from crm.core.paging import Page, cut_page, read_token
from crm.core.search import fold
from crm.identity.access import may
from crm.identity.models import User
from customers.access import Eyes, customers_for
from customers.access.asked import FULL_CODE, Asked
from customers.access.keys import SEALED
from customers.access.search import Found, Span, search_keys
from customers.choices import CustomerPerm
from customers.models import Customer
from customers.selectors.columns import Column
from customers.selectors.listing import COLUMNS, RowView, row_views

SIZE: Final = 50
FEW: Final = 8
_SHOWN: Final = ("code", "name", "status", "city", "manager", "department")
_BY_CODE: Final = ("code",)
_WHY: Final[dict[str, Promise]] = {
    "name": _("名称"),
    "pinyin": _("拼音首字母"),
    "code": _("客户代码"),
    "alias": _("外部代码"),
    "licence": _("许可证号"),
    "credit_code": _("信用代码"),
    "mobile": _("移动电话"),
    "phone": _("办公电话"),
    "contact": _("联系人电话"),
    "identity": _("身份证号后四位"),
    "account": _("账号后四位"),
    SEALED: _("完整证件号或账号"),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One customer and by what he was found."""

    row: RowView
    why: str


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found. `state` says why it is empty: `ask`, `match`, `right` or ``.

    `sealed` are the customers found by a whole sealed number: that is written down.
    """

    hits: list[Hit]
    columns: list[Column]
    state: str
    next: str = ""
    previous: str = ""
    sealed: tuple[Customer, ...] = ()

    @property
    def number(self) -> str:
        """How many, as far as this page knows."""
        return f"{len(self.hits)}+" if self.next or self.previous else str(len(self.hits))


def results_for(
    user: User, text: str, *, after: str = "", size: int = SIZE, sealed: bool = True
) -> Results:
    """The first customers by code that a text finds, of those `user` may see.

    With `sealed` by a whole certificate or account number too: the caller writes that down.
    Raises BadRequest for a broken page token. Rules: UX-02, B112, B203.
    """
    columns = arranged(COLUMNS, _SHOWN)
    if not may(user, CustomerPerm.VIEW):
        return Results([], columns, "right")
    if not fold(text) and not Asked.of(text).key:
        return Results([], columns, "ask")
    eyes = Eyes(user)
    backwards, start = _start(after)
    found = search_keys(
        user, text, Span(start, backwards, size + 1), shares=eyes.shares, sealed=sealed
    )
    page = _page(found, size, backwards=backwards, is_first=not after)
    whys = [_why(row, found, Asked.of(text)) for row in page.rows]
    views = row_views(page.rows, columns, eyes)
    return Results(
        hits=[Hit(view, str(_WHY[why])) for view, why in zip(views, whys, strict=True)],
        columns=columns,
        state="" if page.rows else "match",
        next=page.next,
        previous=page.previous,
        sealed=tuple(row for row in page.rows if found.by_key.get(row.pk) == SEALED),
    )


def customer_of_code(user: User, text: str) -> Customer | None:
    """The one customer whose whole code was typed or pasted, if `user` may see it.

    Rules: UX-03.
    """
    code = Asked.of(text).full_code
    if len(code) != FULL_CODE:
        return None
    return customers_for(user, CustomerPerm.VIEW).filter(code=code).first()


def may_be_sealed(text: str) -> bool:
    """Whether a text has the shape of a whole certificate or account number."""
    return bool(Asked.of(text).sealed)


def _start(after: str) -> tuple[bool, str]:
    if not after:
        return False, ""
    backwards, values = read_token(after, 1)
    return backwards, str(values[0])


def _page(found: Found, size: int, *, backwards: bool, is_first: bool) -> Page[Any]:
    rows_by_key = Customer.objects.for_list().in_bulk(found.ids)
    rows = [rows_by_key[pk] for pk in found.ids if pk in rows_by_key]
    return cut_page(rows, order=_BY_CODE, size=size, backwards=backwards, first=is_first)


def _why(row: Customer, found: Found, asked: Asked) -> str:
    """The surest reason: a number of his own before a part of his name."""
    if row.pk in found.by_key:
        return found.by_key[row.pk]
    return asked.matches(fold(row.name), row.pinyin, row.code) or "name"


def headings(columns: Sequence[Column]) -> list[str]:
    """What stands above the results."""
    return [str(column.label) for column in columns]
