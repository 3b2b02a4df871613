"""Status, activation, secrecy level (B-12, B-13, B-18 to B-20, T-48, T-49)."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.identity.choices import Duty, Secrecy
from crm.outbox.models import Message
from customers.choices import STATUS_MOVES, ControlLevel, CustomerStatus
from customers.errors import WrongState
from customers.models import Customer, OpenForm, RetailProfile, TimelineEntry
from customers.services import status
from customers.tests.factories import BankBindingFactory, RetailProfileFactory

pytestmark = pytest.mark.django_db
STOPS = {
    CustomerStatus.SUSPENDED: status.suspend_customer,
    CustomerStatus.ARREARS_STOP: status.stop_for_arrears,
    CustomerStatus.RECTIFICATION: status.rectify_customer,
    CustomerStatus.CLOSED: status.close_customer,
    CustomerStatus.CANCELLED: status.cancel_customer,
    CustomerStatus.NORMAL: status.activate_customer,
}


def test_until_activation_there_is_no_order(tobacco):
    clerk, row = tobacco.person(Duty.NET), tobacco.customer(pending=True)
    assert not Customer.objects.trading().exists()
    row = status.activate_customer(customer=row, reason="DJ1", form="DJ1", by=clerk)
    assert (row.status, row.may_order) == (CustomerStatus.NORMAL, True)
    assert row.entered_on == timezone.localdate()
    assert Customer.objects.trading().get() == row
    assert TimelineEntry.objects.get().kind == "activated"
    assert Message.objects.get().topic == "customers.activated"


@pytest.mark.parametrize("before", CustomerStatus.values)
@pytest.mark.parametrize("after", STOPS)
def test_only_the_moves_of_the_table_are_made(tobacco, before, after):
    clerk = tobacco.person(Duty.NET)
    row = tobacco.customer(status=before, may_order=before == "normal")
    if after in STATUS_MOVES[before]:
        moved = STOPS[after](customer=row, reason="核查", by=clerk)
        assert (moved.status, moved.may_order) == (after, after == "normal")
    else:
        with pytest.raises(WrongState):
            STOPS[after](customer=row, reason="核查", by=clerk)
        row.refresh_from_db()
        assert (row.status, row.version) == (before, 1)


def test_a_move_needs_a_reason(tobacco):
    row = tobacco.customer()
    with pytest.raises(ValidationError):
        status.suspend_customer(customer=row, reason=" ", by=tobacco.person(Duty.NET))
    row.refresh_from_db()
    assert row.may_order


def test_a_cancelled_customer_stays_and_his_licence_is_free_again(tobacco):
    row = tobacco.customer()
    retail = RetailProfileFactory(customer=row, licence_no="610610327428")
    status.cancel_customer(customer=row, reason="歇业", by=tobacco.person(Duty.NET))
    retail.refresh_from_db()
    assert not retail.is_live
    assert Customer.objects.get().code == row.code
    other = RetailProfileFactory(customer=tobacco.customer(), licence_no="610610327428")
    assert RetailProfile.objects.filter(is_live=True).get() == other


def test_whoever_has_a_live_account_or_an_open_form_is_not_cancelled(tobacco):
    clerk, row = tobacco.person(Duty.NET), tobacco.customer()
    form = OpenForm.objects.create(customer=row, kind="change", number="WH1", title="变更")
    with pytest.raises(WrongState):
        status.cancel_customer(customer=row, reason="歇业", by=clerk)
    form.closed_at = timezone.now()
    form.save()
    BankBindingFactory(customer=row)
    with pytest.raises(WrongState):
        status.cancel_customer(customer=row, reason="歇业", by=clerk)
    row.refresh_from_db()
    assert row.status == CustomerStatus.NORMAL


class TestClassify:
    def classify(self, customer, by, secrecy=Secrecy.INTERNAL, reason="党政客户"):
        return status.classify_customer(
            customer=customer,
            secrecy=secrecy,
            control_level=ControlLevel.CITY,
            reason=reason,
            by=by,
        )

    def test_the_keeper_sets_it_up_to_his_own_clearance(self, repair, customer):
        keeper = repair.person(Duty.ARC, clearance=Secrecy.INTERNAL)
        row = self.classify(customer, keeper)
        assert (row.secrecy, row.control_level, row.version) == (1, 2, 2)
        with pytest.raises(Forbidden):
            self.classify(customer, keeper, secrecy=Secrecy.TOP)

    def test_nobody_else_and_not_without_reason(self, repair, manager, customer):
        with pytest.raises(Forbidden):
            self.classify(customer, manager, secrecy=Secrecy.NORMAL)
        with pytest.raises(ValidationError):
            self.classify(customer, repair.person(Duty.ARC), secrecy=Secrecy.NORMAL, reason="")
        customer.refresh_from_db()
        assert customer.version == 1
