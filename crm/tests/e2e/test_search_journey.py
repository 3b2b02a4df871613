"""The search box in a real browser: by key, by initials, through an input method (UX-01 ff.)."""

import pytest
from playwright.sync_api import expect

from crm.identity.choices import Duty
from customers.services.search_statistics import refresh_search_statistics
from customers.tests.factories import Bureau

pytestmark = pytest.mark.e2e
MINE, OTHERS = "西安长乐轨道装备有限公司", "西安长乐商贸有限公司"


@pytest.fixture
def company(transactional_db):
    """张晓梅 with one customer, and a colleague's that sounds like it."""
    bureau = Bureau()
    bureau.manager = bureau.person(Duty.AM, name="张晓梅")
    bureau.mine = bureau.customer(bureau.manager, name=MINE, mobile="13891234567")
    bureau.others = bureau.customer(bureau.person(Duty.AM), name=OTHERS, mobile="13991234567")
    refresh_search_statistics()
    return bureau


def test_a_customer_is_found_by_initials_with_the_keyboard_alone(seat, company):
    """UX-01, UX-02: `/`, initials, arrow, Enter; what is not hers never shows."""
    desk = seat(company.manager)
    desk.page.keyboard.press("/")
    box = desk.page.locator("[data-find]")
    expect(box).to_be_focused()
    desk.page.keyboard.type("xacl")
    answers = desk.page.locator("[data-find-answers]")
    expect(answers).to_contain_text(MINE)
    expect(answers).to_contain_text("拼音首字母")
    expect(answers).not_to_contain_text(OTHERS)
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    expect(desk.heading).to_have_text(MINE)


def test_nothing_is_searched_while_the_input_method_composes(seat, company):
    """UX-27, B032: the half-typed word asks nothing, the Enter that picks it sends nothing."""
    desk = seat(company.manager)
    asked = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.compose("查客户", "changle")
    desk.page.wait_for_timeout(600)
    assert [url for url in asked if "search" in url] == []
    desk.choose("长乐")
    answers = desk.page.locator("[data-find-answers]")
    expect(answers).to_contain_text(MINE)
    desk.page.keyboard.press("Escape")
    expect(answers).to_be_hidden()
    desk.page.keyboard.press("Enter")
    expect(desk.heading).to_have_text("查找客户")
    expect(desk.page.locator("tbody tr")).to_have_count(1)
    expect(desk.page.locator("tbody")).to_contain_text("名称")


def test_a_pasted_code_opens_its_customer_and_a_foreign_one_finds_nobody(seat, company):
    """UX-03."""
    desk = seat(company.manager, phone=True)
    desk.field("查客户").fill(f" {company.mine.code} ")
    desk.field("查客户").press("Enter")
    expect(desk.heading).to_have_text(MINE)
    desk.field("查客户").fill(company.others.code)
    desk.field("查客户").press("Enter")
    expect(desk.page.locator("main")).to_contain_text("在您可见的客户中没有找到")
    expect(desk.page.locator("main")).not_to_contain_text(OTHERS)
    assert desk.wider_than_the_screen() == 0
