"""The statements of one run, sent again with other keys: a floor of plain psycopg2.

Sequences are set to numbers of ten digits before the run, so that every key made in it can be told
from everything else wherever it stands in a later statement.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

HIGH: Final = 1_000_000_000
STEP: Final = 400_000_000
"""Room of one sequence's keys: no two sequences give the same number."""

_UUID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Line:
    """One statement in pieces: between them come the keys of those names."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    gives: tuple[tuple[int, int, str], ...]
    """(row, column, name) of the keys its answer makes known."""

    def text(self, keys: dict[str, str]) -> str:
        """The statement with the keys of this round."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            parts += (keys[name], piece)
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Script:
    """Transactions of statements. `seed` is the one key that the caller gives; `uuids` are made."""

    transactions: tuple[tuple[Line, ...], ...]
    seed: str
    uuids: tuple[str, ...]

    def play(self, reached: Any, seed: str) -> None:
        """Send all of it over a psycopg2 connection, one commit a transaction."""
        keys = {self.seed: seed} | {name: str(uuid.uuid4()) for name in self.uuids}
        for lines in self.transactions:
            with reached.cursor() as cursor:
                for line in lines:
                    cursor.execute(line.text(keys))
                    if cursor.description is None:
                        continue
                    rows = cursor.fetchall()
                    for row, column, name in line.gives:
                        keys[name] = str(rows[row][column])
            reached.commit()


def spread_sequences(names: Iterable[str]) -> None:
    """Let every sequence go on from ten digits of its own."""
    with connection.cursor() as cursor:
        for place, name in enumerate(names):
            cursor.execute(
                "SELECT setval(seqrelid, greatest(pg_sequence_last_value(seqrelid), %s))"
                " FROM pg_sequence WHERE seqrelid = %s::regclass",
                [HIGH + place * STEP, name],
            )


class Recorder:
    """Keeps the statements of calls, each call one transaction."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._keys = [seed]
        self._uuids: list[str] = []
        self._transactions: list[tuple[Line, ...]] = []

    def script(self) -> Script:
        """What was recorded, ready to be played."""
        return Script(tuple(self._transactions), self._seed, tuple(self._uuids))

    def record(self, call: Callable[[], Any]) -> Any:
        """Run the call and keep what it sends; its rows are read and given back."""
        lines: list[Line] = []

        def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
            cursor = context["cursor"]
            sent = cursor.mogrify(sql, params).decode()
            told = execute(sql, params, many, context)
            rows = cursor.fetchall() if cursor.description else []
            if rows:
                cursor.scroll(0, mode="absolute")
            lines.append(self._line(sent, rows))
            return told

        with connection.execute_wrapper(keep):
            given = call()
        self._transactions.append(tuple(lines))
        return given

    def _line(self, sent: str, rows: Sequence[Sequence[Any]]) -> Line:
        for found in _UUID.findall(sent):
            if found not in self._keys:
                self._keys.append(found)
                self._uuids.append(found)
        parts = re.split(f"({'|'.join(map(re.escape, self._keys))})", sent)
        return Line(tuple(parts[::2]), tuple(parts[1::2]), tuple(self._fresh(rows)))

    def _fresh(self, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[int, int, str]]:
        """Keys that this answer is the first to tell."""
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if isinstance(value, int) and value >= HIGH and str(value) not in self._keys:
                    self._keys.append(str(value))
                    yield row, column, str(value)
