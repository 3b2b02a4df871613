"""What the people concerned must hear at once when somebody tries their door."""

from typing import Final

from django.conf import settings
from django.db import transaction

from crm.identity.choices import Duty
from crm.identity.models import User
from crm.identity.selectors import holders_of
from crm.outbox.choices import Topic
from crm.outbox.services.messages import publish

_NOBODY: Final = "—"


@transaction.atomic
def tell_lockout(*, username: str, ip: str | None, attempt: int) -> int:
    """Tell the owner of a locked account and his organisation's security administrators.

    `attempt` is the row that counted the failures: one lock is told once, however many requests
    reach it together. A name nobody has is told to nobody. Returns how many were told.
    Rules: B262, SEC-17.
    """
    owner = User.objects.filter(username__iexact=username, is_active=True).first()
    if owner is None:
        return 0
    guards = holders_of(Duty.SEC, organisation_id=owner.organisation_id)
    people = dict.fromkeys([owner.pk, *guards.values_list("pk", flat=True)])
    publish(
        topic=Topic.LOCKED_OUT,
        key=f"lock:{owner.pk}:{attempt}",
        payload={"person": owner.pk},
        people=people,
        values={
            "person": str(owner),
            "username": owner.get_username(),
            "minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60),
            "ip": ip or _NOBODY,
        },
    )
    return len(people)
