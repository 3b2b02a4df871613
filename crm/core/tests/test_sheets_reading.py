"""Reading workbooks: headers, values, cells without one. Corpus H of the bad inputs."""

from datetime import date, datetime

import openpyxl
import pytest

from crm.core.sheets import header_key, match_header
from crm.core.tests.workbooks import HEADER, ROW, in_sheet, read, repacked, saved, values, workbook
from crm.core.text import BadCell, CheckFailed, as_text

# --- plain reading


def test_values_come_as_what_they_are_with_the_row_numbers_of_the_office():
    moment = datetime.fromisoformat("2024-02-29 08:30")
    (sheet,) = read(
        workbook(
            ["编号", "名称", "日期", "时刻", "数", "比", "真"],
            ["0012", "=1+1 不是公式", date(2024, 2, 29), moment, 27, 1.5, True],
        )
    )
    assert sheet.header == ("编号", "名称", "日期", "时刻", "数", "比", "真")
    assert (sheet.header_row, sheet.last_row) == (1, 2)
    (row,) = sheet.rows
    assert row.number == 2
    assert row.values[0] == "0012"
    assert row.values[2:] == (date(2024, 2, 29), moment, 27, 1.5, True)
    assert type(row.values[4]) is int


def test_rows_may_be_walked_twice_and_after_the_file_is_closed():
    file = workbook(HEADER, ROW)
    (sheet,) = read(file)
    file.close()
    assert values(sheet) == values(sheet) == [tuple(ROW)]


def test_b217_a_long_number_stays_a_number_so_that_the_parser_can_refuse_it():
    (sheet,) = read(workbook(["身份证号"], [110105194912310021]))
    ((number,),) = values(sheet)
    assert isinstance(number, float)
    with pytest.raises(CheckFailed, match="已丢失精度"):
        as_text(number)


def test_long_text_digits_stay_text():
    (sheet,) = read(workbook(["身份证号"], ["110105194912310021"]))
    assert values(sheet) == [("110105194912310021",)]


def test_b227_blank_rows_are_skipped_and_numbers_stay():
    (sheet,) = read(workbook(HEADER, ROW, [], [" ", "　", None], ROW))
    assert [row.number for row in sheet.rows] == [2, 5]


def test_b227_fifty_thousand_formatted_blanks_cost_nothing():
    rows = b"".join(
        b'<row r="%d"><c r="A%d" s="1"/></row>' % (number, number) for number in range(3, 50_003)
    )
    file = repacked(workbook(HEADER, ROW), in_sheet(b"</sheetData>", rows + b"</sheetData>"))
    assert values(read(file)[0]) == [tuple(ROW)]


def test_every_visible_sheet_with_a_header_is_given():
    book = openpyxl.Workbook()
    book.active.title = "空"
    for name in ("甲", "藏", "乙"):
        page = book.create_sheet(name)
        page.append(HEADER)
        page.append(ROW)
    book["藏"].sheet_state = "hidden"
    assert [sheet.name for sheet in read(saved(book))] == ["甲", "乙"]


def test_empty_columns_on_the_left_keep_their_places():
    (sheet,) = read(workbook([None, *HEADER], [None, *ROW]))
    assert sheet.header == ("", *HEADER)
    assert values(sheet) == [("", *ROW)]


# --- header


@pytest.mark.parametrize("above", range(5))
def test_b223_the_header_may_stand_in_one_of_the_first_five_rows(above):
    (sheet,) = read(workbook(*[["客户档案"]] * above, HEADER, ROW))
    assert sheet.header == tuple(HEADER)
    assert sheet.header_row == above + 1
    assert [row.number for row in sheet.rows] == [above + 2]


def test_b223_wanted_titles_find_a_header_that_is_not_the_fullest_row():
    lines = [["注", "一", "二", "三"], ["客户名称", "电话"], ["西安瑞吉", "029-88888881", "x", "y"]]
    (sheet,) = read(workbook(*lines), wanted=["客户名称", "电话"])
    assert sheet.header == ("客户名称", "电话", "", "")


@pytest.mark.parametrize(
    "title",
    [" 客户 名称 ", "客户\n名称", "客户名称*", "客户名称＊", "＊客户名称：", "\ufeff客户名称"],
)
def test_b224_a_title_is_matched_however_it_is_written(title):
    assert header_key(title) == header_key("客户名称")
    found = match_header([title], {"name": ["客户名称"]})
    assert found.columns == {"name": 0}


def test_b223_nothing_is_dropped_silently_from_a_header():
    found = match_header(
        ["客户名称", "电话", "客户 名称", "备用", ""],
        {"name": ["客户名称", "名称"], "phone": ["办公电话", "电话"], "address": ["客户地址"]},
    )
    assert found.columns == {"name": 0, "phone": 1}
    assert found.missing == ("address",)
    assert found.repeated == ("客户 名称",)
    assert found.unknown == ((3, "备用"), (4, ""))


# --- cells whose value cannot be known


def test_b215_errors_and_formulas_never_computed_are_marked_in_their_cell():
    book = openpyxl.load_workbook(workbook(["a", "b", "c"], ["x", 1, 2], ["y", 3, 4]))
    book.active["B2"] = "=1/0"
    book.active["C3"] = "#REF!"
    (sheet,) = read(saved(book))
    first, second = values(sheet)
    assert first == ("x", BadCell("formula_not_computed", first[1].message), 2)
    assert second == ("y", 3, BadCell("formula_error", second[2].message))


def test_b214_the_computed_value_of_a_formula_is_read():
    book = openpyxl.load_workbook(workbook(["a", "b"], ["x", "=1+1"]))
    computed = in_sheet(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    plain = in_sheet(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    file = repacked(repacked(saved(book), computed), plain)
    assert values(read(file)[0]) == [("x", 2)]


def test_b214_cells_swallowed_by_a_merged_range_are_marked_and_title_lines_are_not():
    book = openpyxl.load_workbook(workbook(["档案", None], ["a", "b"], ["x", None], [None, 1]))
    book.active.merge_cells("A1:B1")
    book.active.merge_cells("A3:A4")
    (sheet,) = read(saved(book))
    assert sheet.header == ("a", "b")
    assert values(sheet)[0] == ("x", "")
    assert values(sheet)[1][0].code == "merged"


def test_b227_a_row_with_nothing_but_swallowed_cells_is_blank():
    book = openpyxl.load_workbook(workbook(["a", "b"], ["x", 1], [None, None], ["y", 2]))
    book.active.merge_cells("A3:B3")
    book.active.merge_cells("A2:A3")
    (sheet,) = read(saved(book))
    assert [row.number for row in sheet.rows] == [2, 4]
