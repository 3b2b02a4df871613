"""Pure arithmetic of the archive: completeness and load. No Django, no clock."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Weighed:
    """One part of the archive: its name, its weight, and whether it is filled."""

    key: str
    label: str
    weight: int
    is_filled: bool


@dataclass(frozen=True, slots=True)
class Completeness:
    """`percent` is floored, so that 100 means complete; `missing` begins with the heaviest."""

    percent: int
    filled: int
    total: int
    missing: tuple[Weighed, ...]


def completeness_of(parts: Iterable[Weighed]) -> Completeness:
    """Filled weight over total weight (B-30, R-38; weights of domain 6.4)."""
    rows = [part for part in parts if part.weight > 0]
    total = sum(part.weight for part in rows)
    filled = sum(part.weight for part in rows if part.is_filled)
    missing = sorted((p for p in rows if not p.is_filled), key=lambda p: -p.weight)
    return Completeness(100 * filled // total if total else 0, filled, total, tuple(missing))


def mean_percent(scores: Sequence[int]) -> Decimal:
    """A manager's rate: the mean over his own customers, one decimal (domain 6.4)."""
    if not scores:
        return Decimal("0.0")
    return (Decimal(sum(scores)) / len(scores)).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Load:
    """How many customers a manager has, and how much he can carry (1 is usual)."""

    manager_id: int
    customers: int
    weight: Decimal

    @property
    def ratio(self) -> Decimal:
        """Customers for one unit of capacity; without capacity he can take none."""
        return Decimal(self.customers) / self.weight if self.weight > 0 else Decimal("Infinity")


def suggest_manager(loads: Iterable[Load]) -> int | None:
    """Whoever carries least for his capacity; the lower key breaks a tie (R-13)."""
    able = [load for load in loads if load.weight > 0]
    if not able:
        return None
    return min(able, key=lambda load: (load.ratio, load.manager_id)).manager_id


def cycle_end(day: date) -> date:
    """The last day of the billing cycle a day lies in: the calendar month (B-40)."""
    return day.replace(day=monthrange(day.year, day.month)[1])
