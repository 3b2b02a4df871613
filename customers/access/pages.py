"""Lists: the first rows of every branch, merged (D8, speed.md 2 and 3)."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from crm.core.errors import BadRequest
from crm.core.paging import (
    CAP,
    SIZE,
    Count,
    Page,
    beyond,
    cut_page,
    each_place,
    first_keys,
    read_token,
    token_of,
)
from crm.core.policy import Perm
from crm.core.prepared import Prepared
from crm.core.request import once
from crm.identity.models import User
from customers.access.asked import Asked
from customers.access.filters import NOTHING_ASKED, CustomerFilters
from customers.access.keys import found_by_key
from customers.access.orders import LIMITED_ORDERS, ORDERS, columns_of, sortable
from customers.access.reach import Finder, Sql
from customers.access.scopes import Shares, Way, ways_of
from customers.access.search import Span, found_in_full, search_keys
from customers.choices import CustomerPerm
from customers.models import Customer, CustomerQuerySet


def fitting_order(
    user: User, perm: Perm, order: str, filters: CustomerFilters, shares: Shares | None = None
) -> str:
    """The order asked for, or "code" where it is limited and the set has more than `CAP` rows."""
    if order.removeprefix("-") not in LIMITED_ORDERS:
        return order
    return "code" if count_for(user, perm, filters, shares=shares).more else order


def customers_page(
    user: User,
    perm: Perm,
    *,
    order: str = "code",
    after: str = "",
    filters: CustomerFilters = NOTHING_ASKED,
    size: int = SIZE,
    shares: Shares | None = None,
) -> Page[Customer]:
    """One page of the customers `user` may see, forwards or backwards from the key in `after`.

    Each branch gives its first rows by an index; the union of them is sorted and cut. So its cost
    does not grow with the table; a limited order is for sets that `fitting_order` has let pass.
    Raises BadRequest for an unknown order or a broken token.
    Rules: D8, D9.
    """
    walk = _Walk(order, after, size)
    if filters.is_search(perm) and walk.is_by_code:
        found = Customer.objects.for_list().in_bulk(ids := walk.found(user, filters.text, shares))
        return walk.cut([found[pk] for pk in ids if pk in found])
    branches = list(_branches(user, perm, filters, shares))
    return walk.cut(list(walk.rows(branches, lambda rows: rows.for_list())))


def values_page(
    user: User,
    perm: Perm,
    *,
    columns: Sequence[str],
    order: str = "code",
    after: str = "",
    filters: CustomerFilters = NOTHING_ASKED,
    shares: Shares | None = None,
) -> Page[Any]:
    """The same page as named rows of `columns` instead of objects: for the API (speed 6).

    The columns of the order are always there. Raises BadRequest as `customers_page` does.
    """
    if order not in ORDERS:
        raise BadRequest(_("不支持按此列排序"))
    walk = _Walk(order, after, SIZE)
    wanted = list(dict.fromkeys(["id", *columns, *walk.names]))
    if filters.is_search(perm) and walk.is_by_code:
        return walk.cut(_named(walk.found(user, filters.text, shares), wanted))
    if filters == NOTHING_ASKED and walk.is_by_text:
        ways = ways_of(user, perm, shares)
        if len(ways) == 1 and len(ways[0].values) == 1:
            return walk.cut(walk.along(ways[0], user.clearance, tuple(wanted)))
    branches = list(_branches(user, perm, filters, shares))
    named = walk.rows(branches, lambda rows: rows.values_list(*wanted, named=True))
    return walk.cut(list(named))


def _named(keys: Sequence[int], wanted: Sequence[str]) -> list[Any]:
    """Named rows in the order of their keys."""
    found = Customer.objects.filter(pk__in=keys).values_list(*wanted, named=True)
    rows_by_key = {row.id: row for row in found}
    return [rows_by_key[key] for key in keys if key in rows_by_key]


def keys_for(
    user: User,
    perm: Perm,
    *,
    order: str = "code",
    filters: CustomerFilters = NOTHING_ASKED,
    most: int,
    shares: Shares | None = None,
) -> list[int]:
    """Keys of the whole filtered set in list order; one over `most` when there are more (UX-08)."""
    walk, branches = _Walk(order, "", most), list(_branches(user, perm, filters, shares))
    return list(walk.rows(branches, lambda rows: rows.values_list("pk", flat=True)))


class _Walk:
    """Which way the pages go, from where, and how many rows."""

    def __init__(self, order: str, after: str, size: int) -> None:
        self.order, self.after, self.size = order, after, size
        self.columns = columns = columns_of(order)
        self.backwards, self.start = _start(self.sortable(Customer.objects.all()), columns, after)
        self.way = [_turned(name) for name in columns] if self.backwards else list(columns)
        self.names = [name.lstrip("-") for name in columns]

    @property
    def is_by_code(self) -> bool:
        return self.names == ["code"]

    @property
    def is_by_text(self) -> bool:
        """Whether a row's key is text alone: in the statement as it is in the token."""
        return set(self.names) <= {"code", "pinyin"}

    def along(self, way: Way, clearance: int, names: tuple[str, ...]) -> list[Any]:
        """The first rows of a way of one value, by a statement that is kept: so every call of an
        outside system begins, and to put it together took longer than to answer it.
        """
        value = next(iter(way.values))
        key = read_token(self.after, len(self.columns))[1] if self.after else []
        kept = _along(
            (way.column, type(value)),
            self.order,
            (bool(key), self.backwards),
            names,
            self.size,
        )
        own = () if way.column == "organisation_id" else (value,)
        named = _named_row(names)
        return [
            named(*row) for row in kept.rows(way.organisation_id, clearance, *own, *map(str, key))
        ]

    def found(self, user: User, text: str, shares: Shares | None) -> list[int]:
        """Keys of the first rows that a search finds, by the way it chooses."""
        after = ""
        if self.after:
            after = str(read_token(self.after, 1)[1][0])
        span = Span(after, self.way == ["-code"], self.size + 1)
        return search_keys(user, text, span, shares=shares).ids

    def sortable(self, rows: CustomerQuerySet) -> CustomerQuerySet:
        """The rows with the columns of the order."""
        return sortable(rows, self.order)

    def first(self, rows: Any) -> Any:
        """One row more than a page, in walking direction."""
        return rows.filter(self.start).order_by(*self.way)[: self.size + 1]

    def rows(self, branches: Sequence["_Branch"], shape: Callable[[CustomerQuerySet], Any]) -> Any:
        """The first rows of all branches, merged and in the shape wanted, by one statement."""
        if len(branches) == 1 and not branches[0].places:
            return self.first(shape(self.sortable(branches[0].rows)))
        found = _merged(
            branches, lambda rows: self.first(self.sortable(rows).values_list("id", *self.names))
        )
        if found is None:
            return ()
        keys = first_keys(found.text, found.values, self.way, self.size + 1)
        found_rows = self.sortable(Customer.objects.filter(pk__in=keys))
        return shape(found_rows).order_by(*self.way)

    def cut(self, found: list[Any]) -> Page[Any]:
        """The page with its tokens."""
        return cut_page(
            found,
            order=self.columns,
            size=self.size,
            backwards=self.backwards,
            first=not self.after,
        )


