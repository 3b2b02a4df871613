"""Long tasks as rows: start, claim under a lease, report, end (D2, RF-50, RF-64)."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import LeaseLost
from crm.core.jobs import run_after_commit
from crm.core.models import JobRun, JobStatus, WorkerBeat

if TYPE_CHECKING:
    from crm.identity.models import User

LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 5


@transaction.atomic
def start_job(
    *, kind: str, key: str, arguments: dict[str, Any], by: "User | None", total: int | None = None
) -> JobRun:
    """Write the job's row and wake a worker after commit; the same kind and key is one job.

    `kind` is the name of a Celery task that takes `job` (the row's key). Rules: D2, RF-48.
    """
    job, created = JobRun.objects.get_or_create(
        kind=kind, key=key, defaults={"arguments": arguments, "owner": by, "total": total}
    )
    if created:
        run_after_commit(kind, job=job.pk)
    return job


@transaction.atomic
def claim_job(*, pk: int) -> JobRun | None:
    """Take the job under a fresh lease; None when another worker holds it or it has ended.

    Its `fence` rises, so a worker that slept through its lease cannot write any more. A job that
    was tried five times is parked as failed (RF-44). Rules: RF-24, RF-64.
    """
    job = (
        JobRun.objects.claimable().select_for_update(skip_locked=True, of=("self",)).filter(pk=pk)
    ).first()
    if job is None:
        return None
    now = timezone.now()
    if job.attempts >= MAX_ATTEMPTS:
        job.status, job.ended_at, job.message = JobStatus.FAILED, now, _("多次失败，已停止重试")
        job.save(update_fields=["status", "ended_at", "message"])
        return None
    job.status, job.started_at = JobStatus.RUNNING, job.started_at or now
    job.attempts += 1
    job.fence += 1
    job.lease_by, job.lease_until = uuid.uuid4(), now + LEASE
    job.save()
    return job


def advance_job(
    *, job: JobRun, done: int, cursor: dict[str, Any], message: str = "", total: int | None = None
) -> None:
    """Write progress and cursor inside the slice's own transaction and renew the lease.

    A job that gets on starts counting its tries anew: only one that never gets on is parked.
    Raises LeaseLost when the job has passed to another worker or was cancelled.
    Rules: D13, RF-47, RF-64.
    """
    changes: dict[str, Any] = {
        "done": done,
        "attempts": 0,
        "cursor": cursor,
        "message": message[:300],
        "lease_until": timezone.now() + LEASE,
    }
    if total is not None:
        changes["total"] = total
    held = JobRun.objects.filter(pk=job.pk, fence=job.fence, status=JobStatus.RUNNING)
    if not held.update(**changes):
        raise LeaseLost(_("任务已由其他进程接手或已取消"))
    job.done, job.cursor = done, cursor


@transaction.atomic
def finish_job(*, job: JobRun, result: dict[str, Any], message: str = "") -> None:
    """End a job well. Raises LeaseLost. Rules: RF-64."""
    held = JobRun.objects.filter(pk=job.pk, fence=job.fence, status=JobStatus.RUNNING)
    if not held.update(
        status=JobStatus.DONE, ended_at=timezone.now(), result=result, message=message[:300]
    ):
        raise LeaseLost(_("任务已由其他进程接手或已取消"))


@transaction.atomic
def fail_job(*, job: JobRun, message: str) -> None:
    """End a job badly, with words for its owner. Rules: RF-70."""
    JobRun.objects.filter(pk=job.pk, fence=job.fence).update(
        status=JobStatus.FAILED, ended_at=timezone.now(), message=message[:300]
    )


@transaction.atomic
def cancel_job(*, job: JobRun, by: "User") -> bool:
    """Ask a job to stop at its next slice; True when it was still open. Rules: UX-51."""
    return bool(
        JobRun.objects.open()
        .filter(pk=job.pk)
        .update(
            status=JobStatus.CANCELLED,
            ended_at=timezone.now(),
            message=_("由 %(who)s 取消") % {"who": by.get_username()},
        )
    )


@transaction.atomic
def retry_job(*, job: JobRun, by: "User") -> bool:
    """Queue a failed job again from its cursor. Rules: RF-44."""
    again = JobRun.objects.filter(pk=job.pk, status=JobStatus.FAILED).update(
        status=JobStatus.QUEUED,
        attempts=0,
        ended_at=None,
        message=_("由 %(who)s 重试") % {"who": by.get_username()},
    )
    if again:
        run_after_commit(job.kind, job=job.pk)
    return bool(again)


@transaction.atomic
def sweep_jobs(*, limit: int = 100) -> int:
    """Wake workers for every claimable job: what a lost broker message would have done.

    Rules: D2, RF-41, RF-47.
    """
    rows = list(JobRun.objects.claimable().order_by("created_at")[:limit])
    for job in rows:
        run_after_commit(job.kind, job=job.pk)
    return len(rows)


def record_heartbeat(*, name: str) -> None:
    """Note that a worker process lives; /healthz/ready reads the newest. Rules: RF-60."""
    WorkerBeat.objects.update_or_create(name=name, defaults={"seen_at": timezone.now()})
