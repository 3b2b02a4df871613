"""What travels into this room's services, and the pure check of every cell.

The same check serves form, API and import (D13), so no door can be laxer than another.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.checkdigits import (
    check_bank_account,
    check_licence_no,
    check_resident_id,
    check_uscc,
)
from crm.core.parsing import (
    clean_age,
    parse_date,
    parse_email,
    parse_mobile,
    parse_phone,
    parse_postcode,
)
from crm.core.text import CheckFailed, clean_line, clean_person_name, clean_text, is_blank
from crm.identity.choices import Secrecy, SourceSystem
from customers.choices import (
    AliasKind,
    ContactRole,
    CustomerKind,
    CustomerStatus,
    CustomerType,
    HolderKind,
    Influence,
    Lifecycle,
    MemberRole,
    Payer,
    TemporalClass,
)


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person of the customer as typed (R-27, R-35). `identity_no` is clear; services seal it."""

    name: str
    role: str = ContactRole.RELATED
    key_type: str = ""
    is_primary: bool = False
    unit: str = ""
    position: str = ""
    sex: str = ""
    age: int | None = None
    office_phone: str = ""
    mobile: str = ""
    fax: str = ""
    email: str = ""
    hobby: str = ""
    influence: int = Influence.UNKNOWN
    remark: str = ""
    identity_no: str = ""


@dataclass(frozen=True, slots=True)
class NewRetail:
    """Licence and sales data of a retailer (T-3, T-4). `delivery_route` is a key."""

    licence_no: str = ""
    licence_valid_to: date | None = None
    store_name: str = ""
    business_premises: str = ""
    legal_representative: str = ""
    identity_no: str = ""
    order_mode: str = ""
    settlement_mode: str = ""
    customer_level: str = ""
    delivery_route: int | None = None
    delivery_address: str = ""
    market_type: str = ""
    business_format: str = ""
    order_cycle: str = ""
    visit_cycle: str = ""


@dataclass(frozen=True, slots=True)
class NewRepair:
    """What the repair company keeps beside the basics. `logistics_firm` is a key; without it the
    name of a registered firm finds it (R-49).
    """

    unit_layer: str = ""
    main_business: str = ""
    logistics_name: str = ""
    logistics_firm: int | None = None
    taxpayer_no: str = ""
    no_contract_reason: str = ""


@dataclass(frozen=True, slots=True)
class NewAlias:
    """The code of the customer in another system (B-34)."""

    system: SourceSystem
    code: str
    kind: AliasKind = AliasKind.CUSTOMER


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer as registered. Regions (six digits), `department`, `area`, `manager` are keys.

    Without `department` the customer goes to the one of his manager's post, else of whoever
    registers; without `manager` a registering manager takes him himself (R-17).
    """

    name: str
    province: str
    city: str
    region: str = ""
    customer_kind: str = CustomerKind.ORGANISATION
    customer_type: str = CustomerType.TRADITIONAL
    customer_class: str = ""
    temporal_class: str = TemporalClass.CURRENT
    lifecycle: str = Lifecycle.NEW
    status: str = CustomerStatus.NORMAL
    secrecy: int = Secrecy.NORMAL
    short_name: str = ""
    address: str = ""
    postcode: str = ""
    phone: str = ""
    mobile: str = ""
    email: str = ""
    credit_code: str = ""
    legal_representative: str = ""
    industry: str = ""
    source_channel: str = ""
    document_format: str = "standard"
    remark: str = ""
    department: int | None = None
    area: int | None = None
    manager: int | None = None
    contacts: tuple[NewContact, ...] = ()
    aliases: tuple[NewAlias, ...] = ()
    retail: NewRetail | None = None
    repair: NewRepair | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Free attributes as typed, by code (B-26); services check each by its definition."""


@dataclass(frozen=True, slots=True)
class UnitPair:
    """A unit and the one above it, by key; without a day from today on (R-42)."""

    child: int
    parent: int
    starts_on: date | None = None


@dataclass(frozen=True, slots=True)
class MemberTerms:
    """As what somebody is in a group, who pays, and since when; today without a day (B-37)."""

    role: str = MemberRole.MEMBER
    is_key: bool = False
    payer: str = Payer.SELF
    starts_on: date | None = None


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account to withhold from, clear, on its way to be sealed (T-65)."""

    bank: str
    holder_name: str
    account_no: str
    branch: str = ""
    holder_kind: str = HolderKind.PERSONAL
    holder_certificate: str = ""
    agreement_no: str = ""
    name_note: str = ""

    def __repr__(self) -> str:
        """Numbers stay out of logs and tracebacks (SEC-33)."""
        return f"BankAccount(bank={self.bank!r}, account_no='****{self.account_no[-4:]}')"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an approved form: key, what it was, what it becomes."""

    key: str
    before: Any
    after: Any = field(default=None)


