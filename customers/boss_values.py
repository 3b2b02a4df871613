"""What travels into the services of document 002, and the pure check of every cell.

`attribute_cell` is the one check of a free attribute: form, API and import call it (B-26, D13).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.core.checkdigits import check_resident_id, check_uscc
from crm.core.parsing import parse_date, parse_decimal, parse_postcode
from crm.core.text import CheckFailed, as_text, clean_line, fold_width, is_blank
from customers.choices import Authority, DataClass
from customers.domains import (
    UNIFIED,
    BillingType,
    CertificateKind,
    CertificateRole,
    CheckChannel,
    CheckMethod,
    PayChannel,
    PaymentMode,
    ValueKind,
)
from customers.values import as_values

_GAPS: Final = re.compile(r"[\s\u00a0\u3000\-\u2010-\u2015\u2212]+")
_SHAPES: Final[dict[str, str]] = {
    CertificateKind.OLD_REGISTRATION: r"[0-9]{13,15}",
    CertificateKind.ORGANISATION_CODE: r"[0-9A-Z]{9}",
    CertificateKind.PASSPORT: r"[A-Z0-9]{5,17}",
    CertificateKind.OFFICER: r"[0-9A-Z一-鿿]{4,20}",
    CertificateKind.HOUSEHOLD: r"[0-9A-Z]{6,20}",
    CertificateKind.DRIVING: r"[0-9]{12}|[0-9]{17}[0-9X]",
    CertificateKind.HK_MACAU: r"[HM][0-9]{8}([0-9]{2})?",
    CertificateKind.TAIWAN: r"[0-9]{8}([0-9]{2})?",
    CertificateKind.PROPERTY: r"[0-9A-Z一-鿿()第号]{4,40}",
}
"""What a number of a kind without check digit may look like, after folding."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as typed (B-27)."""

    name: str
    is_default: bool = False
    billing_type: str = BillingType.POSTPAID
    payment_mode: str = PaymentMode.CASH
    invoice_title: str = ""
    invoice_address: str = ""
    invoice_postcode: str = ""
    billing_day: int = 1


