"""Old and new values as far as the reader may see them (trust 2.6)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crm.approvals.choices import DataClass
from crm.core.masking import mask_address, mask_email, mask_person, mask_phone

HIDDEN: Final = "***"
_SHAPES: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": mask_phone,
    "person": mask_person,
    "address": mask_address,
    "email": mask_email,
}
SIGNERS_SEE: Final = frozenset({DataClass.INTERNAL.value, DataClass.BUSINESS.value})
"""What everybody who takes part in a case sees clear; the owner's page may add personal data."""
FILLERS_SEE: Final = SIGNERS_SEE | {DataClass.PERSONAL.value}


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One field, ready to be shown: nothing in it is more than the reader may see."""

    field: str
    label: str
    before: str
    after: str
    changed: bool


def visible_rows(lines: Iterable[Mapping[str, Any]], *, classes: frozenset[str]) -> list[DiffRow]:
    """The lines of a round for a reader who sees `classes` clear; S stays at its last four.

    Rules: UX-40, D6, trust 2.6.
    """
    return [_row(line, classes) for line in lines]


def _row(line: Mapping[str, Any], classes: frozenset[str]) -> DiffRow:
    before, after = str(line["before"]), str(line["after"])
    changed = before != after
    clear = line["cls"] in classes or line["cls"] == DataClass.SENSITIVE  # S came in masked
    if not clear:
        mask = _SHAPES.get(line["shape"], _hide)
        before, after = mask(before), mask(after)
    return DiffRow(line["field"], line["label"], before, after, changed)


def _hide(value: str) -> str:
    return HIDDEN if value else ""
