"""One signature: checked under the case's lock, written once, its effect told as an Outcome."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.access import is_signer
from crm.approvals.choices import CaseStatus, Outcome, StepStatus, Verdict
from crm.approvals.errors import (
    AlreadyDecided,
    ContentChanged,
    NotYourStep,
    OpinionMissing,
    OwnCase,
    SignedBeside,
    StepAhead,
    VerdictBarred,
)
from crm.approvals.models import Case, Decision, Step
from crm.approvals.selectors import how_it_was_handled
from crm.approvals.services._locked import Locked, lock_case, steps_of_round
from crm.approvals.services.notices import announce_end, announce_return
from crm.approvals.services.stages import close_case, void_round, wake_next_stage
from crm.core.prepared import insert_row, update_row

if TYPE_CHECKING:
    from crm.identity.models import User

_SIGNED = {
    Verdict.APPROVE: StepStatus.APPROVED,
    Verdict.RETURN: StepStatus.RETURNED,
    Verdict.REFUSE: StepStatus.REFUSED,
}


@transaction.atomic
def record_decision(
    *, step: Step, verdict: Verdict, by: "User", digest: str, opinion: str = ""
) -> Outcome:
    """Sign one step of a case and say what that did to the whole case.

    `digest` is that of the content the signer saw. The same person's same answer a second time is
    REPEATED: nothing happened, nothing is to be done. Raises OwnCase, NotYourStep, SignedBeside
    (403); AlreadyDecided, StepAhead, ContentChanged, VerdictBarred (409); OpinionMissing (400).
    Rules: T-33, T-43, T-44, T-69, T-71, RF-01 to RF-03, PM-22, PM-23, B127, B128, B130.
    """
    locked = lock_case(step.case_id)
    case, steps = locked.case, steps_of_round(locked.case)
    row = next((one for one in steps if one.pk == step.pk), None) or Step.objects.get(pk=step.pk)
    if _is_repeated(case, row, verdict, by):
        return Outcome.REPEATED
    _check_person(case, row, by)
    _check_moment(case, row)
    _check_beside(case, row, by)
    _check_answer(row, verdict, opinion, is_same=digest == locked.digest)
    _sign(row, verdict, by, opinion.strip(), digest)
    match verdict:
        case Verdict.APPROVE:
            return _go_on(locked, steps, by)
        case Verdict.RETURN:
            return _return(case, opinion.strip())
        case Verdict.REFUSE:
            return _refuse(case, by, opinion.strip())


def _is_repeated(case: Case, row: Step, verdict: Verdict, by: "User") -> bool:
    """A double press: his own signature of that kind stands in the present round (B127, B154)."""
    return row.round == case.round and row.decided_by_id == by.pk and row.status == _SIGNED[verdict]


def _check_person(case: Case, row: Step, by: "User") -> None:
    if by.pk in case.filler_ids:
        raise OwnCase(_("本人提交的申请须由他人审批"))
    if not is_signer(by, row, case.filler_ids):
        raise NotYourStep(_("您目前不担任该环节的审批岗位"))


def _check_moment(case: Case, row: Step) -> None:
    if row.status == StepStatus.AHEAD and case.status == CaseStatus.OPEN:
        raise StepAhead(_("前面的环节尚未完成，还不能审批"))
    if row.status != StepStatus.WAITING:
        raise AlreadyDecided(how_it_was_handled(case, row))


def _check_beside(case: Case, row: Step, by: "User") -> None:
    if by.pk not in case.beside_ids:
        return
    beside = case.steps.get(round=row.round, stage=row.stage, decided_by=by)
    raise SignedBeside(
        _("您已在本环节代表“%(name)s”签署，同一人不能再代表其他部门签署") % {"name": beside.name}
    )


def _check_answer(row: Step, verdict: Verdict, opinion: str, *, is_same: bool) -> None:
    barred = {
        Verdict.RETURN: not row.may_return,
        Verdict.REFUSE: not row.may_refuse,
    }
    if barred.get(verdict, False):
        raise VerdictBarred(_("本环节不能作“%(verdict)s”处理") % {"verdict": verdict.label})
    if verdict != Verdict.APPROVE and not opinion.strip():
        raise OpinionMissing(_("请填写理由"), field="opinion")
    if not is_same:
        raise ContentChanged(_("内容已变化，请重新查看后再签署"))


def _sign(row: Step, verdict: Verdict, by: "User", opinion: str, digest: str) -> None:
    """Write the signature; `digest` is that of the present round, as was just checked."""
    now = timezone.now()
    insert_row(
        Decision(
            case_id=row.case_id,
            step=row,
            round=row.round,
            verdict=verdict,
            by=by,
            at=now,
            opinion=opinion,
            digest=digest,
        )
    )
    row.status, row.decided_by, row.decided_at = _SIGNED[verdict], by, now
    row.opinion = opinion
    update_row(row, "status", "decided_by", "decided_at", "opinion")


def _go_on(locked: Locked, steps: Sequence[Step], by: "User") -> Outcome:
    """The last signature of a stage opens the next one; the last of all ends the case."""
    case = locked.case
    if any(step.status == StepStatus.WAITING for step in steps):
        if locked.one_signature_per_person:
            case.beside_ids = [*case.beside_ids, by.pk]
            update_row(case, "beside_ids")
        return Outcome.PENDING
    if wake_next_stage(case=case, steps=steps):
        return Outcome.PENDING
    close_case(case=case, status=CaseStatus.APPROVED, by=by)
    announce_end(case=case)
    return Outcome.APPROVED


def _return(case: Case, reason: str) -> Outcome:
    concerned = void_round(case=case, signatures=True)
    case.status = CaseStatus.RETURNED
    case.save(update_fields=["status"])
    announce_return(case=case, reason=reason, people=concerned)
    return Outcome.RETURNED


def _refuse(case: Case, by: "User", reason: str) -> Outcome:
    concerned = void_round(case=case, signatures=False)
    close_case(case=case, status=CaseStatus.REFUSED, by=by, note=reason)
    announce_end(case=case, people=concerned)
    return Outcome.REFUSED
