"""What is due, in which order, under which lease; dead letters and what a person does with them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.identity.choices import SourceSystem
from crm.outbox import services
from crm.outbox.channels import webhook
from crm.outbox.choices import DeliveryStatus, Topic
from crm.outbox.errors import BadTarget, NotWaiting
from crm.outbox.models import Delivery, Endpoint
from crm.outbox.services.delivery import LEASE, MAX_ATTEMPTS
from crm.outbox.tests.factories import endpoint_of

pytestmark = pytest.mark.django_db
PENDING, LEASED, SENT, DEAD, SKIPPED = DeliveryStatus


def tell(bureau, key, customer=7, topic=Topic.BASE_DATA):
    message = services.publish(
        topic=topic,
        key=key,
        payload={"form": key},
        organisation_id=bureau.pk,
        customer=customer,
        values={"name": "兰花商店", "number": key},
    )
    return message.deliveries.get()


def come_due(endpoint=None):
    """As if all pauses were over."""
    now = timezone.now()
    Delivery.objects.filter(status=PENDING).update(next_try_at=now)
    Endpoint.objects.update(resume_at=now)


def fail_until_dead(receiver):
    for _attempt in range(MAX_ATTEMPTS):
        receiver.plan.append("500")
        come_due()
        services.deliver_due()
    receiver.plan.clear()


def facts(delivery):
    return Delivery.objects.values().get(pk=delivery.pk)


def test_events_of_one_customer_arrive_in_their_order(em, bureau, receiver):
    for key in ("a", "b", "c"):
        tell(bureau, key)
    assert services.deliver_due() == 3
    assert receiver.keys == ["a", "b", "c"]
    assert set(Delivery.objects.values_list("status", "attempts")) == {(SENT, 1)}
    assert Delivery.objects.filter(sent_at__isnull=True).count() == 0


def test_a_failed_event_holds_back_the_later_ones_of_its_customer_only(em, bureau, receiver):
    first, second = tell(bureau, "a", customer=7), tell(bureau, "b", customer=7)
    other = tell(bureau, "x", customer=8)
    receiver.plan.append("redirect")  # the receiver is up, this one message is not taken
    assert services.deliver_due() == 1
    assert receiver.keys == ["x"]
    assert facts(first)["attempts"] == 1
    assert facts(first)["last_error"] == "HTTP 302"
    assert (
        timedelta(seconds=55) < facts(first)["next_try_at"] - timezone.now() <= timedelta(minutes=2)
    )
    assert facts(second)["attempts"] == 0
    assert facts(other)["status"] == SENT
    come_due()
    assert services.deliver_due() == 2
    assert receiver.keys == ["x", "a", "b"]


def test_a_receiver_that_is_down_is_asked_once_not_for_every_customer(em, bureau, receiver):
    for customer in range(5):
        tell(bureau, f"k{customer}", customer=customer)
    receiver.plan.extend(["500"] * 5)
    assert services.deliver_due() == 0
    assert len(receiver.plan) == 4
    em.refresh_from_db()
    assert em.failures == 1
    assert em.resume_at > timezone.now()
    receiver.plan.clear()
    come_due()
    assert services.deliver_due() == 5
    em.refresh_from_db()
    assert em.failures == 0


def test_after_eight_tries_it_is_dead_and_holds_its_key(em, bureau, receiver):
    dead, behind = tell(bureau, "a"), tell(bureau, "b")
    fail_until_dead(receiver)
    assert (facts(dead)["status"], facts(dead)["attempts"]) == (DEAD, 8)
    come_due()
    assert services.deliver_due() == 0
    assert facts(behind)["attempts"] == 0


def test_a_person_retries_a_dead_one_and_order_is_kept(em, bureau, lan, receiver):
    dead = tell(bureau, "a")
    tell(bureau, "b")
    fail_until_dead(receiver)
    services.retry_delivery(delivery=dead, reason="对方已修复", by=lan)
    again = facts(dead)
    assert (again["status"], again["attempts"], again["handled_by_id"]) == (PENDING, 0, lan.pk)
    assert again["handled_reason"] == "对方已修复"
    assert services.deliver_due() == 2
    assert receiver.keys == ["a", "b"]


def test_a_person_skips_a_dead_one_and_the_next_goes(em, bureau, lan, receiver):
    dead = tell(bureau, "a")
    tell(bureau, "b")
    fail_until_dead(receiver)
    services.skip_delivery(delivery=dead, reason="对方已人工录入", by=lan)
    come_due()
    assert services.deliver_due() == 1
    assert receiver.keys == ["b"]
    assert facts(dead)["status"] == SKIPPED


@pytest.mark.parametrize("status", [PENDING, SENT, SKIPPED])
def test_only_a_dead_one_is_retried(em, bureau, lan, status):
    delivery = tell(bureau, "a")
    Delivery.objects.filter(pk=delivery.pk).update(status=status)
    before = facts(delivery)
    with pytest.raises(NotWaiting):
        services.retry_delivery(delivery=delivery, by=lan)
    assert facts(delivery) == before


def test_what_was_sent_or_is_being_sent_cannot_be_skipped(em, bureau, lan):
    delivery = tell(bureau, "a")
    assert services.claim_next().pk == delivery.pk
    before = facts(delivery)
    with pytest.raises(NotWaiting):
        services.skip_delivery(delivery=delivery, reason="不要了", by=lan)
    assert facts(delivery) == before


def test_skipping_needs_a_reason(em, bureau, lan):
    delivery = tell(bureau, "a")
    before = facts(delivery)
    with pytest.raises(NotWaiting):
        services.skip_delivery(delivery=delivery, reason="  ", by=lan)
    assert facts(delivery) == before


# --- lease and fence


def test_a_claimed_delivery_is_leased_and_its_endpoint_closed_to_others(em, bureau):
    first = tell(bureau, "a", customer=1)
    tell(bureau, "b", customer=2)
    claimed = services.claim_next()
    assert (claimed.pk, claimed.status, claimed.fence) == (first.pk, LEASED, 1)
    assert claimed.lease_until - timezone.now() > LEASE - timedelta(seconds=5)
    assert services.claim_next() is None


def test_the_database_itself_refuses_a_second_open_call(em, bureau):
    first, second = tell(bureau, "a", customer=1), tell(bureau, "b", customer=2)
    services.claim_next()
    with pytest.raises(IntegrityError, match="outbox_delivery_one_open_call"), transaction.atomic():
        Delivery.objects.filter(pk=second.pk).update(
            status=LEASED, lease_until=timezone.now() + LEASE
        )
    assert facts(first)["status"] == LEASED


def test_a_lost_worker_gives_its_delivery_back_and_it_goes_again(em, bureau, receiver):
    delivery = tell(bureau, "a")
    services.claim_next()
    assert services.deliver_due() == 0
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.deliver_due() == 1
    assert (facts(delivery)["status"], facts(delivery)["attempts"]) == (SENT, 2)
    assert receiver.keys == ["a"]


def test_an_event_that_kills_every_worker_is_parked_after_eight(em, bureau):
    """RF-44: the attempt is counted when it is claimed, not when it comes back."""
    delivery = tell(bureau, "poison")
    for _attempt in range(MAX_ATTEMPTS):
        come_due()
        assert services.claim_next() is not None
        Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        services.release_expired()
    assert facts(delivery)["status"] == DEAD
    come_due()
    assert services.claim_next() is None


def test_a_worker_that_slept_through_its_lease_cannot_record_any_more(em, bureau, monkeypatch):
    """RF-64: another worker takes over while the first one's call still hangs."""
    delivery = tell(bureau, "a")
    kept = {}

    def taken_over_meanwhile(_call):
        Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        services.release_expired()
        kept["successor"] = services.claim_next()
        kept["before"] = facts(delivery)
        return webhook.Answer(is_taken=False, error="late")

    sleeper = services.claim_next()
    answer = taken_over_meanwhile(None)
    services.delivery._record(sleeper, answer)
    assert kept["successor"].fence == sleeper.fence + 1
    assert facts(delivery) == kept["before"]


