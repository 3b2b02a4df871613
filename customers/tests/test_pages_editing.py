"""Changing an archive: own fields only, three-way page, masked values, people of the customer."""

import json

import pytest

from crm.core.sealed import unseal
from crm.identity.choices import Duty
from customers.choices import ContactRole
from customers.models import Contact, RepairProfile
from customers.services.details import edit_customer
from customers.tests.browser import enter, text_of
from customers.tests.factories import (
    IDENTITY,
    ContactFactory,
    CustomerGrantFactory,
    RepairProfileFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(customer):
    """The customer with its repair part."""
    RepairProfileFactory(customer=customer, main_business="传输设备维修")
    return customer


def edit_url(customer):
    return f"/customers/{customer.pk}/edit/"


def filled(client, customer, **changed):
    """Every field as the page shows it, with some changed."""
    form = client.get(edit_url(customer)).context["form"]
    values = {name: form[name].value() for name in form.fields}
    values["reason"] = "更正"
    return {k: "" if v is None else v for k, v in (values | changed).items()}


def test_a_change_is_saved_with_its_reason_and_shown(manager, archive):
    client = enter(manager)
    values = filled(client, archive, address="西安市科技路 33 号")
    response = client.post(edit_url(archive), values | {"repair-main_business": "交换设备维修"})
    archive.refresh_from_db()
    assert response.url == f"/customers/{archive.pk}/"
    assert archive.address == "西安市科技路 33 号"
    assert RepairProfile.objects.get().main_business == "交换设备维修"
    assert archive.history.order_by("-history_id")[0].history_change_reason == "更正"


def test_a_reason_is_asked_for(manager, archive):
    client = enter(manager)
    response = client.post(edit_url(archive), filled(client, archive, address="新", reason=" "))
    archive.refresh_from_db()
    assert set(response.context["form"].errors) == {"reason"}
    assert archive.address == ""


def test_what_others_keep_is_shown_with_its_way_and_is_no_field(manager, archive):
    page = enter(manager).get(edit_url(archive))
    assert "code" not in page.context["form"].fields
    assert "status" not in page.context["form"].fields
    assert "manager" not in page.context["form"].fields
    ways = {field.label: str(field.way) for field in page.context["elsewhere"]}
    assert ways["客户代码"] == "由系统在办理业务时写入"


def test_fields_slipped_into_the_request_change_nothing(manager, colleague, archive):
    """B131, B163 of the corpus."""
    client = enter(manager)
    before = archive.code
    slipped = {"code": "61060000000017", "status": "cancelled", "manager": colleague.pk}
    client.post(edit_url(archive), filled(client, archive) | slipped)
    archive.refresh_from_db()
    assert (archive.code, archive.status, archive.manager) == (before, "normal", manager)


@pytest.mark.parametrize(("duty", "status"), [(Duty.MVP, 403), (Duty.TM, 403), (Duty.ARC, 200)])
def test_who_sees_but_may_not_change_is_told_so(repair, archive, duty, status):
    assert enter(repair.person(duty)).get(edit_url(archive)).status_code == status


def test_a_colleague_gets_404_for_reading_and_sending(colleague, manager, archive):
    values = filled(enter(manager), archive, address="x")
    client = enter(colleague)
    assert client.get(edit_url(archive)).status_code == 404
    assert client.post(edit_url(archive), values).status_code == 404
    archive.refresh_from_db()
    assert archive.address == ""


def test_a_share_to_look_opens_no_edit(colleague, archive):
    CustomerGrantFactory(user=colleague, content_object=archive)
    assert enter(colleague).get(edit_url(archive)).status_code == 403


def test_two_who_change_different_fields_meet_on_a_page_that_has_chosen_already(
    repair, manager, archive
):
    client = enter(manager)
    values = filled(client, archive, address="甲写的地址")
    edit_customer(
        customer=archive,
        changes={"phone": "029-88888888", "repair.main_business": "交换设备维修"},
        expected=archive.version,
        reason="更正",
        by=repair.person(Duty.ARC),
    )
    response = client.post(edit_url(archive), values)
    assert response.status_code == 409
    rows = {row.field: row for row in response.context["conflict"]}
    assert {field: row.choice for field, row in rows.items()} == {
        "address": "mine",
        "phone": "theirs",
        "repair-main_business": "theirs",
    }
    assert rows["repair-main_business"].before == "传输设备维修"
    archive.refresh_from_db()
    assert archive.address == ""
    merged = client.post(
        edit_url(archive),
        values
        | {"version": response.context["current_version"], "keep_address": "mine"}
        | {"keep_phone": "theirs", "keep_repair-main_business": "theirs"},
    )
    archive.refresh_from_db()
    assert merged.status_code == 302
    assert archive.address == "甲写的地址"
    assert archive.phone == "029-88888888"
    assert RepairProfile.objects.get().main_business == "交换设备维修"


@pytest.mark.parametrize(("keep", "wins"), [("mine", "甲写的地址"), ("theirs", "乙写的地址")])
def test_where_both_changed_one_field_the_person_chooses(repair, manager, archive, keep, wins):
    client = enter(manager)
    values = filled(client, archive, address="甲写的地址")
    edit_customer(
        customer=archive,
        changes={"address": "乙写的地址"},
        expected=archive.version,
        reason="更正",
        by=repair.person(Duty.ARC),
    )
    page = client.post(edit_url(archive), values)
    (row,) = page.context["conflict"]
    assert (row.before, row.mine, row.now, row.clashes) == (
        "",
        "甲写的地址",
        "乙写的地址",
        True,
    )
    assert "甲写的地址" in text_of(page)
    assert "乙写的地址" in text_of(page)
    again = values | {"version": page.context["current_version"], "keep_address": keep}
    assert client.post(edit_url(archive), again).status_code == 302
    archive.refresh_from_db()
    assert archive.address == wins


def test_a_draft_that_grew_old_meets_the_three_way_page_too(repair, manager, archive):
    """The version goes with the draft: restoring it never overwrites in silence."""
    client = enter(manager)
    old = filled(client, archive, address="甲写的地址")
    client.post(
        f"/drafts/customer-edit/{archive.pk}/", json.dumps(old), content_type="application/json"
    )
    edit_customer(
        customer=archive,
        changes={"address": "乙写的地址"},
        expected=archive.version,
        reason="更正",
        by=repair.person(Duty.ARC),
    )
    restored = filled(enter(manager), archive)
    assert restored["address"] == "甲写的地址"
    assert client.post(edit_url(archive), restored).status_code == 409


PERSON = {"name": "王建国", "role": "related", "influence": "0"}


def add_url(customer):
    return f"/customers/{customer.pk}/contacts/add/"


def test_a_key_person_is_added_and_his_number_sealed(manager, customer):
    values = PERSON | {
        "role": "key",
        "key_type": "decision",
        "is_primary": "on",
        "mobile": "+86 138-0013-8000",
        "identity_no": IDENTITY,
        "hobby": "书法",
        "influence": "3",
    }
    response = enter(manager).post(add_url(customer), values)
    row = Contact.objects.get()
    assert response.url == f"/customers/{customer.pk}/contacts/"
    assert (row.role, row.mobile, row.is_primary) == (ContactRole.KEY, "13800138000", True)
    assert unseal(row, "identity_no") == IDENTITY
    assert row.influence == 3


def test_a_related_person_has_no_key_type(manager, customer):
    response = enter(manager).post(add_url(customer), PERSON | {"key_type": "decision"})
    assert set(response.context["form"].errors) == {"key_type"}
    assert not Contact.objects.exists()


def changed_person(client, contact, **changed):
    form = client.get(f"/customers/contacts/{contact.pk}/edit/").context["form"]
    values = {name: form[name].value() for name in form.fields} | {"reason": "更正"} | changed
    return {k: v for k, v in values.items() if v not in (None, False)}


def test_a_masked_number_that_comes_back_leaves_the_stored_one_alone(manager, customer):
    """B049 of the corpus."""
    contact = ContactFactory(customer=customer, identity_no=IDENTITY)
    client = enter(manager)
    values = changed_person(client, contact, position="主任")
    assert values["identity_no"] == "**************002X"
    assert client.post(f"/customers/contacts/{contact.pk}/edit/", values).status_code == 302
    contact.refresh_from_db()
    assert contact.position == "主任"
    assert unseal(contact, "identity_no") == IDENTITY


def test_a_person_changed_meanwhile_gets_the_three_way_page(manager, customer):
    contact = ContactFactory(customer=customer, position="科员")
    client = enter(manager)
    mine = changed_person(client, contact, position="主任")
    theirs = changed_person(client, contact, position="处长")
    url = f"/customers/contacts/{contact.pk}/edit/"
    assert client.post(url, theirs).status_code == 302
    page = client.post(url, mine)
    assert page.status_code == 409
    again = mine | {"version": page.context["current_version"], "keep_position": "theirs"}
    assert client.post(url, again).status_code == 302
    contact.refresh_from_db()
    assert contact.position == "处长"


def test_a_new_primary_takes_the_place_of_the_one_before(manager, customer):
    first = ContactFactory(customer=customer, is_primary=True)
    second = ContactFactory(customer=customer, name="刘静")
    client = enter(manager)
    assert client.post(f"/customers/contacts/{second.pk}/primary/").status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_primary, second.is_primary) == (False, True)


