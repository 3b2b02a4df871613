"""What a person types into the two blocks, as frozen values."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm.identity.models import Department, User
    from logistics.models import DeliveryRoute


@dataclass(frozen=True, slots=True)
class MonopolyBlock:
    """The part the monopoly officer fills (T-3, T-32).

    `identity_no` None: unchanged. `manager` is the customer manager responsible for the area.
    """

    store_name: str
    business_premises: str
    legal_representative: str
    identity_no: str | None
    phone: str
    city_id: str
    area: "Department"
    manager: "User | None" = None


@dataclass(frozen=True, slots=True)
class SalesBlock:
    """The part the customer manager fills (T-4, T-38); codes of the dictionaries."""

    order_mode: str
    settlement_mode: str
    customer_level: str
    market_type: str
    business_format: str
    order_cycle: str
    visit_cycle: str
    delivery_route: "DeliveryRoute | None"
    delivery_address: str


@dataclass(frozen=True, slots=True)
class Licence:
    """What ZM or the licensing department reports (T-34)."""

    licence_no: str
    valid_to: date
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One route by which the licence was announced (T-36)."""

    route: str
    sender: str
    receiver: str
