"""The clock's reminders and the applicant's."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.access import signers_of
from crm.approvals.choices import CaseStatus
from crm.approvals.errors import CaseClosed, NotYourCase, UrgedLately
from crm.approvals.formulas import URGE_AGAIN
from crm.approvals.models import Case, Step
from crm.approvals.services.notices import announce_waiting, overdue_words, payload_of
from crm.outbox.choices import Topic
from crm.outbox.services import Event, publish_many

if TYPE_CHECKING:
    from crm.identity.models import User

SLICE: Final = 500


@transaction.atomic
def remind_case(*, case: Case, by: "User") -> int:
    """The applicant urges everybody the case waits for; returns for how many steps.

    At most once in four hours. Raises NotYourCase, CaseClosed, UrgedLately. Rules: UX-45.
    """
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if by.pk not in row.filler_ids:
        raise NotYourCase(_("只有申请人可以催办"))
    if row.status != CaseStatus.OPEN:
        raise CaseClosed(_("该事项不在审批中（%(status)s）") % {"status": row.get_status_display()})
    now = timezone.now()
    if row.urged_at is not None and now - row.urged_at < URGE_AGAIN:
        again = timezone.localtime(row.urged_at + URGE_AGAIN)
        raise UrgedLately(
            _("刚催办过，%(again)s 以后可再次催办") % {"again": f"{again:%m-%d %H:%M}"}
        )
    row.urged_at = now
    row.save(update_fields=["urged_at"])
    waiting = list(row.steps.waiting().order_by("pk"))
    if waiting:
        announce_waiting(case=row, steps=waiting, urged_at=now)
    return len(waiting)


def remind_overdue() -> int:
    """Remind the signers of every step past its time, once a day; returns for how many steps.

    In slices of their own transactions; steps somebody is signing at this moment are passed over.
    Rules: T-72, T-73, T-76.
    """
    now, total = timezone.now(), 0
    while reminded := _remind_slice(now):
        total += reminded
    return total


@transaction.atomic
def _remind_slice(now: datetime) -> int:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    due = (
        Step.objects.overdue(now)
        .filter(Q(reminded_at__isnull=True) | Q(reminded_at__lt=midnight))
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("case")
        .order_by("due_at", "pk")
    )
    steps = list(due[:SLICE])
    publish_many(topic=Topic.STEP_OVERDUE, events=_events(steps, day=f"{midnight:%Y%m%d}"))
    Step.objects.filter(pk__in=[step.pk for step in steps]).update(reminded_at=now)
    return len(steps)


def _events(steps: Sequence[Step], *, day: str) -> list[Event]:
    """One event a step; the people of a desk are read once for the slice."""
    desks: dict[tuple[int, str, str], list[int]] = {}
    events = []
    for step in steps:
        desk = (step.organisation_id, step.duty, step.desk)
        if desk not in desks:
            desks[desk] = list(signers_of(step, ()).values_list("pk", flat=True))
        events.append(
            Event(
                key=f"step:{step.pk}:{day}",
                payload={**payload_of(case=step.case), "step": step.pk, "duty": step.duty},
                organisation_id=step.organisation_id,
                customer=step.case.customer_id,
                people=[pk for pk in desks[desk] if pk not in step.case.filler_ids],
                values=overdue_words(case=step.case, step=step),
            )
        )
    return events
