"""What people without the right to read see of a personal or sensitive value (trust 2.6).

Pure. Lengths are never given away beyond what the kind of number says anyway. `is_masked` knows
these masks again, so that one posted back means "unchanged" and is never stored (B049).
"""

import re
from typing import Final

from crm.core.text import fold_width

_TO_PROVINCE: Final = "(?:[^省市区县]{1,8}(?:省|自治区|特别行政区))"
_TO_CITY: Final = "(?:[^省市区县路街道镇乡村号巷]{1,10}(?:市辖区|市|自治州|州|盟|地区))"
_TO_DISTRICT: Final = "(?:[^路街道镇乡村号巷省]{1,12}?(?:自治县|自治旗|新区|区|县|旗|市))"
_ADDRESS: Final = re.compile(f"{_TO_PROVINCE}{_TO_CITY}?{_TO_DISTRICT}?|{_TO_CITY}{_TO_DISTRICT}?")
_MASKS: Final = tuple(
    re.compile(shape)
    for shape in (
        r"\d{3}\*{4}\d{4}",  # mobile
        r"(0\d{2,3}-)?\*{4}\d{2,4}(-\*+)?",  # phone
        r".{3}\*{11}.{4}|.{1,3}\*{4,}.{0,4}",  # certificates
        r"\*{4} \*{4} \*{4} .{0,4}",  # account
        r"[^*]\*",  # person
        r".*\*{3}",  # address
        r".?\*{3}@.+",  # mail
    )
)


def mask_mobile(number: str) -> str:
    """13800138000 → 138****8000; anything that is no mobile number as `mask_phone`."""
    if re.fullmatch(r"\d{11}", number):
        return f"{number[:3]}****{number[-4:]}"
    return mask_phone(number)


def mask_phone(number: str) -> str:
    """029-88881234-802 → 029-****1234-***; a mobile number as `mask_mobile`."""
    if not number:
        return ""
    if re.fullmatch(r"1\d{10}", number):
        return f"{number[:3]}****{number[-4:]}"
    if found := re.fullmatch(r"(0\d{2,3}-)?\d{3,4}(\d{4})(-\d{1,6})?", number):
        return f"{found[1] or ''}****{found[2]}{'-***' if found[3] else ''}"
    main, extension = number, ""
    if found := re.fullmatch(r"([48]00-\d{3}-\d{4})-\d{1,6}", number):
        main, extension = found[1], "-***"
    digits = re.sub(r"\D", "", main)
    return f"****{digits[-4:] if len(digits) > 8 else digits[-2:]}{extension}"


def mask_resident_id(number: str) -> str:
    """610102199001010018 → 610***********0018; shorter certificates keep one and four places."""
    if len(number) == 18:
        return f"{number[:3]}{'*' * 11}{number[-4:]}"
    if len(number) > 8:
        return f"{number[:1]}****{number[-4:]}"
    return f"{number[:1]}****" if number else ""


def mask_account(number: str) -> str:
    """6222…0000 → **** **** **** 0000. Takes the whole number or just its last four."""
    return f"**** **** **** {number[-4:]}" if number else ""


def mask_person(name: str) -> str:
    """张三丰 → 张*: the first character; how many follow is not told."""
    return f"{name[0]}*" if name else ""


def mask_address(address: str) -> str:
    """陕西省延安市宝塔区川口镇北街2号 → 陕西省延安市宝塔区***: down to the district, else ***."""
    if not address:
        return ""
    found = _ADDRESS.match(address)
    return f"{found.group() if found else ''}***"


def mask_email(address: str) -> str:
    """zhang@example.cn → z***@example.cn."""
    if not address:
        return ""
    local, _at, domain = address.partition("@")
    return f"{local[:1]}***@{domain}" if domain else f"{local[:1]}***@*"


def is_masked(text: str) -> bool:
    """Whether this is a value as one of the functions above shows it (of any kind).

    Only to be asked for fields that are shown masked: there it means "unchanged" (B049).
    """
    shown = fold_width(text).strip()
    return "*" in shown and any(mask.fullmatch(shown) for mask in _MASKS)
