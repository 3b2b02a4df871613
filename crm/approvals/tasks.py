from celery import shared_task

from crm.approvals.services import reminders


@shared_task(name="approvals.remind_overdue")
def remind_overdue() -> int:
    return reminders.remind_overdue()
