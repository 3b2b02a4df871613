"""The one way in: decide what a file is, let the guard look, then read it."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from crm.core.sheets.delimited import read_delimited
from crm.core.sheets.guard import OLE, ZIP, Limits, SheetRefused, check_size, refuse_ole
from crm.core.sheets.headers import header_key
from crm.core.sheets.rows import Sheet
from crm.core.sheets.workbook import read_workbook

DEFAULTS = Limits()


def read_sheets(
    source: BinaryIO,
    *,
    file_name: str,
    wanted: Iterable[str] = (),
    encoding: str | None = None,
    limits: Limits = DEFAULTS,
) -> list[Sheet]:
    """Every visible sheet of an `.xlsx`, or the one of a `.csv`, that has a header.

    `wanted` are titles that help to find the header row; `encoding` overrides the guess for CSV
    (B220). After the call the source may be closed; rows are turned into Python values only while
    they are walked. Raises `SheetRefused`. Corpus: B206 to B228.
    """
    suffix = Path(file_name).suffix.lower()
    head = check_size(source, limits)
    if suffix in {".xlsm", ".xltm", ".xlam"}:
        raise SheetRefused(_("文件含有宏，请另存为不含宏的 .xlsx 后重新上传"), code="macros")
    if head.startswith(OLE):
        refuse_ole(source)
    if suffix not in {".xlsx", ".csv", ".txt"}:
        raise SheetRefused(_("只接受 .xlsx 或 .csv 文件"), code="not_a_workbook")
    if head.startswith(ZIP) != (suffix == ".xlsx"):
        raise SheetRefused(_("文件内容与扩展名不符，请重新导出后上传"), code="mismatch")
    keys = frozenset(map(header_key, wanted))
    if suffix == ".xlsx":
        sheets = read_workbook(source, keys, limits)
    else:
        sheets = [read_delimited(source.read(), Path(file_name).stem, keys, encoding)]
    found = [sheet for sheet in sheets if sheet.header]
    if not found:
        raise SheetRefused(_("文件里没有表头，也没有数据"), code="no_rows")
    return found
