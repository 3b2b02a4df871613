"""Django admin: the three administrators see no business row; nothing governed is changed (D7)."""

import pytest

from crm.identity.choices import Duty
from customers.models import Customer, FieldRule
from customers.tests.browser import enter, text_of
from customers.tests.factories import BankBindingFactory, ContactFactory

pytestmark = pytest.mark.django_db
TABLES = ("customer", "contact", "bankbinding")


def administrator(bureau, duty):
    client = enter(bureau.person(duty))
    session = client.session
    session["kedang_factor"] = True
    session.save()
    return client


@pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
@pytest.mark.parametrize("table", TABLES)
def test_an_administrator_sees_no_row_of_business(repair, customer, duty, table):
    contact, binding = ContactFactory(customer=customer), BankBindingFactory(customer=customer)
    client = administrator(repair, duty)
    rows = {"customer": customer.pk, "contact": contact.pk, "bankbinding": binding.pk}
    for url in (f"/admin/customers/{table}/", f"/admin/customers/{table}/{rows[table]}/change/"):
        response = client.get(url, follow=True)
        assert response.status_code in (200, 403, 404)
        assert customer.name not in text_of(response)
        assert customer.code not in text_of(response)


def test_even_a_superuser_without_a_post_gets_nothing(repair, customer):
    person = repair.person()
    person.is_superuser = person.is_staff = True
    person.save()
    response = enter(person).get("/admin/customers/customer/", follow=True)
    assert customer.name not in text_of(response)


def test_nobody_changes_or_deletes_a_governed_row_there(repair, customer):
    client = administrator(repair, Duty.SYS)
    url = f"/admin/customers/customer/{customer.pk}/"
    for act in ("change/", "delete/"):
        assert client.post(url + act, {"name": "x"}).status_code in (302, 403, 404)
    assert client.post("/admin/customers/customer/add/", {"name": "x"}).status_code in (403, 404)
    assert Customer.objects.get().name == customer.name


def test_weights_are_tuned_by_the_system_administrator_and_sensitivity_is_not(repair):
    rule = FieldRule.objects.get(profile="repair", subject="contact", field="identity_no")
    client = administrator(repair, Duty.SYS)
    url = f"/admin/customers/fieldrule/{rule.pk}/change/"
    assert client.get(url).status_code == 200
    sent = {"label": "证件号", "weight": "7", "position": "3", "data_class": "I"}
    client.post(url, sent)
    rule.refresh_from_db()
    assert (rule.label, rule.weight, rule.data_class) == ("证件号", 7, "S")
