"""Who may import what: columns by the field rules (B235), a manager his own rows (trust 4.3)."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from crm.core.errors import Forbidden
from crm.identity.choices import Duty, Scope
from crm.identity.models import RoleRight
from crm.imports.access import batches_for
from crm.imports.errors import ColumnsBarred, SecondPersonReleases
from crm.imports.models import ImportBatch
from crm.imports.services import (
    check_batch,
    mend_cells,
    open_batch,
    prepare_batch,
    release_batch,
    submit_batch,
)
from crm.imports.services.running import run_import
from crm.imports.tests.office import Office, checked, imported, released, wrong_cells
from crm.kinds import KINDS
from customers.importing.operators import OPERATORS
from customers.models import Customer
from customers.tests.sheets import HEADER, ROWS, book, with_cell

pytestmark = pytest.mark.django_db
RIGHTS = (("import", "c", "customers"), ("customer", "i", ""), ("contact", "i", ""))
GROUPS = [with_cell(row, "上级单位", "") for row in ROWS[:3]]


@pytest.fixture
def office(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for thing, action, fieldset in (*RIGHTS, ("unit", "c", "")):
        RoleRight.objects.create(
            duty=Duty.MVP, object=thing, action=action, scope=Scope.ALL, fieldset=fieldset
        )
    return Office()


@pytest.fixture
def deputy(office):
    """He may import customers and contacts, but the age of a person is not for him (PM-08)."""
    return office.person(Duty.MVP)


def opened(by, rows=GROUPS, people=()):
    content = book(rows, people) if people else book(rows)
    return open_batch(kind=OPERATORS, file_name="客户.xlsx", content=content, by=by)


def without_age(batch):
    return {name: at for name, at in batch.mapping.items() if name != "age"}


def test_b235_a_column_that_may_not_be_written_is_refused_by_name_before_the_check(office, deputy):
    batch = opened(deputy)
    with pytest.raises(ColumnsBarred, match="年龄"):
        check_batch(batch=batch, kind=OPERATORS, by=deputy)
    with pytest.raises(ColumnsBarred, match="年龄"):
        prepare_batch(
            batch=batch,
            kind=OPERATORS,
            sheet=batch.sheet,
            encoding="",
            mapping=batch.mapping,
            by=deputy,
        )
    batch.refresh_from_db()
    assert (batch.status, batch.rows.count()) == ("uploaded", 0)


def test_b235_the_page_names_the_column_and_takes_the_file_without_it(client, office, deputy):
    client.force_login(deputy)
    file = SimpleUploadedFile("客户.xlsx", book(GROUPS))
    client.post("/imports/new/operators/", {"file": file})
    batch = ImportBatch.objects.get()
    page = client.get(f"/imports/{batch.pk}/map/").content.decode()
    assert "您无权写入这些列" in page
    data = {"sheet": batch.sheet}
    for column in OPERATORS.columns:
        data[f"column_{column.field}"] = batch.mapping[column.field]
    page = client.post(f"/imports/{batch.pk}/map/", data).content.decode()
    assert page.count("您无权填写此项") == 3, "beside the field, as its error, above all"
    answer = client.post(f"/imports/{batch.pk}/map/", data | {"column_age": -1})
    assert answer.url == f"/imports/{batch.pk}/"
    batch.refresh_from_db()
    assert batch.status == "checked"
    assert "age" not in batch.mapping


def test_b235_the_command_refuses_the_column_too(office, deputy, tmp_path):
    path = tmp_path / "客户.xlsx"
    path.write_bytes(book(GROUPS))
    home = {"organisation": office.company.code, "by": deputy.username}
    RoleRight.objects.filter(duty=Duty.ARC, object="import").delete()
    second = office.person(Duty.MVP)
    with pytest.raises(CommandError, match="年龄"):
        call_command(
            "import_sheet",
            "operators",
            str(path),
            released_by=second.username,
            stdout=io.StringIO(),
            **home,
        )
    assert not ImportBatch.objects.exists()


def test_b235_no_cell_of_it_is_written_by_typing_it_anew_or_by_leaving_it_out(office, deputy):
    """What stands in the archive stays, also where the file has other columns only."""
    imported(OPERATORS, book(GROUPS), office.keeper, office.keeper2)
    other = [with_cell(row, "年龄", "33") for row in GROUPS]
    batch = opened(deputy, [with_cell(row, "备注", "改过") for row in other])
    kept = {k: v for k, v in without_age(batch).items() if k not in ("address", "email")}
    act = {"kind": OPERATORS, "by": deputy}
    batch = prepare_batch(batch=batch, sheet=batch.sheet, encoding="", mapping=kept, **act)
    batch = check_batch(batch=batch, **act)
    with pytest.raises(ColumnsBarred, match="年龄"):
        mend_cells(batch=batch, cells={(2, "age"): "44"}, expected=batch.version, **act)
    batch.refresh_from_db()
    before = list(Customer.objects.order_by("pk").values_list("address", "contacts__age"))
    batch = submit_batch(batch=batch, expected=batch.version, **act)
    batch = release_batch(batch=batch, kind=OPERATORS, expected=batch.version, by=office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    rows = Customer.objects.order_by("pk")
    assert list(rows.values_list("address", "contacts__age")) == before
    assert set(rows.values_list("remark", flat=True)) == {"改过"}


def test_b235_a_right_lost_before_the_commit_stops_it(office):
    batch = released(OPERATORS, book(GROUPS), office.keeper, office.keeper2)
    RoleRight.objects.filter(duty=Duty.ARC, object="contact", action="i").delete()
    run_import(job=batch.job_id, kind=OPERATORS)
    batch.refresh_from_db()
    assert (batch.status, Customer.objects.count()) == ("failed", 0)
    assert "客户联系人" in batch.note


def mine(office, rows=GROUPS):
    return [with_cell(row, "客户经理", office.manager.name) for row in rows]


def test_a_manager_imports_his_own_customers_and_a_keeper_releases_them(office):
    batch = released(OPERATORS, book(mine(office)), office.manager, office.keeper)
    run_import(job=batch.job_id, kind=OPERATORS)
    batch.refresh_from_db()
    assert (batch.status, batch.counts["made"]) == ("done", 3)
    assert set(Customer.objects.values_list("manager", flat=True)) == {office.manager.pk}
    again = [with_cell(row, "备注", "走访") for row in mine(office)]
    imported(OPERATORS, book(again), office.manager, office.keeper)
    assert set(Customer.objects.values_list("remark", flat=True)) == {"走访"}


def test_rows_that_are_not_his_are_errors_that_tell_nothing(office):
    """R-10: the archive of a colleague is there or not, its data differ or not: one sentence."""
    colleague = office.person(Duty.AM, name="郑秋")
    theirs = [with_cell(row, "客户经理", "郑秋") for row in GROUPS[:2]]
    imported(OPERATORS, book(theirs), colleague, office.keeper)
    taken, coded, new = mine(office)
    named = with_cell(coded, "统一社会信用代码", new[HEADER.index("统一社会信用代码")])
    stranger = with_cell(new, "客户经理", "郑秋")
    nobody = with_cell(with_cell(new, "客户名称", "某某公司"), "客户经理", "查无此人")
    nobody = with_cell(nobody, "统一社会信用代码", "")
    batch = checked(OPERATORS, book([taken, named, stranger, nobody]), office.manager)
    assert set(wrong_cells(batch)) >= {
        (2, "credit_code", "already_exists"),
        (2, "name", "already_exists"),
        (3, "name", "already_exists"),
        (4, "manager", "not_own"),
        (5, "manager", "not_own"),
    }
    said = {m for row in batch.rows.all() for _f, code, m in row.errors if code != "duplicate"}
    assert said == {
        "已存在，先记录者优先",
        "您只能导入由本人负责的客户，请填写您的姓名，或删除这一行",
    }
    assert batch.rows_right == 0


def test_a_unit_is_not_hung_under_one_he_does_not_see(office):
    colleague = office.person(Duty.AM, name="郑秋")
    imported(OPERATORS, book([with_cell(GROUPS[0], "客户经理", "郑秋")]), colleague, office.keeper)
    above = GROUPS[0][HEADER.index("客户名称")]
    below = [with_cell(row, "上级单位", above) for row in mine(office, ROWS[3:4])]
    batch = checked(OPERATORS, book(below), office.manager)
    assert wrong_cells(batch) == [(2, "parent", "unknown_parent")]
    assert wrong_cells(checked(OPERATORS, book(below), office.keeper)) == []


def test_a_manager_neither_releases_nor_sees_what_others_bring(office):
    colleague = office.person(Duty.AM, name="郑秋")
    batch = checked(OPERATORS, book(mine(office)), office.manager)
    batch = submit_batch(batch=batch, kind=OPERATORS, expected=batch.version, by=office.manager)
    assert not batches_for(colleague, KINDS).exists()
    assert batches_for(office.keeper, KINDS).exists()
    with pytest.raises(Forbidden):
        release_batch(batch=batch, kind=OPERATORS, expected=batch.version, by=colleague)
    with pytest.raises((Forbidden, SecondPersonReleases)):
        release_batch(batch=batch, kind=OPERATORS, expected=batch.version, by=office.manager)
    assert not Customer.objects.exists()


def test_who_passed_on_a_customer_between_check_and_commit_does_not_change_it(office):
    first = imported(OPERATORS, book(mine(office)), office.manager, office.keeper)
    assert first.counts["made"] == 3
    again = [with_cell(row, "备注", "走访") for row in mine(office)]
    batch = released(OPERATORS, book(again), office.manager, office.keeper)
    Customer.objects.update(manager=office.person(Duty.AM))
    run_import(job=batch.job_id, kind=OPERATORS)
    batch.refresh_from_db()
    assert batch.counts["refused"] == 3
    assert not Customer.objects.filter(remark="走访").exists()
