"""How common a text is and how large a scope: what search chooses its way by (speed.md 1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from customers.access.scopes import Way

UNKNOWN: Final = 50
"""Per million: a token that is not kept is rarer than one in ten thousand."""
START: Final = 10_000
"""Per million: what the start of a name or of initials is taken for."""
_COUNTED: Final = frozenset({"organisation_id", "department_id", "area_id"})
_KEPT: Final = """
SELECT '' AS kind, token AS value, per_million FROM customers_gramshare WHERE token = ANY(%s)
UNION ALL
SELECT 'size of ' || "column", value, size FROM customers_scopesize
WHERE "column" = ANY(%s) AND value = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """About how many rows a way leads to, of how many of the organisation and in all."""

    scope: int
    organisation: int
    total: int


class Weights:
    """The figures of one question for all ways of a person, read at once."""

    def __init__(self, grams: Iterable[int], ways: Sequence[Way]) -> None:
        columns, values = {"", "organisation_id"}, {0}
        for way in ways:
            values.add(way.organisation_id)
            if way.column in _COUNTED:
                columns.add(way.column)
                values.update(way.values)
        with connection.cursor() as cursor:
            cursor.execute(_KEPT, [list(grams), sorted(columns), sorted(values)])
            self._kept = {(kind, value): figure for kind, value, figure in cursor.fetchall()}

    def share(self, gram: int) -> int:
        """In how many of a million names the gram is."""
        return int(self._kept.get(("", gram), UNKNOWN))

    def rarest(self, grams: Iterable[int]) -> int:
        """In how many of a million names all the grams may be at most."""
        return min(map(self.share, grams), default=START)

    def sizes(self, way: Way) -> Sizes:
        """A way nobody counted is taken for the whole organisation."""
        total = max(self._size("", 0), 1)
        organisation = max(self._size("organisation_id", way.organisation_id), 1)
        if way.column not in _COUNTED:
            return Sizes(organisation, organisation, total)
        scope = sum(self._size(way.column, value) for value in way.values)
        return Sizes(min(scope, organisation), organisation, total)

    def _size(self, column: str, value: int) -> int:
        return int(self._kept.get((f"size of {column}", value), 0))
