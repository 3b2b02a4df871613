"""Files that are refused before any reader sees them. Corpus H of the bad inputs."""

import io
import zipfile

import pytest

from crm.core.sheets import Limits
from crm.core.tests.workbooks import (
    HEADER,
    ROW,
    in_sheet,
    read,
    refusal,
    repacked,
    values,
    workbook,
)


@pytest.mark.parametrize(
    ("raw", "name", "code"),
    [
        pytest.param(b"", "a.xlsx", "empty", id="B206-empty"),
        pytest.param(b"PK\x03\x04 nothing", "a.xlsx", "broken", id="B209-garbage"),
        pytest.param(b"hello", "a.xlsx", "mismatch", id="no-zip"),
        pytest.param(b"PK\x03\x04", "a.csv", "mismatch", id="zip-as-csv"),
        pytest.param(b"a,b", "a.ods", "not_a_workbook", id="suffix"),
        pytest.param(b"a,b", "a", "not_a_workbook", id="no-suffix"),
        pytest.param(b"PK", "a.xlsm", "macros", id="B214-suffix"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xlsx", "old_format", id="xls"
        ),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "a.xlsx",
            "encrypted",
            id="B208",
        ),
        pytest.param(b"a,b\x00,c\n1,2,3", "a.csv", "mismatch", id="nul-in-csv"),
        pytest.param(b"\n\n,,\n", "a.csv", "no_rows", id="B206-blank-csv"),
    ],
)
def test_files_that_are_no_sheets_are_refused(raw, name, code):
    assert refusal(raw, name) == code


def test_b206_a_blank_workbook_is_refused_and_a_bare_header_has_no_rows():
    assert refusal(workbook()) == "no_rows"
    (sheet,) = read(workbook(HEADER))
    assert values(sheet) == []


def test_b209_truncated_and_corrupted_archives_are_refused():
    whole = workbook(HEADER, *[ROW] * 200).getvalue()
    assert refusal(whole[: len(whole) // 2]) == "broken"
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    place = part.header_offset + 200
    assert refusal(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]) == "broken"


def test_b209_a_zip_that_is_no_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    assert refusal(file) == "not_a_workbook"


def test_b214_macros_are_refused_whatever_the_name_says():
    assert refusal(repacked(workbook(HEADER, ROW), xl__vbaProject_dot_bin=b"x")) == "macros"


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize(
    "head",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    ],
    ids=["laughs", "external-dtd", "external-entity"],
)
def test_b211_entities_are_refused_in_every_part(part, head):
    def change(name, data):
        if name != part:
            return data
        start = data.index(b"?>") + 2 if data.startswith(b"<?xml") else 0
        return data[:start] + head + data[start:]

    book = workbook(HEADER, ROW)
    assert refusal(repacked(book, change)) == "entities"


def test_b211_utf_16_cannot_hide_an_entity():
    def change(name, data):
        return data.decode().encode("utf-16") if name == "xl/styles.xml" else data

    assert refusal(repacked(workbook(HEADER, ROW), change)) == "entities"


def test_b208_a_zip_with_a_password_is_refused():
    file = workbook(HEADER, ROW).getvalue()
    place = file.index(b"PK\x01\x02") + 8  # flags of the first entry of the directory
    assert refusal(file[:place] + bytes([file[place] | 1]) + file[place + 1 :]) == "encrypted"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_b209_broken_xml_is_refused(part):
    def change(name, data):
        return data[: len(data) // 2] + b"<<<" if name == part else data

    assert refusal(repacked(workbook(HEADER, ROW), change)) == "broken"


def test_b209_a_reader_that_panics_refuses_the_file(monkeypatch):
    class PanicException(BaseException):
        """As the Rust bridge raises it: no Exception."""

    class Book:
        def from_filelike(self):
            raise PanicException

    monkeypatch.setattr("crm.core.sheets.workbook.CalamineWorkbook", Book)
    assert refusal(workbook(HEADER, ROW)) == "broken"


def test_an_interrupt_while_reading_is_no_refusal(monkeypatch):
    class Book:
        def from_filelike(self):
            raise KeyboardInterrupt

    monkeypatch.setattr("crm.core.sheets.workbook.CalamineWorkbook", Book)
    with pytest.raises(KeyboardInterrupt):
        read(workbook(HEADER, ROW))


def test_b215_more_faults_than_anybody_mends_refuse_the_file(monkeypatch):
    monkeypatch.setattr("crm.core.sheets.scan.MAX_FAULTS", 3)
    assert refusal(workbook(["a"], *[["=1+1"]] * 4)) == "formulas"
    assert len(values(read(workbook(["a"], *[["=1+1"]] * 3))[0])) == 3


def test_b215_a_fault_without_a_place_refuses_the_file():
    file = repacked(workbook(["a"], ["=1+1"]), in_sheet(b'<c r="A2"', b'<c s="0"'))
    assert refusal(file) == "broken"


def test_b212_a_lying_dimension_costs_nothing():
    file = repacked(workbook(HEADER, ROW, ROW, ROW), in_sheet(b"A1:C4", b"A1:XFD1048576"))
    assert len(values(read(file)[0])) == 3


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (b'r="XFD1048576"', "too_large"),
        (b'r="AB1048576"', "too_large"),
        (b'r="IW2"', "too_large"),
        (b"r='XFD1048576'", "broken"),
        (b'r = "XFD1048576"', "broken"),
    ],
)
def test_b212_b226_a_value_far_out_is_refused_before_anything_is_laid_out(reference, code):
    file = repacked(workbook(HEADER, ROW), in_sheet(b'r="A2"', reference))
    assert refusal(file) == code


def test_the_last_row_of_a_narrow_sheet_and_column_256_are_still_read():
    file = repacked(workbook(["a"], ["x"]), in_sheet(b'r="A2"', b'r="A100001"'))
    assert [row.number for row in read(file)[0].rows] == [100_001]
    assert len(read(workbook(["a"] * 256))[0].header) == 256


@pytest.mark.parametrize("columns", [257, 300])
def test_b226_too_many_columns_are_refused(columns):
    assert refusal(workbook(["a"] * columns)) == "too_large"
    assert refusal(",".join(["a"] * columns).encode(), "a.csv") == "too_large"


def test_sizes_are_checked_before_and_while_unpacking():
    file = workbook(HEADER, *[ROW] * 500)
    assert refusal(file, limits=Limits(file=1000)) == "too_large"
    assert refusal(file, limits=Limits(unpacked=10_000)) == "bomb"
    assert refusal(file, limits=Limits(members=3)) == "bomb"
    assert refusal(file, limits=Limits(ratio=2, ratio_from=1000)) == "bomb"


def test_a_zip_that_lies_about_its_sizes_is_refused():
    whole = bytearray(workbook(HEADER, *[ROW] * 500).getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = bytes(whole).replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert refusal(lying) == "broken"
