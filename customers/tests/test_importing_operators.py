"""三层电信运营商 from a workbook (R-40, R-23, issue 3 part 4).

`data/operators.csv` holds the units that offices made mistakes with, and those they hang on.
"""

import io
import json
import os
import random

import pytest
from django.core.management import CommandError, call_command

from crm.identity.choices import Duty
from crm.identity.models import AccountManager, Post, User
from crm.imports.choices import BatchStatus
from crm.imports.models import ImportBatch
from crm.imports.services import undo_batch
from crm.imports.services.running import run_import
from crm.imports.tests.office import (
    Office,
    checked,
    imported,
    wrong_cells,
)
from crm.outbox.models import Message, Notice
from customers.importing.operators import OPERATORS
from customers.models import Contact, Customer, ManagerAssignment, TimelineEntry, UnitLink
from customers.services.contacts import add_contact
from customers.tests.sheets import HUNG, PEOPLE, RIGHT, ROWS, book, with_cell
from customers.values import NewContact

pytestmark = pytest.mark.django_db
MISTAKES = [
    *((row, "name", "required") for row in range(26, 32)),
    *((row, "credit_code", "check_digit") for row in range(32, 37)),
    *((row, "postcode", "length") for row in range(37, 41)),
    *((row, "mobile", "length") for row in range(44, 49)),
    *((row, "parent", "unknown_parent") for row in range(49, 53)),
    *((row, "customer_type", "choice") for row in range(53, 56)),
    *((row, "province", "unknown_region") for row in range(56, 59)),
    *((row, "age", "age") for row in range(59, 62)),
    *((row, "credit_code", "duplicate") for row in range(62, 66)),
    *((row, "name", "duplicate") for row in range(62, 66)),
    *((row, "email", "format") for row in range(73, 76)),
    *((row, "manager", "unknown_person") for row in range(76, 78)),
]
ODDITIES = {
    "normalised": [41, 42, 43],
    "similar_name": [66, 67, 68, 69],
    "formula_text": [70, 71, 72],
    "unknown_firm": list(range(2, 78)),
}


@pytest.fixture
def office(db):
    return Office()


@pytest.fixture
def firsts():
    """Three groups, two of their province units: all right."""
    return [list(row) for row in ROWS[:6]]


def test_every_wrong_row_is_found_and_named_by_cell(office):
    """Issue 3 part 4: the mistakes of operators.xlsx, cell by cell, and not one more."""
    batch = checked(OPERATORS, book(ROWS), office.keeper)
    assert wrong_cells(batch) == sorted(MISTAKES)
    assert (batch.rows_total, batch.rows_right, batch.rows_wrong) == (76, RIGHT, 42)
    assert {one["code"]: one["rows"] for one in batch.warnings} == ODDITIES
    assert all(one["count"] == len(one["rows"]) for one in batch.warnings)
    assert "第 14 行" in batch.rows.get(number=62).errors[0][2]
    assert not Customer.objects.exists()


def test_every_right_row_is_in_with_one_history_row_a_record(office):
    batch = imported(OPERATORS, book(ROWS), office.keeper, office.keeper2)
    assert (batch.status, batch.counts["made"], batch.counts["wrong"]) == ("done", RIGHT, 42)
    rows = Customer.objects.all()
    assert rows.count() == Customer.history.count() == Contact.history.count() == RIGHT
    assert {row.history_change_reason for row in Customer.history.all()} == {f"导入 {batch.number}"}
    unit = rows.get(name="中国联合网络通信有限公司辽宁辽阳分公司测试")
    assert unit.remark == '=HYPERLINK("http://127.0.0.1/x","点我")'
    assert rows.get(name="中国移动通信集团山西有限公司阳泉分公司测试").postcode == "710000"
    assert unit.repair.unit_layer == "city"
    assert Message.objects.filter(topic="customers.registered").count() == RIGHT
    assert set(Notice.objects.values_list("topic", flat=True)) == {
        "imports.waiting",
        "imports.done",
    }


