from celery import shared_task

from crm.outbox import services


@shared_task(name="outbox.deliver")
def deliver() -> int:
    return services.deliver_due()


@shared_task(name="outbox.sweep")
def sweep() -> int:
    return services.sweep()
