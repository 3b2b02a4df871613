"""What the engine publishes: keys, texts and people; never a value of a line."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.access import signer_ids
from crm.approvals.models import Case, Copy, Step
from crm.core.prepared import Prepared
from crm.outbox.choices import Topic
from crm.outbox.services import Event, publish, publish_many

_COPIED: Final = Prepared(
    lambda case_id: Copy.objects.filter(case_id=case_id).values_list("user_id"), -1
)


def words_of(*, case: Case) -> dict[str, str]:
    """What every notice of a case says: the title, the number, and the link's argument."""
    return {"title": case.subject, "number": case.number, "case_id": case.number}


def payload_of(*, case: Case) -> dict[str, object]:
    """What the event feed says of a case."""
    return {
        "case": case.number,
        "kind": case.kind,
        "subject_key": case.subject_key,
        "status": case.status,
        "round": case.round,
    }


def announce_waiting(
    *, case: Case, steps: Sequence[Step], urged_at: datetime | None = None
) -> None:
    """Tell the holders of the steps' posts that they wait, or that the applicant urges.

    Rules: T-33, T-43, UX-45.
    """
    title = _("催办：%(title)s") % {"title": case.subject} if urged_at else case.subject
    again = f":urged:{urged_at:%Y%m%d%H%M%S}" if urged_at else ""
    events = [
        Event(
            key=f"step:{step.pk}{again}",
            payload={**payload_of(case=case), "step": step.pk, "duty": step.duty},
            organisation_id=case.organisation_id,
            customer=case.customer_id,
            people=people,
            values={**words_of(case=case), "title": title, "step_id": step.pk},
        )
        for step, people in zip(steps, signer_ids(steps, case.filler_ids), strict=True)
    ]
    publish_many(topic=Topic.STEP_WAITING, events=events)


def announce_detour(*, case: Case, step: Step) -> None:
    """Tell the fillers that a leader signs the step that would have been their own (B128)."""
    publish(
        topic=Topic.STEP_REROUTED,
        key=f"step:{step.pk}",
        payload={**payload_of(case=case), "step": step.pk, "duty": step.duty},
        organisation_id=case.organisation_id,
        customer=case.customer_id,
        people=case.filler_ids,
        values={**words_of(case=case), "step": step.name, "leader": step.get_duty_display()},
    )


def announce_return(*, case: Case, reason: str, people: Iterable[int]) -> None:
    """Tell the filler, and everybody whose signature or task fell with the round (T-69)."""
    publish(
        topic=Topic.CASE_RETURNED,
        key=f"case:{case.number}:{case.round}",
        payload=payload_of(case=case),
        organisation_id=case.organisation_id,
        customer=case.customer_id,
        people={*case.filler_ids, *people},
        values={**words_of(case=case), "reason": reason},
    )


def announce_end(*, case: Case, people: Iterable[int] = ()) -> None:
    """Tell the fillers, those who were copied, and `people` how it ended."""
    copied = [pk for (pk,) in _COPIED.rows(case.pk)]
    publish(
        topic=Topic.CASE_CLOSED,
        key=f"case:{case.number}",
        payload=payload_of(case=case),
        organisation_id=case.organisation_id,
        customer=case.customer_id,
        people={*case.filler_ids, *copied, *people},
        values={**words_of(case=case), "outcome": case.get_status_display()},
    )


def announce_copies(*, case: Case, people: Iterable[int]) -> None:
    """Tell those to whom the case was copied."""
    publish(
        topic=Topic.CASE_COPIED,
        key=f"case:{case.number}",
        payload=payload_of(case=case),
        organisation_id=case.organisation_id,
        customer=case.customer_id,
        people=list(people),
        values=words_of(case=case),
    )


def overdue_words(*, case: Case, step: Step) -> dict[str, object]:
    """The values of an overdue notice."""
    due = f"{timezone.localtime(step.due_at):%Y-%m-%d %H:%M}" if step.due_at else ""
    return {**words_of(case=case), "step_id": step.pk, "due": due}
