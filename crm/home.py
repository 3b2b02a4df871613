"""The start page: what waits for me, what I left unfinished, what is new (UX-73)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.approvals.access import steps_for
from crm.approvals.choices import ApprovalPerm
from crm.approvals.selectors.queue import queue_page, queue_rows
from crm.core.errors import NotFound
from crm.core.paging import Count, capped_counts
from crm.core.policy import Door, Rule, Rules, reads
from crm.core.selectors import drafts_of
from crm.core.styleguide import samples
from crm.core.views import GatedPage
from crm.identity.access import may
from crm.imports.access import batches_for, kinds_for
from crm.imports.choices import BatchStatus
from crm.kinds import KINDS
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.selectors.presets import owns_customers, waiting_for
from onboarding.access import forms_for
from onboarding.choices import OnboardingPerm

if TYPE_CHECKING:
    from crm.identity.models import User

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top: what it counts, the page that lists it, whether it presses."""

    label: str | Promise
    value: str
    url: str
    hint: str | Promise = ""
    tone: str = ""


def tiles_for(user: "User") -> list[Tile]:
    """My queue, my customers that want something, certificates that end, imports of mine that
    failed: only for what the person has a right to. All counts in one question.

    Rules: UX-73.
    """
    asked: list[tuple[str | Promise, str | Promise, str, QuerySet[Any]]] = []
    decides = may(user, ApprovalPerm.DECIDE)
    waiting = steps_for(user)
    if decides:
        asked.append((_("待我审批"), "", reverse("approvals:queue"), waiting))
    asked += [(one.label, one.hint, one.url, one.rows) for one in waiting_for(user)]
    if kinds_for(user, KINDS):
        failed = batches_for(user, KINDS).filter(created_by=user, status=BatchStatus.FAILED)
        url = reverse("imports:history")
        asked.append((_("失败的导入"), _("我上传的，可在记录中继续"), url, failed))
    if not asked:
        return []
    late, *counts = capped_counts(waiting.overdue(timezone.now()), *(one[-1] for one in asked))
    tiles = [
        Tile(label, str(count), url, hint, "warn" if count.number else "")
        for (label, hint, url, _rows), count in zip(asked, counts, strict=True)
    ]
    if decides:
        tiles[0] = _queue_tile(tiles[0], late)
    return tiles


def _queue_tile(tile: Tile, late: Count) -> Tile:
    """A signature that is late presses more than one that waits."""
    if not late.number:
        return Tile(tile.label, tile.value, tile.url)
    hint = _("其中 %(count)s 项已超时") % {"count": late}
    return Tile(tile.label, tile.value, tile.url, hint, "bad")


class HomeView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(Door.SIGNED_IN))
    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        context = super().get_context_data(drafts=drafts_of(user, limit=SHOWN), **kwargs)
        context["tiles"] = tiles_for(user)
        if may(user, ApprovalPerm.DECIDE):
            context["waiting"] = queue_rows(queue_page(user, size=SHOWN).rows)
        context["forms"] = self.open_forms()
        if may(user, CustomerPerm.VIEW):
            if owns_customers(user):
                rows = customers_for(user, CustomerPerm.VIEW).filter(manager=user)
                context["customers"] = rows.for_list().order_by("-created_at", "code")[:SHOWN]
            context["may_register"] = may(user, CustomerPerm.CREATE)
        return context

    def open_forms(self) -> "QuerySet[Any]":
        rows = forms_for(self.request.user, OnboardingPerm.VIEW).open()
        return rows.select_related("manager").order_by("due_at", "-id")[:SHOWN]


class StyleguideView(GatedPage):
    """Every component with sample data; only where demo data is."""

    rules: ClassVar[Rules] = reads(Rule(Door.SIGNED_IN))
    template_name = "styleguide.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not settings.KEDANG_DEMO:
            raise NotFound
        return super().get_context_data(**samples(), **kwargs)
