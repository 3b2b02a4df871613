"""A working day on the list: views, figures, many at once, a file, step by step; two widths."""

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty
from customers.models import Customer
from customers.tests.factories import Bureau

pytestmark = pytest.mark.e2e
NAMES = ("西安铁路机车检修段", "宝鸡时代工程机械", "延安电信分公司", "汉中移动分公司")


@pytest.fixture
def company(transactional_db):
    """唐超 has four customers, two of them of former days; 袁宇 has one."""
    bureau = Bureau()
    bureau.manager = bureau.person(Duty.AM, name="唐超")
    bureau.colleague = bureau.person(Duty.AM, name="袁宇")
    bureau.head = bureau.person(Duty.MVP, name="吕市场")
    for at, name in enumerate(NAMES):
        temporal = "past" if at < 2 else "current"
        bureau.customer(bureau.manager, name=name, temporal_class=temporal)
    bureau.customer(bureau.colleague, name="金丝雀专用客户")
    return bureau


def names_on(desk):
    return desk.page.locator("main .row-name").all_inner_texts()


@pytest.mark.parametrize("phone", [False, True])
def test_a_view_is_kept_and_opens_with_one_press(seat, company, phone):
    """UX-05 at 1366 and at 360 pixels."""
    desk = seat(company.manager, phone=phone)
    desk.go("/customers/?temporal=past")
    desk.page.locator("summary").filter(has_text="视图").click()
    desk.follow("把当前列表保存为视图")
    desk.write("视图名称", "曾经的")
    desk.press("保存")
    expect(desk.message).to_contain_text("视图已保存")
    assert sorted(names_on(desk)) == sorted(NAMES[:2])
    desk.go("/customers/")
    assert len(names_on(desk)) == 4
    desk.page.locator("summary").filter(has_text="视图").click()
    desk.follow("曾经的")
    assert sorted(names_on(desk)) == sorted(NAMES[:2])
    assert desk.wider_than_the_screen() <= 0


def test_a_figure_beside_the_list_narrows_it(seat, company):
    """B187: what the figure says is what the list then shows."""
    desk = seat(company.manager)
    desk.go("/customers/")
    figure = desk.page.locator(".facets__link").filter(has_text="曾经")
    expect(figure).to_contain_text("2")
    figure.click()
    expect(desk.page.locator(".chip__value")).to_have_text("曾经")
    assert len(names_on(desk)) == 2


def test_the_whole_filtered_set_becomes_a_file_that_opens(seat, company, tmp_path):
    """UX-08, UX-10, SEC-25, B298, B304: said before, taken, watermarked, on record."""
    desk = seat(company.manager)
    desk.go("/customers/?temporal=past&sort=name")
    desk.page.get_by_label("选择全部 2 条").check()
    desk.press("导出所选")
    desk.prove()
    expect(desk.heading).to_have_text("导出客户")
    with desk.page.expect_download() as sent:
        desk.press("导出 2 行 × 7 列")
    file = tmp_path / "file.xlsx"
    sent.value.save_as(file)
    assert sent.value.suggested_filename.startswith("客户-")
    book = load_workbook(file)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == [NAMES[1], NAMES[0]]
    mark = dict(book.worksheets[1].iter_rows(min_row=2, values_only=True))
    assert mark["导出人"].startswith("唐超")
    assert AccessLog.objects.get(kind=AccessKind.EXPORT).object_key == "2"


@pytest.mark.parametrize("phone", [False, True])
def test_all_but_one_get_another_manager_after_one_question(seat, company, phone):
    """UX-07, UX-08: the number is exact, who stays is told row by row."""
    desk = seat(company.head, phone=phone)
    desk.go("/customers/")
    desk.page.get_by_label("选择全部 5 条").check()
    desk.page.get_by_role("checkbox", name=NAMES[2]).uncheck()
    desk.press("变更所选的客户经理")
    expect(desk.page.locator("main")).to_contain_text("共 4 户")
    desk.pick("新客户经理", "袁宇")
    desk.write("变更原因", "片区调整")
    desk.press("变更 4 户")
    expect(desk.page.locator("main")).to_contain_text("4 户中已变更 3 户")
    expect(desk.page.locator("main")).to_contain_text("该客户已由此人负责")
    assert [row.name for row in Customer.objects.filter(manager=company.manager)] == [NAMES[2]]
    assert desk.wider_than_the_screen() <= 0


@pytest.mark.parametrize("phone", [False, True])
def test_from_one_customer_to_the_next_and_back_to_the_list(seat, company, phone):
    """UX-04, UX-18."""
    desk = seat(company.manager, phone=phone)
    desk.go("/customers/?temporal=past&sort=name")
    desk.follow(NAMES[1])
    expect(desk.heading).to_have_text(NAMES[1])
    desk.follow("下一户")
    expect(desk.heading).to_have_text(NAMES[0])
    desk.follow("下一户")
    expect(desk.message).to_contain_text("已是列表的最后一户")
    desk.follow("时间线")
    desk.follow("上一户")
    expect(desk.heading).to_have_text(NAMES[1])
    desk.follow("客户档案")
    assert names_on(desk) == [NAMES[1], NAMES[0]]


def test_the_board_is_drawn_and_can_be_read_without_the_drawing(seat, company):
    """UX-77: the table under each drawing says the same; nothing breaks the strict policy."""
    desk = seat(company.head)
    desk.go("/customers/overview/")
    expect(desk.page.locator("#temporal canvas")).to_have_count(1)
    rows = desk.page.locator("#temporal-table tbody td")
    expect(rows).to_have_text(["正在", "3", "曾经", "2"])
    desk.page.locator("#manager-table").get_by_role("link", name="袁宇").click()
    assert names_on(desk) == ["金丝雀专用客户"]


def test_columns_are_put_in_order_by_keys_alone(seat, company):
    """UX-06, UX-59: no drag; the place is said, the focus stays, the list keeps what was set."""
    desk = seat(company.manager)
    desk.go("/customers/")
    desk.page.locator("summary").filter(has_text="列").press("Enter")
    down = desk.page.get_by_role("button", name="下移“客户代码”")
    down.press("Enter")
    expect(down).to_be_focused()
    expect(desk.page.locator("[data-columns-said]")).to_have_text("客户代码 现在是第 2 列")
    desk.page.get_by_label("紧凑").press("Space")
    desk.press("应用")
    expect(desk.page.locator("main thead th").nth(1)).to_have_text("客户名称")
    expect(desk.page.locator("main .datatable--tight")).to_have_count(1)
    assert desk.wider_than_the_screen() <= 0
