"""An import in a real browser, from the upload to the error workbook and back (issue 3 part 4)."""

import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from crm.imports.models import ImportBatch
from crm.imports.tests.office import BRANCH, FIRMS, HEAD, Office, workbook
from logistics.models import LogisticsFirm

pytestmark = pytest.mark.e2e


def wrong(row):
    return [*row[:4], "", *row[5:]]


def bring(desk, content):
    """Upload and check, by the page."""
    desk.go("/imports/")
    desk.page.get_by_role("link", name="导入物流公司").click()
    file = {"name": "物流公司.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    desk.page.locator("input[type=file]").set_input_files(file)
    desk.press("上传")
    expect(desk.page.locator("h1")).to_have_text("对应列")
    desk.press("检查文件")
    expect(desk.page.locator("h1")).to_contain_text("DR")
    return ImportBatch.objects.latest("pk")


def carry_out(brings, releases, batch):
    """Submitted by one, released by the other; the worker works beside."""
    brings.press(f"提交 {batch.rows_right} 行，等待放行")
    expect(brings.page.locator("main")).to_contain_text("等待另一位同事放行")
    releases.go(f"/imports/{batch.pk}/")
    releases.press("放行并导入")
    expect(releases.page.locator("main")).to_contain_text("已完成")


def errors_of(desk, batch):
    """The error workbook, downloaded."""
    desk.go(f"/imports/{batch.pk}/")
    with desk.page.expect_download() as got:
        desk.page.get_by_role("link", name="下载错误表").click()
    return load_workbook(io.BytesIO(got.value.path().read_bytes()))


def test_from_upload_to_error_workbook_and_back(seat, transactional_db):
    """UX-49 to UX-54: two people, one wrong cell, mended in the workbook and brought again."""
    office = Office()
    clerk, second = seat(office.clerk), seat(office.second)
    branch = [*BRANCH[:1], "金达莱-西安", BRANCH[2], "西安", *BRANCH[4:]]
    batch = bring(clerk, workbook(FIRMS, [HEAD, wrong(BRANCH), branch], "物流公司"))
    expect(clerk.page.get_by_label("第 3 行 地址")).to_be_visible()
    carry_out(clerk, second, batch)
    book = errors_of(clerk, batch)
    book["物流公司"]["E2"].value = "延安货运站42号"
    out = io.BytesIO()
    book.save(out)
    again = bring(clerk, out.getvalue())
    carry_out(clerk, second, again)
    assert LogisticsFirm.objects.live().count() == 3
    clerk.go(f"/imports/{again.pk}/")
    clerk.page.get_by_role("link", name="撤销导入").click()
    clerk.page.locator("dialog#undo").get_by_role("button", name="撤销导入").click()
    expect(clerk.page.locator("main")).to_contain_text("已撤销")
    assert LogisticsFirm.objects.live().count() == 2


@pytest.mark.parametrize("phone", [False, True])
def test_wrong_cells_are_mended_in_place(seat, transactional_db, phone, tmp_path):
    """UX-50 on a desk and on a phone; pictures for people to look at."""
    office = Office()
    desk = seat(office.clerk, phone=phone)
    bring(desk, workbook(FIRMS, [HEAD, wrong(BRANCH)], "物流公司"))
    desk.page.screenshot(path=str(tmp_path / "check.png"), full_page=True)
    box = desk.page.get_by_label("第 3 行 地址")
    box.fill("延安货运站42号")
    desk.press("保存修改并重新检查")
    expect(desk.page.locator("main")).to_contain_text("没有需要看的行")
    batch = ImportBatch.objects.get()
    assert (batch.rows_right, batch.rows_wrong) == (2, 0)
    assert not LogisticsFirm.objects.exists()
