"""The week in which a manager must be in touch with a customer given to him (R-14, R-15)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.identity.choices import Duty
from customers.access import CustomerFilters, customers_page
from customers.choices import CustomerPerm, TimelineKind
from customers.errors import WrongState
from customers.models import ManagerAssignment, TimelineEntry
from customers.selectors.presets import waiting_for
from customers.services.managers import record_first_contact, transfer_customer
from customers.tests.browser import enter, text_of
from customers.tests.test_pages_list import names_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(repair):
    return repair.person(Duty.MVP)


@pytest.fixture
def given(repair, manager, colleague, head):
    """A customer of the colleague's, given to the manager by the vice president."""
    row = repair.customer(colleague, name="延安电信")
    transfer_customer(customer=row, manager=manager, reason="市场分配", by=head)
    row.refresh_from_db()
    return row


def days_pass(customer, days):
    term = ManagerAssignment.objects.get(customer=customer, ends_at=None)
    term.starts_at -= timedelta(days=days)
    term.save(update_fields=["starts_at"])


def found(user, contact):
    page = customers_page(
        user, CustomerPerm.VIEW, filters=CustomerFilters(contact=contact), order="name"
    )
    return [row.name for row in page.rows]


def test_only_what_was_given_by_somebody_else_waits(repair, manager, given):
    repair.customer(manager, name="自己带来的")
    assert found(manager, "waiting") == ["延安电信"]
    assert found(manager, "late") == []


@pytest.mark.parametrize(("days", "late"), [(6, []), (7, ["延安电信"])])
def test_after_a_week_it_is_late_for_the_vice_president(given, head, days, late):
    days_pass(given, days)
    assert found(head, "late") == late
    assert found(head, "waiting") == ["延安电信"]


def test_the_manager_says_it_once_and_the_clock_stops(given, manager, head):
    days_pass(given, 8)
    term = record_first_contact(customer=given, by=manager)
    assert term.contacted_at is not None
    assert found(manager, "waiting") == found(head, "late") == []
    assert TimelineEntry.objects.filter(customer=given, kind=TimelineKind.FIRST_CONTACT).exists()
    with pytest.raises(WrongState):
        record_first_contact(customer=given, by=manager)


def test_nobody_says_it_for_him(given, manager, head, colleague):
    for other in (head, colleague):
        with pytest.raises(Forbidden):
            record_first_contact(customer=given, by=other)
    assert found(manager, "waiting") == ["延安电信"]


def test_another_transfer_begins_another_week(given, colleague, manager, head):
    days_pass(given, 8)
    transfer_customer(customer=given, manager=colleague, reason="逾期未联系", by=head)
    assert found(head, "late") == []
    assert found(colleague, "waiting") == ["延安电信"]
    assert found(manager, "waiting") == []


def test_tiles_count_what_their_pages_list_within_scope(given, manager, colleague, head):
    """UX-73: a figure and the list behind it are the same rows."""
    days_pass(given, 8)
    for person, label, number in (
        (manager, "待首次联系的客户", 1),
        (colleague, "待首次联系的客户", 0),
        (head, "超过一周未联系的客户", 1),
    ):
        tile = next(one for one in waiting_for(person) if str(one.label) == label)
        assert tile.rows.count() == number
        assert len(names_in(enter(person).get(tile.url))) == number
    labels = [str(one.label) for one in waiting_for(manager)]
    assert "超过一周未联系的客户" not in labels


def test_the_page_tells_the_term_and_only_the_manager_has_the_button(given, manager, head):
    page = f"/customers/{given.pk}/manager/"
    assert "登记已联系" not in text_of(enter(head).get(page))
    client = enter(manager)
    assert "登记已联系" in text_of(client.get(page))
    sent = client.post(f"/customers/{given.pk}/contacted/", follow=True)
    assert "已登记首次联系" in text_of(sent)
    term = ManagerAssignment.objects.get(customer=given, ends_at=None)
    assert timezone.localdate(term.contacted_at) == timezone.localdate()


def test_who_does_not_see_the_customer_gets_404(given, colleague, tobacco):
    address = f"/customers/{given.pk}/contacted/"
    assert enter(colleague).post(address).status_code == 404
    assert enter(tobacco.person(Duty.AM)).post(address).status_code == 404


def test_the_list_offers_both_views_to_those_who_may_filter(given, manager):
    labels = [str(one.label) for one in enter(manager).get("/customers/").context["presets"]]
    assert {"待首次联系", "超过一周未联系"} <= set(labels)
