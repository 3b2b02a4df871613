"""One case as people look at it: content, path, what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.approvals.access import posts_at, signers_of
from crm.approvals.choices import (
    ALIVE,
    FORM_PAGES,
    WITHDRAW_PAGES,
    CaseKind,
    CaseStatus,
    StepStatus,
    Verdict,
)
from crm.approvals.formulas import URGE_AGAIN, is_late
from crm.approvals.models import Case, Decision, Detour, Round, Step
from crm.approvals.selectors.lines import FILLERS_SEE, SIGNERS_SEE, DiffRow, visible_rows
from crm.identity.models import User

NAMES_SHOWN: Final = 3
_STEP_STATES: Final = {
    StepStatus.AHEAD: "future",
    StepStatus.WAITING: "waiting",
    StepStatus.APPROVED: "approved",
    StepStatus.RETURNED: "returned",
    StepStatus.REFUSED: "refused",
}
_VERDICTS: Final = {
    Verdict.APPROVE: ("good", "check2-circle"),
    Verdict.RETURN: ("warn", "reply"),
    Verdict.REFUSE: ("bad", "x-circle"),
}


@dataclass(frozen=True, slots=True)
class StageStep:
    """One branch of a stage, in the words of the path component."""

    step_id: int
    duty: str
    state: str
    who: str = ""
    at: datetime | None = None
    since: datetime | None = None
    due: datetime | None = None
    late: bool = False
    opinion: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Steps with one stage number: they run side by side. `state`: done, now, next, void."""

    title: str
    state: str
    steps: list[StageStep]


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round: what was put forward, by whom, and who signed it."""

    number: int
    submitted_by: str
    submitted_at: datetime
    rows: list[DiffRow]
    stages: list[Stage]

    @property
    def has_unchanged(self) -> bool:
        """Whether "show all" would show more (UX-40)."""
        return not all(row.changed for row in self.rows)


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """A line of the timeline component."""

    at: datetime
    title: str
    who: str = ""
    text: str = ""
    icon: str = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything a page shows of a case, masked for its reader."""

    number: str
    kind: str
    kind_label: str
    subject: str
    subject_key: str
    status: str
    status_label: str
    applicant: str
    opened_at: datetime
    closed_at: datetime | None
    note: str
    present: RoundView
    former: list[RoundView]
    events: list[CaseEvent]
    url: str
    form_url: str
    withdraw_url: str = ""
    remind_url: str = ""
    remind_from: datetime | None = None
    warnings: list[str] = field(default_factory=list)


def live_round(case: Case) -> Round:
    """What is put forward now."""
    return Round.objects.get(case=case, number=case.round)


def case_page(user: User, case: Case, *, clear: frozenset[str] = frozenset()) -> CasePage:
    """The whole page of a case for one reader.

    `clear` are data classes the owner's page lets this reader see beyond what the engine shows;
    S is never among them. Rules: UX-40, UX-41, UX-45, trust 2.6.
    """
    rounds = _rounds(case, classes=_classes(user, case) | clear)
    is_filler = user.pk in case.filler_ids
    may_remind = is_filler and case.status == CaseStatus.OPEN
    return CasePage(
        number=case.number,
        kind=case.kind,
        kind_label=case.get_kind_display(),
        subject=case.subject,
        subject_key=case.subject_key,
        status=case.status,
        status_label=case.get_status_display(),
        applicant=str(case.opened_by),
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        note=case.note,
        present=rounds[0],
        former=rounds[1:],
        events=_events(case),
        url=reverse("approvals:case", args=[case.number]),
        form_url=reverse(FORM_PAGES[CaseKind(case.kind)], args=[case.subject_key]),
        withdraw_url=_withdraw_url(case) if is_filler and case.status in ALIVE else "",
        remind_url=reverse("approvals:case-remind", args=[case.number]) if may_remind else "",
        remind_from=_remind_from(case),
        warnings=_warnings(rounds[0]),
    )


def path_of(case: Case) -> list[Stage]:
    """Stages with their parallel branches of the present round. Rules: UX-41."""
    steps = case.steps.filter(round=case.round).select_related("decided_by")
    return _stages(steps.order_by("stage", "pk"), case.filler_ids)


def waiting_posts(case: Case) -> list[tuple[int, str]]:
    """(department, duty) of everybody the case waits for: whom its owner lends the customer to
    while they sign (trust 4.2, scope K)."""
    found: dict[tuple[int, str], None] = {}
    for step in case.steps.waiting().order_by("pk"):
        pairs = posts_at(step).order_by("department_id").values_list("department_id", "duty")
        found |= dict.fromkeys(pairs)
    return list(found)


def how_it_was_handled(case: Case, step: Step) -> str:
    """Why the step waits no more: 已由 X 于 … 处理 (RF-01)."""
    if step.status in (StepStatus.APPROVED, StepStatus.RETURNED, StepStatus.REFUSED):
        return _handled(str(step.decided_by), step.decided_at)
    ending = (
        Decision.objects.filter(case=case, round=step.round)
        .exclude(verdict=Verdict.APPROVE)
        .select_related("by")
        .last()
    )
    if ending is not None:
        return _handled(str(ending.by), ending.at)
    if case.status == CaseStatus.WITHDRAWN:
        words = {"who": case.closed_by, "at": _moment(case.closed_at)}
        return _("已由 %(who)s 于 %(at)s 撤回") % words
    return _("该审批环节已作废")


def _handled(who: str, at: datetime | None) -> str:
    return _("已由 %(who)s 于 %(at)s 处理") % {"who": who, "at": _moment(at)}


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _classes(user: User, case: Case) -> frozenset[str]:
    return FILLERS_SEE if user.pk in case.filler_ids else SIGNERS_SEE