@lru_cache(maxsize=128)
def _along(
    scope: tuple[str, type],
    order: str,
    start: tuple[bool, bool],
    names: tuple[str, ...],
    size: int,
) -> Prepared:
    """What `_Walk.along` asks; its values are organisation, clearance, that of the way, the key."""
    (column, kind), (is_later, backwards) = scope, start
    own = () if column == "organisation_id" else (kind(-3),)
    key = tuple(f"key {name}" for name in columns_of(order)) if is_later else ()

    def build(home: int, clearance: int, *rest: Any) -> QuerySet[Customer, Any]:
        way = Way(home, column, frozenset(rest[: len(own)] or {home}))
        walk = _Walk(order, token_of(key, backwards=backwards) if key else "", size)
        rows = Customer.objects.filter(way.as_q()).cleared(clearance)
        found: QuerySet[Customer, Any] = walk.first(rows.values_list(*names))
        return found

    return Prepared(build, -1, _CLEARED, *own, *key)


_CLEARED: Final = 77
"""Stands for a clearance: a number that the column could hold and nobody has."""


@lru_cache(maxsize=32)
def _named_row(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names)


def count_for(
    user: User,
    perm: Perm,
    filters: CustomerFilters = NOTHING_ASKED,
    *,
    cap: int = CAP,
    shares: Shares | None = None,
) -> Count:
    """How many, honestly capped: never a scan of the whole table (D8)."""
    if filters.is_search(perm):
        found = search_keys(user, filters.text, Span(size=cap + 1), shares=shares).ids
        return Count(min(len(found), cap), more=len(found) > cap)
    branches = list(_branches(user, perm, filters, shares))
    every = _merged(branches, lambda rows: rows.values_list("id")[: cap + 1])
    if every is None:
        return Count(0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM ({every.text}) AS part LIMIT {cap + 1:d}) AS cut",  # noqa: S608
            every.values,
        )
        number = cursor.fetchone()[0]
    return Count(min(number, cap), more=number > cap)


