"""Reads of the outbox: the inbox page, the event feed, and how late the outside is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Max

from crm.core.paging import Page, keyset
from crm.outbox.access import notices_for
from crm.outbox.models import Message, Notice

if TYPE_CHECKING:
    from crm.identity.models import User

UNREAD_CAP: Final = 100
INBOX_SIZE: Final = 30


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Messages after a cursor, in feed order; `cursor` is where to go on."""

    messages: list[Message]
    cursor: int
    has_more: bool


def unread_count(user: "User") -> int:
    """How many notices wait, counted up to 100: the badge says "99+" beyond."""
    return notices_for(user).unread()[:UNREAD_CAP].count()


def notices_page(user: "User", *, only_unread: bool = False, token: str = "") -> Page[Notice]:
    """The person's notices, newest first. Raises BadRequest for a token that is none."""
    rows = notices_for(user)
    if only_unread:
        rows = rows.unread()
    return keyset(rows, order=("-id",), token=token, size=INBOX_SIZE)


def feed_after(
    cursor: int, *, organisation_id: int, topics: Iterable[str], limit: int = 100
) -> FeedPage:
    """What happened in one organisation after `cursor` (0 is the beginning), oldest first.

    Call `services.number_messages()` first, so that what was just committed is in it. A reader
    that follows the cursor misses nothing, whatever the order in which transactions ended.
    """
    rows = list(
        Message.objects.after(cursor, organisation_id=organisation_id, topics=topics)[: limit + 1]
    )
    found = rows[:limit]
    last = found[-1].position if found else cursor
    return FeedPage(found, int(last or cursor), has_more=len(rows) > limit)


def feed_head() -> int:
    """The newest cursor: read it before a snapshot, follow the feed from it afterwards."""
    return int(Message.objects.aggregate(last=Max("position"))["last"] or 0)


def event_of(message: Message) -> dict[str, Any]:
    """The event as outside systems see it, by webhook and in the feed: the same every time."""
    return {
        "id": str(message.uid),
        "topic": message.topic,
        "key": message.key,
        "created_at": message.created_at,
        "data": message.payload,
    }


def body_of(message: Message) -> bytes:
    """The bytes that are signed and sent."""
    text = json.dumps(
        event_of(message), cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")
    )
    return text.encode()
