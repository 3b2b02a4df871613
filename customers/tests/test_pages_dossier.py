"""The customer page and its tabs: what shows to whom, what is logged, what it costs."""

import pytest
from django.utils import timezone

from crm.core.history import save_as
from crm.core.models import AccessLog
from crm.identity.choices import Duty, Profile
from customers.choices import ContactRole, Light, LightSystem, TimelineKind
from customers.models import SystemState, TimelineEntry
from customers.services.details import edit_customer
from customers.services.marks import add_timeline, open_form_note
from customers.tests.browser import enter, text_of
from customers.tests.factories import (
    ACCOUNT,
    IDENTITY,
    BankBindingFactory,
    Bureau,
    ContactFactory,
    CustomerGrantFactory,
    CustomerLoanFactory,
    RepairProfileFactory,
    RetailProfileFactory,
)

pytestmark = pytest.mark.django_db


def page(customer, tab=""):
    return f"/customers/{customer.pk}/{tab}"


def tabs_of(response):
    return [tab.label for tab in response.context["head"].tabs]


@pytest.mark.parametrize("tab", ["", "contacts/", "forms/", "timeline/", "history/", "bank/"])
def test_a_colleague_does_not_learn_that_the_customer_exists(colleague, customer, tab):
    response = enter(colleague).get(page(customer, tab))
    assert response.status_code == 404
    assert customer.name not in text_of(response)
    assert customer.code not in text_of(response)


@pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
def test_an_administrator_gets_the_same_404(repair, customer, duty):
    client = enter(repair.person(duty))
    session = client.session
    session["kedang_factor"] = True
    session.save()
    assert client.get(page(customer)).status_code == 404


@pytest.mark.parametrize("key", ["0", "999999", "99999999999999999999"])
def test_a_key_nobody_has_is_404(manager, key):
    """B167 of the corpus."""
    assert enter(manager).get(f"/customers/{key}/").status_code == 404


def test_the_manager_sees_head_facts_and_what_is_missing(manager, customer):
    """B-30, R-21: the score and what is missing stand on the page."""
    RepairProfileFactory(customer=customer, main_business="传输设备维修")
    open_form_note(
        customer=customer, kind="change", number="WH2026000001", title="维护审批表", by=manager
    )
    response = enter(manager).get(page(customer))
    text = text_of(response)
    for words in (customer.name, customer.code, "正常", "唐超", "陕西省 西安市", "传输设备维修"):
        assert words in text, words
    assert "WH2026000001" in text
    assert "缺：关键人(两位以上)" in text
    assert response.context["head"].may_edit
    assert not response.context["head"].may_transfer


def test_only_tabs_with_a_right_behind_them_are_shown(repair, manager, customer):
    """R-20: each part of the archive that exists and may be read has its tab."""
    assert tabs_of(enter(manager).get(page(customer))) == [
        "基本信息",
        "相关人员",
        "下属单位",
        "客户经理",
        "物流公司",
        "电子档案",
        "审批与表单",
        "时间线",
        "变更历史",
    ]
    technician = repair.person(Duty.TM)
    assert tabs_of(enter(technician).get(page(customer))) == [
        "基本信息",
        "电子档案",
        "审批与表单",
        "时间线",
    ]
    assert enter(technician).get(page(customer, "contacts/")).status_code == 403
    assert enter(technician).get(page(customer, "history/")).status_code == 403


def test_who_sees_a_field_set_sees_no_score_and_no_other_field(repair, customer):
    """The technical manager's class I: name and address, no telephone, no business secret."""
    RepairProfileFactory(customer=customer, no_contract_reason="正在招标")
    customer.mobile = "13891234567"
    customer.save(update_fields=["mobile"])
    response = enter(repair.person(Duty.TM)).get(page(customer))
    text = text_of(response)
    assert customer.name in text
    assert "正在招标" not in text
    assert "13891234567" not in text
    assert "138****4567" not in text
    assert response.context["head"].completeness is None


def test_looking_writes_no_access_log(manager, customer):
    enter(manager).get(page(customer))
    assert not AccessLog.objects.exists()


