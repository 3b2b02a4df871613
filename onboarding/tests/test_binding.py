"""Withholding accounts in flow A: bank, two people, another try (T-40, T-65 to T-67)."""

import pytest

from crm.identity.choices import SourceSystem
from crm.outbox.choices import Topic
from crm.outbox.models import Message
from customers.choices import Light
from customers.errors import SecondPersonNeeded
from customers.models import BankBinding, SystemState
from customers.values import BankAccount
from onboarding.choices import InboundKind, Stage, Task
from onboarding.errors import BindingMissing, NotYours
from onboarding.services import sales
from onboarding.tests.factories import Town

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def town():
    return Town()


def light(form, system):
    return SystemState.objects.get(customer=form.customer, system=system).state


def test_withholding_needs_a_bound_account(town):
    """T-40, T-42."""
    form = town.at_manager()
    form = sales.fill_sales_block(
        form=form, block=town.sales_block(), expected=form.version, by=town.manager
    )
    with pytest.raises(BindingMissing):
        sales.submit_sales_block(form=form, by=town.manager)
    with pytest.raises(BindingMissing):
        sales.tick_task(form=form, task=Task.WITHHOLDING, by=town.manager)
    form.refresh_from_db()
    assert form.stage == Stage.SALES_FILLING


def test_an_account_needs_the_bank_and_a_second_person(town):
    """T-30, T-65 to T-67, PM-04."""
    form = town.at_manager()
    form = sales.fill_sales_block(
        form=form, block=town.sales_block(), expected=form.version, by=town.manager
    )
    account = BankAccount(
        bank="中国农业银行", holder_name="何然雨", account_no="6222020000000000000"
    )
    with pytest.raises(NotYours):
        sales.ask_for_binding(form=form, account=account, by=town.manager)
    binding = sales.ask_for_binding(form=form, account=account, by=town.network)
    with pytest.raises(BindingMissing, match="银行"):
        sales.confirm_account(form=form, by=town.network_2)
    town.report(SourceSystem.BANK, InboundKind.BINDING, form, result="bound", reason="")
    with pytest.raises(SecondPersonNeeded):
        sales.confirm_account(form=form, by=town.network)
    assert sales.confirm_account(form=form, by=town.network_2).status == "bound"
    stored = BankBinding.objects.get(pk=binding.pk)
    assert "6222020000000000000" not in stored.account_no
    assert stored.account_no_last4 == "0000"
    message = Message.objects.get(topic=Topic.BIND_REQUESTED)
    assert "6222020000000000000" not in str(message.payload)


def test_an_account_the_bank_refuses_can_be_keyed_again(town):
    """T-66: pending → failed → pending."""
    form = town.at_manager()
    form = sales.fill_sales_block(
        form=form, block=town.sales_block(), expected=form.version, by=town.manager
    )
    account = BankAccount(
        bank="中国农业银行", holder_name="何然雨", account_no="6222020000000000000"
    )
    sales.ask_for_binding(form=form, account=account, by=town.network)
    town.report(SourceSystem.BANK, InboundKind.BINDING, form, result="failed", reason="户名不符")
    assert light(form, "bank") == Light.FAILED
    assert BankBinding.objects.get().status == "failed"
    town.bind(form)
    assert BankBinding.objects.filter(status="bound").count() == 1
