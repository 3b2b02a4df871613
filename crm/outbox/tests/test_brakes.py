"""B262: who is locked out, and those who guard the accounts, hear of it; once."""

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.utils.translation import override

from crm.identity.choices import Duty
from crm.identity.services.people import unlock_person
from crm.identity.tests.doors import give_totp, log_in
from crm.identity.tests.factories import OrganisationFactory, UserFactory
from crm.outbox.channels.inbox import worded
from crm.outbox.choices import Topic
from crm.outbox.models import Delivery, Message, Notice
from crm.outbox.services import tell_lockout

pytestmark = pytest.mark.django_db
WRONG = "Wrong-Mima-2026"


@pytest.fixture
def bureau(settings):
    settings.AXES_ENABLED = True
    return OrganisationFactory()


@pytest.fixture
def guard(bureau):
    return UserFactory(name="关安全", duty=Duty.SEC, department=bureau)


@pytest.fixture
def owner(bureau):
    return UserFactory(name="李经理", username="li.jingli", duty=Duty.AM, department=bureau)


def told():
    rows = Notice.objects.filter(topic=Topic.LOCKED_OUT).order_by("pk")
    return [(row.person.name, row.values["ip"]) for row in rows]


def fail(person, times, ip="203.0.113.5"):
    client = Client(REMOTE_ADDR=ip)
    return [log_in(client, person, WRONG).status_code for _n in range(times)]


def test_b262_the_fifth_wrong_password_is_told_to_the_owner_and_the_guard(owner, guard):
    stranger = UserFactory(duty=Duty.SEC, department=OrganisationFactory())
    assert fail(owner, 4) == [200, 200, 200, 200]
    assert told() == []
    assert fail(owner, 1) == [429]
    assert told() == [("李经理", "203.0.113.5"), ("关安全", "203.0.113.5")]
    assert not Notice.objects.filter(person=stranger).exists()
    with override("zh-hans"):
        assert worded(Notice.objects.get(person=guard)).text == (
            "李经理（li.jingli）连续输错密码或验证码，已锁定 10 分钟，来源地址 203.0.113.5"
        )


def test_b262_more_tries_during_the_lock_are_not_told_again(owner, guard):
    fail(owner, 12)
    assert (Message.objects.filter(topic=Topic.LOCKED_OUT).count(), len(told())) == (1, 2)


def test_b262_a_lock_after_an_unlock_is_a_new_one(owner, guard):
    fail(owner, 5)
    unlock_person(person=owner, by=guard)
    fail(owner, 5)
    assert len(told()) == 4


def test_b262_wrong_codes_of_the_second_factor_are_told_as_well(client, owner, guard):
    give_totp(owner)
    log_in(client, owner)
    for _n in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert [name for name, _ip in told()] == ["李经理", "关安全"]


def test_a_name_nobody_has_is_told_to_nobody(bureau, guard):
    nobody = UserFactory.build(username="wang.er")
    assert fail(nobody, 6)[-1] == 429
    assert AccessAttempt.objects.filter(username="wang.er").exists()
    assert told() == []


def test_a_lock_out_never_leaves_the_house(owner, guard):
    """Neither a webhook nor another system's event feed hears whose door was tried."""
    fail(owner, 5)
    message = Message.objects.get(topic=Topic.LOCKED_OUT)
    assert (message.organisation_id, message.payload) == (None, {"person": owner.pk})
    assert not Delivery.objects.filter(message=message).exists()


def test_requests_that_reach_the_lock_together_tell_it_once(owner, guard):
    for _request in range(3):
        tell_lockout(username="LI.JINGLI", ip=None, attempt=7)
    assert told() == [("李经理", "—"), ("关安全", "—")]
