"""A value in clear: reason, fresh log-in, log row before the value, never stored (B-29, SEC-39)."""

import pytest

from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty
from customers.tests.browser import enter, text_of
from customers.tests.factories import ACCOUNT, IDENTITY, BankBindingFactory, ContactFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(customer):
    return ContactFactory(customer=customer, identity_no=IDENTITY)


def url_of(contact, field="identity_no"):
    return f"/customers/contacts/{contact.pk}/reveal/{field}/"


def test_without_a_fresh_log_in_nobody_reveals_anything(manager, contact):
    for response in (
        enter(manager).get(url_of(contact)),
        enter(manager).post(url_of(contact), {"reason": "核对证件"}),
    ):
        assert response.status_code == 302
        assert response.url.startswith("/accounts/reauthenticate/")
        assert IDENTITY not in text_of(response)
    assert not AccessLog.objects.exists()


def test_a_reason_opens_it_for_a_minute_and_the_log_knows(manager, customer, contact):
    client = enter(manager, again=True)
    assert IDENTITY not in text_of(client.get(url_of(contact)))
    response = client.post(url_of(contact), {"reason": "核对证件"})
    assert IDENTITY in text_of(response)
    assert 'data-reveal-seconds="60"' in text_of(response)
    assert response["Cache-Control"] == "no-store, private"
    row = AccessLog.objects.get(kind=AccessKind.REVEAL)
    assert (row.user_id, row.customer_id) == (manager.pk, customer.pk)
    assert (row.fields, row.reason) == (["contact.identity_no"], "核对证件")


@pytest.mark.parametrize("reason", ["", " ", "x"])
def test_without_a_real_reason_it_stays_hidden(manager, contact, reason):
    response = enter(manager, again=True).post(url_of(contact), {"reason": reason})
    assert response.status_code == 200
    assert IDENTITY not in text_of(response)
    assert not AccessLog.objects.filter(kind=AccessKind.REVEAL).exists()


@pytest.mark.parametrize("duty", [Duty.MVP, Duty.MC])
def test_who_sees_it_masked_without_the_right_is_refused_and_that_is_logged(repair, contact, duty):
    client = enter(repair.person(duty), again=True)
    assert client.get(url_of(contact)).status_code == 403
    assert client.post(url_of(contact), {"reason": "想看看"}).status_code == 403
    assert AccessLog.objects.filter(kind=AccessKind.DENIED).count() == 2


def test_a_colleague_gets_404(colleague, contact):
    client = enter(colleague, again=True)
    assert client.post(url_of(contact), {"reason": "核对证件"}).status_code == 404


@pytest.mark.parametrize("field", ["version", "position", "identity_no_index", "seal_id", "..%2Fa"])
def test_a_name_that_is_no_guarded_field_is_404(manager, contact, field):
    assert enter(manager, again=True).get(url_of(contact, field)).status_code == 404


def test_a_masked_telephone_of_the_customer_is_revealed_alike(repair, customer):
    customer.mobile = "13891234567"
    customer.save(update_fields=["mobile"])
    leader = enter(repair.person(Duty.GM), again=True)
    url = f"/customers/{customer.pk}/reveal/customer.mobile/"
    assert url in text_of(leader.get(f"/customers/{customer.pk}/"))
    assert "13891234567" in text_of(leader.post(url, {"reason": "回访"}))


def test_an_account_number_opens_for_the_office_that_binds_it(tobacco):
    row = tobacco.customer(tobacco.person(Duty.AM))
    binding = BankBindingFactory(customer=row)
    url = f"/customers/bindings/{binding.pk}/reveal/account_no/"
    keeper = enter(tobacco.person(Duty.NET), again=True)
    assert ACCOUNT in text_of(keeper.post(url, {"reason": "与银行核对"}))
    officer = enter(tobacco.person(Duty.CSC), again=True)
    assert officer.post(url, {"reason": "与银行核对"}).status_code == 403


def test_sixty_an_hour_are_enough(manager, contact):
    client = enter(manager, again=True)
    for turn in range(60):
        AccessLog.objects.create(
            kind=AccessKind.REVEAL, user_id=manager.pk, username="x", object_key=str(turn)
        )
    response = client.post(url_of(contact), {"reason": "核对证件"})
    assert IDENTITY not in text_of(response)
    assert "一小时内查看敏感信息过多" in text_of(response)
