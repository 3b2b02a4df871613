"""Looking at a case leaves a trace: in the access log, and on the copy one was sent."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from crm.approvals.models import Case, Copy
from crm.core.models import AccessKind
from crm.core.services.access_log import log_access

if TYPE_CHECKING:
    from crm.identity.models import User


@transaction.atomic
def record_look(*, case: Case, by: "User") -> None:
    """Write down that a person opened the case's page, and mark his copy of it as read.

    Rules: R-2, B-29, UX-38.
    """
    log_access(kind=AccessKind.VIEW, row=case, by=by, customer_id=case.customer_id)
    read_copy(case=case, by=by)


@transaction.atomic
def read_copy(*, case: Case, by: "User") -> bool:
    """Note that a person opened what was copied to him; True the first time. Rules: UX-38."""
    unread = Copy.objects.filter(case=case, user=by).unread()
    return bool(unread.update(read_at=timezone.now()))
