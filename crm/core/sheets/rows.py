"""What a sheet is once it has been read: a header and numbered rows of plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from crm.core.sheets.headers import HEADER_ROWS, header_key
from crm.core.text import LOSSY, BadCell, is_blank

Cell = str | int | float | bool | date | datetime | time | timedelta | BadCell
"""One value. `""` is empty; a `BadCell` says why its value cannot be known."""


@dataclass(frozen=True)
class Row:
    """One row with the number the office sees in its own program (the first row is 1)."""

    number: int
    values: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """A sheet with its header.

    `rows` may be walked several times; rows without any value are left out. Every row has as many
    values as the header has titles; a title may be empty. `last_row` serves progress bars.
    """

    name: str
    header: tuple[str, ...]
    header_row: int
    last_row: int
    rows: Iterable[Row]


def pick_header(top: Sequence[Sequence[Cell]], wanted: frozenset[str]) -> int | None:
    """Which of the first rows is the header; None when all are empty (B223).

    With `wanted` keys the row that names most of them; else the first row that is nearly as full of
    text as the fullest one, so a title line above is passed over.
    """
    rows = list(top[:HEADER_ROWS])
    named = [len(wanted & {header_key(str(cell)) for cell in row}) for row in rows]
    if any(named):
        return named.index(max(named))
    texts = [sum(isinstance(cell, str) and not is_blank(cell) for cell in row) for row in rows]
    if not any(texts):
        return None
    return next(place for place, count in enumerate(texts) if count * 10 >= max(texts) * 6)


def titles(row: Sequence[Cell]) -> tuple[str, ...]:
    """The header's titles, empty ones at the end cut off."""
    found = [str(cell).strip() for cell in row]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def plain(value: Cell) -> Cell:
    """A whole number comes as float from the file and leaves as int, unless digits are lost."""
    if isinstance(value, float) and value.is_integer() and abs(value) < LOSSY:
        return int(value)
    return value


def is_empty(values: Sequence[Cell]) -> bool:
    """Whether a row holds nothing at all."""
    return all(is_blank(value) for value in values)
