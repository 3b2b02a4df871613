"""The registration form from its start to the end of the licence block (T-31 to T-34)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from archive.services.files import lock_files
from crm.approvals import services as approvals
from crm.approvals.choices import ALIVE, CaseKind, Outcome, Verdict
from crm.approvals.formulas import Proposal, Subject
from crm.approvals.models import Case, Step
from crm.core.errors import Forbidden
from crm.core.history import save_as
from crm.core.numbers import Series, take_number
from crm.core.sealed import seal
from crm.identity.access import may
from crm.identity.models import User
from crm.outbox import services as outbox
from crm.outbox.choices import Topic
from onboarding.access import may_start
from onboarding.choices import (
    LICENCE_REVIEW,
    SALES_REVIEW,
    WITHDRAWABLE,
    OnboardingPerm,
    Stage,
)
from onboarding.errors import Incomplete, NotYours
from onboarding.formulas import MONOPOLY_REQUIRED, form_number, missing
from onboarding.models import RegistrationForm
from onboarding.selectors.sheet import (
    MONOPOLY_FIELDS,
    digest_for,
    labels_of,
    lines_of,
    values_of,
    waiting_stage,
)
from onboarding.services.stages import enter_stage, lock_form, notice_values, workers_on
from onboarding.services.values import MonopolyBlock


@transaction.atomic
def start_registration(*, block: MonopolyBlock, by: User) -> RegistrationForm:
    """Open a registration form with its monopoly block; its number is kept for life.

    By the monopoly officer or the customer manager, who then looks after the customer.
    Raises Forbidden, ValidationError. Rules: T-7, T-13, T-31, T-32, domain 5.1.
    """
    if by.organisation_id is None or not may_start(by):
        raise Forbidden
    now = timezone.now()
    serial = take_number(Series.REGISTRATION)
    form = RegistrationForm(
        number=form_number("DJ", timezone.localdate(now).year, serial),
        organisation_id=by.organisation_id,
        started_by=by,
        started_at=now,
    )
    _write_block(form, block)
    if not may(by, OnboardingPerm.LICENCE_CREATE):
        form.manager = by
    save_as(form, by=by, reason=_("开登记表"), expected=None, form=form.number)
    return form


@transaction.atomic
def fill_monopoly_block(
    *, form: RegistrationForm, block: MonopolyBlock, expected: int, by: User
) -> RegistrationForm:
    """Correct the monopoly block while the form is a draft. Raises WrongStage, StaleVersion.

    Rules: T-32, T-69.
    """
    row = lock_form(form=form, stages=[Stage.DRAFT])
    _write_block(row, block)
    save_as(row, by=by, reason=_("填写专卖信息"), expected=expected, form=row.number)
    return row


@transaction.atomic
def submit_licence_block(*, form: RegistrationForm, by: User) -> RegistrationForm:
    """Send the monopoly block to the squad leader; after a return, as the next round.

    Raises WrongStage, Incomplete. Rules: T-33, T-69, domain 5.1 step 2.
    """
    row = lock_form(form=form, stages=[Stage.DRAFT])
    empty = missing(values_of(row, MONOPOLY_REQUIRED), MONOPOLY_REQUIRED)
    if empty:
        raise Incomplete(_("专卖信息未填齐：%(names)s") % {"names": labels_of(empty)})
    row.licence_case = put_forward(
        case=row.licence_case, form=row, kind=CaseKind.LICENCE, names=MONOPOLY_FIELDS, by=by
    )
    row.return_reason = ""
    enter_stage(
        form=row,
        stage=Stage.SQUAD_REVIEW,
        by=by,
        reason=_("提交专卖审批"),
        fields=["licence_case", "return_reason"],
    )
    return row


@transaction.atomic
def decide_registration(
    *, step: Step, verdict: Verdict, by: User, digest: str, opinion: str = ""
) -> RegistrationForm:
    """Sign one step of either block and move the form as the outcome says.

    The same person pressing twice changes nothing. Raises the refusals of the engine.
    Rules: T-33, T-43, T-44, T-69, domain 5.1 steps 3 to 5 and 11 to 13.
    """
    stages = [*LICENCE_REVIEW, *SALES_REVIEW]
    form = RegistrationForm.objects.select_for_update(of=("self",)).get(
        number=Case.objects.get(pk=step.case_id).subject_key
    )
    outcome = approvals.record_decision(
        step=step, verdict=verdict, by=by, opinion=opinion, digest=digest
    )
    if outcome is Outcome.REPEATED or form.stage not in stages:
        return form
    _follow(form, outcome, by=by, opinion=opinion)
    return form


@transaction.atomic
def withdraw_registration(*, form: RegistrationForm, by: User, reason: str) -> RegistrationForm:
    """Take the form back before the final approval; only who started it. Raises WrongStage.

    Rules: T-70, domain 5.1 step 17.
    """
    row = lock_form(form=form, stages=WITHDRAWABLE)
    if row.started_by_id != by.pk:
        raise NotYours(_("只有发起人可以撤回登记表"))
    case = row.sales_case or row.licence_case
    if case is not None and case.status in ALIVE:
        approvals.withdraw_case(case=case, by=by, reason=reason)
    end_form(
        form=row, stage=Stage.WITHDRAWN, topic=Topic.ONBOARDING_WITHDRAWN, by=by, reason=reason
    )
    return row


def end_form(*, form: RegistrationForm, stage: Stage, topic: Topic, by: User, reason: str) -> None:
    """Close a form without a customer in force and tell whoever worked on it. Rules: T-70."""
    form.return_reason = reason
    enter_stage(form=form, stage=stage, by=by, reason=reason, fields=["return_reason"])
    outbox.publish(
        topic=topic,
        key=form.number,
        payload={"form": form.number, "reason": reason},
        organisation_id=form.organisation_id,
        customer=form.customer_id,
        people=workers_on(form=form) - {by.pk},
        values=notice_values(form=form, reason=reason),
    )


def put_forward(
    *, case: Case | None, form: RegistrationForm, kind: CaseKind, names: tuple[str, ...], by: User
) -> Case:
    """Open the case of a block, or its next round after a return. Rules: T-69, design 3.3."""
    proposal = Proposal(
        lines=lines_of(form, names),
        digest=digest_for(form, names),
        facts={"store_name": form.store_name, "area": form.area_id},
    )
    if case is not None:
        return approvals.resubmit_case(case=case, proposal=proposal, by=by)
    subject = Subject(
        organisation_id=form.organisation_id,
        text=form.store_name,
        key=form.number,
        customer_id=form.customer_id,
        department_id=form.area_id,
    )
    return approvals.open_case(
        kind=kind, subject=subject, proposal=proposal, by=by, also_filled_by=[form.started_by]
    )


def _write_block(form: RegistrationForm, block: MonopolyBlock) -> None:
    form.store_name = block.store_name
    form.business_premises = block.business_premises
    form.legal_representative = block.legal_representative
    form.phone = block.phone
    form.city_id = block.city_id
    form.area = block.area
    form.manager = block.manager or form.manager
    if block.identity_no is not None:
        seal(form, "identity_no", block.identity_no)


def _follow(form: RegistrationForm, outcome: Outcome, *, by: User, opinion: str) -> None:
    licence = form.stage in LICENCE_REVIEW
    match outcome:
        case Outcome.RETURNED:
            _send_back(form, Stage.DRAFT if licence else Stage.SALES_FILLING, by=by, reason=opinion)
        case Outcome.REFUSED:
            end_form(
                form=form,
                stage=Stage.TERMINATED,
                topic=Topic.ONBOARDING_REFUSED,
                by=by,
                reason=opinion,
            )
        case Outcome.APPROVED if licence:
            enter_stage(form=form, stage=Stage.LICENSING, by=by, reason=_("专卖审批通过"))
            _ask_for_licence(form)
        case Outcome.APPROVED:
            lock_files(case_number=form.sales_case.number, by=by)  # type: ignore[union-attr]
            enter_stage(form=form, stage=Stage.DATA_ENTRY, by=by, reason=_("审批通过"))
        case Outcome.PENDING:
            _next_review(form, licence=licence, by=by)
        case _:
            pass


def _next_review(form: RegistrationForm, *, licence: bool, by: User) -> None:
    """A stage of the route is done when the case waits at a later one."""
    case = form.licence_case if licence else form.sales_case
    second = waiting_stage(case) > 1  # type: ignore[arg-type]
    later = Stage.MONOPOLY_REVIEW if licence else Stage.DEPUTY_REVIEW
    if second and form.stage != later:
        enter_stage(form=form, stage=later, by=by, reason=_("上一环节已同意"))


def _send_back(form: RegistrationForm, stage: Stage, *, by: User, reason: str) -> None:
    form.return_reason = reason
    enter_stage(
        form=form, stage=stage, by=by, reason=_("退回：") + reason, fields=["return_reason"]
    )
    outbox.publish(
        topic=Topic.ONBOARDING_RETURNED,
        key=f"{form.number}:{form.version}",
        payload={"form": form.number, "stage": str(stage)},
        organisation_id=form.organisation_id,
        customer=form.customer_id,
        people=workers_on(form=form),
        values=notice_values(form=form, reason=reason),
    )


def _ask_for_licence(form: RegistrationForm) -> None:
    """T-34: the request to ZM; its answer comes back by the API."""
    outbox.publish(
        topic=Topic.LICENCE_REQUESTED,
        key=form.number,
        payload={
            "form": form.number,
            "store_name": form.store_name,
            "business_premises": form.business_premises,
        },
        organisation_id=form.organisation_id,
        values=notice_values(form=form),
    )
