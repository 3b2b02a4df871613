"""Publishing inside the caller's transaction: once, to the right places, nothing secret."""

import pytest
from django.db import connection, transaction

from crm.core.sealed import encrypt
from crm.identity.choices import SourceSystem
from crm.identity.tests.factories import OrganisationFactory, UserFactory
from crm.outbox import services
from crm.outbox.choices import (
    LINKS,
    ROUTES,
    WORDING,
    Channel,
    DeliveryStatus,
    Topic,
    names_in,
    topics_for,
)
from crm.outbox.models import Delivery, Message, Notice
from crm.outbox.selectors import body_of, event_of, feed_after, feed_head
from crm.outbox.services import Event, number_messages, publish, publish_many
from crm.outbox.tests.factories import MessageFactory, endpoint_of

pytestmark = pytest.mark.django_db
FORM = {"name": "兰花商店", "number": "DJ2026000001"}


def tell_em(bureau, key="DJ1", customer=7, people=(), **more):
    return publish(
        topic=Topic.BASE_DATA,
        key=key,
        payload={"form": key},
        organisation_id=bureau.pk,
        customer=customer,
        people=people,
        values=FORM,
        **more,
    )


def test_the_same_topic_and_key_is_one_message_one_notice_and_one_delivery(em, bureau, lan):
    first = tell_em(bureau, people=[lan.pk, lan.pk])
    again = tell_em(bureau, people=[lan.pk])
    assert again.pk == first.pk
    assert Message.objects.count() == 1
    assert Notice.objects.filter(person=lan).count() == 1
    delivery = Delivery.objects.get()
    assert (delivery.endpoint, delivery.status) == (em, DeliveryStatus.PENDING)
    assert delivery.order_key == f"{em.pk}:c7"


def test_only_live_endpoints_of_the_routed_system_and_organisation_are_told(em, bureau, lan):
    endpoint_of(bureau, em.url, by=lan, system=SourceSystem.ZM)
    endpoint_of(OrganisationFactory(), em.url, by=lan, system=SourceSystem.EM)
    message = tell_em(bureau)
    assert [delivery.endpoint for delivery in message.deliveries.all()] == [em]
    services.retire_endpoint(endpoint=em, by=lan)
    assert not tell_em(bureau, key="DJ2").deliveries.exists()


def test_without_an_organisation_nothing_leaves_the_house(em):
    message = publish(topic=Topic.BASE_DATA, key="k", payload={})
    assert not message.deliveries.exists()


def test_a_topic_for_people_makes_no_delivery(em, bureau, lan):
    message = publish(
        topic=Topic.CUSTOMER_REGISTERED,
        key="61010000000153",
        payload={"customer": "61010000000153"},
        organisation_id=bureau.pk,
        customer=7,
        people=[lan.pk],
        values={"name": "兰花商店", "code": "61010000000153"},
    )
    assert not message.deliveries.exists()
    assert message.notices.get().values == {"name": "兰花商店", "code": "61010000000153"}


def test_what_concerns_no_customer_waits_for_nobody(em, bureau):
    first = tell_em(bureau, key="a", customer=None).deliveries.get()
    second = tell_em(bureau, key="b", customer=None).deliveries.get()
    assert first.order_key != second.order_key


