"""Who sees what leaves the house (trust 4.3 c): SYS runs it unread, AUD reads, SEC rotates."""

import pytest

from crm.core.errors import Forbidden, NotFound
from crm.identity.choices import Duty
from crm.identity.services.reference import load_rights
from crm.identity.tests.factories import DepartmentFactory, UserFactory
from crm.outbox import services
from crm.outbox.access import (
    deliveries_for,
    endpoints_for,
    get_delivery,
    get_endpoint,
    get_notice,
    messages_for,
    sees_payload,
)
from crm.outbox.choices import OutboxPerm, Topic
from crm.outbox.models import Notice

pytestmark = pytest.mark.django_db
P = OutboxPerm


@pytest.fixture
def delivery(em, bureau):
    load_rights()
    message = services.publish(
        topic=Topic.BASE_DATA, key="a", payload={}, organisation_id=bureau.pk
    )
    return message.deliveries.get()


def holder(bureau, duty, **more):
    return UserFactory(department=DepartmentFactory(parent=bureau), duty=duty, **more)


@pytest.mark.parametrize(
    ("duty", "jobs", "retries", "endpoints", "creates", "rotates", "payload"),
    [
        (Duty.SYS, True, True, True, True, False, False),
        (Duty.AUD, True, False, True, False, False, True),
        (Duty.SEC, False, False, True, False, True, False),
        (Duty.GM, False, False, False, False, False, False),
        (Duty.AM, False, False, False, False, False, False),
    ],
)
def test_each_duty_has_its_cells_and_no_more(
    delivery, bureau, duty, jobs, retries, endpoints, creates, rotates, payload
):
    person = holder(bureau, duty)
    assert deliveries_for(person, P.JOBS_VIEW).exists() is jobs
    assert messages_for(person, P.JOBS_VIEW).exists() is jobs
    assert deliveries_for(person, P.JOBS_RETRY).exists() is retries
    assert endpoints_for(person, P.ENDPOINTS_VIEW).exists() is endpoints
    assert endpoints_for(person, P.ENDPOINTS_CREATE).exists() is creates
    assert endpoints_for(person, P.ENDPOINTS_ROTATE).exists() is rotates
    assert sees_payload(person) is payload


def test_another_organisation_sees_nothing_of_it(delivery, em):
    keeper = UserFactory(duty=Duty.SYS)
    assert not deliveries_for(keeper, P.JOBS_VIEW).exists()
    assert not messages_for(keeper, P.JOBS_VIEW).exists()
    with pytest.raises(NotFound):
        get_delivery(keeper, P.JOBS_VIEW, delivery.pk)
    with pytest.raises(NotFound):
        get_endpoint(keeper, P.ENDPOINTS_VIEW, em.pk)


def test_whoever_sees_but_may_not_act_is_told_so(delivery, em, bureau):
    auditor = holder(bureau, Duty.AUD)
    assert get_delivery(auditor, P.JOBS_VIEW, delivery.pk) == delivery
    with pytest.raises(Forbidden):
        get_delivery(auditor, P.JOBS_RETRY, delivery.pk)
    with pytest.raises(Forbidden):
        get_endpoint(auditor, P.ENDPOINTS_CREATE, em.pk)


def test_an_inactive_administrator_sees_nothing(delivery, bureau):
    keeper = holder(bureau, Duty.SYS, is_active=False)
    assert not deliveries_for(keeper, P.JOBS_VIEW).exists()
    assert not endpoints_for(keeper, P.ENDPOINTS_VIEW).exists()


def test_a_superuser_without_a_post_sees_nothing(delivery, bureau):
    root = UserFactory(
        department=DepartmentFactory(parent=bureau), is_superuser=True, is_staff=True
    )
    assert not deliveries_for(root, P.JOBS_VIEW).exists()


def test_a_notice_is_ones_own_and_nobody_elses(lan, bureau):
    services.publish(
        topic=Topic.JOB_DONE,
        key="k",
        payload={},
        people=[lan.pk],
        values={"job": "导入", "result": "3 行"},
    )
    notice = Notice.objects.get()
    assert get_notice(lan, notice.pk) == notice
    with pytest.raises(NotFound):
        get_notice(holder(bureau, Duty.GM), notice.pk)