def test_marks_say_who_set_a_field_when_and_by_which_form(manager, customer):
    edit_customer(
        customer=customer,
        changes={"address": "西安市科技路 33 号"},
        expected=customer.version,
        reason="迁址",
        by=manager,
    )
    response = enter(manager).get(page(customer))
    facts = {f.label: f for part in response.context["sections"] for f in part.facts}
    assert facts["客户地址"].value == "西安市科技路 33 号"
    assert facts["客户地址"].mark.by == "唐超"
    assert facts["邮政编码"].mark is None


def test_a_shared_customer_opens_for_a_manager_and_closes_with_the_share(colleague, customer):
    share = CustomerGrantFactory(user=colleague, content_object=customer)
    assert enter(colleague).get(page(customer)).status_code == 200
    share.delete()
    assert enter(colleague).get(page(customer)).status_code == 404


def test_a_task_lends_the_customer_to_the_department_that_holds_it(tobacco):
    row = tobacco.customer(name="何记烟酒")
    officer = tobacco.person(Duty.LIC)
    CustomerLoanFactory(customer=row, department=tobacco.market, duty=Duty.LIC)
    assert enter(officer).get(page(row)).status_code == 200


def test_contacts_show_what_the_reader_may_see_and_hide_the_hobby_from_others(
    repair, manager, customer
):
    """PM-08: hobby, age and influence are for the own manager and the archive keeper."""
    ContactFactory(
        customer=customer,
        is_primary=True,
        role=ContactRole.KEY,
        hobby="书法",
        age=45,
        influence=3,
        identity_no=IDENTITY,
    )
    own = text_of(enter(manager).get(page(customer, "contacts/")))
    assert "书法" in own
    assert "13891234567" in own
    assert "**************002X" in own
    assert IDENTITY not in own
    head = text_of(enter(repair.person(Duty.MVP)).get(page(customer, "contacts/")))
    assert "书法" not in head
    assert "138****4567" in head
    assert "13891234567" not in head
    assert "书法" in text_of(enter(repair.person(Duty.ARC)).get(page(customer, "contacts/")))


def test_the_page_of_a_shop_shows_lights_and_who_keeps_which_field(tobacco):
    row = tobacco.customer(tobacco.person(Duty.AM), name="何记烟酒")
    RetailProfileFactory(customer=row, identity_no=IDENTITY)
    SystemState.objects.create(
        customer=row,
        system=LightSystem.EM,
        state=Light.WAITING,
        at=row.created_at,
    )
    response = enter(tobacco.person(Duty.CSC)).get(page(row))
    lamps = {lamp.name: lamp.state for lamp in response.context["head"].lights}
    assert lamps["订货系统 EM"] == "amber"
    assert lamps["专卖系统 ZM"] == "grey"
    facts = {f.label: f for part in response.context["sections"] for f in part.facts}
    assert facts["许可证号"].authority == "licence"
    assert facts["结算方式"].authority == "order"
    assert facts["送货地址"].authority == "local"
    assert IDENTITY not in text_of(response)


def test_an_account_shows_its_last_four_to_those_who_work_with_it(tobacco):
    row = tobacco.customer(tobacco.person(Duty.AM), name="何记烟酒")
    BankBindingFactory(customer=row)
    response = enter(tobacco.person(Duty.NET)).get(page(row, "bank/"))
    assert ACCOUNT[-4:] in text_of(response)
    assert ACCOUNT not in text_of(response)
    assert enter(tobacco.person(Duty.DC)).get(page(row, "bank/")).status_code == 403


def test_a_repair_company_has_no_tab_for_accounts(manager, customer):
    assert enter(manager).get(page(customer, "bank/")).status_code == 403


def test_history_shows_old_and_new_and_masks_by_role(repair, manager, customer):
    for number in ("13891234567", "13800138000"):
        customer.refresh_from_db()
        edit_customer(
            customer=customer,
            changes={"mobile": number},
            expected=customer.version,
            reason="更正",
            by=manager,
        )
    own = text_of(enter(manager).get(page(customer, "history/")))
    assert "13891234567" in own
    assert "13800138000" in own
    head = text_of(enter(repair.person(Duty.MVP)).get(page(customer, "history/")))
    assert "138****4567" in head
    assert "13891234567" not in head
    assert "13800138000" not in head


