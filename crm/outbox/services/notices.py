"""A person's inbox: reading takes the mark away."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from crm.outbox.access import notices_for
from crm.outbox.models import Notice

if TYPE_CHECKING:
    from crm.identity.models import User


@transaction.atomic
def read_notice(*, notice: Notice, by: "User") -> None:
    """Mark one notice of one's own as read; the first time counts. Rules: D5."""
    notices_for(by).unread().filter(pk=notice.pk).update(read_at=timezone.now())


@transaction.atomic
def read_all_notices(*, by: "User") -> int:
    """Mark all of one's own notices as read; how many were not. Rules: D5."""
    return notices_for(by).unread().update(read_at=timezone.now())