@dataclass(frozen=True, slots=True)
class NewUser:
    """A service instance as typed (B-8); `account` is the key of the account that pays."""

    account: int
    service: str
    install_address: str
    product: str = ""
    device_no: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of one kind of charge that an account pays (B-10)."""

    account: int
    share: int
    rank: int = 1


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """A certificate as typed; `number` is clear and never shown by `repr` (SEC-33)."""

    kind: str
    holder_name: str
    number: str
    role: str = CertificateRole.OWN
    authority: str = ""
    address: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def __repr__(self) -> str:
        return f"NewCertificate(kind={self.kind!r}, number='****{self.number[-4:]}')"


@dataclass(frozen=True, slots=True)
class NewExternal:
    """An external pay account as typed; `account_no` is clear and never shown by `repr` (B-28)."""

    channel: str
    account_no: str
    holder_name: str
    institution: str = ""
    branch: str = ""
    is_signed: bool = False
    starts_on: date | None = None

    def __repr__(self) -> str:
        return f"NewExternal(channel={self.channel!r}, account_no='****{self.account_no[-4:]}')"


@dataclass(frozen=True, slots=True)
class CheckMade:
    """How a certificate was checked and what came of it (B-55)."""

    passed: bool
    method: str = CheckMethod.ORIGINAL
    channel: str = CheckChannel.COUNTER
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewListEntry:
    """An entry as typed (B-22); `target` is the key of the account or user, if it is one."""

    colour: int
    subtype: str
    reason: str
    object_type: str = "customer"
    target: int | None = None
    channel: str = CheckChannel.COUNTER
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class NewAttribute:
    """A free attribute as defined (B-26)."""

    code: str
    label: str
    value_kind: str
    customer_kind: str = ""
    dictionary: str = ""
    data_class: str = DataClass.INTERNAL
    is_required: bool = False
    authority: str = Authority.LOCAL
    reader: str = ""
    fieldsets: tuple[str, ...] = ()
    weight: int = 0
    position: int = 0
    valid_from: date | None = None
    valid_to: date | None = None


SERVICE_CELLS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "account.name": lambda v: clean_line(v, 80, required=True),
    "account.invoice_title": lambda v: clean_line(v, 120),
    "account.invoice_address": lambda v: clean_line(v, 200),
    "account.invoice_postcode": lambda v: "" if is_blank(v) else parse_postcode(v),
    "user.product": lambda v: clean_line(v, 80),
    "user.device_no": lambda v: clean_line(v, 40),
    "user.install_address": lambda v: clean_line(v, 200, required=True),
    "cert.holder_name": lambda v: clean_line(v, 120, required=True),
    "cert.authority": lambda v: clean_line(v, 120),
    "cert.address": lambda v: clean_line(v, 200),
    "external.holder_name": lambda v: clean_line(v, 80, required=True),
    "external.institution": lambda v: clean_line(v, 60),
    "external.branch": lambda v: clean_line(v, 80),
    "listed.reason": lambda v: clean_line(v, 300, required=True),
}


def cleaned_service(subject: str, data: Any) -> dict[str, Any]:
    """All values of one of the records above, checked. Raises ValidationError naming the wrong."""
    good: dict[str, Any] = {}
    wrong: dict[str, ValidationError] = {}
    values = data if isinstance(data, Mapping) else as_values(data)
    for name, value in values.items():
        check = SERVICE_CELLS.get(f"{subject}.{name}")
        try:
            good[name] = value if check is None else check(value)
        except CheckFailed as problem:
            wrong[name] = ValidationError(problem.message, code=problem.code)
    if wrong:
        raise ValidationError(dict(wrong))
    return good


def check_certificate_no(value: object, kind: str, today: date) -> str:
    """The normalised number of a certificate of that kind (corpus B: B034 to B047).

    Raises `CheckFailed`: those of `check_uscc` and `check_resident_id`, and `required`, `format`.
    Rules: B-51, B-52, B-56.
    """
    if is_blank(value):
        raise CheckFailed("required", _("请填写证件号码"))
    if kind in UNIFIED:
        return check_uscc(value)
    if kind == CertificateKind.RESIDENT:
        return check_resident_id(value, today).number
    shape = _SHAPES.get(kind)
    if shape is None:
        raise CheckFailed("kind", _("请选择证件类型"))
    number = _GAPS.sub("", fold_width(as_text(value))).upper()
    if not re.fullmatch(shape, number):
        words = {"kind": CertificateKind(kind).label}
        raise CheckFailed("format", _("这不像%(kind)s的号码，请对照证件核对") % words)
    return number


def check_external_no(value: object, channel: str) -> str:
    """The number of an external pay account: digits at a bank, a login elsewhere (B-28).

    Raises ValidationError naming `account_no` or `channel`.
    """
    if channel not in PayChannel.values:
        raise ValidationError({"channel": _("请选择支付渠道")})
    number = _GAPS.sub("", fold_width(as_text(value))) if not is_blank(value) else ""
    is_card = channel in (PayChannel.BANK, PayChannel.UNIONPAY)
    shape = r"[0-9]{8,30}" if is_card else r"[\x21-\x7e]{4,60}"
    if not re.fullmatch(shape, number):
        words = _("请填写 8 至 30 位数字的账号") if is_card else _("请填写支付账户的登录号")
        raise ValidationError({"account_no": words})
    return number


def attribute_cell(
    kind: str, *, choices: Mapping[str, str] | None = None, required: bool = False
) -> Callable[[Any], Any]:
    """The check of one free attribute: takes what was typed, gives what is stored, None for empty.

    `choices` are code → label of its dictionary; a sheet may say either. The check raises
    `CheckFailed`: `required`, `choice`, `yes_no` and those of the parsers. Rules: B-26, D13.
    """
    known = choices or {}
    read: Callable[[Any], Any] = {
        ValueKind.TEXT: lambda value: clean_line(value, 300),
        ValueKind.NUMBER: _number,
        ValueKind.DATE: lambda value: parse_date(value).isoformat(),
        ValueKind.CHOICE: lambda value: _choice(value, known),
        ValueKind.YES_NO: _yes_no,
    }[ValueKind(kind)]

    def check(value: Any) -> Any:
        if value is None or (not isinstance(value, bool) and is_blank(value)):
            if required:
                raise CheckFailed("required", _("请填写此项"))
            return None
        return read(value)

    return check


def _number(value: Any) -> int | float:
    """A number JSON keeps whole: at most four decimals, below a million million."""
    number = parse_decimal(value, places=4, minimum=-_MOST, maximum=_MOST)
    return int(number) if number == number.to_integral_value() else float(number)


_MOST: Final = Decimal(10) ** 11
_YES: Final = frozenset({"是", "有", "true", "yes", "y", "1"})
_NO: Final = frozenset({"否", "无", "false", "no", "n", "0"})


def _yes_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = as_text(value).strip().lower()
    if word not in _YES | _NO:
        raise CheckFailed("yes_no", _("请填写“是”或“否”"))
    return word in _YES


def _choice(value: Any, known: Mapping[str, str]) -> str:
    word = clean_line(value, 80)
    if word in known:
        return word
    by_label = {label: code for code, label in known.items()}
    if word not in by_label:
        raise CheckFailed("choice", _("请从列表中选择"))
    return by_label[word]
