"""Views of the list that everybody has without saving them: the work lists of R-8."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.identity.access import may, rights_of
from crm.identity.choices import Profile, Scope
from crm.identity.models import User
from customers.access import certificates_for, customers_for
from customers.choices import CustomerPerm, TemporalClass
from customers.models import ManagerAssignment
from customers.selectors.services import SOON


@dataclass(frozen=True, slots=True)
class Preset:
    """One view: its words, its address, whether it is the one that is open."""

    label: str | Promise
    url: str
    active: bool = False


_WORK: Final[tuple[tuple[Promise, str, str], ...]] = (
    (_("正在合作：持续充实"), "temporal", "temporal=current"),
    (_("曾经合作：再读找机会"), "temporal", "temporal=past"),
    (_("即将合作：收集齐全"), "temporal", "temporal=coming"),
    (_("待首次联系"), "contact", "contact=waiting"),
    (_("超过一周未联系"), "contact", "contact=late"),
    (_("没有客户经理"), "unassigned", "unassigned=on"),
)
"""What to do with customers of each temporal class (R-8), and those of R-14 to R-16."""


def presets_for(user: User, readable: frozenset[str], query: str) -> list[Preset]:
    """Mine, my department's or all, then the work lists; only by what the person may filter by."""
    scopes = {cell.scope for cell in rights_of(user, CustomerPerm.VIEW)}
    wide = scopes - {Scope.OWN}
    found: list[tuple[str | Promise, str, str]] = [(_all_words(scopes), "", "view=none")]
    if wide and Scope.OWN in scopes and "manager" in readable:
        found.append((_("我负责的客户"), "manager", f"manager={user.pk}"))
    found += [entry for entry in _WORK if entry[1] != "unassigned" or wide]
    page = reverse("customers:list")
    return [
        Preset(label, f"{page}?{asked}", active=asked == query)
        for label, name, asked in found
        if not name or name in readable
    ]


def _all_words(scopes: set[Scope]) -> Promise:
    if scopes <= {Scope.OWN}:
        return _("我的全部客户")
    return _("全单位") if Scope.ALL in scopes else _("本部门")


def owns_customers(user: User) -> bool:
    """Whether customers of his own are part of the person's work (R-9)."""
    return any(cell.scope is Scope.OWN for cell in rights_of(user, CustomerPerm.VIEW))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that wants to be done: its rows, and the page that lists just those."""

    label: Promise
    hint: Promise
    url: str
    rows: QuerySet[Any]


def waiting_for(user: User) -> list[Waiting]:
    """What of the person's customers wants him: to be counted and opened from the start page.

    Whoever sees only a field set has no such lists: he may not filter by these fields.
    Rules: R-8, R-14, R-15, R-16, B-55, UX-73.
    """
    found, page = [], reverse("customers:list")
    cells = rights_of(user, CustomerPerm.VIEW)
    scopes = {cell.scope for cell in cells} if not any(cell.fieldset for cell in cells) else set()
    if Scope.OWN in scopes:
        coming = TemporalClass.COMING
        found.append(
            Waiting(
                _("即将合作的客户"),
                _("资料待收集齐全"),
                f"{page}?temporal={coming}&manager={user.pk}",
                customers_for(user, CustomerPerm.VIEW).filter(manager=user, temporal_class=coming),
            )
        )
        silent = ManagerAssignment.objects.awaiting_contact().filter(manager=user)
        found.append(
            Waiting(
                _("待首次联系的客户"),
                _("指定后一周内须联系"),
                f"{page}?contact=waiting&manager={user.pk}",
                customers_for(user, CustomerPerm.VIEW).filter(pk__in=silent.values("customer_id")),
            )
        )
    if scopes and may(user, CustomerPerm.DECIDE):
        late = ManagerAssignment.objects.contact_overdue(timezone.now())
        rows = customers_for(user, CustomerPerm.VIEW).filter(pk__in=late.values("customer_id"))
        hint = _("可改由他人负责")
        found.append(Waiting(_("超过一周未联系的客户"), hint, f"{page}?contact=late", rows))
    if scopes - {Scope.OWN}:
        rows = customers_for(user, CustomerPerm.VIEW).filter(manager__isnull=True)
        hint = _("待指定负责人")
        found.append(Waiting(_("没有客户经理的客户"), hint, f"{page}?unassigned=on", rows))
    return [*found, *_papers(user)]


def _papers(user: User) -> list[Waiting]:
    """Certificates that have ended or end soon: operators alone keep them."""
    home = user.organisation
    if home is None or home.profile != Profile.BOSS:
        return []
    if not rights_of(user, CustomerPerm.CERTIFICATE_VIEW):
        return []
    rows = certificates_for(user, CustomerPerm.CERTIFICATE_VIEW).live()
    soon = rows.filter(valid_to__lte=timezone.localdate() + timedelta(days=SOON))
    return [Waiting(_("证件到期"), _("已到期或 60 天内到期"), reverse("customers:expiring"), soon)]
