"""物流公司 from a workbook (R-45 to R-49, issue 3 part 4)."""

import random

import pytest

from crm.core.errors import Forbidden, StaleVersion
from crm.imports.choices import BatchStatus, RowState
from crm.imports.errors import NothingToImport, SecondPersonReleases, WrongStage
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.services import (
    cancel_batch,
    mend_cells,
    release_batch,
    resume_batch,
    submit_batch,
    undo_batch,
)
from crm.imports.services.committing import commit_batch
from crm.imports.services.running import run_import
from crm.imports.tests.office import (
    BRANCH,
    FIRMS,
    HEAD,
    Office,
    checked,
    imported,
    released,
    workbook,
    wrong_cells,
)
from logistics.formulas import FirmDetails
from logistics.importing import LOGISTICS
from logistics.models import LogisticsFirm
from logistics.services import edit_firm

pytestmark = pytest.mark.django_db


def changed(row, **cells):
    names = dict(zip(FIRMS, range(len(FIRMS)), strict=True))
    line = list(row)
    for name, value in cells.items():
        line[names[name]] = value
    return line


def book(*rows):
    return workbook(FIRMS, rows, "物流公司")


@pytest.fixture
def office(db):
    return Office()


def facts():
    rows = LogisticsFirm.objects.order_by("name")
    return list(rows.values_list("kind", "name", "short_name", "city", "parent__name", "phone"))


def test_r46_heads_and_branches_go_in_whatever_their_order(office):
    """Any permutation of rows, same result (issue 3 part 4)."""
    other = changed(HEAD, 名称="西北捷运有限责任公司", 地市="兰州")
    rows = [HEAD, BRANCH, changed(BRANCH, 名称="金达莱—西安", 地市="西安"), other]
    random.shuffle(rows)
    batch = imported(LOGISTICS, book(*rows), office.clerk, office.second)
    assert (batch.status, batch.counts["made"]) == (BatchStatus.DONE, 4)
    head = "金达莱物流有限责任公司"
    assert facts() == [
        ("head", "西北捷运有限责任公司", "西北捷运", "兰州", None, "18973714908"),
        ("branch", "金达莱-延安", "金达莱", "延安", head, "13300287154"),
        ("branch", "金达莱-西安", "金达莱", "西安", head, "13300287154"),
        ("head", head, "金达莱", "乌鲁木齐", None, "18973714908"),
    ]
    for firm in LogisticsFirm.objects.all():
        entry = firm.history.get()
        assert entry.history_change_reason == f"导入 {batch.number}"
        assert firm.field_marks["phone"] == {
            "at": firm.field_marks["phone"]["at"],
            "by": office.clerk.pk,
            "form": batch.number,
        }


def test_rf48_the_same_file_twice_changes_nothing(office):
    imported(LOGISTICS, book(HEAD, BRANCH), office.clerk, office.second)
    again = imported(LOGISTICS, book(HEAD, BRANCH), office.clerk, office.second)
    assert again.counts["same"] == 2
    assert again.counts["made"] == again.counts["changed"] == 0
    assert LogisticsFirm.history.count() == 2


def test_a_changed_row_gets_one_history_row_and_the_others_none(office):
    imported(LOGISTICS, book(HEAD, BRANCH), office.clerk, office.second)
    batch = imported(
        LOGISTICS, book(HEAD, changed(BRANCH, 电话="13900001111")), office.clerk, office.second
    )
    assert (batch.counts["changed"], batch.counts["same"]) == (1, 1)
    branch = LogisticsFirm.objects.get(name="金达莱-延安")
    assert (branch.phone, branch.version, branch.history.count()) == ("13900001111", 2, 2)
    assert LogisticsFirm.history.count() == 3


WRONG = [
    ({"名称": "金达莱西安"}, (3, "name", "branch_name")),
    ({"地市": "西安"}, (3, "city", "branch_city")),
    ({"地址": ""}, (3, "address", "required")),
    ({"邮政编码": "71000"}, (3, "postcode", "length")),
    ({"电话": "12"}, (3, "phone", "format")),
    ({"所属总部": ""}, (3, "parent", "required")),
    ({"所属总部": "没有的公司"}, (3, "parent", "unknown_head")),
    ({"总部/分支": "分部"}, (3, "kind", "choice")),
    ({"名称": "金达-延安"}, (3, "name", "short_name")),
]


