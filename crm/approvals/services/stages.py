"""How a round begins, how its stages wake, how it ends. Only under the case's lock."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.utils import timezone

from crm.approvals.access import signer_ids
from crm.approvals.choices import CaseStatus, StepStatus
from crm.approvals.formulas import desk_of
from crm.approvals.models import Case, Detour, RouteStep, Step
from crm.approvals.services._detours import detour, place_before
from crm.approvals.services._locked import steps_of_route
from crm.approvals.services.notices import announce_detour, announce_waiting
from crm.core.calendars import due_at
from crm.core.prepared import update_row
from crm.core.selectors import calendar_overrides
from crm.identity.models import Department

if TYPE_CHECKING:
    from crm.identity.models import User

_WOKEN = ("status", "woken_at", "due_at", "duty", "department", "department_kind", "desk")
_COPIED = ("stage", "name", "sla_days", "may_return", "may_refuse")


def copy_route(*, case: Case, department_id: int | None) -> list[Step]:
    """The route's steps as unsaved steps of the case's round, each with its desk."""
    route = steps_of_route(case.route_id)
    kinds = {wanted.department_kind for wanted in route} - {""}
    found = _departments_for(case.organisation_id, kinds, department_id) if kinds else {}
    return [_step_of(case, wanted, found.get(wanted.department_kind)) for wanted in route]


def copy_round(*, case: Case, number: int) -> list[Step]:
    """The steps of an earlier round as unsaved steps of the case's present one, detours undone."""
    former = case.steps.filter(round=number).select_related("detour").order_by("stage", "pk")
    return [
        Step(
            case=case,
            round=case.round,
            organisation_id=case.organisation_id,
            **place_before(step),
            **{name: getattr(step, name) for name in _COPIED},
        )
        for step in former
    ]


def begin_stage(*, case: Case, steps: Sequence[Step]) -> tuple[list[Step], list[Detour]]:
    """Start the clocks of the first stage ahead, in memory; an empty list at the end.

    A step that only the applicant could sign wakes on the next leader's desk.
    Rules: T-43, T-44, T-72, T-73, B128.
    """
    ahead = [step for step in steps if step.status == StepStatus.AHEAD]
    first = min((step.stage for step in ahead), default=None)
    woken = [step for step in ahead if step.stage == first]
    if woken:
        now, overrides = timezone.now(), calendar_overrides()
        for step in woken:
            step.status, step.woken_at = StepStatus.WAITING, now
            step.due_at = due_at(now, step.sla_days, overrides)
    return woken, detour(case=case, woken=woken, steps=steps)


def announce_stage(*, case: Case, woken: Sequence[Step], detours: Sequence[Detour]) -> None:
    """Write which of the woken, stored steps were moved, and tell everybody concerned."""
    if detours:
        Detour.objects.bulk_create(detours)
        for moved in detours:
            announce_detour(case=case, step=moved.step)
    announce_waiting(case=case, steps=woken)


def wake_next_stage(*, case: Case, steps: Sequence[Step]) -> list[Step]:
    """Let the first stage ahead of the round's `steps` begin and tell its signers.

    Rules: T-43, T-44, T-72, T-73.
    """
    woken, detours = begin_stage(case=case, steps=steps)
    if not woken:
        return []
    if case.beside_ids:
        case.beside_ids = []
        update_row(case, "beside_ids")
    for step in woken:
        update_row(step, *_WOKEN)
    announce_stage(case=case, woken=woken, detours=detours)
    return woken


def void_round(*, case: Case, signatures: bool) -> set[int]:
    """Nothing of the round waits any more; with `signatures` what was given is void too (T-69).

    Returns who had signed and who was still asked: they must be told.
    """
    live = [StepStatus.WAITING, StepStatus.AHEAD]
    steps = list(case.steps.filter(round=case.round).order_by("pk"))
    concerned = {step.decided_by_id for step in steps if step.decided_by_id}
    waiting = [step for step in steps if step.status == StepStatus.WAITING]
    if waiting:
        concerned.update(*signer_ids(waiting, case.filler_ids))
    if signatures:
        live.append(StepStatus.APPROVED)
    ended = [step.pk for step in steps if step.status in live]
    Step.objects.filter(pk__in=ended).update(status=StepStatus.VOID)
    return concerned


def close_case(*, case: Case, status: CaseStatus, by: "User", note: str = "") -> None:
    """Write the end of the case; its steps were seen to before."""
    case.status, case.closed_by, case.closed_at = status, by, timezone.now()
    case.note = note
    update_row(case, "status", "closed_by", "closed_at", "note")


def _step_of(case: Case, wanted: RouteStep, nearest: int | None) -> Step:
    department_id = nearest if wanted.department_kind else wanted.department_id
    return Step(
        case=case,
        round=case.round,
        organisation_id=case.organisation_id,
        duty=wanted.duty,
        department_id=department_id,
        department_kind=wanted.department_kind,
        desk=desk_of(department_id, wanted.department_kind),
        **{name: getattr(wanted, name) for name in _COPIED},
    )


def _departments_for(
    organisation_id: int, kinds: set[str], department_id: int | None
) -> dict[str, int]:
    """Of each kind the nearest department above the matter, else the only one, else none.

    None leaves the step to every department of the kind: the organisation has several and the
    matter belongs to none of them.
    """
    above = Department.objects.nearest_first(department_id) if department_id else []
    nearest: dict[str, int] = {}
    for pk, kind, home in above:
        if kind in kinds and home == organisation_id:
            nearest.setdefault(kind, pk)
    if missing := kinds - nearest.keys():
        live = Department.objects.filter(
            organisation_id=organisation_id, kind__in=missing, is_live=True
        )
        alone = live.values("kind").annotate(count=Count("pk"), only=Min("pk")).filter(count=1)
        nearest |= dict(alone.values_list("kind", "only"))
    return nearest
