"""Contacts by the API: within their customer, masked, with their own tag (B163)."""

import pytest

from crm.core.sealed import unseal
from customers.models import Contact
from customers.tests.factories import (
    CREDIT_CODE,
    IDENTITY,
    ContactFactory,
)
from customers.tests.outside import ALL, Outside

pytestmark = pytest.mark.django_db
URL = "/api/v1/customers/"
BODY = {
    "name": "陕西省电信有限公司延安分公司",
    "province": "610000",
    "city": "610600",
    "phone": "0911-2112345",
    "credit_code": CREDIT_CODE,
    "contacts": [{"name": "刘静", "is_primary": True, "mobile": "+86 138-0013-8000"}],
    "aliases": [{"system": "erp", "code": "E-001"}],
    "repair": {"main_business": "传输设备维修"},
}


@pytest.fixture
def erp(repair):
    return Outside(repair, ALL)


def at(customer, rest=""):
    return f"{URL}{customer.code}/{rest}"


def test_contacts_are_listed_made_and_changed(erp, customer):
    made = erp.post(at(customer, "contacts/"), {"name": "刘静", "identity_no": IDENTITY})
    row = Contact.objects.get()
    assert made.status_code == 201
    assert made.json()["identity_no"] == "**************002X"
    assert unseal(row, "identity_no") == IDENTITY
    url = at(customer, f"contacts/{row.pk}/")
    back = made.json()["identity_no"]
    changed = erp.patch(url, {"position": "主任", "identity_no": back}, match='"v1"')
    row.refresh_from_db()
    assert changed.status_code == 200
    assert (row.position, row.version) == ("主任", 2)
    assert unseal(row, "identity_no") == IDENTITY
    assert erp.patch(url, {"position": "x"}, match='"v1"').status_code == 412
    assert [one["name"] for one in erp.get(at(customer, "contacts/")).json()] == ["刘静"]


def test_a_contact_is_reached_only_through_its_own_customer(erp, repair, manager, customer):
    other = repair.customer(manager, name="宝鸡移动")
    contact = ContactFactory(customer=other)
    assert erp.get(at(customer, f"contacts/{contact.pk}/")).status_code == 404
    assert erp.get(at(other, f"contacts/{contact.pk}/")).status_code == 200


def test_hobby_and_influence_are_not_for_outside_systems(erp, customer):
    """PM-08."""
    ContactFactory(customer=customer, hobby="书法", influence=3)
    (one,) = erp.get(at(customer, "contacts/")).json()
    assert "hobby" not in one
    assert "influence" not in one


def test_contacts_of_a_foreign_organisation_are_404(tobacco, customer):
    contact = ContactFactory(customer=customer)
    other = Outside(tobacco, ALL)
    assert other.get(at(customer, "contacts/")).status_code == 404
    assert other.get(at(customer, f"contacts/{contact.pk}/")).status_code == 404
    refused = other.post(at(customer, "contacts/"), {"name": "x"})
    assert refused.status_code == 404
    assert Contact.objects.count() == 1