@pytest.mark.parametrize(("cells", "found"), WRONG)
def test_r47_every_wrong_cell_is_named_and_the_right_rows_go_in(office, cells, found):
    right = changed(BRANCH, 名称="金达莱-西安", 地市="西安")
    batch = checked(LOGISTICS, book(HEAD, changed(BRANCH, **cells), right), office.clerk)
    if cells != {"电话": "12"}:
        assert wrong_cells(batch) == [found]
        assert (batch.rows_total, batch.rows_right, batch.rows_wrong) == (3, 2, 1)
    else:
        assert wrong_cells(batch) == [found]
    assert not LogisticsFirm.objects.exists()


def test_a_key_twice_in_one_file_makes_the_later_row_wrong_and_names_the_earlier(office):
    batch = checked(LOGISTICS, book(HEAD, BRANCH, BRANCH), office.clerk)
    assert wrong_cells(batch) == [(4, "name", "duplicate")]
    assert "第 3 行" in batch.rows.get(number=4).errors[0][2]


def test_d13_nobody_releases_what_he_brought(office):
    batch = checked(LOGISTICS, book(HEAD), office.clerk)
    batch = submit_batch(batch=batch, kind=LOGISTICS, expected=batch.version, by=office.clerk)
    with pytest.raises(SecondPersonReleases):
        release_batch(batch=batch, kind=LOGISTICS, expected=batch.version, by=office.clerk)
    batch.refresh_from_db()
    assert (batch.status, batch.released_by, batch.job) == (BatchStatus.SUBMITTED, None, None)
    assert not LogisticsFirm.objects.exists()


def test_d13_only_holders_of_the_right_bring_or_release(office):
    with pytest.raises(Forbidden):
        checked(LOGISTICS, book(HEAD), office.keeper)
    assert not ImportBatch.objects.exists()
    batch = checked(LOGISTICS, book(HEAD), office.clerk)
    batch = submit_batch(batch=batch, kind=LOGISTICS, expected=batch.version, by=office.clerk)
    with pytest.raises(Forbidden):
        release_batch(batch=batch, kind=LOGISTICS, expected=batch.version, by=office.manager)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.SUBMITTED


def test_b233_released_twice_is_released_once(office):
    batch = checked(LOGISTICS, book(HEAD), office.clerk)
    batch = submit_batch(batch=batch, kind=LOGISTICS, expected=batch.version, by=office.clerk)
    version = batch.version
    first = release_batch(batch=batch, kind=LOGISTICS, expected=version, by=office.second)
    again = release_batch(batch=batch, kind=LOGISTICS, expected=version, by=office.second)
    assert first.job_id == again.job_id
    run_import(job=first.job_id, kind=LOGISTICS)
    run_import(job=first.job_id, kind=LOGISTICS)
    assert LogisticsFirm.objects.count() == 1


def test_b232_what_was_looked_at_is_what_is_released(office):
    batch = checked(LOGISTICS, book(HEAD), office.clerk)
    seen = batch.version
    submit_batch(batch=batch, kind=LOGISTICS, expected=seen, by=office.clerk)
    with pytest.raises(StaleVersion):
        release_batch(batch=batch, kind=LOGISTICS, expected=seen, by=office.second)
    batch.refresh_from_db()
    with pytest.raises(WrongStage):
        mend_cells(
            batch=batch,
            kind=LOGISTICS,
            cells={(2, "phone"): "13900001111"},
            expected=batch.version,
            by=office.clerk,
        )
    assert batch.rows.get(number=2).values["phone"] == "18973714908"


def test_a_file_without_a_right_row_cannot_be_submitted(office):
    batch = checked(LOGISTICS, book(BRANCH), office.clerk)
    with pytest.raises(NothingToImport):
        submit_batch(batch=batch, kind=LOGISTICS, expected=batch.version, by=office.clerk)


def test_ux50_mending_in_place_makes_the_row_right_and_leaves_the_file_alone(office):
    batch = checked(LOGISTICS, book(HEAD, changed(BRANCH, 地址="")), office.clerk)
    digest = batch.sha256
    batch = mend_cells(
        batch=batch,
        kind=LOGISTICS,
        cells={(3, "address"): "延安货运站42号"},
        expected=batch.version,
        by=office.clerk,
    )
    assert (batch.rows_right, batch.rows_wrong, batch.sha256) == (2, 0, digest)
    with pytest.raises(StaleVersion):
        mend_cells(batch=batch, kind=LOGISTICS, cells={}, expected=1, by=office.clerk)


