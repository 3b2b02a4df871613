"""Put forward, put forward again, take back."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.choices import ALIVE, CaseKind, CaseStatus, DataClass, Outcome
from crm.approvals.errors import CaseClosed, CaseStillOpen, NotYourCase, RouteMissing
from crm.approvals.formulas import Line, Proposal, Subject, case_number
from crm.approvals.models import Case, Copy, Round, Route, Step
from crm.approvals.services.notices import announce_copies, announce_end
from crm.approvals.services.stages import (
    announce_stage,
    begin_stage,
    close_case,
    copy_round,
    copy_route,
    void_round,
)
from crm.core.history import refusal_of
from crm.core.masking import mask_account
from crm.core.numbers import Series, take_number
from crm.core.prepared import insert_row

if TYPE_CHECKING:
    from crm.identity.models import User


@transaction.atomic
def open_case(
    *,
    kind: CaseKind,
    subject: Subject,
    proposal: Proposal,
    by: "User",
    copies: Sequence["User"] = (),
    also_filled_by: Sequence["User"] = (),
) -> Case:
    """Start round 1 on the organisation's live route and wake its first stage.

    The case keeps the version of the route it started on. `also_filled_by` wrote parts of the
    form: they too sign none of it and may withdraw it. Raises RouteMissing; ValidationError
    when the subject is in approval already. Rules: T-33, T-43, T-44, T-71.
    """
    route = Route.objects.live(subject.organisation_id, kind).first()
    if route is None:
        raise RouteMissing(_("本单位还没有发布该类审批流程，请联系系统管理员"))
    case = Case(
        number=case_number(take_number(Series.CASE), year=timezone.localdate().year),
        kind=kind,
        organisation_id=subject.organisation_id,
        route=route,
        subject=subject.text,
        subject_key=subject.key,
        customer_id=subject.customer_id,
        filler_ids=list(dict.fromkeys([by.pk, *(person.pk for person in also_filled_by)])),
        opened_by=by,
    )
    _insert(case)
    steps = copy_route(case=case, department_id=subject.department_id or by.department_id)
    _begin_round(case, proposal, steps, by=by)
    if copies:
        _copy_to(case, copies)
    return case


@transaction.atomic
def resubmit_case(*, case: Case, proposal: Proposal, by: "User") -> Case:
    """Open round n + 1 of a returned case: the corrected form asks for every signature anew.

    Whoever puts it forward counts as a filler and signs none of it. Raises CaseStillOpen,
    CaseClosed. Rules: T-69, T-71, B133.
    """
    row = Case.objects.select_for_update(of=("self",)).select_related("route").get(pk=case.pk)
    if row.status == CaseStatus.OPEN:
        raise CaseStillOpen(_("该事项正在审批中，退回后才能修改并重新提交"))
    if row.status != CaseStatus.RETURNED:
        raise CaseClosed(_("该事项已办结（%(status)s）") % {"status": row.get_status_display()})
    row.round += 1
    row.status = CaseStatus.OPEN
    row.urged_at = None
    row.filler_ids = list(dict.fromkeys([*row.filler_ids, by.pk]))
    row.beside_ids = []
    row.save(update_fields=["round", "status", "urged_at", "filler_ids", "beside_ids"])
    _begin_round(row, proposal, copy_round(case=row, number=row.round - 1), by=by)
    return row


@transaction.atomic
def withdraw_case(*, case: Case, by: "User", reason: str = "") -> Outcome:
    """Take an application back while it has not ended; its signatures are void but readable.

    Raises NotYourCase, CaseClosed (after the end only a change the other way helps).
    Rules: T-70, B143.
    """
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if by.pk not in row.filler_ids:
        raise NotYourCase(_("只有申请人可以撤回"))
    if row.status == CaseStatus.WITHDRAWN:
        return Outcome.REPEATED
    if row.status not in ALIVE:
        raise CaseClosed(
            _("该事项已办结（%(status)s），不能撤回；如需更改，请提交一份相反内容的变更申请")
            % {"status": row.get_status_display()}
        )
    concerned = void_round(case=row, signatures=True)
    close_case(case=row, status=CaseStatus.WITHDRAWN, by=by, note=reason)
    announce_end(case=row, people=concerned)
    return Outcome.WITHDRAWN


def _insert(case: Case) -> None:
    """The organisation is that of the live route, so nothing but the texts needs a look."""
    case.clean_fields(exclude=["number", "organisation", "route", "opened_by"])
    try:
        with transaction.atomic(savepoint=False):
            insert_row(case)
    except IntegrityError as clash:
        raise refusal_of(Case, clash) from clash


def _begin_round(case: Case, proposal: Proposal, steps: list[Step], *, by: "User") -> None:
    insert_row(
        Round(
            case=case,
            number=case.round,
            lines=[asdict(_kept(line)) for line in proposal.lines],
            facts=dict(proposal.facts),
            digest=proposal.digest,
            submitted_by=by,
        )
    )
    woken, detours = begin_stage(case=case, steps=steps)
    if not woken:
        raise RouteMissing(_("该审批流程没有任何环节，请联系系统管理员"))
    Step.objects.bulk_create(steps)
    announce_stage(case=case, woken=woken, detours=detours)


def _kept(line: Line) -> Line:
    """Of a sensitive value the engine keeps the last four, whatever it was handed (D6)."""
    if line.cls != DataClass.SENSITIVE:
        return line
    return replace(line, before=mask_account(line.before), after=mask_account(line.after))


def _copy_to(case: Case, people: Iterable["User"]) -> None:
    copies = [Copy(case=case, user=person) for person in dict.fromkeys(people)]
    Copy.objects.bulk_create(copies)
    announce_copies(case=case, people=[copy.user_id for copy in copies])
