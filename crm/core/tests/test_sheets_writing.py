"""Writing files that open without surprises: corpus L of the bad inputs."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from crm.core.sheets import Table, read_sheets, write_csv, write_large_sheet, write_sheet

WRITERS = pytest.mark.parametrize("write", [write_sheet, write_large_sheet])
FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://127.0.0.1/x","点我")',
    "+1",
    "-1",
    "@SUM(A1)",
    "#N/A",
    "\t=1",
]


def written(write, header, rows, **options):
    file = io.BytesIO()
    write(file, header, rows, **options)
    file.seek(0)
    return file


def cells(file):
    return [row.values for row in read_sheets(file, file_name="a.xlsx")[0].rows]


@WRITERS
def test_b290_formulas_are_inert_text_with_their_value_unchanged(write):
    file = written(write, ["a", "b"], [[text, "x"] for text in FORMULAS])
    assert [row[0] for row in cells(file)] == FORMULAS
    with zipfile.ZipFile(file) as archive:
        assert b"<f" not in archive.read("xl/worksheets/sheet1.xml")
    file.seek(0)
    page = openpyxl.load_workbook(file).active
    assert {cell.data_type for cell in page["A"]} <= {"s", "inlineStr"}


@WRITERS
def test_b293_text_comes_back_exactly(write):
    texts = [
        "6102021990010112345678",
        "0012",
        'a,"b"\nc',
        " 前后 ",
        "𠮷野家",
        "_x000B_",
        "+8613800138000",
        "null",
    ]
    assert [row[0] for row in cells(written(write, ["a"], [[text] for text in texts]))] == texts


@WRITERS
def test_b304_numbers_days_and_moments_are_what_they_are(write):
    moment = datetime.fromisoformat("2024-02-29 08:30")
    row = [date(2024, 2, 29), moment, 27, 1.5, Decimal("12.30"), True, None, "x"]
    file = written(write, list("abcdefgh"), [row])
    assert cells(file) == [(date(2024, 2, 29), moment, 27, 1.5, 12.3, True, "", "x")]
    file.seek(0)
    page = openpyxl.load_workbook(file).active
    assert page["A2"].number_format == "yyyy-mm-dd"
    assert page["B2"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert page.freeze_panes == "A2"


@WRITERS
def test_long_numbers_are_written_as_text_because_excel_would_round_them(write):
    row = [610202199001011234, Decimal("1234567890123456.78"), 10**15 - 1]
    expected = ("610202199001011234", "1234567890123456.78", 10**15 - 1)
    assert cells(written(write, list("abc"), [row])) == [expected]


@WRITERS
def test_b029_characters_excel_refuses_are_left_out_and_long_texts_clipped(write):
    file = written(write, ["a\x0b"], [["x\x0b\x1b\x00\ud800y"], ["长" * 40_000]])
    first, second = cells(file)
    assert first == ("xy",)
    assert second[0] == "长" * 32_766 + "…"


@WRITERS
def test_a_moment_is_written_in_shanghai_time(write):
    file = written(write, ["a"], [[datetime(2024, 2, 29, 16, 30, tzinfo=UTC)]])
    assert cells(file) == [(datetime.fromisoformat("2024-03-01 00:30"),)]


@WRITERS
def test_no_rows_give_a_bare_header(write):
    (sheet,) = read_sheets(written(write, ["a", "b"], []), file_name="a.xlsx")
    assert (sheet.header, list(sheet.rows)) == (("a", "b"), [])


@WRITERS
@pytest.mark.parametrize(
    ("title", "kept"), [("客户/档案[1]:*?", "客户 档案 1"), ("长" * 40, "长" * 31), ("'", "Sheet1")]
)
def test_sheet_titles_are_made_to_fit(write, title, kept):
    file = written(write, ["a"], [["x"]], title=title)
    assert read_sheets(file, file_name="a.xlsx")[0].name == kept


@WRITERS
def test_a_path_is_as_good_as_a_file(write, tmp_path):
    write(tmp_path / "导出.xlsx", ["a"], [["x"]])
    with (tmp_path / "导出.xlsx").open("rb") as file:
        assert cells(file) == [("x",)]


def test_b298_further_sheets_carry_the_watermark():
    mark = Table("水印", ["项目", "内容"], [["导出人", "张三"]])
    first, second = read_sheets(
        written(write_sheet, ["a"], [["x"]], title="客户", extra=[mark]), file_name="a.xlsx"
    )
    assert (first.name, second.name) == ("客户", "水印")
    assert [row.values for row in second.rows] == [("导出人", "张三")]


def test_the_large_writer_refuses_titles_that_stand_twice_and_ragged_rows():
    with pytest.raises(ValueError, match="own title"):
        written(write_large_sheet, ["a", "a"], [["x", "y"]])
    with pytest.raises(ValueError, match="zip"):
        written(write_large_sheet, ["a", "b"], [["x"]])


def test_both_writers_say_the_same():
    rows = [[f"客户{n}", n, n / 4, date(2024, 1, 1 + n % 28), "=1"] for n in range(300)]
    assert cells(written(write_sheet, list("abcde"), rows)) == cells(
        written(write_large_sheet, list("abcde"), iter(rows))
    )


def test_b290_b292_csv_disarms_formulas_and_leaves_numbers_alone():
    rows = [[text] for text in [*FORMULAS, -5, "-5", "+8613800138000", Decimal("-1.50")]]
    raw = written(write_csv, ["a"], rows).getvalue().decode("utf-8-sig")
    lines = raw.split("\r\n")
    assert lines[1] == "'=1+1"
    assert lines[2] == '"\'=HYPERLINK(""http://127.0.0.1/x"",""点我"")"'
    assert lines[5] == "'@SUM(A1)"
    assert lines[8:12] == ["-5", "-5", "+8613800138000", "-1.5"]


def test_b236_csv_of_ours_reads_back_unchanged():
    texts = ["=1+1", 'a,"b"\nc', "0012", "陕西", "2024-02-29"]
    file = written(write_csv, ["a", "b"], [[text, "x"] for text in texts])
    (sheet,) = read_sheets(file, file_name="a.csv")
    assert [row.values[0] for row in sheet.rows] == texts


def test_csv_can_be_written_in_gb18030_and_days_read_as_days():
    rows = [["王㐂", date(2024, 2, 29), datetime.fromisoformat("2024-02-29 08:30"), None]]
    raw = written(write_csv, list("abcd"), rows, encoding="gb18030").getvalue()
    assert raw.decode("gb18030") == "a,b,c,d\r\n王㐂,2024-02-29,2024-02-29 08:30:00,\r\n"