def facts():
    fields = (
        "name",
        "credit_code",
        "province_id",
        "city_id",
        "customer_type",
        "postcode",
        "remark",
        "manager__name",
        "repair__unit_layer",
        "repair__logistics_name",
        "contacts__name",
        "contacts__age",
        "contacts__fax",
        "links_up__parent__name",
    )
    return sorted(Customer.objects.values_list(*fields), key=str)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100 if os.environ.get("KEDANG_SOAK") else 3))
def test_b230_any_permutation_of_rows_gives_the_same_result(office, seed):
    """Units below may stand before those above; a key twice keeps the row that stands first."""
    once = [row for at, row in enumerate(ROWS, 2) if at not in range(62, 66)]
    imported(OPERATORS, book(once), office.keeper, office.keeper2)
    expected = facts()
    other = Office()
    shuffled = list(once)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    batch = imported(OPERATORS, book(shuffled), other.keeper, other.keeper2)
    assert batch.counts["made"] == RIGHT
    mine = [row for row in facts() if row in expected]
    assert len(mine) == 2 * RIGHT == Customer.objects.count()


def test_rf48_the_same_file_twice_changes_nothing(office):
    imported(OPERATORS, book(ROWS), office.keeper, office.keeper2)
    people = User.objects.count()
    again = imported(OPERATORS, book(ROWS), office.keeper, office.keeper2)
    assert (again.counts["same"], again.counts["made"], again.counts["changed"]) == (RIGHT, 0, 0)
    assert Customer.history.count() == Contact.history.count() == RIGHT
    assert ManagerAssignment.objects.count() == RIGHT
    assert TimelineEntry.objects.exclude(kind__startswith="unit").count() == RIGHT
    assert UnitLink.objects.count() == UnitLink.history.count() == HUNG
    assert TimelineEntry.objects.count() == RIGHT + 2 * HUNG
    assert User.objects.count() == people


def test_people_of_the_sheet_are_made_without_a_way_in(office, firsts):
    """PM-21: who brought the list proposes, who released it confirms."""
    batch = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    made = User.objects.get(name=firsts[0][17])
    assert (made.is_active, made.has_usable_password()) == (True, False)
    assert (made.created_by, made.confirmed_by) == (office.keeper, office.keeper2)
    post = Post.objects.get(user=made)
    assert (post.duty, post.department, post.granted_by) == (Duty.AM, office.market, office.keeper)
    assert AccountManager.objects.get(user=made).home_address == "西安市莲区67号"
    assert batch.counts["made"] == 6
    assert User.objects.filter(name="马娜").count() == 1


def test_a_name_that_two_managers_bear_is_chosen_by_user_name(office, firsts):
    """B229."""
    twin = office.person(Duty.AM, name="马娜")
    rows = [with_cell(row, "客户经理", "马娜") for row in firsts]
    rows[1] = with_cell(rows[1], "客户经理", twin.username)
    batch = checked(OPERATORS, book(rows), office.keeper)
    assert (3, "manager", "ambiguous_person") not in wrong_cells(batch)
    assert (2, "manager", "ambiguous_person") in wrong_cells(batch)
    assert twin.username in batch.rows.get(number=2).errors[0][2]


def test_what_hangs_on_a_wrong_unit_is_wrong_too(office, firsts):
    rows = [with_cell(firsts[0], "邮政编码", "71000"), *firsts[1:]]
    found = wrong_cells(checked(OPERATORS, book(rows), office.keeper))
    below = [at for at, row in enumerate(rows, 2) if row[4] == firsts[0][2]]
    assert below
    assert found[0] == (2, "postcode", "length")
    assert found[1:] == [(at, "parent", "parent_wrong") for at in below]


def test_r40_a_unit_hangs_on_one_a_layer_above(office, firsts):
    city = next(row for row in ROWS if row[5] == "地市分公司" and row[17] != "查无此人")
    rows = [*firsts[:3], with_cell(city, "上级单位", firsts[0][2])]
    batch = checked(OPERATORS, book(rows), office.keeper)
    assert (5, "parent", "parent_layer") in wrong_cells(batch)


def test_r23_a_legal_name_that_another_code_bears_is_an_error(office, firsts):
    imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    stolen = with_cell(firsts[0], "统一社会信用代码", ROWS[-1][3])
    batch = checked(OPERATORS, book([stolen]), office.keeper)
    assert wrong_cells(batch) == [(2, "name", "name_taken")]


