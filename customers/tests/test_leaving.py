"""PM-30: with the account end the shares of customers, in the same transaction and for good."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from crm.identity.choices import Duty
from crm.identity.errors import LastHolder
from crm.identity.models import Post, User
from crm.identity.services.people import confirm_person, reactivate_person
from crm.identity.tests.doors import give_totp, log_in_with_code, prove
from crm.identity.tests.factories import UserFactory
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.models import CustomerGrant
from customers.services.grants import grant_customer, grant_customer_to_group
from customers.services.leaving import dismiss_person
from customers.services.loans import lend_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(repair):
    return UserFactory(duty=Duty.SYS, department=repair.org)


@pytest.fixture
def guard(repair):
    return UserFactory(duty=Duty.SEC, department=repair.org)


def share(customer, person, by, days=30):
    return grant_customer(
        customer=customer,
        person=person,
        level="share_view",
        ends_on=timezone.localdate() + timedelta(days=days),
        reason="代班",
        by=by,
    )


def sees(person, customer):
    fresh = User.objects.get(pk=person.pk)
    return customers_for(fresh, CustomerPerm.VIEW).filter(pk=customer.pk).exists()


def test_pm_30_shares_by_name_end_with_the_account(keeper, manager, colleague, customer):
    share(customer, colleague, manager)
    assert sees(colleague, customer)
    dismiss_person(person=colleague, reason="离职", by=keeper)
    grant = CustomerGrant.objects.get(user=colleague)
    assert grant.ends_on == timezone.localdate() - timedelta(days=1)
    ended = customer.timeline.order_by("pk").last()
    assert (ended.kind, ended.values) == ("shared", {"ended": True, "to": colleague.username})
    assert not sees(colleague, customer)


def test_pm_30_others_keep_their_shares_and_ended_ones_keep_their_day(
    repair, keeper, manager, colleague, customer
):
    other = repair.person(Duty.AM)
    share(customer, other, manager)
    past = share(customer, colleague, manager)
    long_ago = timezone.localdate() - timedelta(days=40)
    CustomerGrant.objects.filter(pk=past.pk).update(ends_on=long_ago)
    dismiss_person(person=colleague, reason="离职", by=keeper)
    assert CustomerGrant.objects.get(user=colleague).ends_on == long_ago
    assert sees(other, customer)


def test_pm_30_who_returns_finds_no_share_and_no_group(keeper, guard, manager, colleague, customer):
    group = Group.objects.create(name="节前走访")
    colleague.groups.add(group)
    until = timezone.localdate() + timedelta(days=30)
    grant_customer_to_group(
        customer=customer, group=group, level="share_view", ends_on=until, reason="走访", by=manager
    )
    share(customer, colleague, manager)
    assert sees(colleague, customer)
    dismiss_person(person=colleague, reason="离职", by=keeper)
    reactivate_person(person=colleague, by=keeper)
    confirm_person(person=User.objects.get(pk=colleague.pk), by=guard)
    back = User.objects.get(pk=colleague.pk)
    Post.objects.create(
        user=back,
        department=back.department,
        duty=Duty.AM,
        starts_on=timezone.localdate(),
        confirmed_at=timezone.now(),
    )
    assert (back.is_active, back.groups.exists()) == (True, False)
    assert not sees(back, customer)


def test_pm_30_what_was_lent_to_his_desk_stays_with_the_desk(tobacco):
    """Scope K is the post's: it goes from his sight and stays in his colleague's."""
    row = tobacco.customer()
    leaver, stays = tobacco.person(Duty.CSC), tobacco.person(Duty.CSC)
    loan = lend_customer(customer=row, department=leaver.department, duty=Duty.CSC, reference="DJ1")
    keeper = UserFactory(duty=Duty.SYS, department=tobacco.org)
    dismiss_person(person=leaver, reason="调离", by=keeper)
    loan.refresh_from_db()
    assert (loan.until, sees(leaver, row), sees(stays, row)) == (None, False, True)


def test_a_refusal_ends_nothing(repair, keeper, manager, customer):
    """The last holder of a key duty stays, and so do his shares."""
    last = repair.person(Duty.GM)
    share(customer, last, manager)
    with pytest.raises(LastHolder):
        dismiss_person(person=last, reason="离职", by=keeper)
    assert User.objects.get(pk=last.pk).is_active
    assert CustomerGrant.objects.get(user=last).ends_on == timezone.localdate() + timedelta(days=30)


def test_the_page_of_the_person_ends_his_shares(keeper, manager, colleague, customer, client):
    share(customer, colleague, manager)
    log_in_with_code(client, keeper, give_totp(keeper))
    prove(client)
    button = f"/customers/people/{colleague.pk}/disable/"
    assert button in client.get(f"/people/{colleague.pk}/").content.decode()
    assert client.post(button, {"reason": "离职"}).status_code == 302
    assert not User.objects.get(pk=colleague.pk).is_active
    assert CustomerGrant.objects.get(user=colleague).ends_on < timezone.localdate()
