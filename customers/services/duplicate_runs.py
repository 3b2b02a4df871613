"""The run that looks for duplicates among all names, and the word that two are not the same."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from crm.core.bulk import stage
from crm.core.errors import LeaseLost, NotFound
from crm.core.history import save_as
from crm.core.models import JobRun
from crm.core.services.jobs import advance_job, claim_job, finish_job, start_job
from crm.identity.models import User
from customers.access import duplicates_for
from customers.choices import CustomerPerm
from customers.domains import DuplicateReason
from customers.models import Customer, DistinctPair, DuplicatePair
from customers.selectors.duplicate_pairs import RUN
from customers.selectors.likely import likely_pairs
from customers.services._ties import ensure_reason

READ: Final = 50_000
"""So many names are read between two words on how far the run is."""
OF_ONE_NAME: Final = 20
"""So many others of one name are told: more are a chain or a common name."""

_COLUMNS: Final = (
    ("first", "bigint"),
    ("second", "bigint"),
    ("score", "smallint"),
    ("reason", "text"),
)
_WRITE: Final = """
INSERT INTO customers_duplicatepair (organisation_id, first_id, second_id, score, reason, found_at)
SELECT %s, s.first, s.second, s.score, s.reason, %s FROM {staging} s
WHERE NOT EXISTS (
    SELECT 1 FROM customers_distinctpair d WHERE d.first_id = s.first AND d.second_id = s.second
)
AND NOT EXISTS (
    SELECT 1 FROM customers_unitlink u WHERE u.child_id IN (s.first, s.second)
    AND u.parent_id IN (s.first, s.second) AND u.ends_on IS NULL
)
ORDER BY s.score DESC, s.first, s.second
"""

Pair = tuple[int, int, int, str]


def start_duplicate_run(*, by: User | None) -> JobRun:
    """Queue a run over all names; one that is under way is answered instead. Rules: B-14, D2."""
    waiting = JobRun.objects.open().filter(kind=RUN).first()
    if waiting is not None:
        return waiting
    return start_job(kind=RUN, key=timezone.now().isoformat(), arguments={}, by=by)


def run_duplicates_now(*, by: User | None) -> JobRun | None:
    """Carry a run out here and now; None when a worker has one in hand. Rules: B-14."""
    with transaction.atomic():
        run = claim_job(pk=start_duplicate_run(by=by).pk)
    return run if run is not None and _carry_out(run) else None


def find_duplicates(*, job: int) -> bool:
    """Compare all names of each organisation and write its pairs anew; True when it ended here.

    An organisation is one transaction: its page shows the old pairs or the new ones. A worker that
    dies is followed by one who goes on with the next organisation. Rules: B-14, D2, RF-47.
    """
    run = claim_job(pk=job)
    return run is not None and _carry_out(run)


def _carry_out(run: JobRun) -> bool:
    living = Customer.objects.living().order_by("organisation_id")
    organisations = list(living.values_list("organisation_id", flat=True).distinct())
    run.cursor = {"done": [], "names": 0, "pairs": 0} | run.cursor
    try:
        for organisation_id in organisations:
            if organisation_id not in run.cursor["done"]:
                _run_over(organisation_id, run)
        _forget_others(organisations)
        run.result = {name: run.cursor[name] for name in ("names", "pairs")}
        finish_job(job=run, result=run.result)
    except LeaseLost:
        return False
    return True


def _run_over(organisation_id: int, run: JobRun) -> None:
    """One organisation. Progress is told while its names are read."""
    names = _Names()
    for row in _rows(organisation_id):
        names.add(*row)
        if names.count % READ == 0:
            advance_job(job=run, done=run.cursor["names"] + names.count, cursor=run.cursor)
    found = list(names.pairs())
    with transaction.atomic():
        cursor = {
            "done": [*run.cursor["done"], organisation_id],
            "names": run.cursor["names"] + names.count,
            "pairs": run.cursor["pairs"] + _replace(organisation_id, found),
        }
        advance_job(job=run, done=cursor["names"], cursor=cursor)


def _rows(organisation_id: int) -> Iterator[tuple[int, str, str]]:
    """Key, core and folded name of the living, the oldest first."""
    rows = Customer.objects.living().filter(organisation_id=organisation_id).order_by("pk")
    return rows.values_list("pk", "name_key_loose", "name_folded").iterator(chunk_size=READ)


@dataclass(slots=True)
class _Names:
    """Every name once, with the oldest customer who bears it; the others beside."""

    places: dict[str, int] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=dict)
    firsts: "array[int]" = field(default_factory=lambda: array("q"))
    folded: list[str] = field(default_factory=list)
    others: "array[int]" = field(default_factory=lambda: array("i"))
    same: list[Pair] = field(default_factory=list)
    count: int = 0

    def add(self, pk: int, core: str, folded: str) -> None:
        self.count += 1
        place = self.places.setdefault(core, len(self.firsts))
        if folded != core:
            self.whole.setdefault(folded, place)
        if place == len(self.firsts):
            self.firsts.append(pk)
            self.folded.append(folded)
            self.others.append(0)
        elif core and self.others[place] < OF_ONE_NAME:
            self.others[place] += 1
            is_same = folded == self.folded[place]
            score, reason = (100, DuplicateReason.NAME) if is_same else (99, DuplicateReason.WORDS)
            self.same.append((self.firsts[place], pk, score, reason.value))

    def pairs(self) -> Iterator[Pair]:
        """(older, younger, score, reason) of all that may be one."""
        likely = (
            (self.firsts[one.first], self.firsts[one.second], one.score, one.reason.value)
            for one in likely_pairs(list(self.places), self.whole)
        )
        return chain(self.same, likely)


def _replace(organisation_id: int, pairs: list[Pair]) -> int:
    """Write the pairs of an organisation anew, without those somebody said are not the same and
    without a unit and the one it hangs on: their names are alike and they are two.
    """
    staging = stage(_COLUMNS, pairs, is_joined=False)
    DuplicatePair.objects.filter(organisation_id=organisation_id).delete()
    with connection.cursor() as cursor:
        cursor.execute(_WRITE.format(staging=staging), [organisation_id, timezone.now()])
        return int(cursor.rowcount)


def _forget_others(organisations: list[int]) -> None:
    """An organisation whose last customer was cancelled has no pairs any more."""
    DuplicatePair.objects.exclude(organisation_id__in=organisations).delete()


@transaction.atomic
def mark_distinct(*, pair: DuplicatePair, reason: str, by: User) -> DistinctPair:
    """Say that two archives are not the same customer: later runs leave the pair out.

    Raises NotFound when the pair is gone or an end is out of sight, ValidationError. Rules: B-14.
    """
    ensure_reason(reason)
    row = DuplicatePair.objects.select_for_update(of=("self",)).filter(pk=pair.pk).first()
    reached = duplicates_for(by, CustomerPerm.DUPLICATE_CLEAR).filter(pk=pair.pk)
    if row is None or not reached.exists():
        raise NotFound
    distinct = DistinctPair(first_id=row.first_id, second_id=row.second_id, reason=reason.strip())
    save_as(distinct, by=by, reason=reason, expected=None)
    row.delete()
    return distinct
