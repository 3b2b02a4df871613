"""The approval centre: four tabs with counts, the queue by due time, the next item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.access import (
    copies_for,
    decisions_for,
    desks_of,
    signable_by,
    started_for,
    steps_for,
)
from crm.approvals.choices import SIGN_PAGES, CaseKind
from crm.approvals.formulas import is_late
from crm.approvals.models import Round, Step
from crm.approvals.selectors.lines import SIGNERS_SEE, DiffRow, visible_rows
from crm.core.errors import BadRequest
from crm.core.paging import (
    SIZE,
    Page,
    beyond,
    capped_counts,
    cut_page,
    first_keys,
    read_token,
)
from crm.identity.models import User

ORDER: Final = ("due_at", "pk")
CHANGES_SHOWN: Final = 3
_TABS: Final = ("queue", "decided", "started", "copied")


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the approval centre, as the tab component reads it."""

    label: str
    url: str
    active: bool
    count: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One step that waits for this person: what changes, first."""

    step_id: int
    url: str
    number: str
    subject: str
    kind_label: str
    step_name: str
    applicant: str
    round: int
    woken_at: datetime | None
    due_at: datetime | None
    late: bool
    changes: list[DiffRow]
    more: int


def tabs_of(user: User, active: str) -> list[Tab]:
    """待审批, 已审批, 我发起, 抄送我 with counts that equal their lists (UX-38)."""
    waiting = steps_for(user)
    *found, late = capped_counts(
        waiting,
        decisions_for(user),
        started_for(user),
        copies_for(user),
        waiting.overdue(timezone.now()),
    )
    counts = dict(zip(_TABS, found, strict=True))
    labels = {
        "queue": _("待审批"),
        "decided": _("已审批"),
        "started": _("我发起"),
        "copied": _("抄送我"),
    }
    return [
        Tab(
            label=labels[name],
            url=reverse(f"approvals:{name}"),
            active=name == active,
            count=str(counts[name]),
            late=late.number > 0 and name == "queue",
        )
        for name in _TABS
    ]


def queue_page(user: User, *, token: str = "", size: int = SIZE) -> Page[Step]:
    """One page of the queue, due first: the first of every desk, merged (D9, speed 2).

    Each branch is one range of the partial index of waiting steps. Raises BadRequest.
    Rules: UX-39.
    """
    backwards, after = False, Q()
    if token:
        backwards, (due, pk) = read_token(token, len(ORDER))
        after = _after(due, pk, backwards=backwards)
    found = _merged(user, after, backwards=backwards, size=size + 1)
    return cut_page(found, order=ORDER, size=size, backwards=backwards, first=not token)


def queue_rows(steps: Sequence[Step]) -> list[QueueRow]:
    """The steps of a page with the first changes of their cases, masked."""
    present = Round.objects.filter(
        case_id__in=[step.case_id for step in steps], number=F("case__round")
    )
    lines = dict(present.values_list("case_id", "lines"))
    now = timezone.now()
    return [_row(step, lines.get(step.case_id, []), now) for step in steps]


def next_step_after(user: User, step: Step) -> str:
    """The page of the next item of the queue, else of its first; empty when nothing is left.

    Rules: UX-43.
    """
    following = _merged(user, _after(step.due_at, step.pk, backwards=False), size=1)
    following = following or _merged(user, ~Q(pk=step.pk), size=1)
    first: Any = following[0] if following else None
    return sign_url(first.kind, first.pk) if first else ""


def sign_url(kind: str, step_id: int) -> str:
    """Where a step is signed: a page of the room that owns the form."""
    return reverse(SIGN_PAGES[CaseKind(kind)], args=[step_id])


def _after(due: Any, pk: Any, *, backwards: bool) -> Q:
    """Beyond a key; the bound on `due_at` alone is what the index can start from."""
    try:
        at = due if isinstance(due, datetime) else datetime.fromisoformat(str(due))
        bound = Q(due_at__lte=at) if backwards else Q(due_at__gte=at)
        return bound & beyond(ORDER, [at, int(pk)], backwards=backwards)
    except (TypeError, ValueError) as problem:
        raise BadRequest(_("翻页标记无效，请从第一页重新查看")) from problem


def _merged(user: User, after: Q, *, size: int, backwards: bool = False) -> list[Step]:
    """The first `size` steps of all desks together, by one statement: a range of the index each."""
    desks = desks_of(user)
    if not desks:
        return []
    way = ("-due_at", "-id") if backwards else ("due_at", "id")
    allowed = signable_by(user).filter(after).order_by(*way)
    parts = [
        allowed.at_desk(*desk).values_list("due_at", "id")[:size].query.sql_with_params()
        for desk in desks
    ]
    text = " UNION ALL ".join(f"({part})" for part, _values in parts)
    values = [value for _part, own in parts for value in own]
    keys = first_keys(text, values, way, size)
    return list(Step.objects.filter(pk__in=keys).for_queue().order_by(*way))


def _row(step: Any, lines: list[dict[str, Any]], now: datetime) -> QueueRow:
    """`step` is one of `for_queue`."""
    changed = [row for row in visible_rows(lines, classes=SIGNERS_SEE) if row.changed]
    return QueueRow(
        step_id=step.pk,
        url=sign_url(step.kind, step.pk),
        number=step.number,
        subject=step.subject,
        kind_label=str(CaseKind(step.kind).label),
        step_name=step.name,
        applicant=step.applicant,
        round=step.round,
        woken_at=step.woken_at,
        due_at=step.due_at,
        late=is_late(step.due_at, now),
        changes=changed[:CHANGES_SHOWN],
        more=max(len(changed) - CHANGES_SHOWN, 0),
    )
