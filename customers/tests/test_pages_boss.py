"""Pages of a cable customer: what each duty sees and does there (document 002)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.identity.choices import Duty
from customers.models import (
    BillingAccount,
    Certificate,
    Customer,
    CustomerAttributes,
    ListEntry,
    PayLink,
    Subscription,
)
from customers.tests.browser import enter, text_of
from customers.tests.factories_boss import (
    RESIDENT,
    AttributeFactory,
    BillingAccountFactory,
    CertificateFactory,
    ListEntryFactory,
    PayLinkFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
TABS = ("users/", "accounts/", "certificates/", "listed/")
WHY = {"reason": "客户要求", "version": 1}


@pytest.fixture
def counter(boss, identified):
    """A representative in the hall that the customer belongs to."""
    Customer.objects.filter(pk=identified.pk).update(area=boss.market)
    return boss.person(Duty.REP, name="黎婉仪")


@pytest.fixture
def served(identified):
    account = BillingAccountFactory(customer=identified, is_default=True)
    user = SubscriptionFactory(account=account, install_address="广州市天河区体育西路1号201")
    PayLinkFactory(subscription=user)
    return user


def at(customer, tab):
    return f"/customers/{customer.pk}/{tab}"


@pytest.mark.parametrize("tab", TABS)
def test_the_keeper_sees_every_tab_of_an_operator(keeper, identified, served, tab):
    """B-23: users, accounts, certificates, lists; each within its ceiling of queries."""
    client = enter(keeper)
    answer = client.get(at(identified, tab))
    assert answer.status_code == 200
    labels = [t.label for t in answer.context["head"].tabs]
    assert labels[2:6] == ["用户", "帐户", "证件", "名单"]


@pytest.mark.parametrize("tab", TABS)
def test_other_organisations_have_none_of_these_tabs(manager, customer, tab):
    """D9b: not found, and not named."""
    client = enter(manager)
    assert client.get(at(customer, tab)).status_code == 404
    labels = [t.label for t in client.get(at(customer, "")).context["head"].tabs]
    assert "用户" not in labels


@pytest.mark.parametrize("tab", ["users/", "certificates/"])
def test_the_queries_of_a_tab_do_not_grow_with_its_rows(
    keeper, identified, served, tab, django_assert_max_num_queries
):
    """UX-01: whatever the number of rows."""
    client = enter(keeper)
    client.get(at(identified, tab))
    for n in range(5):
        PayLinkFactory(subscription=SubscriptionFactory(account=served.account))
        CertificateFactory(
            customer=identified, role="agent", number=f"E1234567{n}", kind="passport"
        )
    with django_assert_max_num_queries(12):
        client.get(at(identified, tab))


def test_the_counter_opens_account_and_user_by_the_forms(counter, identified):
    """B-43: from the empty tab to a served customer, without scripts."""
    client = enter(counter)
    form = {
        "name": "家庭帐户",
        "billing_type": "postpaid",
        "payment_mode": "cash",
        "billing_day": 1,
    }
    assert client.post(at(identified, "accounts/open/"), form).status_code == 302
    account = BillingAccount.objects.get()
    wanted = {"service": "tv", "install_address": "体育西路 1 号", "account": account.pk}
    assert client.post(at(identified, "users/open/"), wanted).status_code == 302
    row = Subscription.objects.get()
    assert (row.account, account.is_default) == (account, True)
    body = text_of(client.get(at(identified, "users/")))
    assert row.number in body
    assert "数字电视" in body


def test_a_refusal_is_told_on_the_form_and_nothing_is_opened(counter, identified):
    """B-16."""
    Certificate.objects.update(is_live=False)
    account = BillingAccountFactory(customer=identified)
    wanted = {"service": "tv", "install_address": "体育西路 1 号", "account": account.pk}
    answer = enter(counter).post(at(identified, "users/open/"), wanted)
    assert answer.status_code == 200
    assert "请先登记客户本人有效的证件" in text_of(answer)
    assert not Subscription.objects.exists()


def test_who_only_looks_sees_the_address_to_the_district_and_no_button(boss, identified, served):
    """Trust 2.6, 4.3: finance."""
    client = enter(boss.person(Duty.FIN))
    body = text_of(client.get(at(identified, "users/")))
    assert "体育西路" not in body
    assert "天河区" in body
    assert "开通用户" not in body
    assert client.get(at(identified, "users/open/")).status_code == 403
    assert client.get(f"/customers/users/{served.pk}/edit/").status_code == 403
    assert client.get(at(identified, "certificates/")).status_code == 403


def test_a_manager_of_others_gets_404_everywhere(boss, identified, served):
    """Trust 4.6."""
    client = enter(boss.person(Duty.AM))
    paper = Certificate.objects.get()
    for url in (
        *(at(identified, tab) for tab in TABS),
        f"/customers/users/{served.pk}/edit/",
        f"/customers/accounts/{served.account_id}/end/",
        f"/customers/certificates/{paper.pk}/check/",
    ):
        assert client.get(url).status_code == 404, url


def test_a_user_is_changed_stopped_and_split_by_the_forms(keeper, served):
    """B-10, B-25, B-59."""
    client = enter(keeper)
    url = f"/customers/users/{served.pk}"
    changed = {"install_address": "体育西路2号", "product": "互动包"} | WHY
    assert client.post(f"{url}/edit/", changed).status_code == 302
    stop = {"status": "suspended", "reason": "报停", "version": 2}
    assert client.post(f"{url}/state/", stop).status_code == 302
    split = {
        "charge_kind": "basic",
        "account_1": served.account_id,
        "share_1": 100,
        "reason": "约定",
        "version": 3,
    }
    assert client.post(f"{url}/payers/", split).status_code == 302
    served.refresh_from_db()
    assert (served.product, served.status, served.version) == ("互动包", "suspended", 4)
    assert PayLink.objects.live().filter(charge_kind="basic").count() == 1


def test_the_account_that_pays_is_changed_from_the_tab_of_accounts(keeper, identified, served):
    """B-10: asked for reason and consent; the page says who pays now."""
    client, tab = enter(keeper), at(identified, "accounts/")
    url = f"/customers/users/{served.pk}/payer/"
    assert url not in text_of(client.get(tab))
    second = BillingAccountFactory(customer=identified, name="公司代付")
    assert url in text_of(client.get(tab))
    assert served.account.number in text_of(client.get(url))
    form = {"account": second.pk, "is_agreed": "on"} | WHY
    for wrong in ({"is_agreed": ""}, {"reason": ""}, {"account": served.account_id}):
        assert client.post(url, form | wrong).status_code == 200
    served.refresh_from_db()
    assert (served.account_id == second.pk, served.version) == (False, 1)
    assert client.post(url, form)["Location"] == tab
    served.refresh_from_db()
    assert (served.account, served.version) == (second, 2)
    stale = client.post(url, form | {"account": BillingAccountFactory(customer=identified).pk})
    assert "已被他人修改" in text_of(stale)
    served.refresh_from_db()
    assert (served.account, served.version) == (second, 2)


def test_who_only_looks_changes_no_payer(boss, identified, served):
    """Trust 4.3, trust 2.6: a visitor reads neither the way nor the whole address."""
    BillingAccountFactory(customer=identified, invoice_address="广州市天河区体育西路1号201")
    leader = enter(boss.person(Duty.MVP))
    body = text_of(leader.get(at(identified, "accounts/")))
    assert "更换付费帐户" not in body
    assert "1号201" not in body
    assert leader.get(f"/customers/users/{served.pk}/payer/").status_code == 403


def test_a_stale_form_gets_the_three_way_page(keeper, served):
    """RF-06, RF-07."""
    client = enter(keeper)
    url = f"/customers/users/{served.pk}/edit/"
    client.post(url, {"install_address": "体育西路2号", "product": "甲"} | WHY)
    answer = client.post(url, {"install_address": "体育西路2号", "product": "乙"} | WHY)
    assert answer.status_code == 409
    assert "甲" in text_of(answer)
    served.refresh_from_db()
    assert served.product == "甲"


def test_an_account_that_pays_is_not_cancelled_on_the_page(keeper, served):
    """B-17."""
    answer = enter(keeper).post(f"/customers/accounts/{served.account_id}/end/", WHY)
    assert answer.status_code == 200
    assert "帐户名下还有在用的用户，不能注销" in text_of(answer)


def test_another_account_becomes_the_default(keeper, identified, served):
    """B-10."""
    second = BillingAccountFactory(customer=identified)
    enter(keeper).post(f"/customers/accounts/{second.pk}/default/")
    rows = BillingAccount.objects.order_by("pk").values_list("is_default", flat=True)
    assert list(rows) == [False, True]


def test_a_certificate_is_registered_checked_and_ended(keeper, subscriber):
    """B-51 to B-56: its number shows by the last four alone."""
    client = enter(keeper)
    form = {"role": "own", "kind": "resident", "holder_name": "黄娟", "number": RESIDENT}
    assert client.post(at(subscriber, "certificates/add/"), form).status_code == 302
    paper = Certificate.objects.get()
    check = {"method": "reader", "channel": "counter", "passed": "1", "version": 1}
    assert client.post(f"/customers/certificates/{paper.pk}/check/", check).status_code == 302
    body = text_of(client.get(at(subscriber, "certificates/")))
    assert RESIDENT not in body
    assert "002X" in body
    assert "已实名" in body
    assert "读卡器" in body
    end = {"reason": "换证", "version": 2}
    assert client.post(f"/customers/certificates/{paper.pk}/end/", end).status_code == 302
    assert not Certificate.objects.live().exists()


def test_a_wrong_number_is_told_beside_the_field(keeper, subscriber):
    """B-56, UX-21."""
    form = {
        "role": "own",
        "kind": "resident",
        "holder_name": "黄娟",
        "number": "110105194912310021",
    }
    answer = enter(keeper).post(at(subscriber, "certificates/add/"), form)
    assert answer.context["form"].errors["number"] == ["身份证号码校验位不符，请对照证件逐位核对"]
    assert not Certificate.objects.exists()


def test_the_head_warns_of_the_black_list_and_of_special_care(keeper, boss, identified):
    """B-21, B-22, B-61: to those who may see lists; others see the care alone."""
    client = enter(keeper)
    target = "customer:0"
    form = {"subtype": "2:fraud", "target": target, "reason": "冒用证件", "channel": "counter"}
    assert client.post(at(identified, "listed/add/"), form).status_code == 302
    edit = client.get(at(identified, "edit/")).context["form"].initial
    wanted = {k: v for k, v in edit.items() if v is not None and v is not False}
    wanted |= {"reason": "申请", "subscriber-own_certificate_required": "on"}
    assert client.post(at(identified, "edit/"), wanted).status_code == 302
    marks = [m.label for m in client.get(at(identified, "")).context["head"].marks]
    assert marks == ["黑名单", "限本人持证办理"]
    finance = enter(boss.person(Duty.FIN)).get(at(identified, ""))
    assert [m.label for m in finance.context["head"].marks] == ["限本人持证办理"]
    entry = ListEntry.objects.get()
    client.post(f"/customers/listed/{entry.pk}/end/", {"reason": "录错", "version": 1})
    assert client.get(at(identified, "")).context["head"].marks[0].label == "限本人持证办理"


def test_the_list_is_cut_by_colour_for_those_who_may_see_lists(boss, keeper, identified):
    """B-22."""
    other = boss.customer(name="杜桂")
    ListEntryFactory(customer=other)
    ListEntryFactory(customer=identified, starts_on=TODAY + timedelta(days=1))
    answer = enter(keeper).get("/customers/?listed=2")
    assert [row.url for row in answer.context["page"].rows] == [f"/customers/{other.pk}/"]
    assert [chip["value"] for chip in answer.context["chips"]] == ["黑名单"]
    finance = enter(boss.person(Duty.FIN)).get("/customers/?listed=2")
    assert len(finance.context["page"].rows) == 2


def test_the_work_list_names_certificates_that_end(boss, keeper, identified):
    """B-55: in my scope, masked for who only looks."""
    Certificate.objects.update(valid_to=TODAY + timedelta(days=40))
    client = enter(keeper)
    assert "黄娟" in text_of(client.get("/customers/certificates/"))
    assert "黄娟" not in text_of(client.get("/customers/certificates/?days=30"))
    leader = text_of(enter(boss.person(Duty.GM)).get("/customers/certificates/"))
    assert "黄*" in leader
    assert "黄娟" not in leader
    assert enter(boss.person(Duty.FIN)).get("/customers/certificates/").status_code == 403
    assert client.get("/customers/certificates/?days=7").status_code == 400


def test_free_attributes_are_filled_in_the_edit_form(boss, keeper, identified):
    """B-26: checked, stored typed, shown in their own part of the page."""
    AttributeFactory(organisation=boss.org, code="rooms", label="房间数", value_kind="number")
    AttributeFactory(organisation=boss.org, code="child", label="有学龄儿童", value_kind="yes_no")
    client = enter(keeper)
    edit = client.get(at(identified, "edit/")).context["form"].initial
    wanted = {k: v for k, v in edit.items() if v is not None and v is not False}
    wanted |= {"reason": "走访", "extra-rooms": "三", "extra-child": "True"}
    answer = client.post(at(identified, "edit/"), wanted)
    assert answer.context["form"].errors == {"extra-rooms": ["请填写数字，例如 1234.50"]}
    assert not CustomerAttributes.objects.exists()
    wanted["extra-rooms"] = "3"
    assert client.post(at(identified, "edit/"), wanted).status_code == 302
    assert CustomerAttributes.objects.get().content == {"rooms": 3, "child": True}
    parts = {s.title: s for s in client.get(at(identified, "")).context["sections"]}
    facts = [(f.label, f.value) for f in parts["扩展信息"].facts]
    assert facts == [("房间数", "3"), ("有学龄儿童", "是")]
