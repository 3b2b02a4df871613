"""The pairs of the last run as the page shows them (B-14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crm.core.models import JobRun, JobStatus
from crm.identity.models import User
from customers.access import Eyes
from customers.choices import Visibility
from customers.models import Customer, DuplicatePair
from customers.selectors.fields import shown
from customers.selectors.listing import rules_by_key

RUN: Final = "customers.find_duplicates"
"""The task that looks for duplicates among all names."""


@dataclass(frozen=True, slots=True)
class End:
    """One archive of a pair; its name is masked for whoever reads it so elsewhere."""

    pk: int
    code: str
    name: str
    manager: str

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


@dataclass(frozen=True, slots=True)
class PairView:
    """Two archives that may be one, the older first; `score` of a hundred."""

    pk: int
    first: End
    second: End
    reason: str
    score: int


def pair_views(pairs: Sequence[DuplicatePair], user: User) -> list[PairView]:
    """Pairs from the gate in words."""
    eyes = Eyes(user)
    rule = rules_by_key(user).get("customer.name")

    def end(row: Customer) -> End:
        see = Visibility.HIDDEN if rule is None else eyes.on(row).of(rule)
        name = "" if rule is None else shown(row, rule, see, {})
        return End(row.pk, row.code, name, str(row.manager or ""))

    return [
        PairView(pair.pk, end(pair.first), end(pair.second), pair.get_reason_display(), pair.score)
        for pair in pairs
    ]


def last_run() -> datetime | None:
    """When duplicates were last looked for among all names."""
    runs = JobRun.objects.filter(kind=RUN, status=JobStatus.DONE).order_by("-ended_at")
    return runs.values_list("ended_at", flat=True).first()
