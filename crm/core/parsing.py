"""Dates, phone numbers, addresses for mail, amounts: from what stands in a field to a plain value.

One function per kind of cell, used by form, serializer and import alike (D13). Each takes whatever
stands there (text, or the numbers and dates a sheet gives) and returns the normalised value or
raises `CheckFailed`. Blank raises `required`: ask `crm.core.text.is_blank` first where empty is
allowed.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from crm.core.text import LOSSY, CheckFailed, as_text, clean_line, fold_width, is_blank

HOME: Final = ZoneInfo("Asia/Shanghai")
BIGGEST_INT: Final = 2**63 - 1
OLDEST_AGE: Final = 149

_YEARS: Final = range(1900, 2200)
_SERIALS: Final = range(20_000, 80_000)
_EPOCH: Final = date(1899, 12, 30)
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u30fc]")
_GAPS: Final = re.compile(r"[\s\u00a0]+")
_DATE_SHAPES: Final = (
    re.compile(r"(?a)(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(?a)(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(?a)(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(?a)(\d{4})年(\d{1,2})月(\d{1,2})[日号]?"),
    re.compile(r"(?a)(\d{4})(\d{2})(\d{2})"),
)
_AMBIGUOUS_DATE: Final = re.compile(r"(?a)\d{1,2}[-/.年]\d{1,2}[-/.月]\d{1,4}日?")
_NUMBER: Final = re.compile(r"(?a)[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_CAPITAL_AMOUNT: Final = re.compile("[零壹贰叁肆伍陆柒捌玖拾佰仟]")
_AREA_AND_NUMBER: Final = re.compile(r"(?a)(010|02\d|0[3-9]\d{2})(\d{7,8})(-\d{1,6})?")
_LANDLINE: Final = re.compile(r"(?a)0\d{2,3}-\d{7,8}(-\d{1,6})?")
_SERVICE_LINE: Final = re.compile(r"(?a)([48]00)-?(\d{3})-?(\d{4})(-\d{1,6})?")
_MOBILE: Final = re.compile(r"(?a)1[3-9]\d{9}")
_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([^@\s]+)")
_MAIL_LABEL: Final = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")


@dataclass(frozen=True)
class Doubt:
    """Something to confirm, not an error: machine code and sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class Parsed:
    """A normalised value and what is odd about it."""

    value: str
    warnings: tuple[Doubt, ...] = ()


