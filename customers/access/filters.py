"""What a list of customers can be narrowed to (T-5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import BadRequest
from crm.core.policy import Perm
from customers.choices import CustomerPerm
from customers.models import ListEntry, ManagerAssignment

FILTERS: Final[dict[str, str]] = {
    "status": "status",
    "kind": "customer_kind",
    "type": "customer_type",
    "class": "customer_class",
    "temporal": "temporal_class",
    "lifecycle": "lifecycle",
    "manager": "manager_id",
    "department": "department_id",
    "area": "area_id",
    "province": "province_id",
    "city": "city_id",
    "region": "region_id",
    "format": "document_format",
    "order_mode": "retail__order_mode",
    "settlement_mode": "retail__settlement_mode",
    "level": "retail__customer_level",
    "route": "retail__delivery_route_id",
    "market_type": "retail__market_type",
    "business_format": "retail__business_format",
    "order_cycle": "retail__order_cycle",
    "visit_cycle": "retail__visit_cycle",
    "legal_representative": "retail__legal_representative",
    "premises": "retail__business_premises__contains",
    "licence_from": "retail__licence_valid_to__gte",
    "licence_to": "retail__licence_valid_to__lte",
}
"""Name in the URL → column: every field of T-3 and T-4 that a list can be cut by (T-5)."""


@dataclass(frozen=True, slots=True)
class CustomerFilters:
    """What a list is narrowed to; `equal` maps names of FILTERS to a value each.

    `text` is what `search_keys` understands: part of a name, pinyin initials, a number.
    """

    text: str = ""
    equal: Mapping[str, Any] = field(default_factory=dict)
    created_from: date | None = None
    created_to: date | None = None
    without_manager: bool = False
    listed: int = 0
    """Colour of a list the customer stands on today (B-22); 0 asks nothing."""
    contact: str = ""
    """Whose new manager was not in touch: "waiting" all, "late" after the week (R-14, R-15)."""

    @property
    def is_by_home(self) -> bool:
        """Whether an index that begins with the organisation may serve what narrows the list."""
        return bool(self.text.strip() or {"status", "city"} & self.equal.keys())

    def is_search(self, perm: Perm) -> bool:
        """Whether nothing but the text narrows the list."""
        return perm == CustomerPerm.VIEW and self == CustomerFilters(text=self.text.strip() or " ")

    def as_q(self) -> Q:
        """All but the text. Raises BadRequest for a name that is none."""
        strange = self.equal.keys() - FILTERS.keys()
        if strange:
            raise BadRequest(_("不认识的筛选条件：%(name)s") % {"name": min(strange)})
        wanted = Q(**{FILTERS[name]: value for name, value in self.equal.items()})
        if self.created_from is not None:
            wanted &= Q(created_at__gte=_midnight(self.created_from))
        if self.created_to is not None:
            wanted &= Q(created_at__lt=_midnight(self.created_to + timedelta(days=1)))
        if self.listed:
            marked = ListEntry.objects.in_force(timezone.localdate()).filter(colour=self.listed)
            wanted &= Q(pk__in=marked.values("customer_id"))
        if self.contact:
            silent = ManagerAssignment.objects.awaiting_contact()
            if self.contact == "late":
                silent = silent.contact_overdue(timezone.now())
            wanted &= Q(pk__in=silent.values("customer_id"))
        if self.without_manager:
            wanted &= Q(manager__isnull=True)
        return wanted


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


NOTHING_ASKED: Final = CustomerFilters()
