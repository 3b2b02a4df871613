"""Names that are nearly the same: a slip while typing, a homophone, a word more (B-14).

Rows are come by in ways that are cheap each: keys of the corrected name, the pinyin of the whole
name, rare grams, and common grams in pairs. How like they are is decided by rapidfuzz.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Final

from django.db import connection
from rapidfuzz import fuzz

from crm.core.likeness import Slip, corrections, slip_between
from crm.core.search import fold, loose_key, name_tokens, pinyin_initials

SHORTEST: Final = 4
"""A shorter core of a name is like too many others."""
LIKE: Final = 75
"""Of a hundred: how like two cores must be to be told."""
_SCORES: Final = {Slip.SAME: 100.0, Slip.SWAP: 98.0, Slip.DOUBLE: 98.0, Slip.SOUND: 96.0}
"""A slip that brings no sign of its own says more than the share of equal signs."""
_ALONE: Final = 300
"""About so many rows may be fetched for tokens that count alone."""
_RARE: Final = 50
"""Per million: a token that is not kept is rarer than one in ten thousand."""
_PAIRED: Final = 4
"""So many commoner tokens count in pairs: a mistake breaks up to two, two others hold."""
_IN_PAIRS: Final = 500
"""About so many rows may be fetched for pairs; the rarest come first."""
_FETCHED: Final = 1_500
"""Where the guess was wrong: no more rows than this are fetched for grams."""
_MOST: Final = 300
SLIP, PINYIN = "~slip", "~pinyin"
"""Ways that lead to rows which may be alike; what else leads to a row says what they share."""

_SHARES: Final = """
SELECT token, per_million FROM customers_gramshare WHERE token = ANY (%s)
UNION ALL SELECT -1, size FROM customers_scopesize WHERE "column" = ''
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One way to come by rows: what they share, the condition, and its values."""

    what: str
    where: str
    values: tuple[Any, ...]
    most: int = _MOST


@dataclass(frozen=True, slots=True)
class Row:
    """A living customer that one of the ways led to."""

    what: str
    pk: int
    folded: str
    loose: str

    @property
    def is_guess(self) -> bool:
        return self.what.startswith("~")


@dataclass(frozen=True, slots=True)
class Near:
    """One customer whose name is like the asked one; `score` of a hundred."""

    pk: int
    score: float
    by_sound: bool


_ONE: Final = """
(SELECT {what}, id, name_folded, name_key_loose FROM customers_customer
 WHERE organisation_id = %s AND NOT (status = 'cancelled') AND {where} LIMIT {most:d})
"""
_BLOCK: Final = """
WITH block AS MATERIALIZED (
    SELECT id, name_folded, name_key_loose, organisation_id, status FROM customers_customer
    WHERE {tokens} LIMIT {most:d}
)
"""
_OF_BLOCK: Final = """
(SELECT '~grams', id, name_folded, name_key_loose FROM block
 WHERE organisation_id = %s AND NOT (status = 'cancelled'))
