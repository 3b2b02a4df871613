"""The main job in real browsers: a retailer from the first form to his first order (T-31 to T-49).

Each person sits at a browser of his own; the squad leader and the deputy sign on a telephone.
Outside systems report as their interface does.
"""

import re

import pytest
from playwright.sync_api import expect

from crm.identity.choices import Duty, SourceSystem
from customers.models import Customer
from onboarding.choices import InboundKind, Stage
from onboarding.models import RegistrationForm
from onboarding.services import registration
from onboarding.tests.factories import IDENTITY, Town

pytestmark = pytest.mark.e2e
STORE = "宝塔区㐂来顺烟酒便民商行"
OTHER_STORE = "枣园晨光便利店"
OTHER_IDENTITY = "610602197902150288"
DECISIONS = ".form-actions .btn"
SURVEY = {
    "订货方式": "网上订货",
    "结算方式": "网上扣划",
    "客户级别": "A3",
    "市场类型": "乡村",
    "业态": "烟酒商店",
    "订货周期": "周一",
    "拜访周期": "每周",
}


@pytest.fixture
def town(transactional_db):
    return Town()


@pytest.fixture
def paper(seat, town):
    return Paper(seat, town)


class Paper:
    """One registration form on its way over the desks."""

    def __init__(self, seat, town):
        self.town = town
        self.desks = {}
        self._take = seat

    def seat(self, person, *, phone=False):
        """The person's own browser, logged in once."""
        if person.pk not in self.desks:
            self.desks[person.pk] = self._take(person, phone=phone)
        return self.desks[person.pk]

    @property
    def form(self):
        return RegistrationForm.objects.get(store_name=STORE)

    def at(self, desk):
        """Open the form's page at this desk."""
        return desk.go(f"/forms/{self.form.number}/")

    def sign(self, desk, opinion):
        """From the queue to the signature, with an opinion typed in."""
        desk.go("/approvals/")
        assert desk.wider_than_the_screen() == 0
        desk.follow(STORE)
        expect(desk.heading).to_have_text(STORE)
        assert desk.wider_than_the_screen() == 0
        desk.write("审批意见", opinion)
        desk.press("同意")
        expect(desk.message).to_contain_text("已签署")

    def begun(self):
        desk = self.seat(self.town.officer)
        desk.go("/forms/")
        desk.follow("新开登记表")
        desk.write("店铺名称", STORE)
        desk.write("经营场所", "延安市宝塔区枣园路甲3号")
        desk.write("法定代表人", "何然雨")
        desk.field("身份证号").fill(IDENTITY)
        desk.field("联系电话").fill("186 4914 5818")
        desk.field("地市").select_option("610600")
        desk.field("所属中队").select_option(str(self.town.squad.pk))
        desk.field("客户经理").select_option(str(self.town.manager.pk))
        desk.press("保存")
        expect(desk.heading).to_have_text(STORE)
        assert IDENTITY not in desk.page.content()
        desk.press("提交审批")
        expect(desk.message).to_contain_text("已提交审批")

    def signed_by_the_monopoly(self):
        phone = self.seat(self.town.squad_leader, phone=True)
        phone.go("/approvals/")
        assert phone.too_small_for_a_finger(".datatable .btn") == []
        phone.follow(STORE)
        assert phone.too_small_for_a_finger(DECISIONS) == []
        self.sign(phone, "现场核实，情况属实")
        self.sign(self.seat(self.town.licence_head), "同意办证")

    def licensed(self):
        desk = self.at(self.seat(self.town.licensing))
        desk.follow("录入许可证")
        desk.field("许可证号").fill("610610327428")
        desk.field("许可证有效期至").fill("2030-12-31")
        desk.press("保存")
        expect(desk.message).to_contain_text("许可证已登记")
        desk.follow("通知客户服务中心")
        desk.page.get_by_label("口头通知并移交登记表").check()
        desk.page.get_by_label("ZM 在 EM 中自动提示").check()
        desk.write("接收人", "客户服务中心周服务")
        desk.press("保存")
        expect(desk.message).to_contain_text("客户经理开始填写销售信息")

    def filled(self):
        """The manager's survey, the line, the account, the ticks."""
        manager = self.at(self.seat(self.town.manager))
        manager.follow("填写销售信息")
        for label, choice in SURVEY.items():
            manager.pick(label, choice)
        manager.press("保存")
        expect(manager.message).to_contain_text("销售信息已保存")
        self._line_is_given()
        self._account_is_bound()
        self.at(manager)
        for task in ("客户调查", "核对专卖信息"):
            line = manager.page.locator("#tasks li").filter(has_text=task)
            line.get_by_role("button", name="已完成").click()
            expect(line).to_contain_text("李经理")
        manager.press("提交会签")
        expect(manager.message).to_contain_text("已提交审批")

    def _line_is_given(self):
        delivery = self.at(self.seat(self.town.delivery))
        delivery.follow("填写配送信息")
        delivery.field("送货线路").select_option(str(self.town.route.pk))
        delivery.write("送货地址", "延安市宝塔区枣园路甲3号后门")
        delivery.press("保存")
        expect(delivery.message).to_contain_text("配送信息已保存")

    def _account_is_bound(self):
        """One of the network office keys it, the bank answers, another confirms (PM-04)."""
        network = self.at(self.seat(self.town.network))
        network.follow("绑定扣款账户")
        network.pick("开户银行", "中国农业银行")
        expect(network.field("户名")).to_have_value("何然雨")
        network.field("账号").fill("6222 0200 0000 0000 000")
        network.press("保存")
        expect(network.message).to_contain_text("账户已录入")
        expect(network.page.get_by_role("button", name="复核扣款账户")).to_have_count(0)
        self.town.report(
            SourceSystem.BANK, InboundKind.BINDING, self.form, result="bound", reason=""
        )
        second = self.at(self.seat(self.town.network_2))
        second.press("复核扣款账户")
        expect(second.message).to_contain_text("账户已复核")

    def approved(self):
        self.sign(self.seat(self.town.service), "资料齐全，同意")
        self.sign(self.seat(self.town.delivery), "线路可达")
        self.sign(self.seat(self.town.network), "扣款账户已核对")
        phone = self.seat(self.town.deputy, phone=True)
        self.sign(phone, "同意入网")

    def put_in_force(self):
        desk = self.at(self.seat(self.town.network_2))
        desk.press("录入并发送 EM、CRM")
        expect(desk.message).to_contain_text("已录入并发送")
        for system in (SourceSystem.EM, SourceSystem.CRM):
            self.town.echo(self.form, system)
        self.at(desk)
        expect(desk.page.locator("#main")).not_to_contain_text("不一致")
        desk.press(re.compile("完成录入"))
        expect(desk.message).to_contain_text("录入核对一致")
        desk.press("填写传递表并上报")
        expect(desk.message).to_contain_text("已上报订单中心")
        self.town.report(
            SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, self.form, receipt_no="OC-2026-7"
        )
        self.at(desk).press("启用")
        expect(desk.message).to_contain_text("客户已启用")


