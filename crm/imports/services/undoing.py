"""Take an import back: the rows nobody touched since, each with its own history row (UX-54)."""

from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import LeaseLost
from crm.core.models import JobRun
from crm.core.services.jobs import advance_job, claim_job, finish_job, start_job
from crm.identity.models import User
from crm.imports.access import ensure_may_import
from crm.imports.choices import ENDED, BatchStatus, RowState
from crm.imports.errors import WrongStage
from crm.imports.kinds import Kind, Order
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.selectors import tally
from crm.imports.services._orders import batch_of, end_batch, order_of

SLICE: Final = 500
_WRITTEN: Final = (RowState.MADE, RowState.CHANGED)


@transaction.atomic
def undo_batch(*, batch: ImportBatch, kind: Kind, by: User) -> ImportBatch:
    """Start taking an import back in the background.

    Raises WrongStage, Forbidden. Rules: UX-54.
    """
    ensure_may_import(by, kind)
    row = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    written = ImportRow.objects.filter(batch=row, state__in=_WRITTEN).count()
    if row.status not in ENDED or not written:
        raise WrongStage(_("没有可撤销的行"))
    row.undone_by, row.undone_at = by, timezone.now()
    row.status, row.version = BatchStatus.RUNNING, row.version + 1
    row.job = start_job(
        kind=kind.task,
        key=f"{row.number}-undo-{row.version}",
        arguments={"batch": row.pk, "act": "undo"},
        by=by,
        total=written,
    )
    row.save()
    return row


def take_back(*, job: int, kind: Kind) -> bool:
    """Take back slice after slice; rows touched since stay as they are. True when it ended here.

    Rules: UX-54, RF-47.
    """
    run = claim_job(pk=job)
    if run is None:
        return False
    batch = batch_of(run)
    try:
        while _take_slice(run, batch, kind):
            pass
        _finish(run, batch)
    except LeaseLost:
        return False
    return True


@transaction.atomic
def _take_slice(run: JobRun, batch: ImportBatch, kind: Kind) -> bool:
    """What stays is skipped by counting: it keeps its place in the order."""
    kept = int(run.cursor.get("kept", 0))
    rows = ImportRow.objects.filter(batch=batch, state__in=_WRITTEN).order_by("-stage", "-number")
    slice_ = list(rows[kept : kept + SLICE])
    if not slice_:
        return False
    released = order_of(batch)
    order = Order(released.organisation, batch.undone_by or released.by, released.by, batch.number)
    records = [
        (row.number, [(str(k), int(pk), int(a), int(b)) for k, pk, a, b in row.records])
        for row in slice_
    ]
    done = set(kind.undo(records, order))
    ImportRow.objects.filter(pk__in=[row.pk for row in slice_ if row.number in done]).update(
        state=RowState.UNDONE
    )
    cursor = {"kept": kept + len(slice_) - len(done)}
    advance_job(job=run, done=run.done + len(slice_), cursor=cursor)
    return True


@transaction.atomic
def _finish(run: JobRun, batch: ImportBatch) -> None:
    counts = tally(batch)
    end_batch(batch, BatchStatus.UNDONE, counts)
    finish_job(job=run, result=counts)