Cell = Callable[[Any], Any]


def _line(length: int, *, required: bool = False) -> Cell:
    return lambda value: clean_line(value, length, required=required)


def _text(length: int) -> Cell:
    return lambda value: clean_text(value, length)


def _person(length: int, *, required: bool = False) -> Cell:
    return lambda value: clean_person_name(value, length, required=required)


def _blank_or(check: Cell, empty: Any = "") -> Cell:
    return lambda value: empty if is_blank(value) else check(value)


def _phone(value: Any) -> str:
    return parse_phone(value).value


def _resident(value: Any) -> str:
    return check_resident_id(value, timezone.localdate()).number


CELLS: Final[Mapping[str, Cell]] = {
    "customer.name": _line(200, required=True),
    "customer.short_name": _line(60),
    "customer.address": _line(200),
    "customer.postcode": _blank_or(parse_postcode),
    "customer.phone": _blank_or(_phone),
    "customer.mobile": _blank_or(parse_mobile),
    "customer.email": _blank_or(parse_email),
    "customer.credit_code": _blank_or(check_uscc),
    "customer.legal_representative": _person(60),
    "customer.industry": _line(40),
    "customer.source_channel": _line(40),
    "customer.remark": _text(5000),
    "retail.licence_no": _blank_or(check_licence_no),
    "retail.licence_valid_to": _blank_or(parse_date, None),
    "retail.store_name": _line(200, required=True),
    "retail.business_premises": _line(200),
    "retail.legal_representative": _person(60),
    "retail.identity_no": _blank_or(_resident),
    "retail.delivery_address": _line(200),
    "repair.main_business": _line(200),
    "repair.logistics_name": _line(80),
    "repair.taxpayer_no": _line(20),
    "repair.no_contract_reason": _line(200),
    "subscriber.occupation": _line(60),
    "subscriber.language": _line(40),
    "subscriber.birthday": _blank_or(parse_date, None),
    "subscriber.ownership": _line(40),
    "subscriber.staff_size": _line(40),
    "contact.name": _person(60, required=True),
    "contact.unit": _line(80),
    "contact.position": _line(60),
    "contact.age": _blank_or(clean_age, None),
    "contact.office_phone": _blank_or(_phone),
    "contact.mobile": _blank_or(parse_mobile),
    "contact.fax": _blank_or(_phone),
    "contact.email": _blank_or(parse_email),
    "contact.hobby": _line(300),
    "contact.remark": _text(1000),
    "contact.identity_no": _blank_or(_resident),
    "bank.bank": _line(60, required=True),
    "bank.branch": _line(80),
    "bank.holder_name": _line(80, required=True),
    "bank.holder_certificate": _line(30),
    "bank.agreement_no": _line(40),
    "bank.name_note": _line(200),
}
"""Field key → its check. A field that is not here is a choice, a date or a key: its model field
checks it."""


@cache
def _checks_of(subject: str) -> Mapping[str, Cell]:
    """The checks of one record by field name."""
    start = f"{subject}."
    return {key.removeprefix(start): run for key, run in CELLS.items() if key.startswith(start)}


@cache
def _empties_of(subject: str) -> Mapping[str, Any]:
    """What an empty text becomes, by name of the fields that may be empty."""
    found: dict[str, Any] = {}
    for name, check in _checks_of(subject).items():
        with suppress(CheckFailed):
            found[name] = check("")
    return found


def cleaned(subject: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """All values of one record checked. Raises ValidationError naming every wrong field."""
    good: dict[str, Any] = {}
    wrong: dict[str, ValidationError] = {}
    checks, empties = _checks_of(subject), _empties_of(subject)
    for name, value in values.items():
        check = checks.get(name)
        if check is None:
            good[name] = value
            continue
        if value == "" and name in empties:
            good[name] = empties[name]
            continue
        try:
            good[name] = check(value)
        except CheckFailed as problem:
            wrong[name] = ValidationError(problem.message, code=problem.code)
    if wrong:
        raise ValidationError(dict(wrong))
    return good


def clean_account(account: BankAccount) -> BankAccount:
    """A bank account checked as a whole: personal cards carry a Luhn digit.

    Raises ValidationError.
    """
    values = as_values(account)
    number = values.pop("account_no")
    good = cleaned("bank", values)
    try:
        good["account_no"] = check_bank_account(number, str(account.holder_kind))
    except CheckFailed as problem:
        raise ValidationError({"account_no": problem.message}, code=problem.code) from problem
    except ValueError as problem:
        raise ValidationError({"holder_kind": _("请选择账户类型")}) from problem
    return BankAccount(**good)


def as_values(data: Any) -> dict[str, Any]:
    """The fields of one of the dataclasses above, one level deep, in order."""
    names = _names_of(type(data))  # type: ignore[arg-type]
    return {name: getattr(data, name) for name in names}


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))
