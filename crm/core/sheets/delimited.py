"""Reading CSV: which encoding, which delimiter, then rows of text (B220, B221, B236)."""

import codecs
import csv
import io
import re
from typing import Final

from django.utils.translation import gettext as _

from crm.core.sheets.guard import SheetRefused
from crm.core.sheets.headers import HEADER_ROWS
from crm.core.sheets.rows import Row, Sheet, is_empty, pick_header, titles
from crm.core.sheets.scan import MAX_COLUMNS

ENCODINGS: Final = ("utf-8-sig", "gb18030", "utf-16")
"""What a person may switch to in the preview."""

_QUOTED_FORMULA: Final = re.compile(r"'[=+\-@\t\r]")


def read_delimited(
    raw: bytes, name: str, wanted: frozenset[str], encoding: str | None = None
) -> Sheet:
    """The one sheet of a CSV file. Every value is text. Raises `SheetRefused`."""
    text = decode(raw, encoding)
    lines = _records(text)
    place = pick_header(lines[:HEADER_ROWS], wanted)
    if place is None:
        return Sheet(name, (), 0, 0, ())
    width = max(map(len, lines))
    if width > MAX_COLUMNS:
        raise SheetRefused(_("表格过大或列数超过 256，请删除多余的行列后上传"), code="too_large")
    header = titles(lines[place])
    rows = [
        Row(number, tuple(map(_unquoted, values)) + ("",) * (width - len(values)))
        for number, values in enumerate(lines[place + 1 :], start=place + 2)
        if not is_empty(values)
    ]
    return Sheet(name, header + ("",) * (width - len(header)), place + 1, len(lines), rows)


def decode(raw: bytes, encoding: str | None = None) -> str:
    """Text of a CSV file: as asked, else by byte order mark, else UTF-8, else GB 18030.

    Raises `SheetRefused` naming the first line that does not fit, also when lines of both kinds
    stand in one file.
    """
    if encoding is not None:
        if encoding not in ENCODINGS:
            raise SheetRefused(_("不支持的文字编码"), code="encoding")
        return _decoded(raw, encoding)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(raw, "utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        bad_line = raw.count(b"\n", 0, problem.start) + 1
    if raw.startswith(codecs.BOM_UTF8) or _is_mixed(raw):
        raise _undecodable(bad_line)
    return _decoded(raw, "gb18030")


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise _undecodable(line) from problem


def _undecodable(line: int) -> SheetRefused:
    return SheetRefused(
        _("第 %(line)d 行的文字编码与其他行不一致，请另存为 UTF-8 后上传") % {"line": line},
        code="encoding",
    )


def _is_mixed(raw: bytes) -> bool:
    """Whether some lines are UTF-8 beyond doubt although the file as a whole is not."""
    return any(_is_utf8(line) for line in raw.splitlines() if not line.isascii())


def _is_utf8(line: bytes) -> bool:
    """Two characters of GB 18030 may look like UTF-8 by chance; four Han characters do not."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum("\u4e00" <= mark <= "\u9fff" for mark in text) >= 4


def _records(text: str) -> list[list[str]]:
    if "\x00" in text:
        raise SheetRefused(_("文件内容与扩展名不符，请重新导出后上传"), code="mismatch")
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as problem:
        raise SheetRefused(_("CSV 格式有误，请重新导出后上传"), code="broken") from problem


def _unquoted(value: str) -> str:
    """Take back the `'` that our own export puts before a formula (B236)."""
    return value[1:] if _QUOTED_FORMULA.match(value) else value
