"""A long file is checked by a worker, chunk by chunk, and the page shows how far it is (UX-51)."""

from django.db import transaction

from crm.core.errors import LeaseLost
from crm.core.models import JobRun, JobStatus
from crm.core.services.jobs import advance_job, claim_job, fail_job, finish_job
from crm.imports.choices import BatchStatus
from crm.imports.errors import FileGone, FileRefused
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch
from crm.imports.services._checks import Check
from crm.imports.services._orders import batch_of


def check_later(*, job: int, kind: Kind) -> bool:
    """Check the file of a job; True when it ended here. A worker that died is followed by one that
    begins anew: nothing but staging is written. Rules: RF-47, RF-64, UX-50, UX-51.
    """
    run = claim_job(pk=job)
    if run is None:
        return _give_up(job)
    batch = batch_of(run)
    try:
        _check(run, batch, kind.fitted(batch.organisation))
    except LeaseLost:
        return False
    except (FileRefused, FileGone) as refusal:
        return _give_back(run, batch, str(refusal.message))
    return True


def _check(run: JobRun, batch: ImportBatch, kind: Kind) -> None:
    check = Check(batch, kind, None)
    for drafts in check.chunks():
        with transaction.atomic():
            check.take(drafts)
            advance_job(job=run, done=check.told.rows, cursor={})
    with transaction.atomic():
        check.conclude()
        finish_job(job=run, result={"rows": check.told.rows, "wrong": batch.rows_wrong})


@transaction.atomic
def _give_back(run: JobRun, batch: ImportBatch, words: str) -> bool:
    """The file cannot be checked: back to the step before, with the reason."""
    fail_job(job=run, message=words)
    _reopen(batch, words)
    return True


@transaction.atomic
def _give_up(job: int) -> bool:
    """A job parked after too many tries: say so on its import."""
    run = JobRun.objects.get(pk=job)
    if run.status != JobStatus.FAILED:
        return False
    _reopen(batch_of(run), run.message)
    return True


def _reopen(batch: ImportBatch, words: str) -> None:
    ImportBatch.objects.filter(pk=batch.pk, status=BatchStatus.CHECKING).update(
        status=BatchStatus.UPLOADED, note=words[:300], version=batch.version + 1
    )
