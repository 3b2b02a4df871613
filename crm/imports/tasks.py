from celery import shared_task

from crm.imports import services


@shared_task(name="imports.sweep_uploads")
def sweep_uploads() -> int:
    return services.sweep_uploads()
