import socket

from celery import shared_task

from crm.core.models import CLOCK
from crm.core.services import jobs


@shared_task(name="core.sweep_jobs")
def sweep_jobs() -> int:
    return jobs.sweep_jobs()


@shared_task(name="core.clock_heartbeat")
def clock_heartbeat() -> None:
    jobs.record_heartbeat(name=CLOCK)


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    jobs.record_heartbeat(name=f"worker@{socket.gethostname()}")
