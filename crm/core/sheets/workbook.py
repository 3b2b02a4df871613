"""Reading `.xlsx` with calamine, after the guard has looked at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from django.utils.translation import gettext as _
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from crm.core.sheets.guard import Limits, SheetRefused, inspect_workbook
from crm.core.sheets.headers import HEADER_ROWS
from crm.core.sheets.rows import Cell, Row, Sheet, is_empty, pick_header, plain, titles
from crm.core.sheets.scan import MAX_FAULTS, BadCells
from crm.core.text import BadCell

_UNREADABLE: Final = (CalamineError, ValueError, OSError)


def read_workbook(source: BinaryIO, wanted: frozenset[str], limits: Limits) -> list[Sheet]:
    """The visible worksheets in the workbook's order; blank ones have no header."""
    bad_cells = inspect_workbook(source, limits)
    with _refusing():
        book = CalamineWorkbook.from_filelike(source)
        names = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        return [
            _read_sheet(book.get_sheet_by_name(name), bad_cells.get(name, {}), wanted)
            for name in names
        ]


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn every fault of the reader into a refusal; it panics on some broken files."""
    try:
        yield
    except _UNREADABLE as problem:
        raise SheetRefused(_("文件已损坏或不完整，请重新导出后上传"), code="broken") from problem
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":
            raise
        raise SheetRefused(_("文件已损坏或不完整，请重新导出后上传"), code="broken") from problem


def _read_sheet(sheet: CalamineSheet, bad: BadCells, wanted: frozenset[str]) -> Sheet:
    top = list(islice(_lines(sheet), HEADER_ROWS))
    place = pick_header(top, wanted)
    if place is None:
        return Sheet(sheet.name, (), 0, 0, ())
    header = titles(top[place])
    width = max(*map(len, top), *(column + 1 for _row, column in bad), 1)
    header += ("",) * (width - len(header))
    rows = _Rows(sheet, _unknowable(sheet, bad, width, place + 1), place + 1, width)
    return Sheet(sheet.name, header, place + 1, max(_last_row(sheet), *rows.bad, 0), rows)


def _lines(sheet: CalamineSheet) -> Iterator[list[Cell]]:
    """Every row from the first on, with the empty columns on the left that calamine leaves out."""
    left = sheet.start[1] if sheet.start else 0
    for row in sheet.iter_rows():
        yield [*([""] * left), *map(plain, row)]


def _last_row(sheet: CalamineSheet) -> int:
    return sheet.end[0] + 1 if sheet.end else 0


def _unknowable(
    sheet: CalamineSheet, bad: BadCells, width: int, header_row: int
) -> dict[int, dict[int, BadCell]]:
    """Row number → column → why its value cannot be known: errors, formulas, merged away."""
    sentences = {
        "formula_error": _("公式出错，请改为正确的值"),
        "formula_not_computed": _("公式没有计算结果，请在 Excel 中打开并保存后重新上传"),
    }
    found: dict[int, dict[int, BadCell]] = {}
    for (row, column), code in bad.items():
        found.setdefault(row, {})[column] = BadCell(code, sentences[code])
    merged = BadCell("merged", _("合并单元格，请拆分后逐格填写"))
    for row, column in islice(_merged_away(sheet, width, header_row), MAX_FAULTS):
        found.setdefault(row, {})[column] = merged
    return found


def _merged_away(sheet: CalamineSheet, width: int, header_row: int) -> Iterator[tuple[int, int]]:
    """Cells below the header that a merged range has swallowed: row number, column."""
    for (top, first), (bottom, last) in sheet.merged_cell_ranges or []:
        for row in range(max(top, header_row), min(bottom + 1, _last_row(sheet))):
            for column in range(first, min(last, width - 1) + 1):
                if (row, column) != (top, first):
                    yield row + 1, column


@dataclass(frozen=True)
class _Rows:
    """Walks the rows below the header, as often as asked, one at a time."""

    sheet: CalamineSheet
    bad: dict[int, dict[int, BadCell]]
    header_row: int
    width: int

    def __iter__(self) -> Iterator[Row]:
        number = self.header_row
        for values in islice(_lines(self.sheet), self.header_row, None):
            number += 1
            yield from self._row(number, values)
        for beyond in sorted(row for row in self.bad if row > number):
            yield from self._row(beyond, [])

    def _row(self, number: int, values: list[Cell]) -> Iterator[Row]:
        faults = self.bad.get(number, {})
        swallowed_only = all(why.code == "merged" for why in faults.values())
        if swallowed_only and is_empty(values):
            return
        values += [""] * (self.width - len(values))
        for column, why in faults.items():
            values[column] = why
        yield Row(number, tuple(values))
