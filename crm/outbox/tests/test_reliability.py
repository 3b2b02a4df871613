"""Bad receivers and racing workers; a control shows that the check would notice (RF-42, RF-43)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from crm.identity.choices import SourceSystem
from crm.outbox import services
from crm.outbox.choices import DeliveryStatus, Topic
from crm.outbox.models import Delivery, Endpoint
from crm.outbox.services import delivery as workshop
from crm.outbox.tests.factories import endpoint_of
from crm.outbox.tests.receiver import receiving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WORKERS = 2


@pytest.fixture
def quiet(monkeypatch):
    """Publishing wakes nobody: the test's own workers do the work."""
    monkeypatch.setattr(services.messages, "run_after_commit", lambda *_args: None)
    monkeypatch.setattr(workshop, "run_after_commit", lambda *_args: None)


def tell(bureau, events, customers, topic=Topic.BASE_DATA):
    for n in range(events):
        services.publish(
            topic=topic,
            key=f"{topic}:{n}",
            payload={"customer": n % customers, "n": n},
            organisation_id=bureau.pk,
            customer=n % customers,
        )


def at_once(work):
    """Run `work` in several threads that start together; what one raises, the test raises."""
    start = threading.Barrier(WORKERS)

    def run():
        start.wait(timeout=10)
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for future in [pool.submit(run) for _worker in range(WORKERS)]:
            future.result(timeout=60)


def come_due():
    now = timezone.now()
    Delivery.objects.filter(status=DeliveryStatus.PENDING).update(next_try_at=now)
    Endpoint.objects.update(resume_at=now)


def assert_order_kept(receiver):
    """Each customer's events came in the order in which they happened."""
    seen = {}
    for told in receiver.events.values():
        seen.setdefault(told["data"]["customer"], []).append(told["data"]["n"])
    for numbers in seen.values():
        assert numbers == sorted(numbers)


def test_two_workers_never_send_the_same_delivery_or_call_one_endpoint_twice_at_once(
    em, bureau, receiver, quiet
):
    tell(bureau, events=40, customers=8)
    receiver.pause = 0.005
    at_once(services.deliver_due)
    assert receiver.doubles == 0
    assert receiver.most_open == 1
    assert len(receiver.calls) == len(receiver.events) == 40
    assert Delivery.objects.filter(status=DeliveryStatus.SENT, attempts=1).count() == 40
    assert_order_kept(receiver)


def test_negative_control_without_the_lease_the_same_check_turns_red(
    em, bureau, receiver, quiet, monkeypatch
):
    """Claiming by a mere look: both workers find the same rows and call side by side."""

    def look(*_args):
        due = Delivery.objects.due().first_of_their_key().select_related("message", "endpoint")
        return due.order_by("message_id").first()

    tell(bureau, events=10, customers=5)
    receiver.pause = 0.02
    monkeypatch.setattr(workshop, "claim_next", look)
    at_once(lambda: services.deliver_due(limit=20))
    assert receiver.doubles > 0
    assert receiver.most_open > 1
    assert len(receiver.calls) > len(receiver.events)


def test_500_timeout_late_answer_garbage_and_hang_up_lose_nothing(em, bureau, receiver, quiet):
    """RF-43: no event lost, duplicates under the same id, one open call, order kept."""
    receiver.plan.extend(["500", "timeout", "late", "garbage", "hang_up", "late", "ok", "500"])
    tell(bureau, events=12, customers=3)
    for _round in range(20):
        come_due()
        at_once(services.deliver_due)
        if not Delivery.objects.unfinished().exists():
            break
    assert not Delivery.objects.exclude(status=DeliveryStatus.SENT).exists()
    assert len(receiver.events) == 12
    assert len(receiver.calls) == 14  # the two that were taken, but answered too late
    assert {event for event, _delivery in receiver.calls} == set(receiver.events)
    assert len({delivery for _event, delivery in receiver.calls}) == 14
    assert receiver.refused == 0
    assert receiver.most_open <= 2  # a late handler may still sleep when the next call begins
    assert_order_kept(receiver)


def test_a_dead_receiver_does_not_delay_the_others(em, bureau, lan, receiver, quiet, monkeypatch):
    """EM never answers; all of ZM's events are through before EM's first call has ended."""
    monkeypatch.setattr(workshop._dice, "random", lambda: 0.0)
    with receiving() as zm:
        other, zm.secret = endpoint_of(bureau, zm.url, by=lan, system=SourceSystem.ZM)
        tell(bureau, events=3, customers=3)
        tell(bureau, events=10, customers=2, topic=Topic.LICENCE_REQUESTED)
        receiver.plan.extend(["timeout"] * 3)
        assert services.deliver_due() == 10
    em.refresh_from_db()
    ended = em.resume_at - timedelta(seconds=1)  # its rest began when its call had ended
    assert Delivery.objects.filter(endpoint=other, sent_at__lt=ended).count() == 10
    assert Delivery.objects.filter(endpoint=em).order_by("pk").first().last_error == "timeout"
    assert len(receiver.plan) == 2