def test_a_persons_name_is_masked_everywhere_for_those_who_only_look():
    bureau = Bureau(Profile.BOSS)
    row = bureau.customer(bureau.person(Duty.AM), name="买买提艾力", customer_kind="person")
    response = enter(bureau.person(Duty.MVP)).get(page(row))
    assert response.status_code == 200
    assert "买买提艾力" not in text_of(response)


def test_what_stands_in_a_field_is_text_and_nothing_else(manager, customer):
    """B100 to B107 of the corpus."""
    bad = '"><img src=x onerror=window.__x=1></title><script>{{7*7}}'
    edit_customer(
        customer=customer,
        changes={"short_name": bad[:60], "remark": bad},
        expected=customer.version,
        reason="x",
        by=manager,
    )
    text = text_of(enter(manager).get(page(customer)))
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text
    assert "{{7*7}}" in text


@pytest.mark.parametrize("number", [1, 9])
def test_the_history_asks_as_many_questions_for_nine_people_as_for_one(
    repair, manager, number, django_assert_max_num_queries
):
    """B-47: one question a kind of record and one a linked kind, whatever the number of people."""
    row = repair.customer(manager, name="延安电信")
    for turn in range(number):
        person = ContactFactory(customer=row, name=f"联系人{turn}", is_primary=not turn)
        person.position = "店长"
        save_as(person, by=manager, reason="改", expected=None)
    client = enter(manager)
    client.get(page(row, "history/"))
    with django_assert_max_num_queries(16):
        told = client.get(page(row, "history/"))
    assert told.status_code == 200
    assert len(told.context["entries"]) == 2 * number + 1


@pytest.mark.parametrize("tab", ["", "contacts/"])
@pytest.mark.parametrize("number", [1, 9])
def test_a_tab_asks_as_many_questions_for_nine_people_as_for_one(
    repair, manager, tab, number, django_assert_max_num_queries
):
    row = repair.customer(manager, name="延安电信")
    RepairProfileFactory(customer=row)
    for turn in range(number):
        ContactFactory(customer=row, name=f"联系人{turn}", is_primary=not turn)
    client = enter(manager)
    client.get(page(row, tab))
    with django_assert_max_num_queries(12):
        assert client.get(page(row, tab)).status_code == 200


def titles_in(response):
    return [event.title for event in response.context["events"]]


def test_the_timeline_is_cut_by_kind_and_offers_only_what_it_has(manager, customer):
    """UX-17."""
    for kind in (TimelineKind.REGISTERED, TimelineKind.CONTACT_ADDED, TimelineKind.FORM_OPENED):
        add_timeline(customer=customer, kind=kind, by=manager)
    client = enter(manager)
    whole = client.get(page(customer, "timeline/"))
    assert titles_in(whole) == ["发起表单", "新增联系人", "建立档案"]
    labels = [str(group["label"]) for group in whole.context["groups"]]
    assert labels == ["全部", "资料变更", "联系人", "审批与表单"]
    assert titles_in(client.get(page(customer, "timeline/?kind=people"))) == ["新增联系人"]
    assert titles_in(client.get(page(customer, "timeline/?kind=archive"))) == ["建立档案"]
    assert client.get(page(customer, "timeline/?kind=secrets")).status_code == 400
    assert "in=sort%3Dname" in text_of(client.get(page(customer, "timeline/?in=sort%3Dname")))


def test_a_long_timeline_goes_on_by_pages(manager, customer):
    TimelineEntry.objects.bulk_create(
        TimelineEntry(customer=customer, kind=TimelineKind.CHANGED, by=manager, at=timezone.now())
        for _each in range(53)
    )
    client = enter(manager)
    first = client.get(page(customer, "timeline/"))
    more = client.get(page(customer, "timeline/") + first.context["next_url"])
    assert (len(titles_in(first)), len(titles_in(more))) == (50, 3)
    assert more.context["previous_url"]
