"""Who answers for a customer: transfer by those who decide, conflicts by the general manager."""

import pytest

from crm.identity.choices import Duty
from customers.choices import ConflictStatus
from customers.models import Conflict, ManagerAssignment
from customers.services.conflicts import record_conflict
from customers.tests.browser import enter, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def conflict(customer, colleague):
    return record_conflict(
        customer=customer, typed_name="延安电信公司", matched="credit_code", by=colleague
    )


def transfer_url(customer):
    return f"/customers/{customer.pk}/transfer/"


def test_the_market_head_gives_a_customer_to_another_manager(repair, customer, colleague):
    head = enter(repair.person(Duty.MVP))
    response = head.post(transfer_url(customer), {"manager": colleague.pk, "reason": "片区调整"})
    customer.refresh_from_db()
    assert response.url == f"/customers/{customer.pk}/"
    assert customer.manager == colleague
    assert ManagerAssignment.objects.get(ends_at=None).reason == "片区调整"
    assert "片区调整" in text_of(head.get(transfer_url(customer)))


def test_only_managers_of_the_own_organisation_can_be_chosen(repair, tobacco, customer):
    stranger, clerk = tobacco.person(Duty.AM), repair.person(Duty.MC)
    head = enter(repair.person(Duty.MVP))
    for person in (stranger, clerk, customer.manager):
        response = head.post(transfer_url(customer), {"manager": person.pk, "reason": "x"})
        assert set(response.context["form"].errors) == {"manager"}
    customer.refresh_from_db()
    assert customer.manager.name == "唐超"


@pytest.mark.parametrize(("duty", "status"), [(Duty.AM, 404), (Duty.MC, 403), (Duty.ARC, 403)])
def test_who_does_not_decide_does_not_transfer(repair, customer, colleague, duty, status):
    client = enter(repair.person(duty))
    sent = {"manager": colleague.pk, "reason": "片区调整"}
    assert client.post(transfer_url(customer), sent).status_code == status
    customer.refresh_from_db()
    assert customer.manager != colleague


def test_the_manager_himself_cannot_move_his_customer(manager, customer, colleague):
    """B148 of the corpus."""
    sent = {"manager": colleague.pk, "reason": "送人"}
    assert enter(manager).post(transfer_url(customer), sent).status_code == 403
    customer.refresh_from_db()
    assert customer.manager == manager


def test_the_general_manager_sees_and_settles_a_conflict(repair, customer, conflict, colleague):
    leader = enter(repair.person(Duty.GM))
    assert conflict.number in text_of(leader.get("/customers/conflicts/"))
    url = f"/customers/conflicts/{conflict.pk}/"
    assert "统一社会信用代码相同" in text_of(leader.get(url))
    response = leader.post(url, {"winner": colleague.pk, "reason": "客户书面确认"})
    conflict.refresh_from_db()
    customer.refresh_from_db()
    assert response.url == "/customers/conflicts/"
    assert (conflict.status, conflict.winner) == (ConflictStatus.DECIDED, colleague)
    assert customer.manager == colleague
    assert "客户书面确认" in text_of(leader.get(url))


def test_the_market_head_sees_conflicts_but_the_word_is_the_general_managers(
    repair, conflict, colleague
):
    head = enter(repair.person(Duty.MVP))
    assert head.get("/customers/conflicts/").status_code == 200
    sent = {"winner": colleague.pk, "reason": "我说了算"}
    response = head.post(f"/customers/conflicts/{conflict.pk}/", sent)
    assert "归属冲突由总经理裁定" in text_of(response)
    assert Conflict.objects.get().status == ConflictStatus.OPEN


def test_the_two_managers_see_nothing_of_the_conflict(manager, colleague, conflict):
    for person in (manager, colleague):
        client = enter(person)
        assert client.get("/customers/conflicts/").status_code == 403
        assert client.get(f"/customers/conflicts/{conflict.pk}/").status_code == 404
