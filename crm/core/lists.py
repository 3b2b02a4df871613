"""What lists of all rooms share: a cell, and columns in the order somebody chose (UX-06)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class CellView:
    """One value of one row; empty when the reader may not see it. Looks: `crm/core/atoms.py`."""

    look: str
    label: str
    value: Any = ""
    tone: str = ""


class ListColumn(Protocol):
    """What arranging needs to know of a column."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str | Promise: ...
    @property
    def is_locked(self) -> bool: ...
    @property
    def is_usual(self) -> bool: ...


C = TypeVar("C", bound=ListColumn)


def arranged(columns: Sequence[C], keys: Iterable[str]) -> list[C]:
    """The columns of those keys in that order; locked ones not named come first.

    Without keys: as the list comes. Keys that the list has not are passed over.
    """
    by_key = {column.key: column for column in columns}
    named = [by_key[key] for key in dict.fromkeys(keys) if key in by_key]
    if not named:
        return [column for column in columns if column.is_locked or column.is_usual]
    return [column for column in columns if column.is_locked and column not in named] + named
