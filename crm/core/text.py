"""Text as people type or paste it: folded, cleaned, measured, and refused with a mend.

Pure functions used by form, serializer and import alike. `CheckFailed` lives here because this is
the lowest of the cell modules; `crm.core.checkdigits` offers it under its own name too.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

LOSSY: Final = 10**15
"""From here on a number out of a sheet or a JSON client may have lost its last digits."""

_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANKS: Final = dict.fromkeys(
    [*map(ord, "\t\u00a0\u1680\u202f\u205f\u3000\u2028\u2029"), *range(0x2000, 0x200B)], " "
)
_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DOTS: Final = re.compile("[\u2022\u30fb\uff65\u2027\u2219\u22c5\uff0e\u0387]")
_PLAIN_DOT: Final = re.compile(r"(?<=[\u3400-\u9fff])\.(?=[\u3400-\u9fff])")
_PLAIN: Final = re.compile("[ -~\u4e00-\u9fa5\uff08\uff09]*")
"""Signs that no rule below changes, counts otherwise or refuses; nearly every cell is made of
them."""
_ONE_EACH: Final = re.compile(
    "[\x00-\u02ff\u2010-\u2027\u2030-\u205e\u2e80-\u3029\u3030-\u3098\u309b-\ua66e"
    "\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]*"
)
_LOOKALIKES: Final = ("CYRILLIC", "GREEK")


class CheckFailed(ValueError):
    """A value that cannot be taken as it is.

    `code` is for programs and stays the same in every language; `message` is for the person, in the
    language of the request, and says what to do (UX-23). It never repeats a sensitive value.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class BadCell:
    """A sheet cell whose value cannot be known (`#REF!`, merged away, formula never computed)."""

    code: str
    message: str


def fold_width(text: str) -> str:
    """Full-width letters, digits and signs become plain ones; U+3000 becomes a space (UX-29)."""
    return text if text.isascii() else text.translate(_WIDTH)


def as_text(value: object) -> str:
    """What stands in a form field or a sheet cell, as text; None is empty.

    Whole numbers lose the `.0` a sheet gives them. Raises `CheckFailed`: `precision_lost` for
    numbers from 1e15 (their last digits may be invented), `not_text` for lists, truth values and
    the like, and whatever a `BadCell` says. Corpus: B179, B217, B218.
    """
    if value is None:
        return ""
    if isinstance(value, BadCell):
        raise CheckFailed(value.code, value.message)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CheckFailed("not_text", _("请填写文字"))
    if not math.isfinite(value):
        raise CheckFailed("not_text", _("请填写文字"))
    if abs(value) >= LOSSY:
        raise CheckFailed(
            "precision_lost", _("数字过长，已丢失精度；请把单元格设为文本格式后重新填写")
        )
    return str(int(value)) if value == int(value) else repr(value)


def is_blank(value: object) -> bool:
    """Whether nothing readable stands there: None, empty, spaces of any width, BOM."""
    if value is None or value == "":
        return True
    if type(value) is str and ("!" <= value[0] <= "~" or "\u4e00" <= value[0] <= "\u9fa5"):
        return False
    return isinstance(value, str) and not _strip(value.translate(_INVISIBLE))


def count_characters(text: str) -> int:
    """Length as people count: a rare Han character, a flag or a family emoji is one (UX-28)."""
    if _ONE_EACH.fullmatch(text):
        return len(text)
    total = 0
    joined = flag_open = False
    for mark in text:
        is_flag = "\U0001f1e6" <= mark <= "\U0001f1ff"
        if joined or _is_extension(mark) or (is_flag and flag_open):
            joined = mark == "\u200d"
            flag_open = False
            continue
        total += 1
        flag_open = is_flag
    return total


def clean_line(value: object, max_length: int, *, required: bool = False) -> str:
    """One line of text: NFC, trimmed (also U+3000 and BOM), inner tabs as spaces.

    Blank gives `""`. Raises `CheckFailed`: `required` (only if asked), `line_break`, `control`,
    `direction`, `too_long` (limit and present length counted as people count). Corpus: B001 to
    B029, B062, B115.
    """
    if (plain := _plain(value, max_length)) is not None and (plain or not required):
        return plain
    text = _strip(_normalise(value).translate(_BLANKS))
    if "\n" in text or "\r" in text:
        raise CheckFailed("line_break", _("这里只能填写一行，请删除换行"))
    return _checked(text, max_length, required=required)


def clean_text(value: object, max_length: int, *, required: bool = False) -> str:
    """Several lines of text: as `clean_line`, but line breaks stay (as `\\n`).

    Raises `CheckFailed` as `clean_line` does, without `line_break`. Corpus: B020, B029.
    """
    if (plain := _plain(value, max_length)) is not None and (plain or not required):
        return plain
    text = _normalise(value).replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    return _checked(_strip(text), max_length, required=required)


def clean_person_name(value: object, max_length: int = 40, *, required: bool = False) -> str:
    """A person's name: as `clean_line`, with every kind of middle dot folded to U+00B7.

    A plain full stop is folded only between two Han characters, so `J. Smith` stays. Corpus: B007,
    B008, B011.
    """
    text = clean_line(value, max_length, required=required)
    return _PLAIN_DOT.sub("·", _DOTS.sub("·", text))


def looks_alike_warning(name: str) -> str:
    """A sentence when Latin letters are mixed with Cyrillic or Greek ones, else `""` (B026)."""
    scripts = {unicodedata.name(mark, "").split(" ")[0] for mark in name if mark.isalpha()}
    foreign = [mark for mark in name if unicodedata.name(mark, "").startswith(_LOOKALIKES)]
    if not foreign or not scripts & {"LATIN", "CJK"}:
        return ""
    return _("“%(letter)s”不是英文字母，只是外形相似，请核对名称") % {"letter": foreign[0]}


def _plain(value: object, max_length: int) -> str | None:
    """The short way for a text of plain signs that fits; None for every other."""
    if type(value) is str and _PLAIN.fullmatch(value) and len(text := value.strip()) <= max_length:
        return text
    return None


def _normalise(value: object) -> str:
    """NFC without marks nobody can see; refuses what no column can hold."""
    text = unicodedata.normalize("NFC", as_text(value).translate(_INVISIBLE))
    if found := _CONTROLS.search(text):
        raise CheckFailed(
            "control",
            _("含有看不见的控制字符（%(mark)s），请删除后重新填写") % {"mark": _code_point(found)},
        )
    if found := _BIDI.search(text):
        raise CheckFailed(
            "direction",
            _("含有改变文字方向的隐藏字符（%(mark)s），请删除后重新填写")
            % {"mark": _code_point(found)},
        )
    return text


def _checked(text: str, max_length: int, *, required: bool) -> str:
    if required and not text:
        raise CheckFailed("required", _("请填写此项"))
    count = count_characters(text)
    if count > max_length:
        raise CheckFailed(
            "too_long",
            _("最多 %(limit)d 个字，现为 %(count)d 个字") % {"limit": max_length, "count": count},
        )
    if len(text) > max_length:
        raise CheckFailed("too_long", _("组合字符（如表情）过多，请删减后重新填写"))
    return text


def _strip(text: str) -> str:
    return text.strip().strip("\ufeff\u200b")


def _is_extension(mark: str) -> bool:
    """Whether the mark only changes the one before it: accent, variation, skin tone, joiner."""
    return (
        mark == "\u200d"
        or "\U0001f3fb" <= mark <= "\U0001f3ff"
        or unicodedata.category(mark) in {"Mn", "Me"}
    )


def _code_point(found: re.Match[str]) -> str:
    return f"U+{ord(found.group()):04X}"
