"""What a column of a list is, and the columns that only some organisations have (T-3 to T-5)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.choices import CustomerType
from customers.models import Customer


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it comes from; its key is also the order by it (UX-09).

    `rule` is the field rule that says who sees it; `look` names the cell's template; `choices` are
    the words for stored values: fifty rows look them up in one table.
    """

    key: str
    label: str | Promise
    rule: str
    value: Callable[[Any], Any]
    look: str = "text"
    is_locked: bool = False
    is_usual: bool = False
    choices: type[TextChoices] | None = None

    @property
    def needs_retail(self) -> bool:
        """Whether the retail record must be read with the rows."""
        return self.rule.startswith("retail.")


def _retail(name: str) -> Callable[[Customer], Any]:
    def value(row: Customer) -> Any:
        found = getattr(getattr(row, "retail", None), name, "")
        return "" if found is None else found

    return value


def _column(name: str, label: str | Promise, look: str = "text") -> Column:
    return Column(name, label, f"retail.{name}", _retail(name), look=look)


MORE_COLUMNS: Final = (
    Column(
        "customer_type",
        _("客户类型"),
        "customer.customer_type",
        lambda row: row.customer_type,
        choices=CustomerType,
    ),
    Column(
        "customer_class",
        _("客户分类"),
        "customer.customer_class",
        lambda row: row.customer_class,
    ),
    _column("licence_no", _("许可证号"), "mono"),
    _column("licence_valid_to", _("许可证有效期至"), "day"),
    _column("store_name", _("店铺名称")),
    _column("business_premises", _("经营场所")),
    _column("legal_representative", _("法定代表人")),
    _column("order_mode", _("订货方式")),
    _column("settlement_mode", _("结算方式")),
    _column("customer_level", _("客户级别")),
    Column(
        "delivery_route",
        _("送货线路"),
        "retail.delivery_route",
        lambda row: str(_retail("delivery_route")(row)),
    ),
    _column("market_type", _("市场类型")),
    _column("business_format", _("业态")),
    _column("order_cycle", _("订货周期")),
    _column("visit_cycle", _("拜访周期")),
)
"""Every stored field of T-3 and T-4, and two of chapter 2 that the list began without."""
