"""One customer's life in a real browser: registered in Chinese, edited, disputed, revealed."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty
from customers.models import Customer
from customers.tests.factories import IDENTITY, Bureau, ContactFactory, CustomerFactory

pytestmark = pytest.mark.e2e
NAME = "西安䶮昇轨道装备有限责任公司"
TAKEN = "宝鸡秦川机车检修有限公司"


@pytest.fixture
def company(transactional_db):
    """A repair company: 张晓梅, her colleague 李国强, and one customer of his."""
    bureau = Bureau()
    bureau.manager = bureau.person(Duty.AM, name="张晓梅")
    bureau.colleague = bureau.person(Duty.AM, name="李国强")
    bureau.taken = bureau.customer(bureau.colleague, name=TAKEN)
    return bureau


@pytest.fixture
def customer(company):
    row = CustomerFactory(
        department=company.market, manager=company.manager, name=NAME, address="西安市雁塔区旧址"
    )
    ContactFactory(customer=row, name="欧阳娜娜", identity_no=IDENTITY)
    return row


def log_in_long_ago(seconds=600):
    """As if everybody had given the password ten minutes ago (SEC-25)."""
    for session in Session.objects.all():
        values = session.get_decoded()
        for record in values.get("account_authentication_methods", []):
            record["at"] -= seconds
        session.session_data = Session.objects.encode(values)
        session.save()


def test_duplicates_are_told_while_typing_without_a_word_about_them(seat, company):
    """UX-27, UX-34, RF-09: nothing is asked while the input method composes."""
    desk = seat(company.manager)
    desk.go("/customers/register/")
    duplicates = desk.page.locator("#duplicates")
    desk.compose("客户名称", "baoji")
    desk.page.wait_for_timeout(600)
    expect(duplicates).to_be_empty()
    desk.choose(TAKEN)
    expect(duplicates).to_contain_text("已有档案")
    expect(duplicates).to_contain_text("名称相同")
    for detail in (TAKEN, company.taken.code, company.colleague.name):
        expect(duplicates).not_to_contain_text(detail)
    desk.write("客户名称", NAME)
    expect(duplicates).to_be_empty()


def type_a_customer(desk):
    """Province and city, the name, a contact; the draft is saved when a field is left."""
    desk.pick("省份", "陕西省")
    desk.pick("地市", "西安市")
    desk.write("客户名称", NAME)
    desk.write("姓名", "王建国")
    desk.write("职务", "设备部主任")
    desk.field("客户地址").focus()
    expect(desk.page.locator("[data-draft-note]")).to_contain_text("草稿已保存")


def test_a_manager_registers_a_customer_in_chinese(seat, company):
    """UX-24, UX-27, UX-32: cascade, composition, and a killed tab loses nothing."""
    desk = seat(company.manager)
    desk.follow("客户建档")
    type_a_customer(desk)
    desk.tab_is_killed()
    desk.go("/customers/register/")
    expect(desk.page.locator("#main")).to_contain_text("已恢复您上次未提交的内容。")
    for label, typed in (("客户名称", NAME), ("地市", "610100"), ("职务", "设备部主任")):
        expect(desk.field(label)).to_have_value(typed)

    desk.write("客户地址", "西安市雁塔区小寨东路1号")
    desk.press("建档")
    expect(desk.heading).to_have_text(NAME)
    expect(desk.message).to_contain_text("客户已建档")
    row = Customer.objects.get(name=NAME)
    assert (row.manager, row.city_id) == (company.manager, "610100")
    assert row.address == "西安市雁塔区小寨东路1号"
    assert row.contacts.get().position == "设备部主任"

    desk.go("/customers/")
    expect(desk.page.get_by_role("row").filter(has_text=NAME)).to_contain_text(row.code)
    expect(desk.page.locator("#main")).not_to_contain_text(TAKEN)


def test_an_edit_keeps_old_and_new_value_with_its_reason(seat, company, customer):
    """UX-26, B-19: who changed what, when and why."""
    desk = seat(company.manager)
    desk.go(f"/customers/{customer.pk}/")
    desk.follow("修改资料")
    desk.write("客户地址", "西安市未央区新址")
    desk.field("修改原因").focus()
    expect(desk.page.locator("[data-field=address]")).to_contain_text("原为 西安市雁塔区旧址")
    desk.write("修改原因", "客户搬迁")
    desk.press("保存")
    expect(desk.message).to_contain_text("修改已保存")
    desk.follow("变更历史")
    latest = desk.page.locator("main .section").first
    for words in ("张晓梅", "客户搬迁", "西安市雁塔区旧址", "西安市未央区新址"):
        expect(latest).to_contain_text(words)


def test_two_browsers_change_one_archive_and_the_second_chooses(seat, company, customer):
    """RF-06, UX-36: 409, three columns, and what is chosen is what stands there."""
    first, second = seat(company.manager), seat(company.manager)
    for desk in (first, second):
        desk.go(f"/customers/{customer.pk}/edit/")
    first.write("客户地址", "西安市未央区新址")
    first.write("修改原因", "客户搬迁")
    first.press("保存")
    expect(first.message).to_contain_text("修改已保存")

    second.write("客户地址", "西安市碑林区别处")
    second.write("行业", "轨道交通")
    second.write("修改原因", "核对资料")
    second.press("保存", status=409)
    expect(second.heading).to_have_text("两人改了同一份档案")
    expect(second.page.locator("thead th")).to_have_text(["项目", "打开时", "我填的", "对方已存"])
    row = second.page.get_by_role("row").filter(has_text="客户地址")
    expect(row.locator("td")).to_have_text(
        ["西安市雁塔区旧址", "西安市碑林区别处", "西安市未央区新址"]
    )
    row.get_by_role("radio").nth(1).check()
    second.press("按选择保存")
    expect(second.message).to_contain_text("修改已保存")
    customer.refresh_from_db()
    assert (customer.address, customer.industry) == ("西安市未央区新址", "轨道交通")


def test_a_sealed_value_is_shown_for_a_minute_to_whoever_says_why(seat, company, customer):
    """UX-20, SEC-25, SEC-39: the password again, a reason, a log row, and it hides itself."""
    desk = seat(company.manager)
    desk.go(f"/customers/{customer.pk}/contacts/")
    assert IDENTITY not in desk.page.content()
    log_in_long_ago()
    desk.follow("显示 身份证号")
    desk.prove()
    desk.write("查看原因", "客户来电核对证件")
    desk.page.clock.install()
    desk.press("显示 60 秒")
    shown = desk.page.locator("[data-reveal-seconds]")
    expect(shown).to_contain_text(IDENTITY)
    desk.page.clock.fast_forward(61_000)
    expect(shown).to_have_text("已重新隐藏")
    assert IDENTITY not in desk.page.content()
    row = AccessLog.objects.get(kind=AccessKind.REVEAL)
    assert (row.user_id, row.reason) == (company.manager.pk, "客户来电核对证件")


def test_a_colleague_gets_the_page_that_says_nothing(seat, company, customer):
    """PM gates: out of scope is 404; after logging out nothing is left in the browser."""
    colleague = seat(company.colleague)
    colleague.go(f"/customers/{customer.pk}/", status=404)
    expect(colleague.heading).to_have_text("没有找到")
    expect(colleague.page.locator("#main")).not_to_contain_text(NAME)
    desk = seat(company.manager)
    desk.go(f"/customers/{customer.pk}/")
    desk.log_out()
    desk.page.go_back()
    desk.go(f"/customers/{customer.pk}/")
    expect(desk.heading).to_have_text("登录")
