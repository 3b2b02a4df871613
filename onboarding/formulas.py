"""Pure arithmetic of flow A: what is missing, what differs, which number comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MONOPOLY_REQUIRED: Final = (
    "store_name",
    "business_premises",
    "legal_representative",
    "identity_no",
    "phone",
    "city",
    "area",
)
SALES_REQUIRED: Final = (
    "manager",
    "order_mode",
    "settlement_mode",
    "customer_level",
    "delivery_route",
    "delivery_address",
    "market_type",
    "business_format",
    "order_cycle",
)
WITHHOLDING: Final = "withholding"


def missing(values: Mapping[str, object], required: tuple[str, ...]) -> list[str]:
    """Names of required fields with nothing in them (T-3, T-4, T-47)."""
    return [name for name in required if values.get(name) in (None, "")]


def form_number(prefix: str, year: int, serial: int) -> str:
    """DJ2026000001: two letters, the year, six digits or more (T-13)."""
    return f"{prefix}{year}{serial:06d}"


def is_mobile(number: str) -> bool:
    """Whether a checked phone number is a mobile one."""
    return len(number) == 11 and number.isdecimal() and number.startswith("1")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field whose entered value is not the approved one; None: never entered."""

    field: str
    approved: str
    entered: str | None


def differences(approved: Mapping[str, str], entered: Mapping[str, str]) -> list[Difference]:
    """Approved fields that were entered otherwise or not at all (T-45)."""
    return [
        Difference(field, value, entered.get(field))
        for field, value in approved.items()
        if entered.get(field) != value
    ]
