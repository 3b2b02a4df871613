"""Small workbooks in memory, good and tampered with, for the tests of sheets."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from crm.core.sheets import SheetRefused, read_sheets

HEADER = ["客户名称", "电话", "日期"]
ROW = ["西安瑞吉", "029-88888881", date(2024, 2, 29)]


def workbook(*rows, **sheets):
    """An `.xlsx` in memory: `rows` on the first sheet, more sheets by name."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, lines in sheets.items():
        page = book.create_sheet(name)
        for row in lines:
            page.append(row)
    return saved(book)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def repacked(file, change=None, **extra):
    """The same zip with one part changed by `change(name, data)` and parts added."""
    target = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(name, data) if change else data)
        for name, data in extra.items():
            new.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    target.seek(0)
    return target


def in_sheet(old, new):
    return lambda name, data: data.replace(old, new) if name.endswith("sheet1.xml") else data


def read(file, name="客户.xlsx", **options):
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    return read_sheets(source, file_name=name, **options)


def values(sheet):
    return [row.values for row in sheet.rows]


def refusal(file, name="客户.xlsx", **options):
    with pytest.raises(SheetRefused) as caught:
        read(file, name, **options)
    assert caught.value.message
    return caught.value.code
