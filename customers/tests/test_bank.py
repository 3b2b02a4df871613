"""Online withholding: two people, one live account, nothing overwritten (T-65 to T-68, PM-04)."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from crm.core.errors import Forbidden
from crm.core.sealed import unseal
from crm.identity.choices import Duty
from customers.choices import BindingStatus, CustomerKind, HolderKind
from customers.errors import SecondPersonNeeded, WrongState
from customers.models import BankBinding, TimelineEntry
from customers.services.bank import (
    close_binding,
    confirm_binding,
    fail_binding,
    rebind_account,
    request_binding,
    retry_binding,
)
from customers.tests.factories import ACCOUNT, RetailProfileFactory
from customers.values import BankAccount

pytestmark = pytest.mark.django_db
THEIRS = BankAccount(
    bank="陕西信合",
    holder_name="何然雨",
    account_no="6222 0202 0011 2233 446",
    agreement_no="SQ-2026-001",
)


@pytest.fixture
def shop(tobacco):
    row = tobacco.customer(name="川口鑫家烟酒商行", customer_kind=CustomerKind.RETAIL)
    RetailProfileFactory(customer=row)
    return row


@pytest.fixture
def clerk(tobacco):
    return tobacco.person(Duty.NET, name="张录入")


@pytest.fixture
def second(tobacco):
    return tobacco.person(Duty.NET, name="李复核")


@pytest.fixture
def pending(shop, clerk):
    return request_binding(customer=shop, account=THEIRS, form="DJ1", voucher_id=7, by=clerk)


def test_an_account_is_keyed_sealed_and_waits_for_a_second_person(shop, clerk, pending):
    assert (pending.status, pending.bound_by, pending.voucher_id) == ("pending", clerk, 7)
    assert pending.account_no.startswith("kd1:")
    assert (pending.account_no_last4, pending.agreement_no_last4) == ("3446", "-001")
    assert unseal(pending, "account_no") == ACCOUNT
    assert ACCOUNT not in str(vars(pending))
    assert not hasattr(pending.history.get(), "account_no_index")
    assert TimelineEntry.objects.get().values == {"bank": "陕西信合", "tail": "3446"}


def test_another_person_of_the_office_confirms_it(second, pending):
    row = confirm_binding(binding=pending, by=second)
    assert (row.status, row.confirmed_by) == (BindingStatus.BOUND, second)
    assert row.bound_at is not None


def test_nobody_confirms_what_he_keyed(clerk, pending):
    with pytest.raises(SecondPersonNeeded):
        confirm_binding(binding=pending, by=clerk)
    pending.refresh_from_db()
    assert (pending.status, pending.version) == (BindingStatus.PENDING, 1)


@pytest.mark.parametrize("duty", [Duty.AM, Duty.CSC, Duty.DC, Duty.DSM, Duty.SYS])
def test_only_the_network_office_binds(tobacco, shop, pending, duty):
    other = tobacco.person(duty)
    with pytest.raises(Forbidden):
        confirm_binding(binding=pending, by=other)
    with pytest.raises(Forbidden):
        request_binding(customer=shop, account=THEIRS, by=other)
    assert BankBinding.objects.get().status == BindingStatus.PENDING


def test_a_second_live_account_is_refused_in_its_own_words(shop, clerk, pending):
    with pytest.raises(ValidationError) as refused:
        request_binding(customer=shop, account=THEIRS, by=clerk)
    assert "该客户已有一个生效或办理中的扣款账户" in refused.value.messages
    assert BankBinding.objects.count() == 1


def test_a_failed_one_may_be_tried_again(shop, clerk, second, pending):
    failed = fail_binding(binding=pending, outcome="户名不符", by=second)
    assert (failed.status, failed.outcome) == (BindingStatus.FAILED, "户名不符")
    assert not BankBinding.objects.live().exists()
    again = retry_binding(binding=failed, by=second)
    assert (again.status, again.bound_by) == (BindingStatus.PENDING, second)
    with pytest.raises(SecondPersonNeeded):
        confirm_binding(binding=again, by=second)
    assert confirm_binding(binding=again, by=clerk).status == BindingStatus.BOUND


def test_re_entry_closes_the_old_account_and_keys_a_new_one(shop, clerk, second, pending):
    confirm_binding(binding=pending, by=second)
    new = rebind_account(
        customer=shop, account=replace(THEIRS, bank="建设银行"), form="WH1", by=clerk
    )
    pending.refresh_from_db()
    assert (pending.status, pending.bank) == (BindingStatus.CLOSED, "陕西信合")
    assert pending.ended_at is not None
    assert new.status == BindingStatus.PENDING
    assert BankBinding.objects.live().get() == new


def test_states_follow_each_other_and_nothing_else(clerk, second, pending):
    bound = confirm_binding(binding=pending, by=second)
    for step in (
        lambda: confirm_binding(binding=bound, by=second),
        lambda: fail_binding(binding=bound, outcome="x", by=second),
        lambda: retry_binding(binding=bound, by=second),
    ):
        with pytest.raises(WrongState):
            step()
    closed = close_binding(binding=bound, reason="停业", by=clerk)
    with pytest.raises(WrongState):
        close_binding(binding=closed, reason="停业", by=clerk)
    with pytest.raises(ValidationError):
        close_binding(binding=bound, reason="", by=clerk)
    assert closed.history.count() == 3


def test_a_strange_holder_needs_a_note(shop, clerk):
    other = replace(THEIRS, holder_name="何小雨")
    with pytest.raises(ValidationError) as refused:
        request_binding(customer=shop, account=other, by=clerk)
    assert "name_note" in refused.value.message_dict
    assert not BankBinding.objects.exists()
    noted = replace(other, name_note="法定代表人之女,已附委托书")
    assert request_binding(customer=shop, account=noted, by=clerk).pk


def test_the_shop_name_is_a_fine_holder(shop, clerk):
    account = replace(
        THEIRS,
        holder_name="川口鑫家烟酒商行",
        holder_kind=HolderKind.CORPORATE,
        account_no="103456789012",
    )
    assert request_binding(customer=shop, account=account, by=clerk).pk


@pytest.mark.parametrize("number", ["6222020200112233447", "1234567", "六二二二", ""])
def test_a_wrong_number_is_refused_without_being_repeated(shop, clerk, number):
    with pytest.raises(ValidationError) as refused:
        request_binding(customer=shop, account=replace(THEIRS, account_no=number), by=clerk)
    assert "account_no" in refused.value.message_dict
    assert not number or number not in str(refused.value.message_dict)
    assert not BankBinding.objects.exists()


def test_an_account_on_its_way_shows_no_number():
    assert ACCOUNT not in repr(replace(THEIRS, account_no=ACCOUNT))