def _withdraw_url(case: Case) -> str:
    return reverse(WITHDRAW_PAGES[CaseKind(case.kind)], args=[case.subject_key])


def _remind_from(case: Case) -> datetime | None:
    """When the applicant may remind again; None: now."""
    if case.urged_at is None or timezone.now() - case.urged_at >= URGE_AGAIN:
        return None
    return case.urged_at + URGE_AGAIN


def _rounds(case: Case, *, classes: frozenset[str]) -> list[RoundView]:
    """Newest first."""
    steps = list(case.steps.select_related("decided_by").order_by("-round", "stage", "pk"))
    by_round = {number: list(own) for number, own in groupby(steps, key=lambda s: s.round)}
    rounds = case.rounds.select_related("submitted_by").order_by("-number")
    return [
        RoundView(
            number=row.number,
            submitted_by=str(row.submitted_by),
            submitted_at=row.submitted_at,
            rows=visible_rows(row.lines, classes=classes),
            stages=_stages(by_round.get(row.number, []), case.filler_ids),
        )
        for row in rounds
    ]


def _stages(steps: Iterable[Step], filler_ids: Sequence[int]) -> list[Stage]:
    stages = []
    for number, own in groupby(steps, key=lambda step: step.stage):
        branches = list(own)
        title = branches[0].name if len(branches) == 1 else _("第 %(n)d 环节") % {"n": number}
        shown = [_branch(step, filler_ids) for step in branches]
        stages.append(Stage(title=title, state=_state({s.status for s in branches}), steps=shown))
    return stages


def _state(statuses: set[str]) -> str:
    if statuses == {StepStatus.APPROVED}:
        return "done"
    if StepStatus.WAITING in statuses:
        return "now"
    return "next" if statuses == {StepStatus.AHEAD} else "void"


def _branch(step: Step, filler_ids: Sequence[int]) -> StageStep:
    waits = step.status == StepStatus.WAITING
    opinion = step.opinion
    state = _STEP_STATES.get(StepStatus(step.status), "future")
    if step.status == StepStatus.VOID and step.decided_by_id is not None:
        state = "approved"
        opinion = _("%(opinion)s（已作废）") % {"opinion": step.opinion}
    return StageStep(
        step_id=step.pk,
        duty=step.name,
        state=state,
        who=_names(step, filler_ids) if waits else str(step.decided_by or ""),
        at=step.decided_at,
        since=step.woken_at if waits else None,
        due=step.due_at if waits else None,
        late=waits and is_late(step.due_at, timezone.now()),
        opinion=opinion,
    )


def _names(step: Step, filler_ids: Sequence[int]) -> str:
    """Who may sign: the first few by name."""
    people = list(signers_of(step, filler_ids).order_by("name")[: NAMES_SHOWN + 1])
    if not people:
        return _("暂无可签人员")
    names = "、".join(str(person) for person in people[:NAMES_SHOWN])
    return names if len(people) <= NAMES_SHOWN else _("%(names)s 等") % {"names": names}


def _warnings(present: RoundView) -> list[str]:
    """What keeps the case from moving, told to whoever looks."""
    stuck = [
        step.duty
        for stage in present.stages
        for step in stage.steps
        if step.state == "waiting" and step.who == _("暂无可签人员")
    ]
    return [_("“%(name)s”目前没有可签人员，请联系系统管理员") % {"name": name} for name in stuck]


def _events(case: Case) -> list[CaseEvent]:
    """What happened, newest first."""
    events = [_submitted(row) for row in case.rounds.select_related("submitted_by")]
    events += [_signed(row) for row in case.decisions.select_related("by", "step")]
    events += [_moved(row) for row in Detour.objects.filter(step__case=case).select_related("step")]
    if case.status == CaseStatus.WITHDRAWN and case.closed_at is not None:
        events.append(
            CaseEvent(
                at=case.closed_at,
                title=_("撤回"),
                who=str(case.closed_by),
                text=case.note,
                icon="arrow-counterclockwise",
            )
        )
    return sorted(events, key=lambda event: event.at, reverse=True)


def _submitted(row: Round) -> CaseEvent:
    title = _("提交") if row.number == 1 else _("修改后第 %(n)d 次提交") % {"n": row.number}
    return CaseEvent(
        at=row.submitted_at, title=title, who=str(row.submitted_by), icon="send", tone="info"
    )


def _signed(row: Decision) -> CaseEvent:
    tone, icon = _VERDICTS[Verdict(row.verdict)]
    words: dict[str, Any] = {"step": row.step.name, "verdict": row.get_verdict_display()}
    took = row.at - row.step.woken_at if row.step.woken_at else timedelta()
    return CaseEvent(
        at=row.at,
        title=_("%(step)s：%(verdict)s") % words,
        who=str(row.by),
        text=" ".join(filter(None, [row.opinion, _took(took)])),
        icon=icon,
        tone=tone,
    )


def _moved(row: Detour) -> CaseEvent:
    """Why a leader signs for a post that only the applicant holds (B128)."""
    words = {"post": row.get_duty_display(), "leader": row.step.get_duty_display()}
    return CaseEvent(
        at=row.at,
        title=_("%(step)s：转办") % {"step": row.step.name},
        who="",
        text=_("%(post)s岗位只有申请人本人，转由%(leader)s办理") % words,
        icon="signpost-split",
        tone="info",
    )


def _took(passed: timedelta) -> str:
    """How long a signature took, roughly."""
    hours = passed // timedelta(hours=1)
    if hours < 1:
        return _("用时不到 1 小时")
    if hours < 24:
        return ngettext("用时 %(n)d 小时", "用时 %(n)d 小时", hours) % {"n": hours}
    return ngettext("用时 %(n)d 天", "用时 %(n)d 天", hours // 24) % {"n": hours // 24}