def parse_date(value: object) -> date:
    """A calendar day. Moments with an offset are taken to Asia/Shanghai first (B082).

    Takes dates of sheets, 2024-02-29, 2024/2/29, 2024.2.29, 2024年2月29日, 20240229, ISO moments.
    Raises `CheckFailed`: `ambiguous` (two-digit years, unclear order), `excel_serial` (says which
    day it may be), `not_a_date`, `year`. Corpus: B076 to B079, B082.
    """
    if isinstance(value, datetime):
        return _known_year(_home_day(value))
    if isinstance(value, date):
        return _known_year(value)
    text = _GAPS.sub(" ", fold_width(_filled(value))).strip()
    for shape in _DATE_SHAPES:
        if found := shape.fullmatch(text.replace(" ", "")):
            return _known_year(_day(*map(int, found.groups())))
    _refuse_unclear_date(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CheckFailed("not_a_date", _("无法识别日期，请写成 2024-02-29 的样子")) from None
    return _known_year(_home_day(moment))


def parse_mobile(value: object) -> str:
    """A mainland mobile number: 11 plain digits; spaces, dashes and +86 go (B056, B218).

    Raises `CheckFailed`: `precision_lost`, `format`, `length`.
    """
    if type(value) is str and _MOBILE.fullmatch(value):
        return value
    number = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", _dialled(value).replace("-", ""))
    if not re.fullmatch("[0-9]+", number):
        raise CheckFailed("format", _("移动电话只能由数字组成"))
    if len(number) != 11:
        raise CheckFailed(
            "length", _("移动电话应为 11 位，现为 %(count)d 位") % {"count": len(number)}
        )
    if not _MOBILE.fullmatch(number):
        raise CheckFailed("format", _("移动电话应以 13 至 19 开头"))
    return number


def parse_phone(value: object) -> Parsed:
    """Any phone a unit may be called on: landline with extension, mobile, 400 and 800, short code.

    Landlines are checked for shape, not area code. Doubts instead of errors: `short_code`,
    `no_area_code`, `foreign`, `suspicious` (one digit throughout). Raises `CheckFailed`:
    `several_numbers`, `format`. Corpus: B056, B058, B059.
    """
    if type(value) is str and _is_usual(value):
        return Parsed(value)
    raw = fold_width(_filled(value))
    if len(re.findall(r"\d{7,}", raw)) > 1 and re.search("[/、,;|]|或", raw):
        raise CheckFailed("several_numbers", _("一次只能填写一个电话号码"))
    number = re.sub("(转|分机|ext\\.?)", "-", _dialled(value), flags=re.IGNORECASE)
    number = _without_country(number.replace("(", "").replace(")", "-"))
    number = re.sub("-{2,}", "-", number).strip("-")
    bare = number.replace("-", "")
    if not re.fullmatch(r"\+?[0-9]{3,20}", bare):
        raise CheckFailed("format", _("电话号码格式不对，请写成 029-88888888 或 029-88888888-802"))
    if len(set(bare)) == 1:
        return Parsed(number, (Doubt("suspicious", _("号码各位相同，请确认")),))
    return _known_phone(number, bare)


def parse_postcode(value: object) -> str:
    """A postcode: six digits (B218). Raises `CheckFailed`: `format`, `length`."""
    code = _GAPS.sub("", fold_width(_filled(value)))
    if not re.fullmatch("[0-9]+", code):
        raise CheckFailed("format", _("邮政编码只能由 6 位数字组成"))
    if len(code) != 6:
        hint = _("，可能丢了开头的 0") if len(code) == 5 else ""
        raise CheckFailed(
            "length",
            _("邮政编码应为 6 位，现为 %(count)d 位") % {"count": len(code)} + hint,
        )
    return code


def parse_email(value: object) -> str:
    """An e-mail address, domain in small letters; Chinese domains are fine (B061).

    Line breaks and controls never pass, so it may stand in a mail header (B062). Raises
    `CheckFailed`: those of `clean_line`, and `format`.
    """
    address = clean_line(fold_width(_filled(value)), 254)
    found = _MAIL.fullmatch(address)
    if not found:
        raise CheckFailed("format", _("电子邮箱格式不对，请写成 name@example.cn 的样子"))
    local, domain = address.rsplit("@", 1)
    labels = domain.split(".")
    dots_wrong = local.startswith(".") or local.endswith(".") or ".." in local
    if dots_wrong or len(labels) < 2 or not all(map(_MAIL_LABEL.fullmatch, labels)):
        raise CheckFailed("format", _("电子邮箱格式不对，请写成 name@example.cn 的样子"))
    return f"{local}@{domain.lower()}"


def parse_decimal(
    value: object,
    *,
    places: int = 2,
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
) -> Decimal:
    """An amount with at most `places` decimals; 1,234.50 and ￥1234.5元 are read, -0 becomes 0.

    Raises `CheckFailed`: `format` (also NaN, Infinity, 1e400, 0x10, 1_000), `capitals` (amount in
    words), `places`, `minimum`, `maximum`, `too_large`. Corpus: B083 to B088.
    """
    text = _numeral(value)
    if not _NUMBER.fullmatch(text):
        if _CAPITAL_AMOUNT.search(text):
            raise CheckFailed("capitals", _("请填写阿拉伯数字金额，大写金额由打印时自动生成"))
        raise CheckFailed("format", _("请填写数字，例如 1234.50"))
    if len(text) > 40:
        raise CheckFailed("too_large", _("数字过大，请核对"))
    number = Decimal(text.replace(",", ""))
    if abs(number) >= LOSSY:
        raise CheckFailed("too_large", _("数字过大，请核对"))
    if len(text.partition(".")[2].rstrip("0")) > places:
        raise CheckFailed("places", _("最多 %(places)d 位小数") % {"places": places})
    _within(number, minimum, maximum)
    return number.quantize(Decimal(1).scaleb(-places)) + 0


def parse_int(
    value: object, *, minimum: int | None = None, maximum: int | None = BIGGEST_INT
) -> int:
    """A whole number; 27.0 of a sheet is 27 (B083, B088, B091).

    Raises `CheckFailed`: `format`, `not_whole`, `minimum`, `maximum`.
    """
    text = _numeral(value)
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise CheckFailed("format", _("请填写整数"))
    number = Decimal(text.replace(",", ""))
    if number != number.to_integral_value():
        raise CheckFailed("not_whole", _("应为整数，不能带小数"))
    _within(number, minimum, maximum)
    return int(number)


def clean_age(value: object) -> int:
    """An age in full years, 0 to 149; 27岁 is read. Raises `CheckFailed`: `age`."""
    text = value.strip().removesuffix("岁") if isinstance(value, str) else value
    try:
        return parse_int(text, minimum=0, maximum=OLDEST_AGE)
    except CheckFailed as problem:
        if problem.code in {"format", "not_whole", "minimum", "maximum"}:
            raise CheckFailed("age", _("年龄应为 0 至 149 的整数")) from None
        raise


def _filled(value: object) -> str:
    if is_blank(value):
        raise CheckFailed("required", _("请填写此项"))
    return as_text(value).strip()


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CheckFailed("not_a_date", _("日历上没有这一天，请核对")) from None


def _known_year(day: date) -> date:
    if day.year not in _YEARS:
        raise CheckFailed("year", _("年份应在 1900 至 2199 之间"))
    return day


def _home_day(moment: datetime) -> date:
    day = _known_year(moment.date())
    return day if moment.tzinfo is None else moment.astimezone(HOME).date()


def _refuse_unclear_date(text: str) -> None:
    if _AMBIGUOUS_DATE.fullmatch(text):
        raise CheckFailed("ambiguous", _("日期不明确，请写出四位年份，例如 2024-02-29"))
    if re.fullmatch(r"(?a)\d{5}(\.\d+)?", text) and int(text[:5]) in _SERIALS:
        day = _EPOCH + timedelta(days=int(text[:5]))
        raise CheckFailed(
            "excel_serial",
            _("像 Excel 序号，可能是 %(day)s；请改成日期") % {"day": day.isoformat()},
        )


def _dialled(value: object) -> str:
    """Phone text with plain digits and hyphens and without spaces."""
    return _GAPS.sub("", _DASHES.sub("-", fold_width(_filled(value))))


def _without_country(number: str) -> str:
    """Take off +86 and put back the 0 that an area code has at home."""
    bare = re.sub(r"^(\+|00)86-?", "", number)
    lacks_zero = bare != number and re.match("[2-9](?<![48](?=00))", bare)
    return f"0{bare}" if lacks_zero else bare


def _is_usual(text: str) -> bool:
    """A mobile number or a landline written as it is kept."""
    if text.startswith("00"):
        return False
    return bool(_MOBILE.fullmatch(text) or _LANDLINE.fullmatch(text))


def _known_phone(number: str, bare: str) -> Parsed:
    if _MOBILE.fullmatch(bare):
        return Parsed(bare)
    if _LANDLINE.fullmatch(number):
        return Parsed(number)
    if found := _SERVICE_LINE.fullmatch(number):
        first, middle, last, extension = found.groups()
        return Parsed(f"{first}-{middle}-{last}{extension or ''}")
    if found := _AREA_AND_NUMBER.fullmatch(number):
        area, local, extension = found.groups()
        return Parsed(f"{area}-{local}{extension or ''}")
    return _odd_phone(number, bare)


def _odd_phone(number: str, bare: str) -> Parsed:
    if number.startswith(("+", "00")):
        return Parsed(number, (Doubt("foreign", _("像境外号码，请确认")),))
    if re.fullmatch(r"[2-9]\d{6,7}(-\d{1,6})?", number):
        return Parsed(number, (Doubt("no_area_code", _("没有区号，请确认")),))
    if len(bare) <= 6 and "-" not in number:
        return Parsed(number, (Doubt("short_code", _("像短号码，请确认")),))
    raise CheckFailed("format", _("电话号码格式不对，请写成 029-88888888 或 029-88888888-802"))


def _numeral(value: object) -> str:
    """The digits of a number cell as text, without currency marks and spaces."""
    if isinstance(value, Decimal):
        value = format(value, "f") if value.is_finite() else str(value)
    elif isinstance(value, float) and abs(value) < LOSSY:
        value = format(Decimal(format(value, ".15g")), "f")
    text = _GAPS.sub("", fold_width(_filled(value)))
    return text.removeprefix("¥").removeprefix("￥").removesuffix("元")


def _within(number: Decimal, minimum: Decimal | int | None, maximum: Decimal | int | None) -> None:
    if minimum is not None and number < minimum:
        raise CheckFailed("minimum", _("不能小于 %(limit)s") % {"limit": minimum})
    if maximum is not None and number > maximum:
        raise CheckFailed("maximum", _("不能大于 %(limit)s") % {"limit": maximum})
