"""What stands on the printed forms of document 000, as plain values (T-7, T-10, T-11, T-13).

The rooms above fill these in; `crm` and `archive` know nothing of registrations. Texts arrive in
the words of the page, dictionary codes already turned into labels. Moments are aware datetimes.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SheetField:
    """One labelled value; `note` says more in small print (such as the system it stands in)."""

    label: Any
    value: Any = ""
    note: Any = ""


@dataclass(frozen=True, slots=True)
class SheetTick:
    """One task of T-38 to T-41: whether it is done, by whom, when."""

    label: Any
    is_done: bool = False
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SheetSignature:
    """One signature box. Empty `name` prints a box to sign by hand (T-13).

    `verdict` is the word of the decision (同意, 退回); `for_whom` names the person stood in for.
    """

    duty: Any
    name: str = ""
    verdict: Any = ""
    opinion: str = ""
    at: datetime | None = None
    for_whom: str = ""


@dataclass(frozen=True, slots=True)
class SheetNotice:
    """One of the three ways in which the licence was announced (T-36)."""

    route: Any
    sender: str = ""
    receiver: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MonopolyBlock:
    """专卖信息 (T-3). `identity_number` is printed masked whatever arrives (trust 2.6)."""

    customer_code: str = ""
    licence_number: str = ""
    licence_valid: Any = ""
    store_name: str = ""
    premises: str = ""
    legal_representative: str = ""
    identity_number: str = ""
    phone: str = ""
    others: tuple[SheetField, ...] = ()
    filled_by: str = ""
    filled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SalesBlock:
    """销售信息 (T-4)."""

    order_mode: Any = ""
    settlement_mode: Any = ""
    tier: Any = ""
    route: Any = ""
    market_type: Any = ""
    business_format: Any = ""
    order_cycle: Any = ""
    visit_cycle: Any = ""
    delivery_address: str = ""
    others: tuple[SheetField, ...] = ()
    filled_by: str = ""
    filled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegistrationSheet:
    """《客户基础信息登记表》, one sheet an application (T-7, T-13).

    `link` is what the QR code holds; without it the case number. `round` counts submissions: a
    returned form starts the next one. `status` is printed beside it (such as 审批中).
    """

    organisation: str
    form_number: str
    case_number: str
    round: int
    monopoly: MonopolyBlock
    sales: SalesBlock
    ticks: tuple[SheetTick, ...]
    signatures: tuple[SheetSignature, ...]
    notices: tuple[SheetNotice, ...] = ()
    status: Any = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class TransferSheet:
    """《客户基础信息传递表》 to the order centre, once a new entry (T-10, T-11, T-46).

    `maintained` are the fields the bureau has already entered itself, `wanted` those only the
    order centre may set. The receipt is empty until the order centre answered.
    """

    organisation: str
    form_number: str
    case_number: str
    registration_number: str
    customer_code: str
    customer_name: str
    maintained: tuple[SheetField, ...]
    wanted: tuple[SheetField, ...]
    maker: str
    made_on: date
    licence_number: str = ""
    receiver: Any = ""
    receipt_number: str = ""
    receipt_at: datetime | None = None
    receipt_note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class PrintMark:
    """Who prints and when: the watermark of every page (trust 2.6, B298)."""

    name: str
    at: datetime
    detail: str = field(default="")
