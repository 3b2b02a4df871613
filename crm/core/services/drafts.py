"""Drafts on the server: what was typed is never lost (UX-24)."""

import json
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from crm.core.errors import TooLarge
from crm.core.models import Draft
from crm.core.sealed import seal

if TYPE_CHECKING:
    from datetime import datetime

    from crm.identity.models import User

MAX_BYTES = 100_000


@transaction.atomic
def save_draft(*, form: str, subject: str, content: dict[str, Any], by: "User") -> "datetime":
    """Keep what `by` has typed into `form` about `subject`; returns when it was kept.

    One draft a person, form and subject; sealed whole, since a form may hold S fields.
    Raises TooLarge. Rules: UX-24, SEC-35.
    """
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > MAX_BYTES:
        raise TooLarge("草稿过大，未能保存")
    draft = Draft.objects.filter(owner=by, form=form, subject=subject).first()
    draft = draft or Draft(owner=by, form=form, subject=subject)
    seal(draft, "content", text)
    draft.saved_at = timezone.now()
    draft.save()
    return draft.saved_at


@transaction.atomic
def drop_draft(*, form: str, subject: str, by: "User") -> None:
    """Forget a draft once its form went through. Rules: UX-24."""
    Draft.objects.filter(owner=by, form=form, subject=subject).delete()
