"""What a list of customers may be sorted by, and what each order means in columns (UX-09)."""

from typing import Final

from django.db.models import BinaryField, Case, Func, TextField, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from crm.core.errors import BadRequest
from customers.choices import (
    CustomerKind,
    CustomerStatus,
    CustomerType,
    Lifecycle,
    TemporalClass,
)
from customers.models import CustomerQuerySet

ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "code": ("code",),
    "-code": ("-code",),
    "name": ("pinyin", "code"),
    "-name": ("-pinyin", "-code"),
    "created": ("created_at", "code"),
    "-created": ("-created_at", "-code"),
}
"""What a list may be sorted by: each stands behind every scope column in an index."""

LIMITED_ORDERS: Final[dict[str, str]] = {
    "status": "status",
    "kind": "customer_kind",
    "city": "city_id",
    "manager": "manager__name",
    "department": "department__name",
    "phone": "phone",
    "mobile": "mobile",
    "address": "address",
    "temporal": "temporal_class",
    "lifecycle": "lifecycle",
    "customer_type": "customer_type",
    "customer_class": "customer_class",
    "licence_no": "retail__licence_no",
    "licence_valid_to": "retail__licence_valid_to",
    "store_name": "retail__store_name",
    "business_premises": "retail__business_premises",
    "legal_representative": "retail__legal_representative",
    "order_mode": "retail__order_mode",
    "settlement_mode": "retail__settlement_mode",
    "customer_level": "retail__customer_level",
    "delivery_route": "retail__delivery_route__name",
    "market_type": "retail__market_type",
    "business_format": "retail__business_format",
    "order_cycle": "retail__order_cycle",
    "visit_cycle": "retail__visit_cycle",
}
"""What a set of at most `CAP` rows may be sorted by besides, up or with a "-" down: no index serves
these, so `fitting_order` lets them alone for more (speed.md 3). Rows without a value come last
both ways; equal ones by code.
"""


def columns_of(order: str) -> tuple[str, ...]:
    """What a list in this order is sorted by. Raises BadRequest for an order that is none."""
    if order in ORDERS:
        return ORDERS[order]
    if order.removeprefix("-") not in LIMITED_ORDERS:
        raise BadRequest(_("不支持按此列排序"))
    return ("sort_gap", *(("-sort_key", "-code") if order[0] == "-" else ("sort_key", "code")))


def sortable(rows: CustomerQuerySet, order: str) -> CustomerQuerySet:
    """The rows with the columns that `columns_of` names.

    Choices stand in the order in which they are declared, texts as a Chinese reader expects:
    GB 18030 keeps the common characters by their sound, and a page token can hold its digits.
    """
    column = LIMITED_ORDERS.get(order.removeprefix("-"))
    if column is None:
        return rows
    if column in _CHOICES:
        places = [When(**{column: value}, then=at) for at, value in enumerate(_CHOICES[column])]
        return rows.annotate(
            sort_gap=Case(When(**{column: ""}, then=1), default=0),
            sort_key=Case(*places, default=len(places)),
        )
    text = Coalesce(Cast(column, TextField()), Value("", output_field=TextField()))
    coded = Func(text, Value("GB18030"), function="convert_to", output_field=BinaryField())
    return rows.alias(sort_text=text).annotate(
        sort_gap=Case(When(sort_text="", then=1), default=0),
        sort_key=Func(coded, Value("hex"), function="encode", output_field=TextField()),
    )


_CHOICES: Final[dict[str, list[str]]] = {
    "status": CustomerStatus.values,
    "customer_kind": CustomerKind.values,
    "temporal_class": TemporalClass.values,
    "lifecycle": Lifecycle.values,
    "customer_type": CustomerType.values,
}
