"""The units of `data/operators.csv` as a workbook, whole or with cells changed."""

from pathlib import Path

from crm.imports.tests.office import csv_rows, workbook

FILE = Path(__file__).parent / "data" / "operators.csv"
HEADER, ROWS = csv_rows(FILE)
PEOPLE = [
    ["姓名", "性别", "职务", "移动电话", "家庭住址", "邮政编码"],
    *(
        [name, "女", "客户经理", "18683623042", "西安市莲区67号", "710068"]
        for name in sorted({row[17] for row in ROWS} - {"查无此人"})
    ),
]
RIGHT = 34
HUNG = RIGHT - 3
"""How many of the right ones name a unit above."""


def book(rows, people=PEOPLE):
    return workbook(HEADER, rows, "客户档案", 客户经理=people)


def with_cell(row, title, value):
    line = list(row)
    line[HEADER.index(title)] = value
    return line
