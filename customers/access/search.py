"""Customers by any part of their name, by pinyin initials, code or number, in a person's scope.

Which way is walked is chosen here and not left to the planner, whose guesses about arrays are
wrong by orders (speed.md 1). Every way gives the exact first rows by code.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection

from crm.identity.models import User
from customers.access.asked import FULL_CODE, Asked
from customers.access.keys import customers_by, found_by_key
from customers.access.reach import (
    EVERYWHERE,
    NAME,
    NOWHERE,
    SCOPES,
    Finder,
    Sql,
    any_of,
    reach_of,
)
from customers.access.scopes import Shares, Way
from customers.access.weights import Weights

SMALL: Final = 30_000
"""A scope of so many rows is read whole: some milliseconds."""
OWN: Final = 10_000
"""What one person's own customers are taken for: never so many that a budget would pay."""
_FEW_CODES: Final = 11
"""So many digits of a code leave a hundred customers at most."""
_WALK, _STEP, _FETCH = 0.3, 3.0, 5.0
"""What a row costs: walked in a covering index, walked with its row, fetched by token."""
MOST_SORTED: Final = 1_000
"""So many customers are cut by filters and sorted in any order in some milliseconds."""
_SURELY: Final = 4
"""What the figures say is often too much: so many times it is believed."""
_OWN: Final = frozenset({"id", "manager_id"})
_FEW_RANGES: Final = 2
"""To plan one more takes as long as to read a thousand rows of an index."""
_BUDGETS: Final = (5_000, 300_000)
"""How many rows of a covering index may be walked, at least and at most."""
_MOST_GRAMS: Final = 3
_WIDE: Final = 0.3
"""From this share of the organisation on, its own index is walked and the rest passed over."""

Row = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Found:
    """Keys of the first rows by code in walking direction; `by_key` says which bear a number."""

    ids: list[int]
    by_key: dict[int, str]


@dataclass(frozen=True, slots=True)
class Span:
    """From which code, which way, how many."""

    after: str = ""
    backwards: bool = False
    size: int = 51

    @property
    def way(self) -> str:
        return "DESC" if self.backwards else "ASC"

    def start(self, alias: str) -> Sql:
        if not self.after:
            return Sql(EVERYWHERE)
        return Sql(f"{alias}.code {'<' if self.backwards else '>'} %s", (self.after,))

    def cut(self, rows: Sequence[Row]) -> list[Row]:
        """The first of many rows, each once."""
        ordered = sorted(set(rows), key=lambda row: row[1], reverse=self.backwards)
        return ordered[: self.size]


def search_keys(
    user: User, text: str, span: Span, *, shares: Shares | None = None, sealed: bool = False
) -> Found:
    """Who is found by a typed text, in the scope of the right to see customers.

    With `sealed` a whole certificate or account number counts too: only for a door that logs it.
    Rules: UX-01, UX-02, D9.
    """
    finder, asked = Finder(user, shares), Asked.of(text)
    if finder.is_lost:
        return Found([], {})
    ways = _ways(finder)
    rows, beside = [], []
    if asked.is_number:
        beside = list(_beside(finder, asked, ways))
    elif readings := _readings(finder, asked, "w"):
        weights = Weights({gram for one in readings for gram in one.all_grams}, ways)
        rows = [row for way in ways for row in _Search(finder, readings, span, way, weights).rows()]
    keyed = found_by_key(
        finder,
        asked,
        start=span.start("c"),
        size=span.size,
        backwards=span.backwards,
        sealed=sealed,
        beside=beside,
    )
    rows += [(pk, code) for pk, code, _what in keyed]
    by_key = {pk: what for pk, _code, what in reversed(keyed) if what}
    return Found([pk for pk, _code in span.cut(rows)], by_key)


def found_in_full(user: User, text: str, *, shares: Shares | None = None) -> list[int] | None:
    """Everybody whom a text finds, for a list that is cut by filters too or in another order.

    None when they are too many to be cut and sorted by hand, by the figures or by count. Then
    they are so common that a walk in any order soon meets them.
    """
    finder, asked = Finder(user, shares), Asked.of(text)
    if not asked.is_number and _is_common(finder, asked):
        return None
    found = search_keys(user, text, Span(size=MOST_SORTED + 1), shares=finder.shares).ids
    return found if len(found) <= MOST_SORTED else None


def _is_common(finder: Finder, asked: Asked) -> bool:
    readings, ways = _readings(finder, asked, "w"), _ways(finder)
    weights = Weights({gram for one in readings for gram in one.all_grams}, ways)
    dense = sum(weights.rarest(one.all_grams) for one in readings) / 1_000_000
    scope = sum(weights.sizes(way).scope for way in ways if way.column not in _OWN)
    return scope > SMALL and scope * dense > _SURELY * MOST_SORTED


