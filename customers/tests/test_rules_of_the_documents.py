"""Small rules of documents 001 and 002 that have no file of their own."""

import pytest

from crm.core.checkdigits import customer_code, is_customer_code
from crm.identity.access import may
from crm.identity.choices import Duty
from customers.choices import CustomerPerm, CustomerType, TemporalClass
from customers.models import Customer
from customers.tests.browser import enter
from customers.tests.factories import Bureau
from customers.tests.test_pages_list import LIST, names_in
from customers.tests.test_pages_register import send

pytestmark = pytest.mark.django_db


def test_customers_of_all_three_times_are_on_file_and_each_has_its_work_list(repair, manager):
    """R-7, R-8: past to be read again, current to be enriched, coming to be won."""
    for time in TemporalClass:
        repair.customer(manager, name=f"{time.label}电信", temporal_class=time)
    client = enter(manager)
    assert sorted(names_in(client.get(LIST))) == sorted(f"{t.label}电信" for t in TemporalClass)
    for time in TemporalClass:
        assert names_in(client.get(f"{LIST}?temporal={time}")) == [f"{time.label}电信"]
    form = client.get(LIST).context["form"]
    offered = [value for value, _label in form.fields["temporal"].choices if value]
    assert offered == ["past", "current", "coming"]


@pytest.mark.parametrize("kind", list(CustomerType))
def test_a_customer_sends_paper_slips_or_fills_them_in_online(repair, manager, kind):
    """R-24, R-33: the type is chosen, remarks are kept as typed."""
    assert send(manager, customer_type=kind).status_code == 302
    row = Customer.objects.get()
    assert (row.customer_type, row.remark) == (kind, "按季度结算")


@pytest.mark.parametrize("duty", [Duty.AM, Duty.ARC, Duty.REP])
def test_the_three_posts_of_the_operator_may_open_archives(duty):
    """B-4: customer manager, data keeper, customer representative."""
    boss = Bureau("boss")
    assert may(boss.person(duty), CustomerPerm.CREATE)
    assert not may(boss.person(Duty.FIN), CustomerPerm.CREATE)


@pytest.mark.parametrize(("serial", "fits"), [(1, True), (999_999_999, True), (10**9, False)])
def test_a_city_has_room_for_a_thousand_million_customers(serial, fits):
    """B-35, and not for one more: the code keeps its fourteen digits."""
    if fits:
        assert is_customer_code(customer_code("6101", serial))
    else:
        with pytest.raises(ValueError, match="nine digits"):
            customer_code("6101", serial)
