"""What travels between the engine and its callers, and the small sums of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

READABLE_DAYS: Final = 90
"""How long a closed case stays readable for those who took part (trust 4.2, scope K)."""
URGE_AGAIN: Final = timedelta(hours=4)
"""UX-45: an applicant reminds at most once in this time."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case is about, in words and keys only: the engine knows no form and no customer.

    `key` is the number people know, such as the registration number. `department_id` is the
    department the matter belongs to; a route step that names a *kind* of department takes the
    nearest one above it. Without it the applicant's own department counts.
    """

    organisation_id: int
    text: str
    key: str
    customer_id: int | None = None
    department_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One field of what is put forward. `cls` is its data class (S, P, B, I).

    Of S the engine keeps the last four characters, whatever it is given. `shape` says how a
    personal value is masked: phone, person, address, email; anything else shows nothing.
    """

    field: str
    label: str
    before: str
    after: str
    cls: str = "I"
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is put forward in one round: shown lines, flat facts, and the digest that is signed."""

    lines: tuple[Line, ...]
    digest: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def desk_of(department_id: int | None, department_kind: str) -> str:
    """The key of the queue a step lies in: one department, one kind of them, or anywhere."""
    if department_id is not None:
        return f"d{department_id}"
    return f"k{department_kind}" if department_kind else "*"


def desks_of_post(department_id: int, department_kind: str) -> tuple[str, str, str]:
    """All queues a post in that department works on."""
    return (desk_of(department_id, ""), desk_of(None, department_kind), desk_of(None, ""))


def readable_since(today: date) -> date:
    """Cases closed before this day are out of their participants' sight."""
    return today - timedelta(days=READABLE_DAYS)


def case_number(number: int, *, year: int) -> str:
    """SP2026000001."""
    return f"SP{year}{number:06d}"


def is_late(due_at: datetime | None, now: datetime) -> bool:
    """Whether a step that still waits has passed its time (T-72)."""
    return due_at is not None and due_at < now
