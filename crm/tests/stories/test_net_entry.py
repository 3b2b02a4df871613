"""Flow A through HTTP: the straight way, every return and refusal, and what goes wrong outside."""

import pytest

from crm.approvals.models import Step
from crm.demo.story.browser import Unexpected
from crm.neighbours.faults import Fault
from crm.outbox.models import Notice
from crm.tests.stories.town import Story
from customers.models import Customer
from onboarding.models import RegistrationForm, Tick

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def story():
    return Story()


def form():
    return RegistrationForm.objects.get()


@pytest.mark.parametrize(("settlement", "acts"), [("网上扣划", 20), ("现金", 18)])
def test_ten_people_bring_a_retailer_from_the_first_sheet_to_the_first_order(settlement, acts):
    """T-31 to T-49: lights green, may order."""
    story = Story(settlement=settlement)
    assert len(story.rest()) == acts
    customer = Customer.objects.get()
    assert (customer.code, customer.may_order) == (story.customer, True)


# --- ways back


def test_the_squad_leader_returns_and_signs_the_second_round(story):
    """T-69."""
    story.upto("squad_review").turn("squad1", "return", "经营场所不详")
    officer = story.cast["officer1"]
    assert story.stage == "draft"
    assert "经营场所不详" in officer.get(story.page).html
    path = f"{story.page}monopoly/"
    officer.submit(officer.get(path), path, {"business_premises": "延安市宝塔区川口镇北街255号"})
    officer.press(story.page, "submit")
    assert (story.stage, form().licence_case.round) == ("squad_review", 2)
    story.rest()
    assert Customer.objects.get().address == "延安市宝塔区川口镇北街255号"


def test_after_the_monopoly_head_returns_the_squad_leader_signs_again(story):
    """T-33, T-69."""
    story.upto("monopoly_review").turn("monopoly", "return", "请核对法定代表人")
    assert not story.has_step("monopoly")
    story.cast["officer1"].press(story.page, "submit")
    assert story.stage == "squad_review"
    story.turn("squad1", "approve")
    assert story.stage == "monopoly_review"
    story.rest()


@pytest.mark.parametrize("desk", ["service", "delivery", "network1"])
def test_each_of_the_three_departments_may_return_and_all_three_sign_anew(story, desk):
    """T-43, T-69: the round's other signatures are void."""
    story.upto("dept_review")
    others = [other for other in ("service", "delivery", "network1") if other != desk]
    story.turn(others[0], "approve")
    story.turn(desk, "return", "送货地址与经营场所不一致")
    assert story.stage == "sales_filling"
    assert not any(story.has_step(other) for other in others)
    story.cast["manager1"].press(story.page, "submit")
    assert all(story.has_step(other) for other in [desk, *others])
    story.rest()
    void = Step.objects.filter(case=form().sales_case, round=1, status="void")
    assert story.people[others[0]].pk in {step.decided_by_id for step in void}


def test_the_deputy_returns_and_the_departments_sign_again(story):
    """T-44, T-69."""
    story.upto("deputy_review").turn("deputy", "return", "客户级别偏高")
    assert story.stage == "sales_filling"
    manager = story.cast["manager1"]
    path = f"{story.page}sales/"
    manager.submit(manager.get(path), path, {"customer_level": "B1"})
    manager.press(story.page, "submit")
    for desk in ("service", "delivery", "network1"):
        story.turn(desk, "approve")
    assert story.stage == "deputy_review"
    story.rest()
    assert Customer.objects.get().retail.customer_level == "B1"


def test_a_return_without_a_reason_is_asked_for_one_and_changes_nothing(story):
    """UX-23, T-69."""
    story.upto("squad_review")
    with pytest.raises(Unexpected):
        story.turn("squad1", "return", "")
    assert (story.stage, story.has_step("squad1")) == ("squad_review", True)


# --- refusals and withdrawal


