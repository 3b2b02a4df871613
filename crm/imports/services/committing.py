"""Carry a released import out, slice by slice, resumable at any point (D13, RF-47)."""

from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg2.extras import Json

from crm.core.errors import DomainError, LeaseLost
from crm.core.models import JobRun, JobStatus
from crm.core.records import collecting_later
from crm.core.services.jobs import (
    advance_job,
    cancel_job,
    claim_job,
    fail_job,
    finish_job,
    start_job,
)
from crm.identity.models import User
from crm.imports.access import barred_for, ensure_may_import, may_import, may_release
from crm.imports.choices import BUSY, BatchStatus, RowState
from crm.imports.errors import WrongStage
from crm.imports.kinds import Draft, Kind, Order, Outcome, Problem, sliced
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.selectors import tally
from crm.imports.services._orders import (
    batch_of,
    end_batch,
    lost_columns,
    order_of,
    releaser_of,
)
from crm.imports.services._staging import draft_of, update_rows
from crm.outbox.choices import Topic
from crm.outbox.services import publish

SLICE: Final = 2_000
_OUTCOME: Final = (
    ("state", "text"),
    ("text", "text"),
    ("records", "jsonb"),
    ("errors", "jsonb"),
)
STATES: Final = {
    "made": RowState.MADE,
    "changed": RowState.CHANGED,
    "same": RowState.SAME,
    "refused": RowState.REFUSED,
}


def commit_batch(*, job: int, kind: Kind, size: int = SLICE) -> bool:
    """Write the rows of a released import; True when it ended here.

    Each slice is one transaction: rows, history, staging and cursor stand or fall together, so a
    worker that dies repeats nothing. Rules: D13, RF-47, RF-48, RF-64, UX-51, UX-53.
    """
    run = claim_job(pk=job)
    if run is None:
        return _give_up(job)
    batch = batch_of(run)
    if not (may_import(batch.created_by, kind) and may_release(releaser_of(batch), kind)):
        return _fail(run, batch, _("上传人或放行人已无导入权限"))
    kind = kind.fitted(batch.organisation)
    if lost := lost_columns(batch, kind, barred_for(batch, kind)):
        return _fail(run, batch, _("上传人已无权写入这些列：%(columns)s") % {"columns": lost})
    try:
        while _write_slice(run, batch, kind, size):
            pass
        _finish(run, batch, kind)
    except LeaseLost:
        return False
    return True


@transaction.atomic
def _write_slice(run: JobRun, batch: ImportBatch, kind: Kind, size: int) -> bool:
    waiting = ImportRow.objects.filter(batch=batch).waiting()
    rows = list(waiting.defer("shown", "doubts", "records")[:size])
    rows = [row for row in rows if row.stage == rows[0].stage]
    if not rows:
        return False
    drafts = [draft_of(batch, kind, row) for row in rows]
    order = order_of(batch)
    with collecting_later():
        told = {outcome.number: outcome for outcome in _settled(kind, drafts, order)}
    update_rows(_OUTCOME, (_told(row, told[row.number]) for row in rows))
    advance_job(job=run, done=run.done + len(rows), cursor={"last": rows[-1].number})
    return True


def _settled(kind: Kind, drafts: Sequence[Draft], order: Order) -> list[Outcome]:
    """Write rows together; where one breaks a constraint, find it by halves (B233)."""
    try:
        with transaction.atomic():
            return kind.commit(drafts, order)
    except (ValidationError, DomainError) as refusal:
        if len(drafts) == 1:
            return [_refused(kind, drafts[0], refusal)]
    middle = len(drafts) // 2
    first = _settled(kind, drafts[:middle], order)
    return first + _settled(kind, drafts[middle:], order)


def _refused(kind: Kind, draft: Draft, refusal: Exception) -> Outcome:
    words = getattr(refusal, "messages", None) or [str(refusal)]
    problem = Problem(kind.columns[0].field, "refused", "；".join(map(str, words)))
    return Outcome(draft.number, "refused", problem=problem)


def _told(row: ImportRow, outcome: Outcome) -> tuple[Any, ...]:
    """What became of a row, as it is written back."""
    problem = [list(outcome.problem)] if outcome.problem is not None else row.errors
    records = [list(record) for record in outcome.records]
    return row.pk, str(STATES[outcome.what]), outcome.text[:120], Json(records), Json(problem)


