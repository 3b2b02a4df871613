from celery import shared_task

from archive.services import sweeping


@shared_task(name="archive.sweep_orphans")
def sweep_orphans() -> int:
    return sweeping.sweep_orphans()


@shared_task(name="archive.verify_files", time_limit=3600)
def verify_files() -> int:
    return sweeping.verify_files()
