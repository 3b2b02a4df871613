"""Red and black lists: who, why, from when to when, never twice at a time (B-22)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.core.errors import NotFound
from crm.identity.choices import Duty
from customers.boss_values import NewListEntry
from customers.domains import ListColour, ListObject
from customers.errors import WrongState
from customers.models import ListEntry
from customers.services.listing import end_list_entry, enter_list
from customers.tests.factories_boss import (
    BillingAccountFactory,
    ListEntryFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(days=1)
BAD = NewListEntry(colour=ListColour.BLACK, subtype="arrears", reason="连续三期欠费")


def test_an_entry_says_who_why_where_and_from_when(subscriber, keeper):
    """B-22."""
    row = enter_list(customer=subscriber, data=BAD, by=keeper)
    assert (row.colour, row.object_type, row.channel) == (2, "customer", "counter")
    assert (row.department, row.starts_on, row.ends_on) == (keeper.department, TODAY, None)
    assert list(ListEntry.objects.in_force(TODAY)) == [row]


def test_accounts_and_users_are_listed_by_themselves(subscriber, keeper):
    """B-22: a listed account does not forbid a listed user of the same customer."""
    user = SubscriptionFactory(account=BillingAccountFactory(customer=subscriber))
    for kind, target in ((ListObject.ACCOUNT, user.account_id), (ListObject.USER, user.pk)):
        data = NewListEntry(
            colour=2, subtype="resale", reason="转售", object_type=kind, target=target
        )
        enter_list(customer=subscriber, data=data, by=keeper)
    assert set(ListEntry.objects.values_list("account_id", "subscription_id")) == {
        (user.account_id, None),
        (None, user.pk),
    }


def test_an_account_of_somebody_else_is_refused(subscriber, keeper):
    data = NewListEntry(
        colour=2,
        subtype="resale",
        reason="转售",
        object_type="account",
        target=BillingAccountFactory().pk,
    )
    with pytest.raises(ValidationError) as refused:
        enter_list(customer=subscriber, data=data, by=keeper)
    assert list(refused.value.message_dict) == ["target"]
    assert ListEntry.objects.count() == 0


@pytest.mark.parametrize("change", [{"subtype": "vip"}, {"colour": 3}, {"reason": " "}])
def test_a_reason_and_a_subtype_of_that_list_are_needed(subscriber, keeper, change):
    """B-22."""
    values = {"colour": 2, "subtype": "arrears", "reason": "欠费"} | change
    with pytest.raises(ValidationError):
        enter_list(customer=subscriber, data=NewListEntry(**values), by=keeper)
    assert ListEntry.objects.count() == 0


def test_two_entries_of_one_colour_never_overlap(subscriber, keeper):
    """B-22: red beside black is possible, black beside black is not."""
    enter_list(customer=subscriber, data=BAD, by=keeper)
    with pytest.raises(ValidationError, match="不能重叠"):
        enter_list(customer=subscriber, data=BAD, by=keeper)
    red = NewListEntry(colour=ListColour.RED, subtype="vip", reason="人大代表")
    enter_list(customer=subscriber, data=red, by=keeper)
    assert list(ListEntry.objects.order_by("pk").values_list("colour", flat=True)) == [2, 1]


@pytest.mark.parametrize(
    ("starts", "ends", "fits"),
    [(-9, -1, True), (-9, 0, False), (5, None, False), (-9, None, False)],
)
def test_the_database_refuses_an_overlap_by_itself(subscriber, starts, ends, fits):
    """B-22: an exclusion constraint; an entry from today on without an end stands already."""
    ListEntryFactory(customer=subscriber)
    days = {
        "starts_on": TODAY + starts * DAY,
        "ends_on": None if ends is None else TODAY + ends * DAY,
    }
    if fits:
        assert ListEntryFactory(customer=subscriber, **days).pk
        return
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ListEntryFactory(customer=subscriber, **days)
    name = refused.value.__cause__.diag.constraint_name
    assert name == "customers_listentry_customer_once"
    assert ListEntry.objects.count() == 1


def test_an_ended_entry_stays_and_makes_room(subscriber, keeper):
    """B-18, B-22."""
    row = ListEntryFactory(customer=subscriber, starts_on=TODAY - 9 * DAY)
    ended = end_list_entry(entry=row, expected=1, reason="已缴清", by=keeper)
    assert (ended.ends_on, ended.is_void) == (TODAY - DAY, False)
    enter_list(customer=subscriber, data=BAD, by=keeper)
    assert ListEntry.objects.in_force(TODAY).count() == 1
    with pytest.raises(WrongState):
        end_list_entry(entry=ended, expected=2, reason="再移出", by=keeper)


def test_an_entry_of_today_becomes_void(subscriber, keeper):
    """B-22: made by mistake; it never counted."""
    row = enter_list(customer=subscriber, data=BAD, by=keeper)
    assert end_list_entry(entry=row, expected=1, reason="录错", by=keeper).is_void
    assert not ListEntry.objects.in_force(TODAY).exists()


@pytest.mark.parametrize("duty", [Duty.AM, Duty.REP, Duty.FIN])
def test_who_only_looks_enters_nobody(boss, subscriber, duty):
    """B-22: keepers and leaders enter; the counter sees the mark."""
    person = boss.person(duty)
    type(subscriber).objects.filter(pk=subscriber.pk).update(area=boss.market, manager=person)
    with pytest.raises(NotFound):
        enter_list(customer=subscriber, data=BAD, by=person)
    assert ListEntry.objects.count() == 0
