"""The pure check of every cell of a firm: form and import ask the same (D13)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from crm.core.parsing import parse_phone, parse_postcode
from crm.core.text import CheckFailed, clean_line, clean_person_name, fold_width

_DASHES: Final = "-–—‐‑−"
_SUFFIXES: Final = ("有限责任公司", "股份有限公司", "有限公司")


def short_of(legal_name: str) -> str:
    """A firm's short name as sheets write it: the legal name without 有限责任公司 (R-45)."""
    for suffix in _SUFFIXES:
        if legal_name.endswith(suffix) and len(legal_name) > len(suffix):
            return legal_name.removesuffix(suffix)
    return legal_name


def clean_part(value: Any) -> str:
    """A short name or a city: no dash of any width, it separates the two (R-46)."""
    line = clean_line(fold_width(value) if isinstance(value, str) else value, 20)
    if any(mark in line for mark in _DASHES):
        raise CheckFailed("dash", str(_("简称和地市不能含短横线")))
    return line


def _line(limit: int) -> Callable[[Any], str]:
    return lambda value: clean_line(value, limit)


CELLS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": _line(80),
    "short_name": clean_part,
    "city": clean_part,
    "address": _line(200),
    "postcode": parse_postcode,
    "contact": lambda value: clean_person_name(value, 40),
    "contact_position": _line(40),
    "phone": lambda value: parse_phone(value).value,
}