@transaction.atomic
def _finish(run: JobRun, batch: ImportBatch, kind: Kind) -> None:
    told = [RowState.MADE, RowState.CHANGED, RowState.SAME]
    rows = ImportRow.objects.filter(batch=batch, state__in=told).order_by("stage", "number")
    said = rows.only("number", "values", "links").iterator(chunk_size=SLICE)
    drafts = (draft_of(batch, kind, row) for row in said)
    for late in sliced(kind.finish(drafts, order_of(batch)), SLICE):
        _add(batch, late)
    counts = tally(batch)
    end_batch(batch, BatchStatus.DONE, counts)
    finish_job(job=run, result=counts)
    publish(
        topic=Topic.IMPORT_DONE,
        key=batch.number,
        payload={"import": batch.number, "counts": counts},
        people=[batch.created_by_id, batch.released_by_id or batch.created_by_id],
        values={
            "number": batch.number,
            "file": batch.file_name,
            "made": counts[RowState.MADE],
            "changed": counts[RowState.CHANGED],
            "refused": counts[RowState.REFUSED] + counts[RowState.WRONG],
            "batch_id": batch.pk,
        },
    )


def _add(batch: ImportBatch, late: Sequence[Outcome]) -> None:
    """Bring to the rows what the end of the import did for them."""
    told = {outcome.number: outcome for outcome in late}
    rows = list(ImportRow.objects.filter(batch=batch, number__in=told))
    for row in rows:
        outcome = told[row.number]
        row.records += [list(record) for record in outcome.records]
        if outcome.records and row.state == RowState.SAME:
            row.state = RowState.CHANGED
        problem = outcome.problem
        if problem is not None and all(code != problem.code for _c, code, _m in row.doubts):
            row.doubts.append(list(problem))
    columns = (("state", "text"), ("records", "jsonb"), ("doubts", "jsonb"))
    update_rows(columns, ((r.pk, str(r.state), Json(r.records), Json(r.doubts)) for r in rows))


@transaction.atomic
def _fail(run: JobRun, batch: ImportBatch, words: str) -> bool:
    fail_job(job=run, message=words)
    ImportBatch.objects.filter(pk=batch.pk).update(
        status=BatchStatus.FAILED, note=words, ended_at=timezone.now(), counts=tally(batch)
    )
    return True


@transaction.atomic
def _give_up(job: int) -> bool:
    """A job parked after too many tries: say so on its import."""
    run = JobRun.objects.get(pk=job)
    if run.status != JobStatus.FAILED:
        return False
    batch = batch_of(run)
    if batch.status == BatchStatus.RUNNING:
        ImportBatch.objects.filter(pk=batch.pk).update(
            status=BatchStatus.FAILED, note=run.message, ended_at=run.ended_at, counts=tally(batch)
        )
    return True


@transaction.atomic
def cancel_batch(*, batch: ImportBatch, kind: Kind, by: User) -> ImportBatch:
    """Stop a running import after the slice it is in; what is written stays until it is undone.
    A running check stops too: the import is open again.

    Raises WrongStage, Forbidden. Rules: UX-51, RF-48.
    """
    ensure_may_import(by, kind)
    row = ImportBatch.objects.select_for_update(of=("self",)).select_related("job").get(pk=batch.pk)
    if row.status not in BUSY or row.job is None or not cancel_job(job=row.job, by=by):
        raise WrongStage(_("该导入已结束，不能取消"))
    if row.status == BatchStatus.CHECKING:
        row.status = BatchStatus.UPLOADED
    else:
        row.status, row.ended_at, row.counts = BatchStatus.CANCELLED, timezone.now(), tally(row)
    row.version += 1
    row.save()
    return row


@transaction.atomic
def resume_batch(*, batch: ImportBatch, kind: Kind, by: User) -> ImportBatch:
    """Go on with an import that was cancelled or failed, from the row it stopped at.

    Raises WrongStage, Forbidden. Rules: RF-44, UX-51.
    """
    ensure_may_import(by, kind)
    row = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    left = ImportRow.objects.filter(batch=row, state=RowState.READY).count()
    if row.status not in (BatchStatus.CANCELLED, BatchStatus.FAILED) or not left:
        raise WrongStage(_("没有可继续的行"))
    row.status, row.ended_at, row.version = BatchStatus.RUNNING, None, row.version + 1
    row.job = start_job(
        kind=kind.task,
        key=f"{row.number}-{row.version}",
        arguments={"batch": row.pk, "act": "commit"},
        by=by,
        total=left,
    )
    row.save()
    return row