"""


def rows_by(organisation_id: int, parts: Sequence[Part], tokens: "Tokens | None") -> list[Row]:
    """The living customers of all the ways, in the order of the ways: one statement."""
    texts = [_ONE.format(what=f"'{part.what}'", where=part.where, most=part.most) for part in parts]
    values = [value for part in parts for value in (organisation_id, *part.values)]
    head = ""
    if tokens is not None:
        head, texts = _BLOCK.format(tokens=tokens.where, most=_FETCHED), [*texts, _OF_BLOCK]
        values = [*tokens.values, *values, organisation_id]
    if not texts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(head + " UNION ALL ".join(texts), values)
        return [Row(*row) for row in cursor.fetchall()]


def ways_to(name: str) -> list[Part]:
    """How names that are nearly this one are come by through keys alone."""
    folded, core = fold(name), loose_key(name)
    if len(core) < SHORTEST:
        return []
    return [
        Part(SLIP, "name_key_loose = ANY (%s)", (sorted(corrections(core)),)),
        Part(SLIP, "name_folded = ANY (%s)", (sorted(corrections(folded)),)),
        Part(PINYIN, "pinyin = %s", (pinyin_initials(name)[:300],)),
    ]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The grams of a name by which rows are fetched, as a condition."""

    where: str
    values: tuple[list[int], ...]

    @classmethod
    def of(cls, name: str) -> "Tokens | None":
        """Of the grams of its core: rare ones alone, the next ones in pairs; None for none.

        A swap or a sign put in makes grams that hardly anybody bears: they cost nothing.
        """
        core = loose_key(name)
        grams = [core[place : place + 2] for place in range(len(core) - 1)]
        if len(core) < SHORTEST:
            return None
        by_gram = {gram: next(iter(name_tokens(gram))) for gram in grams}
        shares, total = _shares(set(by_gram.values()))
        rows = {gram: shares.get(by_gram[gram], _RARE) * total / 1_000_000 for gram in grams}
        ordered = sorted(rows, key=lambda gram: (rows[gram], gram))
        alone: list[str] = []
        while ordered and sum(rows[gram] for gram in (*alone, ordered[0])) <= _ALONE:
            alone.append(ordered.pop(0))
        pairs = _affordable(
            ordered[:_PAIRED],
            rows,
            total,
            neighbours=set(pairwise(grams)),
            is_sure=any(by_gram[gram] in shares for gram in alone),
        )
        conditions = ["search_tokens OPERATOR(pg_catalog.&&) %s::int4[]"] if alone else []
        conditions += ["search_tokens OPERATOR(pg_catalog.@>) %s::int4[]"] * len(pairs)
        asked = ([tuple(alone)] if alone else []) + pairs
        values = tuple([by_gram[gram] for gram in one] for one in asked)
        return cls(" OR ".join(conditions), values) if values else None


def _affordable(
    grams: Sequence[str],
    rows: dict[str, float],
    total: int,
    *,
    neighbours: set[tuple[str, str]],
    is_sure: bool,
) -> list[tuple[str, ...]]:
    """Pairs of grams, the rarest first; a dear one where nothing else is sure to fetch rows.

    Neighbours are mostly of one word and stand together always; others meet somewhat more often
    than by chance.
    """
    likely: dict[tuple[str, ...], float] = {}
    for one, two in combinations(grams, 2):
        fewer = min(rows[one], rows[two])
        is_word = (one, two) in neighbours or (two, one) in neighbours
        likely[one, two] = fewer if is_word else min(3 * rows[one] * rows[two] / total, fewer)
    found: list[tuple[str, ...]] = []
    spent = 0.0
    for pair in sorted(likely, key=lambda pair: likely[pair]):
        spent += likely[pair]
        if spent > (_IN_PAIRS if found or is_sure else _FETCHED):
            break
        found.append(pair)
    return found


def _shares(tokens: set[int]) -> tuple[dict[int, int], int]:
    """Token → in a million, of those that are kept; and how many customers there are."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, [sorted(tokens)])
        found = dict(cursor.fetchall())
    return found, max(found.pop(-1, 1), 1)


def nearest(name: str, rows: Sequence[Row], *, most: int) -> list[Near]:
    """Those of the rows whose name is nearly this one, the nearest first. Rules: B-14.

    Of many customers of one name the others follow when every name has been told once.
    """
    folded, core = fold(name), loose_key(name)
    found: dict[int, Near] = {}
    names: dict[str, int] = {}
    turns: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        if row.pk in found or (near := _compared(folded, core, row)) is None:
            continue
        found[row.pk] = near
        turns[row.pk] = names[row.loose] = names.get(row.loose, -1) + 1
    ordered = sorted(found.values(), key=lambda one: (turns[one.pk], -one.score, one.pk))
    return ordered[:most]


def _compared(folded: str, core: str, row: Row) -> Near | None:
    if row.what == PINYIN and slip_between(core, row.loose) is Slip.SOUND:
        return Near(row.pk, _SCORES[Slip.SOUND], by_sound=True)
    score = fuzz.ratio(core, row.loose, score_cutoff=LIKE)
    if not score and row.what != SLIP:
        return None
    slip = slip_between(core, row.loose) or slip_between(folded, row.folded)
    score = _SCORES.get(slip, score) if slip else score
    return Near(row.pk, score or LIKE, by_sound=slip is Slip.SOUND)