def test_a_fault_of_our_own_parks_one_delivery_and_not_all(em, bureau, receiver, monkeypatch):
    """RF-44: the one place that catches everything."""
    poison, good = tell(bureau, "a", customer=1), tell(bureau, "b", customer=2)
    send = webhook.send

    def break_down(call):
        if b'"a"' in call.body:
            raise ZeroDivisionError
        return send(call)

    monkeypatch.setattr(webhook, "send", break_down)
    assert services.deliver_due() == 1
    assert facts(poison)["last_error"] == "ZeroDivisionError"
    assert facts(good)["status"] == SENT


def test_a_secret_that_cannot_be_opened_stops_its_own_endpoint_only(em, bureau, lan, receiver):
    broken, _secret = endpoint_of(bureau, receiver.url, by=lan, system=SourceSystem.ZM)
    tell(bureau, "z", topic=Topic.LICENCE_REQUESTED)
    tell(bureau, "a")
    stolen = Endpoint.objects.get(pk=em.pk).secret
    Endpoint.objects.filter(pk=broken.pk).update(secret=stolen)
    assert services.deliver_due() == 1
    assert receiver.keys == ["a"]
    assert Delivery.objects.get(endpoint=broken).last_error == "SealBroken"


# --- the sweeper, holds, replay


def test_the_sweeper_does_what_a_lost_broker_message_would_have_done(
    em, bureau, receiver, django_capture_on_commit_callbacks
):
    """RF-41: the wake-up was lost, the row was not."""
    tell(bureau, "a")
    with django_capture_on_commit_callbacks(execute=True):
        assert services.sweep() == 1
    assert receiver.keys == ["a"]
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert services.sweep() == 0
    assert callbacks == []


