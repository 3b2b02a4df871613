"""The other three tabs: signed, started, copied; newest first, by key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone

from crm.approvals.access import copies_for, decisions_for, started_for
from crm.approvals.choices import StepStatus
from crm.approvals.formulas import is_late
from crm.approvals.models import Case, Copy, Decision, Step
from crm.core.paging import Page, keyset
from crm.identity.models import User

NEWEST: Final = ("-pk",)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list; `waits_for` names the steps it waits for now."""

    number: str
    url: str
    subject: str
    kind_label: str
    status: str
    status_label: str
    round: int
    opened_at: datetime
    closed_at: datetime | None
    waits_for: str
    due_at: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One's own signature; `is_void` when its round was returned or withdrawn."""

    case: CaseRow
    step_name: str
    verdict: str
    verdict_label: str
    at: datetime
    opinion: str
    is_void: bool


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A case that was copied to the reader."""

    case: CaseRow
    sent_at: datetime
    is_read: bool


def started_page(user: User, *, token: str = "") -> tuple[Page[Case], list[CaseRow]]:
    """我发起. Raises BadRequest."""
    page = keyset(started_for(user), order=NEWEST, token=token)
    waits = _waiting_steps(case.pk for case in page.rows)
    return page, [_case_row(case, waits.get(case.pk, [])) for case in page.rows]


def decided_page(user: User, *, token: str = "") -> tuple[Page[Decision], list[DecisionRow]]:
    """已审批. Raises BadRequest."""
    page = keyset(decisions_for(user).select_related("case", "step"), order=NEWEST, token=token)
    waits = _waiting_steps(row.case_id for row in page.rows)
    return page, [_decision_row(row, waits.get(row.case_id, [])) for row in page.rows]


def copied_page(user: User, *, token: str = "") -> tuple[Page[Copy], list[CopyRow]]:
    """抄送我. Raises BadRequest."""
    page = keyset(copies_for(user).select_related("case"), order=NEWEST, token=token)
    waits = _waiting_steps(row.case_id for row in page.rows)
    rows = [
        CopyRow(_case_row(row.case, waits.get(row.case_id, [])), row.sent_at, bool(row.read_at))
        for row in page.rows
    ]
    return page, rows


def _decision_row(row: Decision, waits: list[Step]) -> DecisionRow:
    return DecisionRow(
        case=_case_row(row.case, waits),
        step_name=row.step.name,
        verdict=row.verdict,
        verdict_label=row.get_verdict_display(),
        at=row.at,
        opinion=row.opinion,
        is_void=row.step.status == StepStatus.VOID,
    )


def _case_row(case: Case, waits: list[Step]) -> CaseRow:
    due = min((step.due_at for step in waits if step.due_at), default=None)
    return CaseRow(
        number=case.number,
        url=reverse("approvals:case", args=[case.number]),
        subject=case.subject,
        kind_label=case.get_kind_display(),
        status=case.status,
        status_label=case.get_status_display(),
        round=case.round,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        waits_for="、".join(step.name for step in waits),
        due_at=due,
        late=is_late(due, timezone.now()),
    )


def _waiting_steps(cases: Iterable[int]) -> dict[int, list[Step]]:
    """The steps the cases of a page wait for, read at once."""
    found: dict[int, list[Step]] = {}
    rows = Step.objects.waiting().filter(case_id__in=list(cases)).order_by("pk")
    for step in rows:
        found.setdefault(step.case_id, []).append(step)
    return found
