"""Words a notice when it is read, in the reader's language (D5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse

from crm.outbox.choices import LINKS, WORDING, Topic

if TYPE_CHECKING:
    from crm.outbox.models import Notice


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the inbox page, ready to be shown."""

    pk: int
    topic: str
    title: str
    text: str
    url: str
    at: datetime
    is_read: bool

    @property
    def has_button(self) -> bool:
        """There is a page to open, or a mark to take away."""
        return bool(self.url) or not self.is_read


class _Known(dict[str, Any]):
    """Values of an old notice may lack a name its wording has learned since."""

    def __missing__(self, name: str) -> str:
        return "—"


def worded(notice: "Notice") -> Line:
    """The notice in the language in force."""
    topic = Topic(notice.topic)
    return Line(
        pk=notice.pk,
        topic=topic.value,
        title=str(topic.label),
        text=str(WORDING[topic]) % _Known(notice.values),
        url=link_of(topic, notice.values),
        at=notice.created_at,
        is_read=notice.read_at is not None,
    )


def link_of(topic: Topic, values: Mapping[str, Any]) -> str:
    """The page a notice speaks of; empty when there is none for it."""
    name, argument = LINKS.get(topic, ("", ""))
    if not name or values.get(argument) in (None, ""):
        return ""
    try:
        return reverse(name, args=[values[argument]])
    except NoReverseMatch:
        return ""
