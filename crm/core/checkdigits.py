"""Numbers that carry their own proof: customer code, credit code, resident id, bank account.

Pure: no clock (today is an argument), no database. Rules: B-32, B-56. Every validator returns the
normalised value or raises `CheckFailed`, whose message names the mend and never the value itself.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from crm.core.text import CheckFailed, as_text, fold_width

__all__ = [
    "AccountKind",
    "CheckFailed",
    "ResidentId",
    "check_bank_account",
    "check_licence_no",
    "check_resident_id",
    "check_uscc",
    "customer_code",
    "is_customer_code",
    "luhn_digit",
]

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = [pow(3, place, 31) for place in range(17)]
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_PROVINCE: Final = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71"
_ID_HOME: Final = re.compile(f"({_PROVINCE}|8[123])[0-9]{{4}}|9({_PROVINCE})[0-9]{{3}}")
OLDEST: Final = 150
"""An age nobody has reached; it and everything above is refused (B043)."""

_GAPS: Final = re.compile(r"[\s\u00a0\u3000]+")
_GAPS_AND_DASHES: Final = re.compile(r"[\s\u00a0\u3000\-\u2010-\u2015\u2212]+")


class AccountKind(StrEnum):
    """Whose account it is: only cards of persons follow Luhn."""

    PERSONAL = "personal"
    CORPORATE = "corporate"


@dataclass(frozen=True)
class ResidentId:
    """A resident id that passed every check. `sex` is "male" or "female" (17th digit)."""

    number: str
    birth: date
    sex: str
    region6: str

    def age_on(self, day: date) -> int:
        """Full years on `day`."""
        return _age(self.birth, day)


def luhn_digit(digits: str) -> int:
    """The Luhn check digit to put behind `digits`. Raises ValueError for anything but 0-9."""
    if not re.fullmatch("[0-9]+", digits):
        raise ValueError("Luhn needs plain digits")
    total = 0
    for place, mark in enumerate(reversed(digits)):
        doubled = int(mark) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def customer_code(city4: str, serial: int) -> str:
    """The lifelong customer code: 4-digit home city, 9-digit serial, Luhn digit.

    Raises ValueError for a city that is not four digits or a serial outside 1 to 999,999,999.
    Rules: B-32, B-35.
    """
    if not re.fullmatch("[0-9]{4}", city4):
        raise ValueError("a home city is four digits")
    if not 1 <= serial <= 999_999_999:
        raise ValueError("a serial has at most nine digits and starts at 1")
    body = f"{city4}{serial:09d}"
    return f"{body}{luhn_digit(body)}"


def is_customer_code(text: str) -> bool:
    """Whether this is a whole customer code with the right check digit. Rules: B-32."""
    return bool(re.fullmatch("[0-9]{14}", text)) and luhn_digit(text[:-1]) == int(text[-1])


def check_uscc(value: object) -> str:
    """A unified social credit code (GB 32100), half-width, capital, without spaces.

    Raises `CheckFailed`: `legacy_registration` (15 digits: the old number must be chosen as such),
    `length`, `alphabet`, `region` (places 3 to 8 are digits), `check_digit`. Rules: B-56; corpus
    B034 to B038.
    """
    code = _GAPS.sub("", fold_width(as_text(value))).upper()
    if re.fullmatch("[0-9]{15}", code):
        raise CheckFailed(
            "legacy_registration",
            _("这是 15 位旧注册号；请填写 18 位统一社会信用代码，或把证件类型改为旧注册号"),
        )
    if len(code) != 18:
        raise CheckFailed(
            "length", _("统一社会信用代码应为 18 位，现为 %(count)d 位") % {"count": len(code)}
        )
    _refuse_foreign_letters(code)
    if not re.fullmatch("[0-9]{6}", code[2:8]):
        raise CheckFailed("region", _("统一社会信用代码第 3 至 8 位应为数字，请对照证照核对"))
    total = sum(
        USCC_ALPHABET.index(mark) * weight
        for mark, weight in zip(code[:17], _USCC_WEIGHTS, strict=True)
    )
    if code[17] != USCC_ALPHABET[-total % 31]:
        raise CheckFailed("check_digit", _("统一社会信用代码校验位不符，请对照证照逐位核对"))
    return code


def check_resident_id(value: object, today: date) -> ResidentId:
    """A resident identity number, also of residence permits (81, 82, 83) and of the foreign
    permanent residence card (9, then the province that issued it).

    Never refuses a county: lists of them age, people do not. Raises `CheckFailed`:
    `other_document`, `length`, `format`, `check_digit`, `region`, `birth_date`. Rules: B-56; corpus
    B040 to B047.
    """
    number = _GAPS_AND_DASHES.sub("", fold_width(as_text(value))).upper()
    _refuse_other_document(number)
    if len(number) != 18:
        raise CheckFailed(
            "length", _("身份证号码应为 18 位，现为 %(count)d 位") % {"count": len(number)}
        )
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        raise CheckFailed("format", _("身份证号码前 17 位应为数字，末位为数字或 X"))
    total = sum(int(mark) * weight for mark, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    if number[17] != _ID_CHECKS[total % 11]:
        raise CheckFailed("check_digit", _("身份证号码校验位不符，请对照证件逐位核对"))
    if not _ID_HOME.fullmatch(number[:6]):
        raise CheckFailed("region", _("身份证号码开头不是已知的省级代码，请对照证件核对"))
    sex = "male" if int(number[16]) % 2 else "female"
    return ResidentId(number, _birth_date(number[6:14], today), sex, number[:6])


def check_bank_account(value: object, kind: AccountKind | str) -> str:
    """A bank account number: 8 to 30 digits, and for cards of persons a right Luhn digit.

    Raises `CheckFailed`: `precision_lost`, `format`, `length`, `check_digit`; ValueError for an
    unknown kind. Corpus: B050 to B053.
    """
    owner = AccountKind(kind)
    account = _GAPS_AND_DASHES.sub("", fold_width(as_text(value)))
    if not re.fullmatch("[0-9]*", account):
        raise CheckFailed("format", _("银行账号只能由数字组成"))
    if not 8 <= len(account) <= 30:
        raise CheckFailed(
            "length", _("银行账号应为 8 至 30 位，现为 %(count)d 位") % {"count": len(account)}
        )
    if owner is AccountKind.PERSONAL and luhn_digit(account[:-1]) != int(account[-1]):
        raise CheckFailed("check_digit", _("银行卡号校验位不符，请对照卡面逐位核对"))
    return account


def check_licence_no(value: object) -> str:
    """A tobacco retail licence number: twelve digits. Raises `CheckFailed`: `format`, `length`."""
    number = _GAPS.sub("", fold_width(as_text(value)))
    if not re.fullmatch("[0-9]*", number):
        raise CheckFailed("format", _("许可证号只能由数字组成"))
    if len(number) != 12:
        raise CheckFailed(
            "length", _("许可证号应为 12 位，现为 %(count)d 位") % {"count": len(number)}
        )
    return number


def _refuse_foreign_letters(code: str) -> None:
    """The 18th place is left to the check digit, which no foreign letter can match (B034)."""
    for place, mark in enumerate(code[:17], start=1):
        if mark in "IOSVZ":
            raise CheckFailed(
                "alphabet",
                _("统一社会信用代码不使用字母 I、O、S、V、Z，请核对第 %(place)d 位")
                % {"place": place},
            )
        if mark not in USCC_ALPHABET:
            raise CheckFailed(
                "alphabet",
                _("统一社会信用代码只由数字和大写字母组成，请核对第 %(place)d 位")
                % {"place": place},
            )


def _refuse_other_document(number: str) -> None:
    """Numbers of other papers typed under resident id: say which kind to choose (B047)."""
    for shape, kind in (
        ("[HM][0-9]{8}([0-9]{2})?", _("港澳居民来往内地通行证")),
        ("[0-9]{8}", _("台湾居民来往大陆通行证")),
        ("[A-Z]{1,2}[0-9]{7,8}", _("护照")),
    ):
        if re.fullmatch(shape, number):
            raise CheckFailed(
                "other_document",
                _("这像%(kind)s的号码，请把证件类型改为“%(kind)s”") % {"kind": kind},
            )


def _birth_date(digits: str, today: date) -> date:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise CheckFailed("birth_date", _("身份证号码中的出生日期不存在，请对照证件核对")) from None
    if birth > today:
        raise CheckFailed("birth_date", _("身份证号码中的出生日期晚于今天，请对照证件核对"))
    if _age(birth, today) >= OLDEST:
        raise CheckFailed("birth_date", _("身份证号码中的出生日期过早，请对照证件核对"))
    return birth


def _age(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
