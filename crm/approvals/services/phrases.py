"""Saved opinions (UX-42)."""

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.translation import gettext as _

from crm.approvals.errors import TooManyPhrases
from crm.approvals.models import Phrase

if TYPE_CHECKING:
    from crm.identity.models import User

MOST: Final = 20


@transaction.atomic
def save_phrase(*, text: str, by: "User") -> Phrase:
    """Keep an opinion for the next time; the same text twice is one. Rules: UX-42."""
    phrase, made = Phrase.objects.get_or_create(user=by, text=text.strip())
    if made and Phrase.objects.filter(user=by).count() > MOST:
        raise TooManyPhrases(
            _("常用意见最多保存 %(most)d 条，请先删除不用的") % {"most": MOST}, field="text"
        )
    return phrase


@transaction.atomic
def drop_phrase(*, phrase: Phrase, by: "User") -> None:
    """Forget a saved opinion of one's own. Rules: UX-42."""
    Phrase.objects.filter(pk=phrase.pk, user=by).delete()
