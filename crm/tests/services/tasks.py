"""A job for our own worker: its only effect is that it was claimed and ended."""

from celery import shared_task

from crm.core.services.jobs import claim_job, finish_job

KIND = "tests.effect"


@shared_task(name=KIND)
def effect(job):
    if (row := claim_job(pk=job)) is not None:
        finish_job(job=row, result={"attempts": row.attempts})
