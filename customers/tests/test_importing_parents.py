"""Units of a workbook hang on the units they name; an undo takes them out (R-40, R-42, UX-54)."""

import pytest
from django.utils import timezone

from crm.imports.choices import RowState
from crm.imports.services import undo_batch
from crm.imports.services.running import run_import
from crm.imports.tests.office import Office, imported, released
from customers.importing.operators import OPERATORS
from customers.models import Customer, TimelineEntry, UnitLink
from customers.services.contacts import add_contact
from customers.services.units import move_unit, unlink_unit
from customers.tests.sheets import HUNG, RIGHT, ROWS, book, with_cell
from customers.values import NewContact

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    return Office()


@pytest.fixture
def firsts():
    """Three groups, three units below them: all right."""
    return [list(row) for row in ROWS[:6]]


def above(batch):
    """Unit → unit above by name, of the links that hold."""
    links = UnitLink.objects.open().filter(organisation=batch.organisation)
    return dict(links.values_list("child__name", "parent__name"))


def test_r40_every_right_row_hangs_on_the_unit_it_names(office):
    """R-42: one link, one history row and two timeline entries each, from the day of the import."""
    batch = imported(OPERATORS, book(ROWS), office.keeper, office.keeper2)
    made = {row.number: row for row in batch.rows.filter(state=RowState.MADE)}
    named = {ROWS[at - 2][2].strip(): ROWS[at - 2][4].strip() for at in made}
    assert above(batch) == {own: up for own, up in named.items() if up}
    assert len(above(batch)) == HUNG == UnitLink.history.count()
    links = UnitLink.objects.all()
    assert set(links.values_list("starts_on", flat=True)) == {timezone.localdate()}
    assert set(links.values_list("organisation", flat=True)) == {office.company.pk}
    assert TimelineEntry.objects.filter(kind="unit_linked").count() == HUNG
    reasons = UnitLink.history.values_list("history_change_reason", flat=True)
    assert set(reasons) == {f"导入 {batch.number}"}


def test_b230_a_unit_may_stand_before_the_one_above_it(office, firsts):
    batch = imported(OPERATORS, book(firsts[::-1]), office.keeper, office.keeper2)
    assert above(batch) == {row[2]: row[4] for row in firsts if row[4]}
    assert len(above(batch)) == 3


def test_rf48_rows_that_only_gain_their_unit_above_count_as_changed(office, firsts):
    """What came in before without the column hangs on its unit once the file says so."""
    bare = [with_cell(row, "上级单位", "") for row in firsts]
    imported(OPERATORS, book(bare), office.keeper, office.keeper2)
    assert not UnitLink.objects.exists()
    batch = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    assert (batch.counts["changed"], batch.counts["same"]) == (3, 3)
    assert len(above(batch)) == 3
    batch = undo_batch(batch=batch, kind=OPERATORS, by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    assert above(batch) == {}
    assert set(Customer.objects.values_list("status", flat=True)) == {"normal"}


def test_r43_a_unit_that_hangs_on_another_one_stays_there_with_a_warning(office, firsts):
    first = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    low = next(row for row in firsts if row[4])
    other = next(row for row in firsts if not row[4] and row[2] != low[4])
    rows = [with_cell(row, "上级单位", other[2]) if row is low else row for row in firsts]
    batch = imported(OPERATORS, book(rows), office.keeper, office.keeper2)
    assert above(batch)[low[2]] == above(first)[low[2]] == low[4]
    assert (batch.counts["same"], UnitLink.history.count()) == (6, 3)
    told = [row.number for row in batch.rows.all() if "parent_kept" in str(row.doubts)]
    assert told == [firsts.index(low) + 2]
    assert [w["rows"] for w in batch.warnings if w["code"] == "parent_kept"] == [told]


def test_r43_a_unit_moved_between_check_and_release_stays_there_with_a_warning(office, firsts):
    first = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    batch = released(OPERATORS, book(firsts), office.keeper, office.keeper2)
    link = UnitLink.objects.select_related("parent").first()
    heads = [row[2] for row in firsts if not row[4] and row[2] != link.parent.name]
    head = Customer.objects.get(name=heads[0])
    move_unit(link=link, parent=head, expected=1, reason="划转", by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    assert above(first)[link.child.name] == head.name
    doubts = [row.doubts[-1][:2] for row in batch.rows.all() if "parent" in str(row.doubts)]
    assert doubts == [["parent", "parent_kept"]]


def test_ux54_undo_takes_units_out_from_below_before_those_above(office, firsts):
    """The file names the groups first; none of them is kept by a link of the same import."""
    batch = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    batch = undo_batch(batch=batch, kind=OPERATORS, by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    batch.refresh_from_db()
    assert (batch.counts["undone"], batch.counts["made"]) == (6, 0)
    assert not UnitLink.objects.open().exists()
    assert set(Customer.objects.values_list("status", flat=True)) == {"cancelled"}
    told = UnitLink.history.filter(version=2).values_list("history_change_reason", flat=True)
    assert list(told) == [f"撤销 导入 {batch.number}"] * 3


def test_ux54_a_unit_stays_while_another_hangs_on_it(office, firsts):
    """Its own row and that of the unit below, which lived on, are told as not taken back."""
    batch = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    low = next(row for row in firsts if row[4])
    lived = Customer.objects.get(name=low[2])
    add_contact(customer=lived, data=NewContact(name="李后来"), by=lived.manager)
    batch = undo_batch(batch=batch, kind=OPERATORS, by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    batch.refresh_from_db()
    assert (batch.counts["undone"], batch.counts["made"]) == (4, 2)
    assert above(batch) == {low[2]: low[4]}
    left = Customer.objects.filter(status="normal").values_list("name", flat=True)
    assert set(left) == {low[2], low[4]}


def test_ux54_a_unit_that_was_taken_out_since_is_not_undone(office, firsts):
    batch = imported(OPERATORS, book(firsts), office.keeper, office.keeper2)
    link = UnitLink.objects.first()
    unlink_unit(link=link, expected=1, reason="错", by=office.keeper)
    batch = undo_batch(batch=batch, kind=OPERATORS, by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    assert Customer.objects.get(pk=link.child_id).status == "normal"
    assert UnitLink.objects.get(pk=link.pk).version == 2


def test_r40_every_unit_hangs_on_the_one_its_row_names(office):
    imported(OPERATORS, book(ROWS), office.keeper, office.keeper2)
    pairs = dict(UnitLink.objects.values_list("child_id", "parent_id"))
    assert len(pairs) == RIGHT - 3
    unit = Customer.objects.get(name="中国联合网络通信有限公司辽宁辽阳分公司测试")
    assert Customer.objects.get(pk=pairs[unit.pk]).name == "中国联合网络通信有限公司辽宁分公司"
