"""Cases as outside systems read them: number, state, who has signed and who is awaited."""

from typing import Any

from django.db.models import F

from crm.approvals.access import steps_for
from crm.approvals.choices import CaseStatus
from crm.approvals.models import Case, Round, Step
from crm.core.errors import BadRequest
from crm.core.paging import keyset
from crm.identity.access import may
from crm.identity.models import User
from onboarding.choices import OnboardingPerm

ORDER = ("-id",)


def case_states(
    user: User, *, status: str, subject_key: str, token: str
) -> tuple[list[dict[str, Any]], str]:
    """One page of the organisation's cases and the token of the next; no content is shown.

    For clients whose token names it; empty for everybody else. A step the reader may sign now
    carries the digest its signature must name; every other digest is empty. Raises BadRequest.
    Rules: RF-01, T-33, T-43.
    """
    if not may(user, OnboardingPerm.CASES):
        return [], ""
    rows = Case.objects.filter(organisation_id=user.organisation_id)
    if status:
        if status not in CaseStatus.values:
            raise BadRequest(f"status: {', '.join(CaseStatus.values)}", field="status")
        rows = rows.filter(status=status)
    if subject_key:
        rows = rows.filter(subject_key=subject_key)
    page = keyset(rows, order=ORDER, token=token)
    ids = [case.pk for case in page.rows]
    steps, digests = _steps(ids), _digests(user, ids)
    return [_state(case, steps.get(case.pk, []), digests) for case in page.rows], page.next


def _steps(ids: list[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    rows = Step.objects.filter(case_id__in=ids).select_related("decided_by")
    for step in rows.order_by("round", "stage", "pk"):
        found.setdefault(step.case_id, []).append(step)
    return found


def _digests(user: User, ids: list[int]) -> dict[int, str]:
    """What a signature on each step of the reader's own queue must name, by step."""
    mine = dict(steps_for(user).filter(case_id__in=ids).values_list("pk", "case_id"))
    if not mine:
        return {}
    present = Round.objects.filter(case_id__in=mine.values(), number=F("case__round"))
    by_case = dict(present.values_list("case_id", "digest"))
    return {pk: by_case[case_id] for pk, case_id in mine.items()}


def _state(case: Case, steps: list[Step], digests: dict[int, str]) -> dict[str, Any]:
    return {
        "number": case.number,
        "kind": case.kind,
        "subject": case.subject,
        "form": case.subject_key,
        "status": case.status,
        "round": case.round,
        "steps": [
            {
                "id": step.pk,
                "name": step.name,
                "round": step.round,
                "stage": step.stage,
                "status": step.status,
                "by": str(step.decided_by or ""),
                "at": step.decided_at.isoformat() if step.decided_at else None,
                "digest": digests.get(step.pk, ""),
            }
            for step in steps
        ],
    }
