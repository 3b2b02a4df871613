"""Workbooks and CSV files: read from strangers, written for them (D12).

The one door for the rooms above; the modules inside split by what they do: `guard` looks at a file
before any reader may, `workbook` and `plain` read, `headers` finds columns, `output` writes.
"""

from crm.core.sheets.guard import Limits, SheetRefused
from crm.core.sheets.headers import HeaderMatch, header_key, match_header
from crm.core.sheets.output import (
    LARGE,
    MarkedRow,
    Table,
    write_csv,
    write_large_sheet,
    write_marked_sheet,
    write_sheet,
)
from crm.core.sheets.reading import read_sheets
from crm.core.sheets.rows import Cell, Row, Sheet

__all__ = [
    "LARGE",
    "Cell",
    "HeaderMatch",
    "Limits",
    "MarkedRow",
    "Row",
    "Sheet",
    "SheetRefused",
    "Table",
    "header_key",
    "match_header",
    "read_sheets",
    "write_csv",
    "write_large_sheet",
    "write_marked_sheet",
    "write_sheet",
]
