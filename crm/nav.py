"""The frame's side: what this person may open, counted and marked; one table (UX-73)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from crm.approvals.access import steps_for
from crm.approvals.choices import SIGN_PAGES, ApprovalPerm
from crm.core.paging import Count, capped_counts
from crm.core.policy import Perm
from crm.core.request import current_request, once
from crm.identity.access import may
from crm.identity.choices import IdentityPerm, Profile
from crm.identity.selectors import idle_seconds
from crm.imports.access import kinds_for
from crm.imports.choices import ImportPerm
from crm.kinds import KINDS
from crm.outbox.access import unread_for
from crm.outbox.selectors import UNREAD_CAP
from customers.choices import CustomerPerm
from logistics.choices import LogisticsPerm
from onboarding.choices import OnboardingPerm


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: shown to whoever holds one of `perms` in any scope; empty means everybody."""

    url_name: str
    label: Any
    icon: str
    perms: tuple[Perm, ...] = ()
    badge: str = ""
    profile: str = ""
    """Kind of organisation that has it; empty means every one."""
    leads: Callable[[Any], bool] | None = None
    """Whether there is anything behind it for this person, where the right does not say it all."""


ITEMS: Final = (
    Item("home", _("工作台"), "house"),
    Item("approvals:queue", _("审批中心"), "check2-square", (ApprovalPerm.VIEW,), "waiting"),
    Item("customers:list", _("客户档案"), "people", (CustomerPerm.VIEW,)),
    Item(
        "customers:expiring",
        _("证件到期"),
        "clock-history",
        (CustomerPerm.CERTIFICATE_VIEW,),
        profile=Profile.BOSS,
    ),
    Item(
        "onboarding:list",
        _("入网办理"),
        "shop",
        (OnboardingPerm.VIEW, OnboardingPerm.LICENCE_VIEW, OnboardingPerm.SALES_VIEW),
    ),
    Item(
        "imports:history",
        _("数据导入"),
        "upload",
        (ImportPerm.CREATE,),
        leads=lambda user: bool(kinds_for(user, KINDS)),
    ),
    Item("identity:managers", _("客户经理管理"), "person-badge", (IdentityPerm.MANAGERS_CREATE,)),
    Item("logistics:firms", _("物流公司"), "truck", (LogisticsPerm.VIEW,)),
    Item("logistics:routes", _("送货线路"), "signpost-split", (LogisticsPerm.VIEW,)),
    Item("identity:people", _("人员与岗位"), "person-lock", (IdentityPerm.PEOPLE_VIEW,)),
    Item("identity:clients", _("API 客户端"), "plug", (IdentityPerm.CLIENTS_VIEW,)),
    Item("outbox:inbox", _("消息"), "inbox", (), "unread"),
    Item("api-docs", _("接口文档"), "braces", (IdentityPerm.CLIENTS_VIEW,)),
    Item("admin:index", _("系统管理"), "sliders", (IdentityPerm.PARAMETERS_VIEW,)),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: side, unread count, organisation, version, request id."""
    context: dict[str, Any] = {
        "request_id": current_request().request_id,
        "app_version": settings.VERSION,
        "demo": settings.KEDANG_DEMO,
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        context["nav"] = SimpleLazyObject(lambda: _items(request))
        context["may_find"] = SimpleLazyObject(lambda: may(user, CustomerPerm.VIEW))
        context["unread_count"] = SimpleLazyObject(lambda: min(_counts(user)[1].number, UNREAD_CAP))
        context["organisation"] = SimpleLazyObject(lambda: user.organisation)
        context["idle_seconds"] = SimpleLazyObject(lambda: idle_seconds(user))
    return context


def _items(request: HttpRequest) -> list[dict[str, Any]]:
    user: Any = request.user
    shown = []
    for item in ITEMS:
        if item.perms and not any(may(user, perm) for perm in item.perms):
            continue
        if item.leads is not None and not item.leads(user):
            continue
        if item.profile and (
            user.organisation is None or user.organisation.profile != item.profile
        ):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        shown.append(
            {
                "url": url,
                "label": item.label,
                "icon": item.icon,
                "badge": _badge(item.badge, user),
            }
        )
    here = _nearest(_place_of(request), [str(row["url"]) for row in shown])
    return [row | {"active": row["url"] == here} for row in shown]


def _place_of(request: HttpRequest) -> str:
    """Where a page stands in the person's mind: signing belongs to the approval centre."""
    match = request.resolver_match
    if match is not None and match.view_name in SIGN_PAGES.values():
        return reverse("approvals:queue")
    return request.path


def _nearest(path: str, urls: list[str]) -> str:
    """The entry that the page belongs to: the longest address that its own begins with."""
    above = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(above, key=len, default="")


def _badge(kind: str, user: Any) -> str:
    if not kind:
        return ""
    waiting, unread = _counts(user)
    if kind == "waiting":
        return str(waiting) if waiting.number else ""
    return str(min(unread.number, UNREAD_CAP) or "")


def _counts(user: Any) -> list[Count]:
    """What waits for a signature and what is unread: badge and bell, one question a page."""
    return once(("badges", user.pk), lambda: capped_counts(steps_for(user), unread_for(user)))
