"""The people of a customer (R-26 to R-28, R-34 to R-39)."""

import pytest
from django.core.exceptions import ValidationError

from crm.core.errors import NotFound, StaleVersion
from crm.core.sealed import unseal
from crm.identity.choices import Duty
from customers.choices import ContactRole, KeyType
from customers.errors import NotWithinAuthority, WrongState
from customers.models import Contact, TimelineEntry
from customers.services.contacts import add_contact, edit_contact, end_contact
from customers.tests.factories import IDENTITY, ContactFactory, CustomerGrantFactory
from customers.values import NewContact

pytestmark = pytest.mark.django_db
LIU = NewContact(name="刘静", is_primary=True, mobile="18999953320", office_phone="0935-41684977")


@pytest.fixture
def contact(customer):
    return ContactFactory(customer=customer, is_primary=True, identity_no=IDENTITY)


def edit(contact, by, changes, expected=1):
    return edit_contact(
        contact=contact, changes=changes, expected=expected, reason="名片更新", by=by
    )


def test_a_new_primary_contact_takes_the_place_of_the_one_before(manager, customer, contact):
    new = add_contact(customer=customer, data=LIU, by=manager)
    contact.refresh_from_db()
    assert (new.is_primary, contact.is_primary, contact.version) == (True, False, 2)
    assert contact.history.first().history_user == manager


def test_every_kind_of_middle_dot_becomes_the_official_one(manager, customer):
    for name in ("买买提•艾力", "买买提・艾力", "买买提·艾力"):
        row = add_contact(customer=customer, data=NewContact(name=name), by=manager)
        assert row.name == "买买提·艾力"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"mobile": "1389123456"}, "mobile"),
        ({"age": "151"}, "age"),
        ({"email": "a@b\nc"}, "email"),
        ({"identity_no": "110105194912310021"}, "identity_no"),
        ({"sex": "z"}, "sex"),
        ({"influence": 7}, "influence"),
        ({"key_type": KeyType.DECISION}, "__all__"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_added(manager, customer, change, field):
    with pytest.raises(ValidationError) as refused:
        add_contact(customer=customer, data=NewContact(**({"name": "甲"} | change)), by=manager)
    assert field in refused.value.message_dict
    assert not Contact.objects.exists()


def test_an_identity_number_never_comes_back_in_the_message(manager, customer):
    number = "110105194912310021"
    with pytest.raises(ValidationError) as refused:
        add_contact(customer=customer, data=NewContact("甲", identity_no=number), by=manager)
    assert number not in str(refused.value.message_dict)


def test_a_colleague_adds_nobody(colleague, customer):
    with pytest.raises(NotFound):
        add_contact(customer=customer, data=LIU, by=colleague)
    assert not Contact.objects.exists()


def test_changes_are_versioned_and_told(manager, contact):
    row = edit(contact, manager, {"hobby": "钓鱼", "age": 38, "role": "key", "key_type": "finance"})
    assert (row.version, row.hobby, row.age, row.key_type) == (2, "钓鱼", 38, KeyType.FINANCE)
    entry = TimelineEntry.objects.get()
    assert entry.values == {"contact": row.pk, "fields": ["age", "hobby", "key_type", "role"]}
    with pytest.raises(StaleVersion):
        edit(contact, manager, {"hobby": "象棋"})


def test_a_related_person_loses_his_key_type(manager, customer):
    key = ContactFactory(customer=customer, role=ContactRole.KEY, key_type=KeyType.FINANCE)
    row = edit(key, manager, {"role": ContactRole.RELATED})
    assert row.key_type == ""


@pytest.mark.parametrize("name", ["login_code", "is_live", "customer", "version", "nobody"])
def test_some_fields_are_never_typed(manager, contact, name):
    with pytest.raises(NotWithinAuthority):
        edit(contact, manager, {name: "yadxyw"})
    contact.refresh_from_db()
    assert contact.version == 1


def test_masked_values_that_come_back_change_nothing(manager, contact):
    row = edit(contact, manager, {"identity_no": "**************002X", "position": "主任"})
    row.refresh_from_db()
    assert unseal(row, "identity_no") == IDENTITY
    assert row.position == "主任"


def test_a_new_identity_number_is_sealed(manager, contact):
    row = edit(contact, manager, {"identity_no": "61060219790215027x"})
    row.refresh_from_db()
    assert row.identity_no_last4 == "027X"
    assert unseal(row, "identity_no") == "61060219790215027X"
    assert not hasattr(row.history.first(), "identity_no_index")


def test_hobbies_are_for_the_owner_and_the_data_keeper(repair, colleague, contact):
    CustomerGrantFactory(user=colleague, content_object=contact.customer, level="share_work")
    with pytest.raises(NotWithinAuthority):
        edit(contact, colleague, {"hobby": "钓鱼"})
    assert edit(contact, repair.person(Duty.ARC), {"hobby": "钓鱼"}).hobby == "钓鱼"


def test_the_primary_contact_stays_until_another_one_is_named(manager, customer, contact):
    with pytest.raises(WrongState):
        end_contact(contact=contact, expected=1, reason="离职", by=manager)
    add_contact(customer=customer, data=LIU, by=manager)
    row = end_contact(contact=contact, expected=2, reason="离职", by=manager)
    assert not row.is_live
    assert Contact.objects.filter(customer=customer).count() == 2


def test_whoever_is_out_of_use_becomes_no_primary_contact(manager, customer):
    gone = ContactFactory(customer=customer, is_live=False)
    with pytest.raises(WrongState):
        edit(gone, manager, {"is_primary": True})


def test_ending_needs_a_reason_and_the_right(repair, manager, customer):
    row = ContactFactory(customer=customer)
    with pytest.raises(ValidationError):
        end_contact(contact=row, expected=1, reason=" ", by=manager)
    with pytest.raises(NotFound):
        end_contact(contact=row, expected=1, reason="离职", by=repair.person(Duty.MC))
    with pytest.raises(StaleVersion):
        end_contact(contact=row, expected=7, reason="离职", by=manager)
    row.refresh_from_db()
    assert (row.is_live, row.version) == (True, 1)
