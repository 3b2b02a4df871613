"""Writing `.xlsx` and CSV: text stays text, formulas are inert, dates are dates (B290 to B293).

`write_sheet` streams with openpyxl and is meant for up to `LARGE` rows; `write_large_sheet` streams
in Rust and takes ten times less. Both clip a text at what Excel can hold and leave out characters
it cannot.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

import rustpy_xlsxwriter
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill

from crm.core.text import LOSSY

LARGE: Final = 20_000
"""From this many rows on, take `write_large_sheet`."""

_HOME: Final = ZoneInfo("Asia/Shanghai")
_MAX_TEXT: Final = 32_767
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE_LIKE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_BAD_TITLE: Final = re.compile(r"[\[\]:*?/\\]")
_WRONG: Final = PatternFill("solid", start_color="FFF4C7C3")
_DATE_FORMAT: Final = "yyyy-mm-dd"
_MOMENT_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"

Target = Path | BinaryIO


@dataclass(frozen=True)
class Table:
    """One more sheet for the same workbook, such as the watermark sheet of an export."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[object]]


def write_sheet(
    target: Target,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "Sheet1",
    extra: Sequence[Table] = (),
    mark: str = "",
) -> None:
    """Stream a workbook row by row: a bold frozen header, then `rows`; then the `extra` sheets.

    `mark` is printed at the foot of every page of every sheet (B298).
    """
    book = Workbook(write_only=True)
    for table in (Table(title, header, rows), *extra):
        page = book.create_sheet(_title(table.title))
        page.freeze_panes = "A2"
        if mark:
            page.HeaderFooter.oddFooter.center.text = _text(mark).replace("&", "&&")[:200]
        page.append([_head_cell(page, name) for name in table.header])
        for row in table.rows:
            page.append([_cell(page, value) for value in row])
    book.save(target)


@dataclass(frozen=True)
class MarkedRow:
    """A row whose cells at the places `bad` are coloured."""

    values: Sequence[object]
    bad: frozenset[int]


def write_marked_sheet(
    target: Target,
    header: Sequence[str],
    rows: Iterable[MarkedRow],
    *,
    title: str = "Sheet1",
    extra: Sequence[Table] = (),
) -> None:
    """As `write_sheet`, with wrong cells coloured: an error workbook (UX-52)."""
    book = Workbook(write_only=True)
    page = book.create_sheet(_title(title))
    page.freeze_panes = "A2"
    page.append([_head_cell(page, name) for name in header])
    for row in rows:
        cells = [_cell(page, value) for value in row.values]
        for place in row.bad:
            cells[place].fill = _WRONG
        page.append(cells)
    for table in extra:
        other = book.create_sheet(_title(table.title))
        other.append([_head_cell(other, name) for name in table.header])
        for line in table.rows:
            other.append([_cell(other, value) for value in line])
    book.save(target)


def write_large_sheet(
    target: Target,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "Sheet1",
) -> None:
    """As `write_sheet`, for many rows and one sheet. Raises ValueError for a title that stands
    twice or for rows of another length. Columns are typed by their first row."""
    names = [_text(name) for name in header]
    if len(set(names)) < len(names):
        raise ValueError("every column needs its own title")
    source = iter(rows)
    first = next(source, None)
    records = _records(names, first, source)
    formats = {
        name: rustpy_xlsxwriter.Format().set_num_format(_DATE_FORMAT)
        for name, value in zip(names, first or (), strict=False)
        if isinstance(value, date) and not isinstance(value, datetime)
    }
    if first is None:
        write_sheet(target, header, (), title=title)
        return
    rustpy_xlsxwriter.write_worksheet(
        records,
        str(target) if isinstance(target, Path) else target,
        sheet_name=_title(title),
        freeze_row=1,
        datetime_format=_MOMENT_FORMAT,
        bold_headers=True,
        column_formats=formats or None,
    )


def write_csv(
    target: BinaryIO,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    encoding: str = "utf-8-sig",
) -> None:
    """RFC 4180 with CRLF. A text that would start a formula gets a `'` in front (B290).

    Plain numbers keep their sign; what `encoding` (utf-8-sig or gb18030) lacks becomes `?`.
    """
    stream = io.TextIOWrapper(target, encoding=encoding, errors="replace", newline="")
    writer = csv.writer(stream)
    writer.writerow(map(_csv_text, header))
    for row in rows:
        writer.writerow(map(_csv_text, row))
    stream.flush()
    stream.detach()


def _records(
    names: Sequence[str], first: Sequence[object] | None, rest: Iterator[Sequence[object]]
) -> Iterator[dict[str, Any]]:
    if first is not None:
        yield dict(zip(names, map(_value, first), strict=True))
    for row in rest:
        yield dict(zip(names, map(_value, row), strict=True))


def _value(value: object) -> Any:
    """What may stand in a cell: text, a number Excel keeps exactly, a truth value, a day."""
    if type(value) is str and value.isprintable() and len(value) <= _MAX_TEXT:
        return value  # nearly every cell; what is printable is never in _ILLEGAL
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value.astimezone(_HOME).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return value
    return _number(value) if isinstance(value, Decimal | int | float) else _text(value)


def _number(value: Decimal | float) -> int | float | str:
    """A number stays one unless Excel's 15 digits would change it: long ids become text."""
    if isinstance(value, Decimal):
        is_exact = abs(value) < LOSSY and len(value.as_tuple().digits) <= 15
        return float(value) if is_exact else str(value)
    is_long = isinstance(value, int) and abs(value) >= LOSSY
    return str(value) if is_long else value


def _text(value: object) -> str:
    clean = _ILLEGAL.sub("", str(value))
    return clean if len(clean) <= _MAX_TEXT else f"{clean[: _MAX_TEXT - 1]}…"


def _cell(page: Any, value: object) -> Any:
    plain = _value(value)
    if isinstance(plain, str):
        cell = WriteOnlyCell(page, value=_ESCAPE_LIKE.sub("_x005F_", plain)[:_MAX_TEXT])
        cell.data_type = "s"  # else openpyxl takes "=…" for a formula and "#N/A" for an error
        return cell
    cell = WriteOnlyCell(page, value=plain)
    if isinstance(plain, datetime):
        cell.number_format = _MOMENT_FORMAT
    elif isinstance(plain, date):
        cell.number_format = _DATE_FORMAT
    return cell


def _head_cell(page: Any, name: str) -> Any:
    cell = _cell(page, str(name))
    cell.font = Font(bold=True)
    return cell


def _title(title: str) -> str:
    return _BAD_TITLE.sub(" ", _text(title)).strip(" '")[:31] or "Sheet1"


def _csv_text(value: object) -> str:
    plain = _value(value)
    if plain is None:
        return ""
    if isinstance(plain, date):
        return plain.isoformat(" ") if isinstance(plain, datetime) else plain.isoformat()
    if not isinstance(plain, str):
        return str(plain)
    is_formula = plain.startswith(_FORMULA_START) and not _NUMBER.fullmatch(plain)
    return f"'{plain}" if is_formula else plain
