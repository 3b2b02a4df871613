"""The workbooks of a real office, or small copies of them where they are not at hand.

The folder is named by KEDANG_DATA_DIR, else it is `../shared/data` beside the project.
"""

import csv
import io
import os
from datetime import date
from pathlib import Path

import pytest

from crm.core.checkdigits import check_bank_account, check_licence_no, check_resident_id, check_uscc
from crm.core.parsing import clean_age, parse_date, parse_email, parse_mobile, parse_postcode
from crm.core.search import loose_key, strict_key
from crm.core.sheets import match_header, read_sheets, write_sheet
from crm.core.text import CheckFailed, clean_line

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("KEDANG_DATA_DIR", ROOT.parent / "shared" / "data"))
TODAY = date(2026, 11, 22)

OPERATORS = {
    "province": "省份",
    "prefecture": "地市",
    "name": "客户名称",
    "uscc": "统一社会信用代码",
    "postcode": "邮政编码",
    "age": "年龄",
    "mobile": "移动电话",
    "email": "电子邮箱",
}
OPERATOR_ROWS = [
    ["河北省", "沧州市", "移动集团河北有限公司沧州分公司", "91350100M000100Y43", "061000", 38,
     "13800138000", "u1@example.com.cn"],
    ["北京市", "市辖区", "中国电信集团有限公司", "91350100M000100Y44", "71000", "二百",
     "1380013800", "not-an-email"],
    ["辽宁省", "本溪市", "　中国电信股份有限公司 本溪（分公司） ", "91350100M000100Y43",
     "７１００００", 42, 13800138000, "u2@example.com.cn"],
]  # fmt: skip
RETAILERS = {
    "licence_no": "许可证号",
    "valid_to": "许可证有效期至",
    "resident_id": "身份证号",
    "account_no": "扣款账号",
}
RETAILER_ROWS = [
    ["610610327428", date(2027, 3, 13), "11010519491231002X", "6222020000000000000"],
]


def office_sheet(name, titles, rows):
    """The first sheet of a workbook of the office; a small copy where the folder is missing."""
    path = FOLDER / name
    if path.exists():
        raw = path.read_bytes()
    else:
        copy = io.BytesIO()
        write_sheet(copy, list(titles.values()), rows)
        raw = copy.getvalue()
    return read_sheets(io.BytesIO(raw), file_name=name, wanted=titles.values())[0]


def columns_of(sheet, titles):
    """Field → its values, each with its row number."""
    found = match_header(sheet.header, {field: [title] for field, title in titles.items()})
    assert found.missing == ()
    rows = list(sheet.rows)
    return {
        field: [(row.number, row.values[place]) for row in rows]
        for field, place in found.columns.items()
    }


def wrong_rows(cells, check):
    """Row numbers whose cell is refused."""
    wrong = []
    for number, cell in cells:
        try:
            check(cell)
        except CheckFailed:
            wrong.append(number)
    return wrong


@pytest.fixture(scope="module")
def operators():
    return columns_of(office_sheet("operators.xlsx", OPERATORS, OPERATOR_ROWS), OPERATORS)


@pytest.fixture(scope="module")
def retailers():
    return columns_of(office_sheet("retailers.xlsx", RETAILERS, RETAILER_ROWS), RETAILERS)


@pytest.mark.parametrize(
    ("field", "check"),
    [
        ("uscc", check_uscc),
        ("postcode", parse_postcode),
        ("mobile", parse_mobile),
        ("email", parse_email),
        ("age", clean_age),
    ],
)
def test_the_checks_find_the_planted_mistakes_of_the_operators_and_no_others(
    operators, field, check
):
    cells = operators[field]
    assert 0 < len(wrong_rows(cells, check)) <= max(len(cells) // 100, 1)


def test_every_prefecture_of_the_operators_is_in_the_table_of_regions(operators):
    with (ROOT / "crm/core/data/regions.csv").open(encoding="utf-8") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    provinces = {row["name"] for row in rows.values() if row["level"] == "province"}
    known = {
        (rows[row["parent"]]["name"], row["name"])
        for row in rows.values()
        if row["level"] == "prefecture" and not row["valid_to"]
    }
    named = {
        (province, prefecture)
        for (_row, province), (_same, prefecture) in zip(
            operators["province"], operators["prefecture"], strict=True
        )
        if province in provinces
    }
    assert named
    assert named <= known


def test_names_of_the_operators_clash_only_where_a_mistake_was_planted(operators):
    names = [clean_line(name, 200) for _row, name in operators["name"] if name]
    strict = {strict_key(name) for name in names}
    assert len(names) * 0.95 < len(strict) <= len(names)
    assert len({loose_key(name) for name in names}) <= len(strict)


@pytest.mark.parametrize(
    ("field", "check"),
    [
        ("licence_no", check_licence_no),
        ("valid_to", parse_date),
        ("resident_id", lambda cell: check_resident_id(cell, TODAY)),
        ("account_no", lambda cell: check_bank_account(cell, "personal")),
    ],
)
def test_no_retailer_is_refused_wrongly(retailers, field, check):
    assert retailers[field]
    assert wrong_rows(retailers[field], check) == []
