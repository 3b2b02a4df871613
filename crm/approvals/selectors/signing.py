"""The sign page: what the owner's view and `approvals/_decision.html` need, asked once."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.access import phrases_for, steps_for
from crm.approvals.choices import StepStatus
from crm.approvals.formulas import is_late
from crm.approvals.models import Step
from crm.approvals.selectors.cases import CasePage, case_page, how_it_was_handled, live_round
from crm.approvals.selectors.queue import sign_url
from crm.identity.models import User


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step for one reader. `status_code` is 409 where a colleague was faster (RF-01)."""

    case: CasePage
    step_id: int
    step_name: str
    due_at: datetime | None
    late: bool
    digest: str
    may_sign: bool
    may_return: bool
    may_refuse: bool
    notice: str
    status_code: int
    sign_url: str
    phrases: list[str]


def step_page(user: User, step: Step, *, clear: frozenset[str] = frozenset()) -> StepPage:
    """What the sign page shows: content, path, and whether this person can sign now.

    `step` comes from `get_step`; `clear` as for `case_page`. Rules: UX-40 to UX-42, UX-47, RF-01.
    """
    may_sign = steps_for(user).filter(pk=step.pk).exists()
    notice, status = ("", 200) if may_sign else _why_not(user, step)
    return StepPage(
        case=case_page(user, step.case, clear=clear),
        step_id=step.pk,
        step_name=step.name,
        due_at=step.due_at,
        late=step.status == StepStatus.WAITING and is_late(step.due_at, timezone.now()),
        digest=live_round(step.case).digest,
        may_sign=may_sign,
        may_return=may_sign and step.may_return,
        may_refuse=may_sign and step.may_refuse,
        notice=notice,
        status_code=status,
        sign_url=sign_url(step.case.kind, step.pk),
        phrases=list(phrases_for(user).values_list("text", flat=True)),
    )


def _why_not(user: User, step: Step) -> tuple[str, int]:
    """The sentence above a page that offers nothing to sign, and the page's status."""
    if step.decided_by_id == user.pk:
        return _("您已处理：%(status)s") % {"status": step.get_status_display()}, 200
    if user.pk in step.case.filler_ids:
        return _("这是您提交的申请，须由他人审批"), 200
    if step.status == StepStatus.AHEAD:
        return _("前面的环节尚未完成，还不能审批"), 200
    if step.status == StepStatus.WAITING:
        return _("等待该环节的审批人处理，您只能查看"), 200
    return how_it_was_handled(step.case, step), 409