def test_a_worker_is_woken_after_commit_only(
    em, bureau, receiver, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        tell_em(bureau)
        assert receiver.calls == []
    assert len(callbacks) == 1
    assert receiver.keys == ["DJ1"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_tells_nobody(em, bureau, lan, receiver):
    with transaction.atomic():
        tell_em(bureau, people=[lan.pk])
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()
    assert receiver.calls == []


def test_a_sealed_value_in_a_payload_is_a_bug_told_at_once(bureau):
    """B287."""
    sealed = encrypt("6222020000000000017", aad=b"x")
    with pytest.raises(ValueError, match="B287"):
        publish(topic=Topic.BASE_DATA, key="k", payload={"bank": {"account": sealed}})
    assert not Message.objects.exists()


def test_a_payload_without_end_is_refused(bureau):
    with pytest.raises(ValueError, match="longer than"):
        publish(topic=Topic.BASE_DATA, key="k", payload={"text": "兰" * 11_000})
    assert not Message.objects.exists()


def test_a_notice_whose_words_would_have_a_hole_is_refused(lan):
    with pytest.raises(ValueError, match="code"):
        publish(
            topic=Topic.CUSTOMER_REGISTERED,
            key="k",
            payload={},
            people=[lan.pk],
            values={"name": "兰花商店"},
        )
    assert not Message.objects.exists()


def test_many_at_once_equal_one_by_one(em, bureau, lan):
    """D13: the same messages, notices and deliveries from the set-based twin."""
    zhao = UserFactory()
    tell_em(bureau, key="old")
    events = [
        Event(
            key=key,
            payload={"form": key},
            organisation_id=bureau.pk,
            customer=customer,
            people=[lan.pk, zhao.pk],
            values=FORM,
        )
        for key, customer in [("old", 7), ("b1", 8), ("b2", None)]
    ]
    assert publish_many(topic=Topic.BASE_DATA, events=events) == 2
    assert publish_many(topic=Topic.BASE_DATA, events=events) == 0
    for key, customer in [("c1", 8), ("c2", None)]:
        tell_em(bureau, key=key, customer=customer, people=[lan.pk, zhao.pk])

    def facts(key):
        message = Message.objects.get(key=key)
        return (
            (message.topic, message.organisation_id, message.customer_id),
            [(n.person_id, n.topic, n.values) for n in message.notices.order_by("person_id")],
            [
                (d.endpoint_id, d.order_key.replace(f"m{message.pk}", "m"), d.status, d.attempts)
                for d in message.deliveries.all()
            ],
        )

    assert facts("b1") == facts("c1")
    assert facts("b2") == facts("c2")
    assert len(facts("b1")[1]) == 2
    assert not Message.objects.get(key="old").notices.exists()


def test_many_at_once_take_the_same_few_statements_however_many(
    em, bureau, lan, django_assert_max_num_queries
):
    events = [
        Event(f"m{n}", {"n": n}, bureau.pk, n, [lan.pk], {**FORM, "n": n}) for n in range(200)
    ]
    with django_assert_max_num_queries(8):
        assert publish_many(topic=Topic.BASE_DATA, events=events) == 200
    assert Delivery.objects.count() == 200


def test_every_topic_has_a_route_and_words_and_webhooks_name_a_system():
    assert set(ROUTES) == set(WORDING) == set(Topic)
    for topic, route in ROUTES.items():
        assert (Channel.WEBHOOK in route.channels) == bool(route.systems), topic
    assert topics_for(SourceSystem.EM) == [Topic.NOTICE_EM, Topic.BASE_DATA]
    assert set(LINKS) <= set(Topic)


def test_every_wording_can_be_said_with_its_values():
    for topic, words in WORDING.items():
        said = str(words) % dict.fromkeys(names_in(words), "兰")
        assert "%(" not in said, topic


def test_the_event_outside_systems_see_is_the_same_bytes_every_time(bureau):
    message = tell_em(bureau)
    stored = Message.objects.get(pk=message.pk)
    assert body_of(stored) == body_of(Message.objects.get(pk=message.pk))
    assert event_of(stored) == {
        "id": str(message.uid),
        "topic": "onboarding.base_data",
        "key": "DJ1",
        "created_at": message.created_at,
        "data": {"form": "DJ1"},
    }


# --- the event feed


def feed(bureau, cursor=0, **more):
    page = feed_after(cursor, organisation_id=bureau.pk, topics=list(Topic), **more)
    return [message.key for message in page.messages], page


def test_the_feed_gives_what_happened_in_order_and_page_by_page(bureau):
    other = OrganisationFactory()
    for key in ("a", "b", "c"):
        tell_em(bureau, key=key)
    MessageFactory(organisation=other, key="foreign")
    assert feed(bureau) == ([], feed(bureau)[1])
    assert number_messages() == 4
    assert number_messages() == 0
    keys, page = feed(bureau, limit=2)
    assert (keys, page.has_more) == (["a", "b"], True)
    keys, page = feed(bureau, page.cursor, limit=2)
    assert (keys, page.has_more) == (["c"], False)
    assert feed(bureau, page.cursor)[1].cursor == page.cursor
    assert feed_head() == page.cursor + 1


def test_the_feed_gives_only_the_topics_asked_for(bureau):
    tell_em(bureau, key="a")
    MessageFactory(organisation=bureau, topic=Topic.CUSTOMER_CHANGED, key="b")
    number_messages()
    page = feed_after(0, organisation_id=bureau.pk, topics=[Topic.CUSTOMER_CHANGED])
    assert [message.key for message in page.messages] == ["b"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_ends_late_is_not_stepped_over(bureau):
    """Ids are taken before commit: a reader who followed ids would lose the late one."""
    late = connection.copy()
    try:
        late.set_autocommit(False)
        with late.cursor() as cursor:
            cursor.execute(
                "INSERT INTO outbox_message (uid, topic, key, payload, organisation_id, created_at)"
                " VALUES (gen_random_uuid(), %s, 'late', '{}', %s, now()) RETURNING id",
                [Topic.BASE_DATA, bureau.pk],
            )
            (late_id,) = cursor.fetchone()
        quick = tell_em(bureau, key="quick")
        assert late_id < quick.pk
        number_messages()
        keys, page = feed(bureau)
        assert keys == ["quick"]
        late.commit()
        number_messages()
        assert feed(bureau, page.cursor)[0] == ["late"]
        by_id = Message.objects.filter(pk__gt=quick.pk)
        assert not by_id.exists()  # negative control: following ids loses it
    finally:
        late.close()
