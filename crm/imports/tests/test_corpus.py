"""Corpus H through the door of the import: what readers refuse is told, what cells hide is named.

The readers' own proofs stand in `crm/core/tests/test_sheets_*.py`.
"""

import io

import openpyxl
import pytest

from crm.core.sheets import SheetRefused
from crm.imports.errors import FileRefused
from crm.imports.models import ImportBatch
from crm.imports.report import check_file, letter_of
from crm.imports.services import check_batch, open_batch
from crm.imports.tests.office import BRANCH, FIRMS, HEAD, Office, workbook
from logistics.importing import LOGISTICS

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    return Office()


def report(content, office, name="物流公司.xlsx"):
    told, _good = check_file(
        LOGISTICS, io.BytesIO(content), file_name=name, organisation=office.company
    )
    return told.as_json()


def cells(told):
    return [(one["cell"], one["code"]) for one in told["errors"]]


REFUSED = {
    "B206 empty": (b"", "a.xlsx"),
    "B208 protected": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "a.xlsx"),
    "B209 cut off": (workbook(FIRMS, [HEAD])[:-200], "a.xlsx"),
    "B214 macros": (workbook(FIRMS, [HEAD]), "a.xlsm"),
    "B221 mixed": ("名称\n".encode() + "总部公司名称".encode("gb18030") + b"\xff\xff\n", "a.csv"),
    "not a sheet": (b"%PDF-1.4", "a.pdf"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_whole_and_leaves_no_trace(office, what):
    content, name = REFUSED[what]
    with pytest.raises(FileRefused) as caught:
        open_batch(kind=LOGISTICS, file_name=name, content=content, by=office.clerk)
    assert caught.value.message
    assert not ImportBatch.objects.exists()


def test_b206_a_header_alone_has_no_rows(office):
    told = report(workbook(FIRMS, []), office)
    assert (told["rows"], told["ok"], told["errors"]) == (0, 0, [])


def test_b223_a_missing_column_is_named_and_nothing_is_checked(office):
    with pytest.raises(SheetRefused, match="邮政编码"):
        report(workbook([t for t in FIRMS if t != "邮政编码"], []), office)
    batch = open_batch(
        kind=LOGISTICS,
        file_name="a.xlsx",
        content=workbook(FIRMS[:5], [HEAD[:5]]),
        by=office.clerk,
    )
    with pytest.raises(FileRefused, match="邮政编码"):
        check_batch(batch=batch, kind=LOGISTICS, by=office.clerk)


def test_b224_titles_are_known_by_other_spellings_and_in_row_three(office):
    odd = [f" {title}* " if at % 2 else f"{title}\n" for at, title in enumerate(FIRMS)]
    book = openpyxl.Workbook()
    for line in (["物流公司一览"], [], odd, HEAD, BRANCH):
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    told = report(out.getvalue(), office)
    assert (told["rows"], told["ok"]) == (2, 2)


def test_b215_b227_a_cell_nobody_can_know_is_named_and_blank_rows_do_not_count(office):
    book = openpyxl.Workbook()
    for line in (FIRMS, HEAD, [], [], BRANCH):
        book.active.append(line)
    book.active["E5"] = "=A1&B1"
    book.active["E5"].data_type = "f"
    out = io.BytesIO()
    book.save(out)
    told = report(out.getvalue(), office)
    assert told["rows"] == 2
    assert cells(told) == [("E5", "formula_not_computed")]


def test_b218_a_number_where_digits_belong_is_read_or_named(office):
    numbers = [*HEAD[:5], 454214.0, *HEAD[6:8], 18973714908.0]
    lost = [*BRANCH[:5], 71000.0, *BRANCH[6:]]
    told = report(workbook(FIRMS, [numbers, lost]), office)
    assert cells(told) == [("F3", "length")]


def test_b236_what_our_own_export_quoted_comes_back_as_it_was(office):
    quoted = [*HEAD[:4], "'=1+1号", *HEAD[5:]]
    text = "\r\n".join(",".join(line) for line in (FIRMS, quoted)).encode("utf-8-sig")
    _report, good = check_file(
        LOGISTICS, io.BytesIO(text), file_name="a.csv", organisation=office.company
    )
    assert good[0].values["address"] == "=1+1号"


def test_columns_are_lettered_as_sheets_letter_them():
    assert [letter_of(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