def test_a_person_is_ended_with_a_reason_and_stays_in_the_archive(manager, customer):
    contact = ContactFactory(customer=customer)
    url = f"/customers/contacts/{contact.pk}/end/"
    client = enter(manager)
    assert client.post(url, {"version": "0", "reason": ""}).status_code == 200
    response = client.post(url, {"version": contact.version, "reason": "已调离"})
    contact.refresh_from_db()
    assert response.status_code == 302
    assert not contact.is_live
    assert "已停用" in text_of(client.get(f"/customers/{customer.pk}/contacts/"))


def test_the_primary_contact_cannot_be_ended(manager, customer):
    contact = ContactFactory(customer=customer, is_primary=True)
    response = enter(manager).post(
        f"/customers/contacts/{contact.pk}/end/", {"version": contact.version, "reason": "已调离"}
    )
    contact.refresh_from_db()
    assert "请先指定另一位客户联系人" in text_of(response)
    assert contact.is_live


@pytest.mark.parametrize("act", ["edit", "end", "primary"])
def test_people_of_a_foreign_customer_cannot_be_touched(colleague, customer, act):
    contact = ContactFactory(customer=customer)
    response = enter(colleague).post(
        f"/customers/contacts/{contact.pk}/{act}/", PERSON | {"version": 1, "reason": "x"}
    )
    contact.refresh_from_db()
    assert response.status_code == 404
    assert contact.version == 1