def test_changed_cells_change_the_archive_and_leave_the_manager(office, firsts):
    """T-64: fields of our own authority change, who is responsible does not (R-14)."""
    imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    unit = Customer.objects.get(name=firsts[0][2])
    row = with_cell(firsts[0], "客户地址", "北京市西城区金融大街31号")
    row = with_cell(with_cell(row, "客户经理", "马娜"), "物流公司", "顺达通运输")
    row = with_cell(row, "客户联系人", "王新任")
    batch = imported(OPERATORS, book([row]), office.keeper, office.keeper2)
    assert {one["code"] for one in batch.warnings} >= {"manager_kept"}
    before = unit.manager_id
    unit.refresh_from_db()
    assert (unit.address, unit.manager_id) == ("北京市西城区金融大街31号", before)
    assert (unit.version, unit.history.count()) == (2, 2)
    assert unit.repair.logistics_name == "顺达通运输"
    assert unit.contacts.get(is_primary=True).name == "王新任"
    assert unit.contacts.count() == 2
    assert (batch.counts["changed"], batch.counts["same"]) == (1, 0)


def test_ux54_undo_cancels_new_archives_and_restores_changed_ones(office, firsts):
    imported(OPERATORS, book(firsts[:2]), office.keeper, office.keeper2)
    rows = [with_cell(firsts[0], "客户地址", "新地址"), *firsts[2:4]]
    batch = imported(OPERATORS, book(rows), office.keeper, office.keeper2)
    lived = Customer.objects.get(name=firsts[2][2])
    add_contact(customer=lived, data=NewContact(name="李后来"), by=lived.manager)
    batch = undo_batch(batch=batch, kind=OPERATORS, by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    old = Customer.objects.get(name=firsts[0][2])
    assert (old.address, old.status, old.version) == (firsts[0][7], "normal", 3)
    fresh = Customer.objects.get(name=firsts[3][2])
    assert (fresh.status, fresh.may_order) == ("cancelled", False)
    assert not ManagerAssignment.objects.filter(customer=fresh, ends_at=None).exists()
    lived.refresh_from_db()
    assert lived.status == "normal"
    batch.refresh_from_db()
    assert (batch.status, batch.counts["undone"], batch.counts["made"]) == ("undone", 2, 1)


def run(tmp_path, *words, rows=ROWS, people=PEOPLE):
    path = tmp_path / "operators.xlsx"
    path.write_bytes(book(rows, people))
    out = io.StringIO()
    call_command("import_sheet", "operators", str(path), "--json", *words, stdout=out)
    return json.loads(out.getvalue())


def test_import_sheet_check_prints_every_wrong_cell_and_writes_nothing(office, tmp_path):
    told = run(tmp_path, "--check")
    assert (told["rows"], told["ok"]) == (76, RIGHT)
    labels = {column.field: column.label for column in OPERATORS.columns}
    assert [(one["row"], one["column"], one["code"]) for one in told["errors"]] == [
        (row, labels[name], code) for row, name, code in sorted(MISTAKES, key=order_in_file)
    ]
    assert {one["sheet"] for one in told["errors"]} == {"客户档案"}
    assert told["errors"][0]["cell"] == "C26"
    assert {one["code"] for one in told["warnings"]} == set(ODDITIES)
    assert not ImportBatch.objects.exists()
    assert not Customer.objects.exists()


def order_in_file(mistake):
    """A row's own cells first, then what its key says: as they are found."""
    row, name, code = mistake
    return row, name != "credit_code", code


def test_import_sheet_brings_and_releases_by_two_people(office, tmp_path):
    told = run(tmp_path, "--by", office.keeper2.username)
    assert told["result"]["made"] == RIGHT
    batch = ImportBatch.objects.get()
    assert (batch.created_by, batch.released_by) == (office.keeper2, office.keeper)
    assert batch.status == BatchStatus.DONE


def test_import_sheet_refuses_where_nobody_else_could_release(tmp_path):
    office = Office()
    Post.objects.filter(user=office.keeper2).update(ended_at="2026-01-01T00:00Z")
    with pytest.raises(CommandError, match="two people"):
        run(tmp_path)
    assert not Customer.objects.exists()