def test_what_one_run_does_not_manage_goes_to_the_next(
    em, bureau, receiver, django_capture_on_commit_callbacks
):
    for n in range(5):
        tell(bureau, f"k{n}")
    with django_capture_on_commit_callbacks() as callbacks:
        assert services.deliver_due(limit=2) == 2
    assert len(callbacks) == 1
    assert services.deliver_due(seconds=0) == 0
    assert services.deliver_due() == 3


def test_held_endpoints_are_not_called_until_a_person_wakes_them(em, bureau, lan, receiver):
    """RF-83: after a restore nothing old goes out by itself."""
    tell(bureau, "a")
    assert services.hold_endpoints() == 1
    assert services.hold_endpoints(endpoints=[em.pk], by=lan) == 0
    assert services.deliver_due() == 0
    assert services.wake_endpoint(endpoint=em, by=lan) == 1
    assert services.deliver_due() == 1


def test_waking_an_endpoint_ends_all_its_pauses(em, bureau, lan, receiver):
    tell(bureau, "a")
    receiver.plan.append("500")
    services.deliver_due()
    assert services.deliver_due() == 0
    services.wake_endpoint(endpoint=em, by=lan)
    assert services.deliver_due() == 1


def test_replay_sends_one_system_everything_since_a_moment_under_the_same_ids(
    em, bureau, lan, receiver
):
    zm, _secret = endpoint_of(bureau, receiver.url, by=lan, system=SourceSystem.ZM)
    old = tell(bureau, "old")
    old.message.created_at = timezone.now() - timedelta(days=2)
    old.message.save(update_fields=["created_at"])
    tell(bureau, "a")
    services.skip_delivery(delivery=tell(bureau, "b"), reason="测试", by=lan)
    tell(bureau, "z", topic=Topic.LICENCE_REQUESTED)
    services.deliver_due()
    receiver.refused = 0
    first = [event for event, _delivery in receiver.calls]
    receiver.calls.clear()
    moment = timezone.now() - timedelta(days=1)
    assert services.replay_since(endpoint=em, moment=moment, by=lan) == 2
    assert services.deliver_due() == 2
    assert [receiver.events[event]["key"] for event, _ in receiver.calls] == ["a", "b"]
    assert receiver.calls[0][0] in first
    assert Delivery.objects.get(endpoint=zm).attempts == 1
    assert Delivery.objects.filter(endpoint=em, handled_by=lan).count() == 2


def test_replay_also_sends_what_happened_before_the_system_was_registered(bureau, lan, receiver):
    for key in ("a", "b"):
        services.publish(
            topic=Topic.BASE_DATA, key=key, payload={}, organisation_id=bureau.pk, customer=7
        )
    services.publish(topic=Topic.BASE_DATA, key="foreign", payload={}, customer=7)
    endpoint, receiver.secret = endpoint_of(bureau, receiver.url, by=lan)
    yesterday = timezone.now() - timedelta(days=1)
    assert services.replay_since(endpoint=endpoint, moment=yesterday, by=lan) == 2
    assert services.deliver_due() == 2
    assert receiver.keys == ["a", "b"]


# --- endpoints


def test_registering_shows_the_secret_once_and_stores_it_sealed(em, receiver):
    """B286."""
    stored = Endpoint.objects.get(pk=em.pk).secret
    assert stored.startswith("kd1:")
    assert receiver.secret not in stored
    assert len(receiver.secret) >= 43


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "ftp://a.cn/", "http://0x7f000001/"])
def test_a_bad_address_is_not_registered(bureau, lan, url):
    with pytest.raises(BadTarget):
        endpoint_of(bureau, url, by=lan)
    assert not Endpoint.objects.exists()


def test_a_system_has_one_live_endpoint_and_may_get_another_after_it_is_retired(em, bureau, lan):
    with pytest.raises(Exception, match="已有启用的端点"):
        endpoint_of(bureau, em.url, by=lan)
    assert Endpoint.objects.count() == 1
    waiting = tell(bureau, "a")
    assert services.retire_endpoint(endpoint=em, by=lan) == 1
    assert facts(waiting)["status"] == SKIPPED
    endpoint_of(bureau, em.url, by=lan)
    assert Endpoint.objects.live().count() == 1


def test_a_rotated_secret_signs_from_the_next_call_on(em, bureau, lan, receiver):
    old = receiver.secret
    receiver.secret = services.rotate_secret(endpoint=em, by=lan)
    assert receiver.secret != old
    tell(bureau, "a")
    assert services.deliver_due() == 1
    assert receiver.refused == 0