@pytest.mark.parametrize(
    ("stage", "desk"), [("monopoly_review", "monopoly"), ("deputy_review", "deputy")]
)
def test_a_refusal_ends_the_form_and_nobody_has_it_in_his_queue(story, stage, desk):
    """Domain 5.1."""
    story.upto(stage).turn(desk, "refuse", "不符合入网条件")
    assert story.stage == "terminated"
    assert not story.has_step(desk)
    assert "不符合入网条件" in story.cast["officer1"].get(story.page).html
    assert not Customer.objects.filter(may_order=True).exists()


@pytest.mark.parametrize(
    ("stage", "desk"), [("squad_review", "squad1"), ("dept_review", "service")]
)
def test_whoever_may_only_return_is_offered_no_refusal(story, stage, desk):
    page = story.upto(stage).sign_page(story.cast[desk])
    assert 'value="return"' in page.html
    assert 'value="refuse"' not in page.html


def test_zm_refuses_the_licence_and_no_customer_is_made(story):
    """Domain 5.1 step 7."""
    story.systems.faults["zm"] = Fault.REFUSE
    story.upto("monopoly_review").turn("monopoly", "approve")
    assert story.stage == "terminated"
    page = story.cast["officer1"].get(story.page).html
    assert "经营场所不符合合理布局规定" in page
    assert not Customer.objects.exists()


def test_the_licensing_department_refuses_by_hand_when_zm_is_silent(story):
    story.systems.dead.add("zm")
    story.upto("monopoly_review").turn("monopoly", "approve")
    assert story.stage == "licensing"
    licence, path = story.cast["licence"], f"{story.page}refuse-licence/"
    licence.submit(licence.get(path), path, {"reason": "申请人撤销经营"})
    assert (story.stage, Customer.objects.count()) == ("terminated", 0)


def test_a_licence_typed_by_hand_leaves_zm_yellow_until_zm_itself_speaks(story):
    """T-34: no light turns green by our own hand."""
    story.systems.dead.add("zm")
    story.upto("monopoly_review").turn("monopoly", "approve")
    licence, path = story.cast["licence"], f"{story.page}licence/"
    number = f"61{form().number[-10:]}"
    licence.submit(licence.get(path), path, {"licence_no": number, "valid_to": "2031-11-22"})
    assert story.stage == "licensed"
    assert licence.get(story.page).lights["专卖系统 ZM"] == "amber"
    story.systems.dead.clear()
    story.systems.answer()
    assert licence.get(story.page).lights["专卖系统 ZM"] == "green"


@pytest.mark.parametrize("stage", ["squad_review", "monopoly_review", "dept_review"])
def test_the_starter_withdraws_and_every_queue_forgets_the_form(story, stage):
    """T-70."""
    story.upto(stage)
    officer, path = story.cast["officer1"], f"{story.page}withdraw/"
    officer.submit(officer.get(path), path, {"reason": "申请人暂不开业"})
    assert story.stage == "withdrawn"
    assert not any(story.has_step(desk) for desk in ("squad1", "monopoly", "service", "delivery"))
    customer = Customer.objects.first()
    assert customer is None or not customer.may_order


def test_nobody_else_may_withdraw(story):
    """T-70."""
    story.upto("dept_review")
    manager, path = story.cast["manager1"], f"{story.page}withdraw/"
    page = manager.get(path)
    assert manager.submit(page, path, {"reason": "不想做了"}).alerts
    assert story.stage == "dept_review"


# --- guards


def test_without_its_binding_the_sales_block_is_not_submitted(story):
    """T-40, T-42."""
    story.upto("sales_filling")
    for step in story.steps:
        if step.who == "delivery":
            break
    page = story.cast["manager1"].press(story.page, "submit")
    assert "绑定" in page.said
    assert (story.stage, Tick.objects.filter(task="withholding").exists()) == (
        "sales_filling",
        False,
    )
    story.rest()


