"""Registering in the browser: sections, drafts, duplicates without foreign detail."""

import json

import pytest

from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty, Profile
from customers.models import Conflict, Contact, Customer, RepairProfile
from customers.tests.browser import enter, text_of
from customers.tests.factories import CREDIT_CODE, Bureau

pytestmark = pytest.mark.django_db
REGISTER = "/customers/register/"
FILLED = {
    "province": "610000",
    "city": "610600",
    "name": "陕西省电信有限公司延安分公司",
    "short_name": "延安电信",
    "customer_type": "traditional",
    "temporal_class": "current",
    "lifecycle": "new",
    "document_format": "standard",
    "address": "延安市宝塔区南大街1号",
    "postcode": "716000",
    "phone": "０９１１－２１１２３４５",
    "credit_code": CREDIT_CODE,
    "remark": "按季度结算",
    "unit_layer": "city",
    "main_business": "传输设备维修",
    "logistics_name": "西北捷运",
    "contact_name": "刘静",
    "contact_position": "主管副主任",
    "contact_sex": "f",
    "contact_age": "45",
    "contact_office_phone": "029-81888888",
    "contact_mobile": "189 9995 3320",
    "contact_fax": "",
    "contact_email": "liujing@example.cn",
}


def send(person, **changed):
    return enter(person).post(REGISTER, FILLED | changed)


def test_the_form_has_the_sections_of_document_001(manager):
    text = text_of(enter(manager).get(REGISTER))
    for part in ("基本信息", "客户联系人", "维修业务", "物流公司", "单据格式", "备注"):
        assert part in text, part


def test_what_was_typed_becomes_a_customer_of_the_manager_who_typed_it(repair, manager):
    response = send(manager)
    row = Customer.objects.get()
    assert response.status_code == 302
    assert response.url == f"/customers/{row.pk}/"
    assert row.manager == manager
    assert row.organisation == repair.org
    assert row.phone == "0911-2112345"
    assert row.city_id == "610600"
    assert RepairProfile.objects.get().logistics_name == "西北捷运"
    person = Contact.objects.get()
    assert (person.name, person.mobile, person.is_primary) == ("刘静", "18999953320", True)


def test_a_wrong_field_is_named_and_nothing_typed_is_lost(manager):
    response = send(manager, postcode="71600", contact_name="")
    assert response.status_code == 200
    errors = response.context["form"].errors
    assert set(errors) == {"postcode", "contact_name"}
    text = text_of(response)
    assert "邮政编码应为 6 位" in text
    assert "请填写联系人姓名" in text
    assert "按季度结算" in text
    assert not Customer.objects.exists()


def test_the_city_must_lie_in_the_province(manager):
    """R-22: both are chosen from lists (B064 of the corpus)."""
    response = send(manager, province="440000", city="610600")
    assert set(response.context["form"].errors) == {"city"}
    assert not Customer.objects.exists()


@pytest.mark.parametrize("duty", [Duty.MVP, Duty.GM, Duty.TM, Duty.FIN])
def test_who_may_not_register_gets_neither_form_nor_effect(repair, duty):
    person = repair.person(duty)
    assert enter(person).get(REGISTER).status_code == 403
    assert send(person).status_code == 403
    assert not Customer.objects.exists()


def test_the_archive_keeper_names_the_manager(repair, manager):
    send(repair.person(Duty.ARC), manager=str(manager.pk))
    assert Customer.objects.get().manager == manager


def test_a_tobacco_bureau_is_sent_to_the_registration_form(tobacco):
    officer = tobacco.person(Duty.LO)
    shown = enter(officer).get(REGISTER)
    assert shown.status_code == 200
    assert "/forms/start/" in text_of(shown)
    assert "客户基础信息登记表" in text_of(shown)
    assert "<form" not in text_of(shown).split('id="main"')[1].split("</main>")[0]
    send(officer)
    assert not Customer.objects.exists()


