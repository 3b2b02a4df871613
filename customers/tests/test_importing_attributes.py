"""Free attributes as columns of a sheet: offered, checked, written with history (B-26, D13)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.imports.models import ImportBatch
from crm.imports.services import release_batch, submit_batch, undo_batch
from crm.imports.services.running import run_import
from crm.imports.tests.office import Office, imported, workbook, wrong_cells
from customers.choices import Authority
from customers.domains import ValueKind
from customers.importing.operators import OPERATORS
from customers.models import Customer, CustomerAttributes, TimelineEntry
from customers.tests.factories_boss import AttributeFactory
from customers.tests.sheets import HEADER, PEOPLE, ROWS, with_cell

pytestmark = pytest.mark.django_db
GROUPS = [with_cell(row, "上级单位", "") for row in ROWS[:3]]
TITLES = [*HEADER, "网点数", "是否试点", "grade"]


@pytest.fixture
def office(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    office = Office()

    def add(code, label, kind, **more):
        AttributeFactory(
            organisation=office.company, code=code, label=label, value_kind=kind, **more
        )

    add("shops", "网点数", ValueKind.NUMBER)
    add("pilot", "是否试点", ValueKind.YES_NO)
    add("grade", "备注", ValueKind.TEXT)
    add("fed", "接口来的", ValueKind.TEXT, authority=Authority.INTERFACE)
    return office


def book(*extras):
    rows = [[*row, *extra] for row, extra in zip(GROUPS, extras, strict=False)]
    return workbook(TITLES, rows, "客户档案", 客户经理=PEOPLE)


def brought(client, office, content):
    client.force_login(office.keeper)
    client.post("/imports/new/operators/", {"file": SimpleUploadedFile("a.xlsx", content)})
    return ImportBatch.objects.get()


def new_people(office):
    return [line[0] for line in PEOPLE[1:] if line[0] != office.manager.name]


def test_from_upload_over_map_check_and_release_to_the_archive(client, office):
    batch = brought(client, office, book(["12", "是", "甲"], ["很多", "也许", "乙"], ["", "", ""]))
    page = client.get(f"/imports/{batch.pk}/map/").content.decode()
    assert 'name="column_extra.shops"' in page
    assert "备注（扩展属性）" in page, "a label that the sheet has already says what it is"
    assert "extra.fed" not in page, "an interface keeps it"
    data = {"sheet": batch.sheet, "people": new_people(office)}
    data |= {f"column_{name}": at for name, at in batch.mapping.items()}
    assert data["column_extra.grade"] == len(HEADER) + 2
    client.post(f"/imports/{batch.pk}/map/", data)
    batch.refresh_from_db()
    assert wrong_cells(batch) == [(3, "extra.pilot", "yes_no"), (3, "extra.shops", "format")]
    page = client.get(f"/imports/{batch.pk}/").content.decode()
    assert 'name="cell-3-extra.pilot"' in page
    typed = {"cell-3-extra.pilot": "否", "cell-3-extra.shops": "3.5"}
    client.post(f"/imports/{batch.pk}/cells/", {"version": batch.version, **typed})
    batch.refresh_from_db()
    assert batch.rows_wrong == 0
    act = {"batch": batch, "kind": OPERATORS}
    batch = submit_batch(expected=batch.version, by=office.keeper, **act)
    batch = release_batch(expected=batch.version, by=office.keeper2, **act)
    run_import(job=batch.job_id, kind=OPERATORS)
    found = CustomerAttributes.objects.order_by("customer_id").values_list("content", flat=True)
    assert list(found) == [
        {"shops": 12, "pilot": True, "grade": "甲"},
        {"shops": 3.5, "pilot": False, "grade": "乙"},
    ]
    assert {row.history_change_reason for row in CustomerAttributes.history.all()} == {
        f"导入 {batch.number}"
    }


def test_archives_that_are_here_are_changed_where_they_differ_and_can_be_taken_back(office):
    first = book(["12", "是", "甲"], ["", "", ""], ["7", "", ""])
    imported(OPERATORS, first, office.keeper, office.keeper2)
    second = book(["13", "", "甲"], ["1", "", ""], ["7", "", ""])
    batch = imported(OPERATORS, second, office.keeper, office.keeper2)
    assert (batch.counts["changed"], batch.counts["same"]) == (2, 1)
    assert contents() == [{"shops": 13, "grade": "甲"}, {"shops": 1}, {"shops": 7}]
    changed = CustomerAttributes.objects.order_by("customer_id").first()
    assert (changed.version, changed.history.count()) == (2, 2)
    assert changed.marks["shops"]["form"] == batch.number
    assert changed.customer.version == 2, "whoever has a form open must notice"
    entry = TimelineEntry.objects.filter(kind="changed").first()
    assert "extra.shops" in entry.values["fields"]
    undo_batch(batch=batch, kind=OPERATORS, by=office.keeper)
    batch.refresh_from_db()
    run_import(job=batch.job_id, kind=OPERATORS)
    assert contents() == [{"shops": 12, "pilot": True, "grade": "甲"}, {}, {"shops": 7}]


def contents():
    rows = Customer.objects.order_by("name").values_list("extra__content", flat=True)
    order = [row[HEADER.index("客户名称")] for row in GROUPS]
    found = dict(zip(sorted(order), rows, strict=True))
    return [found[name] for name in order]


def test_a_file_without_the_columns_leaves_them_alone(office):
    imported(OPERATORS, book(["12", "是", "甲"]), office.keeper, office.keeper2)
    plain = workbook(HEADER, [with_cell(GROUPS[0], "备注", "新")], "客户档案", 客户经理=PEOPLE)
    batch = imported(OPERATORS, plain, office.keeper, office.keeper2)
    assert batch.counts["changed"] == 1
    assert CustomerAttributes.objects.get().content == {"shops": 12, "pilot": True, "grade": "甲"}


def test_another_organisation_and_another_kind_of_customer_have_other_columns(office):
    assert len(OPERATORS.fitted(office.company).columns) == len(OPERATORS.columns) + 3
    assert OPERATORS.fitted(Office().company).columns == OPERATORS.columns
