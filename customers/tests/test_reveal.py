"""Clear values: with right, reason, limit and log (B-29, SEC-39, UX-20)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.core.models import AccessLog
from crm.identity.choices import Duty
from customers.access import may_reveal
from customers.errors import TooManyReveals
from customers.models import Customer
from customers.services.reveal import reveal_field
from customers.tests.factories import (
    ACCOUNT,
    IDENTITY,
    BankBindingFactory,
    ContactFactory,
    RetailProfileFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(customer):
    return ContactFactory(customer=customer, identity_no=IDENTITY)


def reveal(row, field, by, reason="核对合同"):
    return reveal_field(row=row, field=field, reason=reason, by=by)


def test_the_owner_sees_the_number_and_the_log_says_so_without_it(manager, contact):
    assert reveal(contact, "identity_no", manager) == IDENTITY
    log = AccessLog.objects.get()
    assert (log.kind, log.user_id, log.fields) == ("reveal", manager.pk, ["contact.identity_no"])
    assert (log.reason, log.customer_id) == ("核对合同", contact.customer_id)
    assert IDENTITY not in str(vars(log))


def test_a_personal_number_may_be_asked_for_too(repair, contact):
    assert reveal(contact, "mobile", repair.person(Duty.GM)) == "13891234567"


@pytest.mark.parametrize("duty", [Duty.MC, Duty.MVP, Duty.FIN, Duty.SYS, Duty.AUD])
def test_others_are_refused_and_the_denial_is_written_down(repair, contact, duty):
    who = repair.person(duty)
    with pytest.raises(Forbidden):
        reveal(contact, "identity_no", who)
    log = AccessLog.objects.get()
    assert (log.kind, log.user_id) == ("denied", who.pk)


def test_the_right_reaches_no_further_than_its_field_set(tobacco):
    shop = tobacco.customer()
    retail = RetailProfileFactory(customer=shop, identity_no=IDENTITY)
    binding = BankBindingFactory(customer=shop)
    clerk, head = tobacco.person(Duty.NET), tobacco.person(Duty.LH)
    assert reveal(binding, "account_no", clerk) == ACCOUNT
    with pytest.raises(Forbidden):
        reveal(retail, "identity_no", clerk)
    assert reveal(retail, "identity_no", head) == IDENTITY
    officer = tobacco.person(Duty.LO)
    Customer.objects.filter(pk=shop.pk).update(area=tobacco.market)
    shop.refresh_from_db()
    assert may_reveal(officer, shop, "retail.identity_no")
    assert not may_reveal(officer, shop, "bank.account_no")


def test_a_field_that_is_never_masked_has_no_clear_value_to_ask_for(manager, contact):
    for field in ("position", "version", "seal_id", "identity_no_index"):
        with pytest.raises(Forbidden):
            reveal(contact, field, manager)


def test_a_secret_customer_is_revealed_to_nobody_below_his_level(manager, contact):
    Customer.objects.filter(pk=contact.customer_id).update(secrecy=2)
    contact.refresh_from_db()
    with pytest.raises(Forbidden):
        reveal(contact, "identity_no", manager)


def test_a_reason_is_needed(manager, contact):
    with pytest.raises(ValidationError) as refused:
        reveal(contact, "identity_no", manager, reason=" 。")
    assert "reason" in refused.value.message_dict
    assert not AccessLog.objects.exists()


def test_sixty_an_hour_and_no_more(manager, contact):
    for _n in range(60):
        reveal(contact, "mobile", manager)
    with pytest.raises(TooManyReveals) as refused:
        reveal(contact, "mobile", manager)
    assert refused.value.status == 429
    assert AccessLog.objects.count() == 60


def test_the_hour_passes(manager, contact):
    earlier = timezone.now() - timedelta(minutes=61)
    AccessLog.objects.bulk_create(
        AccessLog(at=earlier, user_id=manager.pk, kind="reveal", object_type="x")
        for _n in range(60)
    )
    assert reveal(contact, "mobile", manager) == "13891234567"