def _ways(finder: Finder) -> list[Way]:
    """Each way apart: the first rows of all are merged. The whole organisation holds the rest."""
    whole = [way for way in finder.ways if way.column == "organisation_id"]
    return whole[:1] or list({(way.column, way.values): way for way in finder.ways}.values())


def like(text: str) -> str:
    """Typed signs are only signs (B112)."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _beside(finder: Finder, asked: Asked, ways: Sequence[Way]) -> Iterator[Sql]:
    """What a number may be beside one of a customer's own: the start of codes, a part of names."""
    if 0 < len(asked.code_start) < FULL_CODE:
        begun = Sql("c.code LIKE %s", (f"{asked.code_start}%",))
        if len(asked.code_start) >= _FEW_CODES:
            yield customers_by(begun)
        else:
            for way in ways:
                yield from _begun(way, begun)
    for reading in _readings(finder, asked, "c"):
        yield customers_by(holding(reading.grams), reading.match)


def _begun(way: Way, begun: Sql) -> Iterator[Sql]:
    """In one walk over the organisation's codes where a part of each index would be too many."""
    few = len(way.values) <= _FEW_RANGES
    for branch in branches_of(way) if few else [reach_of([way], "c")]:
        bound = branch & begun
        yield Sql(
            f"SELECT c.id, c.code, '' FROM customers_customer c WHERE {bound.text}",  # noqa: S608
            bound.values,
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """One meaning of the text: the condition on a row, its grams, and how rows are found when it
    is too short for any: by the start of an indexed column.
    """

    match: Sql
    grams: frozenset[int] = frozenset()
    longer: frozenset[int] = frozenset()
    start_of: str = ""

    @property
    def all_grams(self) -> frozenset[int]:
        return self.grams | self.longer


def _readings(finder: Finder, asked: Asked, alias: str) -> list[_Reading]:
    """Name and initials; where a name is masked it finds nobody, or it could be guessed."""
    if finder.reads_all_names:
        return list(_of_text(asked, alias))
    readable = finder.reading(NAME, alias, clear=True)
    if readable.text == NOWHERE:
        return []
    return [replace(one, match=one.match & readable) for one in _of_text(asked, alias)]


def _of_text(asked: Asked, alias: str) -> Iterator[_Reading]:
    if len(asked.name) > 1:
        part = Sql(f"{alias}.name_folded LIKE %s", (f"%{like(asked.name)}%",))
        yield _Reading(part, frozenset(asked.name_grams), frozenset(asked.longer_name_grams))
    elif asked.name:
        start = Sql(f"{alias}.name_folded LIKE %s", (f"{like(asked.name)}%",))
        yield _Reading(start, start_of="name_folded")
    if len(asked.letters) > 2:
        part = Sql(f"{alias}.pinyin LIKE %s", (f"%{asked.letters}%",))
        yield _Reading(part, frozenset(asked.letter_grams), frozenset(asked.longer_letter_grams))
    elif asked.letters:
        start = Sql(f"{alias}.pinyin LIKE %s", (f"{asked.letters}%",))
        yield _Reading(start, start_of="pinyin")


def branches_of(way: Way) -> list[Sql]:
    """The rows of a way as one range of one index each."""
    is_one = way.column in {"organisation_id", "id"}
    parts = (
        [way]
        if is_one
        else [
            Way(way.organisation_id, way.column, frozenset({value})) for value in sorted(way.values)
        ]
    )
    return [
        Sql(
            f"c.organisation_id = %s AND c.{part.column} = %s",
            (part.organisation_id, next(iter(part.values))),
        )
        if len(part.values) == 1
        else reach_of([part], "c")
        for part in parts
    ]


def holding(grams: Iterable[int]) -> Sql:
    """Rows with all the tokens.

    The operator is named with its schema: `intarray`, where somebody installed it, brings another
    one that no index of ours serves.
    """
    return Sql("c.search_tokens OPERATOR(pg_catalog.@>) %s::int4[]", (sorted(grams),))


class _Search:
    """One text along one way of the person."""

    def __init__(
        self,
        finder: Finder,
        readings: Sequence[_Reading],
        span: Span,
        way: Way,
        weights: Weights,
    ) -> None:
        self.readings, self.span, self.way, self.weights = readings, span, way, weights
        self.cleared = finder.user.clearance
        self.is_masking = not finder.reads_all_names
        self.match = any_of(reading.match for reading in readings)
        self.sizes = weights.sizes(way)
        self.dense = sum(weights.rarest(one.all_grams) for one in readings) / 1_000_000

    def rows(self) -> list[Row]:
        """The first rows by code, exactly."""
        if self.way.column == "id":
            return self._walk(self._branches())
        own = OWN if self.way.column in _OWN else self.sizes.scope
        if own > SMALL:
            return self._hybrid()
        is_rare = self.sizes.total * self.dense * _FETCH < own * _WALK
        if is_rare and all(reading.grams for reading in self.readings):
            return self._fetch_all()
        return self._walk(self._branches())

    def _hybrid(self) -> list[Row]:
        """A walk with a budget where the rows come soon, else by tokens (speed.md 1)."""
        share = self.sizes.scope / self.sizes.organisation
        is_wide = share >= _WIDE
        passing, cost = (share, _WALK) if is_wide else (1, _STEP)
        budget = self._budget(cost)
        if self.span.size <= self.dense * budget * passing:
            found = self._walk([self._home()] if is_wide else self._branches(), budget)
            if len(found) >= self.span.size:
                return found
        return self._fetch_all()

    def _budget(self, cost: float) -> int:
        """How many rows may be walked: for what fetching all that match would cost.

        Rows that match may lie together, since a code begins with its town: whoever walks in vain
        pays double at most.
        """
        least, most = (rows * _WALK / cost for rows in _BUDGETS)
        return int(min(max(self.sizes.total * self.dense * _FETCH / cost, least), most))

    def _home(self) -> Sql:
        """The organisation's rows; those beyond the way are passed over without being fetched."""
        return Sql("c.organisation_id = %s", (self.way.organisation_id,))

    def _branches(self) -> list[Sql]:
        return branches_of(self.way)

    def _walk(self, inner: list[Sql], budget: int | None = None) -> list[Row]:
        """Rows in order of their code, at most `budget` of them looked at.

        OFFSET 0 keeps the planner from any other way through the table.
        """
        start = self.span.start("c")
        one = (
            "SELECT c.id, c.code, c.name_folded, c.pinyin, c.organisation_id, c.secrecy"
            "{more} FROM customers_customer c WHERE {where}"
        )
        passed = self._passed(inner)
        more = self._more(is_passing=passed.text != EVERYWHERE)
        parts = [one.format(more=more, where=f"{branch.text} AND {start.text}") for branch in inner]
        limit = f"LIMIT {budget:d}" if budget else "OFFSET 0"
        if budget:  # each range by its own index, else the planner reads and sorts them all
            parts = [f"({part} ORDER BY c.code {self.span.way} {limit})" for part in parts]
            parts = [f"SELECT * FROM {part} p{number:d}" for number, part in enumerate(parts)]  # noqa: S608
        union = " UNION ALL ".join(parts)
        statement = (
            f"SELECT w.id, w.code FROM ({union} ORDER BY code {self.span.way} {limit}) w "  # noqa: S608
            f"WHERE w.secrecy <= %s AND {passed.text} AND {self.match.text} "
            f"ORDER BY w.code {self.span.way} LIMIT {self.span.size:d}"
        )
        values = [value for branch in inner for value in (*branch.values, *start.values)]
        return _ask(statement, [*values, self.cleared, *passed.values, *self.match.values])

    def _more(self, *, is_passing: bool) -> str:
        """Columns beside those of the index, where the rest of the statement asks for them."""
        names: tuple[str, ...] = SCOPES if self.is_masking else ()
        if not names and is_passing:
            names = (self.way.column,)
        return "".join(f", c.{name}" for name in names)

    def _passed(self, inner: list[Sql]) -> Sql:
        """What a walk over the whole organisation must pass over."""
        if inner != [self._home()] or self.way.column == "organisation_id":
            return Sql(EVERYWHERE)
        return Sql(f"w.{self.way.column} = ANY(%s)", (sorted(self.way.values),))

    def _fetch_all(self) -> list[Row]:
        return [row for reading in self.readings for row in self._fetch(reading)]

    def _fetch(self, reading: _Reading) -> list[Row]:
        """Rows by their rarest tokens or by the start of a column, then looked at and sorted."""
        if reading.grams:
            rarest = sorted(reading.grams, key=lambda gram: (self.weights.share(gram), gram))
            held = holding(rarest[:_MOST_GRAMS])
        else:
            held = self._home() & Sql(f"c.{reading.start_of} LIKE %s", (reading.match.values[0],))
        reach, start = reach_of([self.way], "w"), self.span.start("w")
        columns = "c.id, c.code, c.name_folded, c.pinyin, c.secrecy, c.organisation_id"
        columns += self._more(is_passing=self.way.column not in {"organisation_id", "id"})
        statement = (
            f"WITH w AS MATERIALIZED (SELECT {columns} FROM customers_customer c "  # noqa: S608
            f"WHERE {held.text}) SELECT w.id, w.code FROM w WHERE {reach.text} "
            f"AND w.secrecy <= %s AND {start.text} AND {reading.match.text} "
            f"ORDER BY w.code {self.span.way} LIMIT {self.span.size:d}"
        )
        return _ask(
            statement,
            [*held.values, *reach.values, self.cleared, *start.values, *reading.match.values],
        )


def _ask(statement: str, values: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [(int(pk), str(code)) for pk, code in cursor.fetchall()]