@dataclass(frozen=True, slots=True)
class _Branch:
    """Rows that one index range answers; with `places` one range for each of them."""

    rows: CustomerQuerySet
    places: tuple[int, ...] = ()


def _merged(branches: Iterable[_Branch], first: Callable[[CustomerQuerySet], Any]) -> Sql | None:
    """The first rows of every range, each row once; None when there can be none.

    The ranges of a department tree are one LATERAL walk: put together branch by branch in Python,
    ten departments cost more than what they answer.
    """
    parts: list[str] = []
    values: list[Any] = []
    for branch in branches:
        rows = first(branch.rows)
        try:
            if branch.places:
                part, own = each_place(rows, {"id": ("bigint", branch.places)})
            else:
                part, own = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"({part})")
        values += own
    return Sql(" UNION ".join(parts), tuple(values)) if parts else None


def _branches(
    user: User, perm: Perm, filters: CustomerFilters, shares: Shares | None
) -> Iterator[_Branch]:
    """Ways of the person times readings of the text.

    With a text that finds few there is one: of those whom `search_keys` found by its own plan.
    """
    cuts, text = filters.as_q(), filters.text.strip()
    if text and perm == CustomerPerm.VIEW:
        found = once(
            ("found in full", user.pk, text), lambda: found_in_full(user, text, shares=shares)
        )
        if found is not None:
            yield _Branch(Customer.objects.filter(cuts, pk__in=found).cleared(user.clearance))
            return
    ways = [way.ranges(by_home=filters.is_by_home) for way in ways_of(user, perm, shares)]
    for (way, places), reading in product(ways, _readings(user, shares, text)):
        rows = Customer.objects.filter(way, reading, cuts).cleared(user.clearance)
        # In order, or to count them the planner passes over the rows of all other departments.
        yield _Branch(rows.order_by("code") if places else rows.order_by(), places)


def _readings(user: User, shares: Shares | None, text: str) -> Sequence[Q]:
    """What the typed text may mean; one empty condition when nothing was typed.

    The planner's own way, for a text that finds many, and for rights other than to see. The tokens
    are there for it to choose; ids come first, or OR would scan.
    """
    if not text:
        return [Q()]
    finder, asked, found = Finder(user, shares), Asked.of(text), []
    if asked.name and finder.reads_all_names:
        held = Q(search_tokens__contains=sorted(asked.name_grams)) if asked.name_grams else Q()
        part = "contains" if asked.name_grams else "startswith"
        found.append(held & Q(**{f"name_folded__{part}": asked.name}))
    if asked.letters and finder.reads_all_names:
        held = Q(search_tokens__contains=sorted(asked.letter_grams)) if asked.letter_grams else Q()
        part = "contains" if asked.letter_grams else "startswith"
        found.append(held & Q(**{f"pinyin__{part}": asked.letters}))
    if asked.code_start:
        found.append(Q(code__startswith=asked.code_start))
    if keyed := found_by_key(finder, asked, start=Sql("TRUE"), size=CAP):
        found.append(Q(pk__in=[pk for pk, _code, _what in keyed]))
    return found


def _start(rows: CustomerQuerySet, columns: Sequence[str], after: str) -> tuple[bool, Q]:
    """Direction and condition of a token. The bound on the first column alone is implied by the
    rest; it lets the index begin there instead of at its end.
    """
    if not after:
        return False, Q()
    backwards, values = read_token(after, len(columns))
    up = columns[0].startswith("-") == backwards
    bound = Q(**{f"{columns[0].lstrip('-')}__{'gte' if up else 'lte'}": values[0]})
    start = bound & beyond(columns, values, backwards=backwards)
    try:
        rows.filter(start)
    except (ValueError, TypeError) as problem:
        raise BadRequest(_("翻页标记无效，请从第一页重新查看")) from problem
    return backwards, start


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
