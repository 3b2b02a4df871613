"""Which parts a customer's archive has, and how much of each the reader sees (UX-15)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.core.paging import capped_counts
from crm.core.policy import Perm
from crm.identity.choices import Profile
from crm.identity.models import User
from customers.access import Eyes
from customers.choices import CustomerKind, CustomerPerm
from customers.models import Contact, Customer
from customers.selectors.groups import members_of
from customers.selectors.units import units_below
from logistics.access import firms_for
from logistics.choices import LogisticsPerm

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from logistics.models import LogisticsFirm


class FilePerm(Perm):
    """The right on the tab of the room that keeps files; that room guards it (trust 4.3)."""

    VIEW = "archive_file.v"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: the page behind it and the right it asks for. Other rooms' tabs stand here too."""

    url_name: str
    label: str | Promise
    perm: Perm
    is_operated: bool = False
    """Only operators have it (document 002)."""


class ContractPerm(Perm):
    """The right on the tab of the room that keeps contracts (trust 4.3)."""

    VIEW = "contract.v"


TABS: Final = (
    Tab("customers:detail", _("基本信息"), CustomerPerm.VIEW),
    Tab("customers:contacts", _("相关人员"), CustomerPerm.CONTACT_VIEW),
    Tab("customers:users", _("用户"), CustomerPerm.SERVICE_VIEW, is_operated=True),
    Tab("customers:accounts", _("帐户"), CustomerPerm.SERVICE_VIEW, is_operated=True),
    Tab("customers:certificates", _("证件"), CustomerPerm.CERTIFICATE_VIEW, is_operated=True),
    Tab("customers:listed", _("名单"), CustomerPerm.LISTED_VIEW, is_operated=True),
    Tab("customers:party", _("参与人"), CustomerPerm.VIEW, is_operated=True),
    Tab("customers:units", _("下属单位"), CustomerPerm.UNIT_VIEW),
    Tab("customers:manager", _("客户经理"), CustomerPerm.ASSIGN_VIEW),
    Tab("customers:carrier", _("物流公司"), LogisticsPerm.VIEW),
    Tab("contracts:customer-contracts", _("业务合同"), ContractPerm.VIEW),
    Tab("customers:members", _("集团成员"), CustomerPerm.UNIT_VIEW),
    Tab("customers:groups", _("所属集团"), CustomerPerm.UNIT_VIEW),
    Tab("customers:bank", _("扣款账户"), CustomerPerm.BANK_VIEW),
    Tab("archive:customer-files", _("电子档案"), FilePerm.VIEW),
    Tab("customers:forms", _("审批与表单"), CustomerPerm.VIEW),
    Tab("customers:timeline", _("时间线"), CustomerPerm.VIEW),
    Tab("customers:history", _("变更历史"), CustomerPerm.HISTORY),
)
"""The tabs in the order of the six parts of document 001, then what other documents add (UX-15)."""


@dataclass(frozen=True, slots=True)
class TabLink:
    """One tab as the bar shows it."""

    url: str
    label: str
    active: bool
    count: int | None = None


def has_part(customer: Customer, url_name: str) -> bool:
    """Whether this kind of customer has such a part at all (B-36, B-37, R-40, R-49)."""
    is_unit = customer.customer_kind == CustomerKind.ORGANISATION
    is_repair = customer.organisation.profile == Profile.REPAIR
    has = {
        "customers:units": is_unit,
        "customers:members": is_unit and not is_repair,
        "customers:groups": not is_unit,
        "customers:carrier": is_repair,
    }
    return has.get(url_name, True)


def url_of(tab: Tab, pk: int) -> str:
    """Nothing where the room of that tab is not built in."""
    try:
        return reverse(tab.url_name, args=[pk])
    except NoReverseMatch:
        return ""


def scans_url(pk: int) -> str:
    """Where the room that keeps files shows the scans of a customer's certificates; it asks its
    own gate. Nothing where that room is not built in."""
    try:
        return reverse("archive:certificate-scans", args=[pk])
    except NoReverseMatch:
        return ""


_COUNTED: Final[dict[str, Callable[[Customer, Eyes], "QuerySet[Any]"]]] = {
    "customers:contacts": lambda row, _eyes: Contact.objects.live().filter(customer=row),
    "customers:units": units_below,
    "customers:members": lambda row, eyes: members_of(row, eyes.user, shares=eyes.shares),
}
_MANY: Final = 1_000_000


class TabCounts:
    """How many stand behind a tab, as far as its reader sees them (UX-15, B202).

    `known` are those that the page has counted itself. The others are counted together, once the
    first of them is asked for.
    """

    def __init__(self, customer: Customer, eyes: Eyes, known: Mapping[str, int]) -> None:
        self.customer = customer
        self.eyes = eyes
        self.known = dict(known)
        people = getattr(customer, "_prefetched_objects_cache", {}).get("contacts")
        if people is not None:
            self.known["customers:contacts"] = sum(person.is_live for person in people)

    def __call__(self, url_name: str) -> int | None:
        if url_name in _COUNTED and url_name not in self.known:
            self.known |= self._count()
        return self.known.get(url_name)

    def _count(self) -> dict[str, int]:
        """All that this customer has and nobody has counted, in one question."""
        names = [
            name for name in _COUNTED if name not in self.known and has_part(self.customer, name)
        ]
        rows = [_COUNTED[name](self.customer, self.eyes) for name in names]
        found = capped_counts(*rows, cap=_MANY)
        return {name: count.number for name, count in zip(names, found, strict=True)}


@dataclass(frozen=True, slots=True)
class CarrierShown:
    """The firm a customer points at; `named` is what the papers call it when it is unregistered."""

    firm: "LogisticsFirm | None"
    named: str


def carrier_of(customer: Customer, user: User) -> CarrierShown:
    """Who carries for the customer, through the gate of the firms. Rules: R-31, R-49."""
    profile = getattr(customer, "repair", None)
    if profile is None:
        return CarrierShown(None, "")
    firms = firms_for(user, LogisticsPerm.VIEW).select_related("parent")
    firm = firms.filter(pk=profile.logistics_firm_id).first() if profile.logistics_firm_id else None
    return CarrierShown(firm, profile.logistics_name)
