from celery import shared_task

from onboarding.services import papers


@shared_task(name="onboarding.keep_sheet")
def keep_sheet(form: int, sheet: str, by: int) -> None:
    papers.keep_sheet(form_id=form, sheet=sheet, by_id=by)