def test_a_retailer_is_registered_signed_entered_and_put_in_force(seat, town, paper):
    """T-31 to T-49, UX-46: no order before the last step; only a system's own word is green."""
    paper.begun()
    paper.signed_by_the_monopoly()
    paper.licensed()
    assert paper.form.stage == Stage.SALES_FILLING
    paper.filled()
    assert paper.form.stage == Stage.DEPT_REVIEW
    paper.approved()
    assert Customer.objects.get(name=STORE).may_order is False
    paper.put_in_force()
    assert paper.form.stage == Stage.ACTIVE
    customer = Customer.objects.get(name=STORE)
    assert customer.may_order is True
    assert len(paper.desks) == 10
    desk = seat(town.manager)
    desk.go(f"/customers/{customer.pk}/")
    expect(desk.page.locator(".light--green")).to_have_count(4)
    typed_by_hand = desk.page.locator(".light").filter(has_text="专卖系统 ZM")
    expect(typed_by_hand).not_to_have_class(re.compile("light--green"))
    desk.go(f"/forms/{paper.form.number}/")
    for opinion in ("资料齐全", "线路可达", "扣款账户已核对", "同意入网"):
        expect(desk.page.locator("#main")).to_contain_text(opinion)
    officer = paper.at(paper.seat(town.officer))
    expect(officer.page.locator("#main")).to_contain_text("现场核实，情况属实")


def test_after_a_signature_the_next_item_opens(seat, town):
    """UX-43, at 360 × 640."""
    for store, number in ((STORE, IDENTITY), (OTHER_STORE, OTHER_IDENTITY)):
        form = town.start(store_name=store, identity_no=number)
        registration.submit_licence_block(form=form, by=town.officer)
    phone = seat(town.squad_leader, phone=True)
    phone.go("/approvals/")
    phone.follow(STORE)
    phone.press("同意")
    expect(phone.heading).to_have_text(OTHER_STORE)
    phone.press("同意")
    expect(phone.heading).to_have_text("审批中心")
    expect(phone.page.locator("#main")).to_contain_text("没有等待您审批的事项")


def test_who_was_slower_reads_who_had_signed(seat, town):
    """RF-01: 409 on sending and on opening again; the first signature stands."""
    colleague = town.person(Duty.CSC, town.departments["service"], "李客服")
    form = town.in_review()
    first, second = seat(town.service), seat(colleague)
    for desk in (first, second):
        desk.go("/approvals/")
        desk.follow(form.store_name)
    address = second.page.url
    first.write("审批意见", "资料齐全")
    first.press("同意")
    expect(first.message).to_contain_text("已签署")
    second.press("同意", status=409)
    expect(second.page.locator("#main")).to_contain_text("已由 周服务")
    second.go(address, status=409)
    expect(second.page.get_by_role("button", name="同意")).to_have_count(0)


def test_a_return_needs_a_reason_and_the_filler_reads_it(seat, town):
    """T-69, UX-21, UX-42."""
    form = town.start(store_name=STORE)
    registration.submit_licence_block(form=form, by=town.officer)
    phone = seat(town.squad_leader, phone=True)
    phone.go("/approvals/")
    phone.follow(STORE)
    phone.press("退回", status=200)
    expect(phone.page.locator("[data-error-summary]")).to_be_focused()
    phone.write("审批意见", "门牌号与执照不符，请核对")
    phone.press("退回")
    expect(phone.message).to_contain_text("已签署")
    officer = seat(town.officer)
    officer.go(f"/forms/{form.number}/")
    expect(officer.page.locator("#main")).to_contain_text("门牌号与执照不符，请核对")
    form.refresh_from_db()
    assert form.stage == Stage.DRAFT
