"""What pages and services ask about imports."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from crm.identity.choices import Scope
from crm.identity.models import Post, RoleRight
from crm.imports.choices import BUSY, BatchStatus, ImportPerm, RowState
from crm.imports.kinds import Kind, Problem
from crm.imports.models import BatchQuerySet, ImportBatch, RowQuerySet
from crm.imports.report import Report, letter_of


def holders_of(organisation_id: int, kind: Kind) -> list[int]:
    """Active people of the organisation who may import that kind, in order of their posts."""
    duties = RoleRight.objects.filter(
        object=ImportPerm.CREATE.object,
        action=ImportPerm.CREATE.action,
        scope=Scope.ALL,
        fieldset=kind.fieldset,
    ).values_list("duty", flat=True)
    posts = Post.objects.live(timezone.localdate()).filter(
        duty__in=list(duties), department__organisation_id=organisation_id, user__is_active=True
    )
    return list(dict.fromkeys(posts.order_by("pk").values_list("user_id", flat=True)))


def releasers_of(batch: ImportBatch, kind: Kind) -> list[int]:
    """Who may release it: everybody with the right but the uploader."""
    found = holders_of(batch.organisation_id, kind)
    return [pk for pk in found if pk != batch.created_by_id]


def same_file_before(batch: ImportBatch, seen: BatchQuerySet) -> ImportBatch | None:
    """An earlier import of the very same bytes that was carried out, among those `seen` (RF-48)."""
    return (
        seen.filter(sha256=batch.sha256, kind=batch.kind, status=BatchStatus.DONE)
        .exclude(pk=batch.pk)
        .order_by("-pk")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running import is: rows written, of how many, and how long it will take."""

    done: int
    total: int
    percent: int
    eta: timedelta | None
    is_over: bool


def progress_of(batch: ImportBatch) -> Progress:
    """Read from the job's row; the estimate is by the mean speed so far (UX-51)."""
    job = batch.job
    done, total = (job.done, job.total or 0) if job is not None else (0, batch.rows_right)
    percent = 100 * done // total if total else 0
    eta = None
    if job is not None and job.started_at and done and done < total:
        passed = timezone.now() - job.started_at
        eta = timedelta(seconds=round(passed.total_seconds() / done * (total - done)))
    return Progress(done, total, min(percent, 100), eta, batch.status not in BUSY)


def rows_of(batch: ImportBatch, *, only_errors: bool) -> RowQuerySet:
    """Rows people look at: all that are wrong or odd, or the wrong ones alone (UX-50)."""
    rows: RowQuerySet = batch.rows.all()
    return rows.wrong() if only_errors else rows.exclude(errors=[], doubts=[])


def tally(batch: ImportBatch) -> dict[str, int]:
    """Rows by what became of them."""
    found = batch.rows.order_by().values_list("state").annotate(rows=Count("pk"))
    return dict.fromkeys(RowState.values, 0) | dict(found)


def report_of(batch: ImportBatch, kind: Kind) -> dict[str, Any]:
    """What the check of an import found, in the shape `import_sheet --json` prints."""
    columns = kind.fitted(batch.organisation).columns
    titles = {column.field: (column.label, "") for column in columns}
    for name, at in batch.mapping.items():
        titles[name] = (batch.header[at], letter_of(at))
    report = Report(batch.sheet, titles, rows=batch.rows_total, ok=batch.rows_right)
    wrong = batch.rows.filter(state=RowState.WRONG).values_list("number", "errors")
    report.wrong = {number: [Problem(*one) for one in errors] for number, errors in wrong}
    return report.as_json() | {"warnings": batch.warnings}