def test_after_the_bank_refused_another_account_is_keyed(story):
    """T-66."""
    story.systems.faults["bank"] = Fault.REFUSE
    with pytest.raises(Unexpected, match="red"):
        story.rest()
    network, path = story.cast["network1"], f"{story.page}binding/"
    assert "账户状态异常" in network.get(story.page).html or story.stage == "sales_filling"
    fields = {"bank": "陕西信合", "account_no": "6222020000000000018"}
    network.submit(network.get(path), path, fields)
    story.systems.answer()
    story.cast["network2"].press(story.page, "binding/confirm/")
    story.cast["manager1"].press(story.page, "submit")
    assert story.stage == "dept_review"


def test_the_person_who_keyed_the_account_cannot_confirm_it(story):
    """PM-04."""
    story.upto("sales_filling")
    for step in story.steps:
        if step.who == "network1":
            break
    network = story.cast["network1"]
    page = network.get(story.page)
    with pytest.raises(LookupError):
        page.form_to("binding/confirm/")


def test_two_people_on_one_block_the_later_one_gets_the_three_way_page(story):
    """RF-06, T-32."""
    story.upto("draft")
    first, path = story.cast["officer1"], f"{story.page}monopoly/"
    early, late = first.get(path), first.get(path)
    first.submit(early, path, {"phone": "13900139000"})
    conflict = first.submit(late, path, {"phone": "13700137000"}, expect=409)
    assert "13900139000" in conflict.html
    assert "13700137000" in conflict.html
    assert form().phone == "13900139000"
    first.submit(conflict, path, {"keep_phone": "mine"})
    assert form().phone == "13700137000"
    story.rest()


def test_the_slower_of_two_signers_reads_who_was_faster(story):
    """RF-01."""
    story.upto("squad_review")
    page = story.sign_page(story.cast["squad1"])
    story.turn("squad1", "approve", "同意")
    again = story.cast["squad1"].submit(page, "/sign/", {"verdict": "approve", "opinion": "同意"})
    assert (again.alerts, story.stage) == ([], "monopoly_review")
    assert Step.objects.filter(case=form().licence_case, duty="SL").count() == 1


def test_a_stranger_sees_neither_the_form_nor_the_step(story):
    """SEC: out of scope is 404."""
    story.upto("squad_review")
    step = Step.objects.get(case=form().licence_case, duty="SL")
    story.cast["network1"].get(story.page, expect=404)
    story.cast["network1"].get(f"/forms/steps/{step.pk}/sign/", expect=404)


@pytest.mark.parametrize("system", ["em", "crm"])
def test_one_wrong_field_stops_the_entry_until_it_was_entered_again(story, system):
    """T-45: entered equals approved, field by field."""
    story.upto("data_entry")
    story.systems.faults[system] = Fault.WRONG_FIELD
    network = story.cast["network1"]
    network.press(story.page, f"{story.page}enter/")
    story.systems.answer()
    page = network.press(story.page, "enter/finish")
    assert "不一致" in page.said
    assert story.stage == "data_entry"
    story.rest()
    assert story.stage == "active"


def test_without_the_receipt_nobody_is_put_in_force(story):
    """T-46, T-47."""
    story.systems.dead.add("order_centre")
    story.upto("reporting")
    network = story.cast["network1"]
    network.press(story.page, f"{story.page}transfer/")
    page = network.press(story.page, "activate")
    assert "回执" in page.said
    assert (story.stage, Customer.objects.get().may_order) == ("activating", False)
    story.systems.dead.clear()
    story.systems.answer()
    network.press(story.page, "activate")
    assert (story.stage, Customer.objects.get().may_order) == ("active", True)


def test_service_and_distribution_centre_hear_of_it(story):
    """T-48."""
    story.rest()
    told = Notice.objects.filter(topic="onboarding.activated").values_list("person_id", flat=True)
    assert {story.people["service"].pk, story.people["delivery"].pk} <= set(told)
