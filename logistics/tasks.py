from celery import shared_task

from crm.imports.services.running import run_import
from logistics.importing import LOGISTICS


@shared_task(name="logistics.import_firms", time_limit=3600)
def import_firms(job: int) -> bool:
    return run_import(job=job, kind=LOGISTICS)