def test_rf47_a_worker_that_dies_between_slices_repeats_nothing(office):
    towns = [f"地{mark}" for mark in "甲乙丙丁戊己庚辛"]
    rows = [HEAD, *(changed(BRANCH, 名称=f"金达莱-{town}", 地市=town) for town in towns)]
    batch = released(LOGISTICS, book(*rows), office.clerk, office.second)

    class Dying(type(LOGISTICS)):
        calls = 0

        def commit(self, drafts, order):
            type(self).calls += 1
            if self.calls in (2, 4):
                raise KeyboardInterrupt
            return super().commit(drafts, order)

    for _try in range(2):
        with pytest.raises(KeyboardInterrupt):
            commit_batch(job=batch.job_id, kind=Dying(), size=2)
        batch.job.refresh_from_db()
        batch.job.lease_until = batch.job.started_at
        batch.job.save()
    assert commit_batch(job=batch.job_id, kind=LOGISTICS, size=2)
    batch.refresh_from_db()
    assert (batch.status, batch.counts["made"]) == (BatchStatus.DONE, 9)
    assert LogisticsFirm.history.count() == LogisticsFirm.objects.count() == 9
    batch.job.refresh_from_db()
    assert (batch.job.done, batch.job.total) == (9, 9)


def test_ux51_a_cancelled_import_stops_between_slices_and_can_go_on(office):
    batch = released(LOGISTICS, book(HEAD, BRANCH), office.clerk, office.second)
    batch = cancel_batch(batch=batch, kind=LOGISTICS, by=office.clerk)
    run_import(job=batch.job_id, kind=LOGISTICS)
    assert not LogisticsFirm.objects.exists()
    batch = resume_batch(batch=batch, kind=LOGISTICS, by=office.clerk)
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    assert (batch.status, LogisticsFirm.objects.count()) == (BatchStatus.DONE, 2)
    with pytest.raises(WrongStage):
        cancel_batch(batch=batch, kind=LOGISTICS, by=office.clerk)


def undone(batch, by):
    batch = undo_batch(batch=batch, kind=LOGISTICS, by=by)
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    return batch


def test_ux54_undo_takes_back_rows_nobody_touched_since_and_keeps_the_others(office):
    imported(LOGISTICS, book(HEAD), office.clerk, office.second)
    other = changed(HEAD, 名称="西北捷运有限责任公司", 地市="兰州")
    rows = [changed(HEAD, 电话="13900001111"), BRANCH, other]
    batch = imported(LOGISTICS, book(*rows), office.clerk, office.second)
    touched = LogisticsFirm.objects.get(name="西北捷运有限责任公司")
    details = FirmDetails("新址1号", "730000", "宋建伟", "经理", "13897303747")
    edit_firm(
        firm=touched, details=details, is_live=True, expected=1, by=office.clerk, name=touched.name
    )
    batch = undone(batch, office.clerk)
    head = LogisticsFirm.objects.get(name="金达莱物流有限责任公司")
    assert (head.phone, head.version, head.history.count()) == ("18973714908", 3, 3)
    assert not LogisticsFirm.objects.get(name="金达莱-延安").is_live
    touched.refresh_from_db()
    assert (touched.is_live, touched.address) == (True, "新址1号")
    assert (batch.status, batch.counts["undone"], batch.counts["made"]) == ("undone", 2, 1)
    states = dict(batch.rows.values_list("number", "state"))
    assert states == {2: RowState.UNDONE, 3: RowState.UNDONE, 4: RowState.MADE}


def test_a_firm_taken_back_comes_back_with_the_next_import(office):
    batch = imported(LOGISTICS, book(HEAD, BRANCH), office.clerk, office.second)
    undone(batch, office.clerk)
    assert not LogisticsFirm.objects.live().exists()
    imported(LOGISTICS, book(HEAD, BRANCH), office.clerk, office.second)
    assert LogisticsFirm.objects.live().count() == LogisticsFirm.objects.count() == 2


def test_b233_a_row_changed_by_another_between_check_and_commit_is_not_overwritten(office):
    imported(LOGISTICS, book(HEAD), office.clerk, office.second)
    batch = released(
        LOGISTICS, book(changed(HEAD, 电话="13900001111")), office.clerk, office.second
    )
    firm = LogisticsFirm.objects.get()
    details = FirmDetails("新址1号", "730000", "宋建伟", "经理", "13897303747")
    edit_firm(firm=firm, details=details, is_live=True, expected=1, by=office.clerk, name=firm.name)
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    firm.refresh_from_db()
    assert (firm.phone, batch.counts["refused"]) == ("13897303747", 1)
    assert ImportRow.objects.get(batch=batch).errors[0][1] == "moved_on"
