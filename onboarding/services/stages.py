"""Moving a form from stage to stage: the only place that writes `stage` (state machine 5.1)."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.calendars import due_at
from crm.core.history import save_as
from crm.core.selectors import calendar_overrides
from crm.identity.models import User
from customers.models import OpenForm
from customers.services.marks import close_form_note, move_form_note, open_form_note
from onboarding.choices import ENDED, SLA_DAYS, SLA_OVERALL, Stage
from onboarding.errors import WrongStage
from onboarding.models import RegistrationForm


def lock_form(*, form: RegistrationForm, stages: Sequence[Stage]) -> RegistrationForm:
    """Lock the form and make sure it stands in one of `stages`. Raises WrongStage.

    The form is the first lock of every act of this room (lock order: form, case, customer).
    Rules: T-31 to T-49.
    """
    row = RegistrationForm.objects.select_for_update(of=("self",)).get(pk=form.pk)
    if row.stage not in stages:
        raise WrongStage(
            _("登记表 %(number)s 现处于“%(stage)s”，不能办理此项")
            % {"number": row.number, "stage": row.get_stage_display()}
        )
    return row


def enter_stage(
    *,
    form: RegistrationForm,
    stage: Stage,
    by: User,
    reason: str,
    fields: Sequence[str] = (),
) -> None:
    """Put a locked form into `stage` with its clock; `fields` are saved with it.

    The head of the customer's page shows the open form. Rules: T-73, T-76, domain 5.1.
    """
    now = timezone.now()
    overrides = calendar_overrides()
    form.stage, form.stage_since = stage, now
    days = SLA_DAYS.get(stage)
    form.due_at = due_at(now, days, overrides) if days else None
    if stage == Stage.LICENSED:
        form.overall_due_at = due_at(now, SLA_OVERALL, overrides)
    clock = ["stage", "stage_since", "due_at", "overall_due_at"]
    save_as(form, by=by, reason=reason, expected=None, fields=[*clock, *fields], form=form.number)
    if form.customer_id is not None:
        _note_stage(form, by=by)


def workers_on(*, form: RegistrationForm) -> set[int]:
    """Keys of the people whose form it is: who started it and the customer manager."""
    return {pk for pk in (form.started_by_id, form.manager_id) if pk is not None}


def notice_values(*, form: RegistrationForm, **more: Any) -> dict[str, Any]:
    """What the wordings of this room's notices need."""
    return {"name": form.store_name, "number": form.number, **more}


def _note_stage(form: RegistrationForm, *, by: User) -> None:
    """Write down to the customer which form is open and where it stands."""
    if not OpenForm.objects.filter(number=form.number).exists():
        open_form_note(
            customer=form.customer,  # type: ignore[arg-type]
            kind="registration",
            number=form.number,
            title=str(RegistrationForm._meta.verbose_name),
            url=reverse("onboarding:form", args=[form.number]),
            by=by,
        )
    move_form_note(number=form.number, stage=str(form.get_stage_display()))
    if form.stage in ENDED:
        close_form_note(number=form.number)