def test_the_operator_registers_a_person():
    bureau = Bureau(Profile.BOSS)
    person = bureau.person(Duty.AM)
    response = enter(person).post(REGISTER, FILLED | {"customer_kind": "person", "name": "刘静"})
    assert response.status_code == 302
    assert Customer.objects.get().customer_kind == "person"


def test_whoever_comes_second_learns_that_it_exists_and_nothing_more(manager, colleague):
    send(manager)
    response = send(colleague, name="延安电信公司")
    text = text_of(response)
    assert response.status_code == 200
    assert "已存在，先记录者优先" in text
    assert "唐超" not in text
    assert Customer.objects.get().code not in text
    assert Customer.objects.count() == 1
    assert Conflict.objects.get().newcomer == colleague


def test_sending_the_form_twice_makes_one_customer(manager):
    """B031 of the corpus."""
    send(manager)
    assert "已存在，先记录者优先" in text_of(send(manager))
    assert Customer.objects.count() == 1
    assert not Conflict.objects.exists()


def test_a_draft_comes_back_after_the_browser_was_killed(manager):
    typed = {"name": "延安电信", "province": "610000", "city": "610600", "remark": "半句"}
    saved = enter(manager).post(
        "/drafts/customer-register/new/", json.dumps(typed), content_type="application/json"
    )
    assert saved.status_code == 200
    page = enter(manager).get(REGISTER)
    text = text_of(page)
    assert "已恢复您上次未提交的内容" in text
    assert 'value="延安电信"' in text
    assert "半句" in text
    assert '<option value="610600" selected>' in text


def test_a_draft_belongs_to_one_person_and_goes_with_the_registration(manager, colleague):
    enter(manager).post(
        "/drafts/customer-register/new/",
        json.dumps({"name": "延安电信"}),
        content_type="application/json",
    )
    assert "延安电信" not in text_of(enter(colleague).get(REGISTER))
    send(manager)
    assert "已恢复您上次未提交的内容" not in text_of(enter(manager).get(REGISTER))


def ask(person, **typed):
    return enter(person).get("/customers/duplicates/", typed)


def test_while_typing_an_own_customer_is_shown_with_a_link(manager, customer):
    response = ask(manager, name=customer.name)
    assert response.status_code == 200
    assert f'href="/customers/{customer.pk}/"' in text_of(response)
    assert "将被拒绝" in text_of(response)


def test_while_typing_a_foreign_customer_is_only_said_to_exist_and_that_is_logged(
    colleague, customer
):
    """RF-09: no word about whose it is."""
    response = ask(colleague, name=customer.name)
    text = text_of(response)
    assert "已有档案" in text
    assert "名称相同或相近" in text
    for secret in (customer.code, "唐超", f"/customers/{customer.pk}/"):
        assert secret not in text
    row = AccessLog.objects.get(kind=AccessKind.SEARCH)
    assert (row.user_id, row.customer_id, row.fields) == (colleague.pk, customer.pk, ["name"])


def test_nothing_alike_is_an_empty_answer(manager, customer):
    assert text_of(ask(manager, name="全新名称有限公司")).strip() == ""
    assert not AccessLog.objects.exists()


def test_another_organisation_is_never_named(tobacco, customer):
    assert text_of(ask(tobacco.person(Duty.LO), name=customer.name)).strip() == ""


def test_who_may_not_register_may_not_ask_either(repair, customer):
    assert ask(repair.person(Duty.TM), name=customer.name).status_code == 403


def test_asking_is_limited_to_sixty_a_minute(colleague, customer):
    client = enter(colleague)
    for _turn in range(60):
        assert client.get("/customers/duplicates/", {"name": "空"}).status_code == 200
    refused = client.get("/customers/duplicates/", {"name": "空"})
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"


def test_an_unknown_parameter_is_a_plain_page(manager):
    assert ask(manager, password="x").status_code == 404
