"""A text beside filters or in another order: the same rows, cut and sorted (UX-02, D8)."""

import pytest

from crm.identity.choices import Duty
from customers.access import CustomerFilters, count_for, customers_page, search
from customers.choices import CustomerPerm
from customers.models import Customer
from customers.services.search_statistics import refresh_search_statistics
from customers.tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
ORDERS = {
    "code": ["code"],
    "-code": ["-code"],
    "-name": ["-pinyin", "-code"],
    "created": ["created_at", "code"],
}


@pytest.mark.parametrize("most", [0, 30, 1_000])
def test_every_plan_gives_the_same_rows_in_order(repair, manager, monkeypatch, most):
    rows = CustomerFactory.create_batch(50, department=repair.market, manager=manager)
    every_other = Customer.objects.filter(pk__in=[row.pk for row in rows[::2]])
    every_other.update(status="suspended", may_order=False)
    refresh_search_statistics()
    monkeypatch.setattr(search, "MOST_SORTED", most)
    head = repair.person(Duty.MVP)
    living = Customer.objects.filter(organisation=repair.org, status="normal")
    for text in ("测试商行", "xac", rows[0].code[:8], rows[0].code):
        filters = CustomerFilters(text=text, equal={"status": "normal"})
        wanted = living.exclude(code__gt="") if text == rows[0].code else living
        assert count_for(head, CustomerPerm.VIEW, filters).number == wanted.count()
        for order, columns in ORDERS.items():
            page = customers_page(head, CustomerPerm.VIEW, filters=filters, order=order, size=20)
            found, expected = [row.pk for row in page.rows], wanted.order_by(*columns)[:20]
            assert found == [row.pk for row in expected], (text, order)


def test_what_finds_few_is_found_by_its_own_plan(manager, repair, django_assert_max_num_queries):
    row = CustomerFactory(department=repair.market, manager=manager)
    filters = CustomerFilters(text=row.code, equal={"status": "normal"})
    with django_assert_max_num_queries(7):
        page = customers_page(manager, CustomerPerm.VIEW, filters=filters, order="name")
    assert [row.pk for row in page.rows] == [row.pk]
