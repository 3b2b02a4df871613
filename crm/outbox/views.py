"""The bell and the inbox: everybody's own notices."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.policy import Door, Rule, Rules, reads, writes
from crm.core.views import (
    GatedPage,
    Guarded,
    ServiceButtonView,
    SignedInRequest,
    known_parameters,
)
from crm.outbox.access import get_notice
from crm.outbox.channels.inbox import worded
from crm.outbox.selectors import notices_page, unread_count
from crm.outbox.services import read_all_notices, read_notice

if TYPE_CHECKING:
    from crm.identity.models import User
    from crm.outbox.models import Notice

OWN = Rule(Door.SIGNED_IN)
UNREAD, ALL = "unread", "all"


class InboxView(GatedPage):
    """One's notices, the unread ones first to hand; words in the reader's language (D5)."""

    rules: ClassVar[Rules] = reads(OWN)
    template_name = "outbox/inbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"tab", "page"})
        user, tab = self.request.user, self.request.GET.get("tab", UNREAD)
        page = notices_page(user, only_unread=tab != ALL, token=self.request.GET.get("page", ""))
        unread = unread_count(user)
        return super().get_context_data(
            lines=[worded(notice) for notice in page.rows],
            tabs=_tabs(tab, unread),
            unread_number=unread,
            is_all=tab == ALL,
            next_url=_page_url(tab, page.next),
            previous_url=_page_url(tab, page.previous),
            **kwargs,
        )


class UnreadView(Guarded):
    """The number on the bell, for the script that asks every minute."""

    rules: ClassVar[Rules] = reads(OWN)

    def get(self, request: SignedInRequest) -> HttpResponse:
        return JsonResponse({"unread": unread_count(request.user)})


class OpenNoticeView(ServiceButtonView):
    """Takes the mark away and goes to the page the notice speaks of."""

    rules: ClassVar[Rules] = writes(OWN)

    def get_subject(self) -> "Notice":
        return get_notice(self.request.user, self.kwargs["pk"])

    def perform(self, subject: "Notice") -> None:
        read_notice(notice=subject, by=self.request.user)

    def get_success_url(self) -> str:
        return worded(self.subject).url or reverse("outbox:inbox")


class ReadAllView(ServiceButtonView):
    rules: ClassVar[Rules] = writes(OWN)
    success_message = gettext_lazy("全部消息已标为已读")

    def get_subject(self) -> "User":
        return self.request.user

    def perform(self, subject: "User") -> int:
        return read_all_notices(by=subject)

    def get_success_url(self) -> str:
        return reverse("outbox:inbox")


def _tabs(tab: str, unread: int) -> list[dict[str, Any]]:
    home = reverse("outbox:inbox")
    shown = "99+" if unread > 99 else unread
    return [
        {"label": _("未读"), "url": home, "active": tab != ALL, "count": shown},
        {"label": _("全部"), "url": f"{home}?tab={ALL}", "active": tab == ALL},
    ]


def _page_url(tab: str, token: str) -> str:
    if not token:
        return ""
    kept = {"tab": ALL} if tab == ALL else {}
    return "?" + urlencode({**kept, "page": token})
