"""Publish inside the caller's transaction; nothing is sent here (rule 8)."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from crm.core.jobs import run_after_commit
from crm.core.sealed import PREFIX
from crm.outbox.choices import ROUTES, Channel, Topic, missing_values
from crm.outbox.models import Delivery, Endpoint, Message

MAX_PAYLOAD: Final = 32 * 1024
NUMBERING_LOCK: Final = 0x6F757462
_SLICE: Final = 1000
_SAY: Final = """
WITH event AS MATERIALIZED (
    SELECT * FROM unnest(%(uids)s::uuid[], %(keys)s::text[], %(organisations)s::bigint[],
        %(customers)s::bigint[], %(payloads)s::jsonb[], %(words)s::jsonb[])
        WITH ORDINALITY AS e (uid, key, organisation, customer, payload, words, place)
), said AS (
    INSERT INTO outbox_message
        (uid, topic, key, organisation_id, customer_id, payload, created_at)
    SELECT uid, %(topic)s, key, organisation, customer, payload, %(now)s FROM event ORDER BY place
    ON CONFLICT (topic, key) DO NOTHING RETURNING id, uid
), told AS (
    INSERT INTO outbox_notice (person_id, message_id, topic, values, created_at)
    SELECT notice.person, said.id, %(topic)s, event.words, %(now)s
    FROM unnest(%(about)s::uuid[], %(people)s::bigint[])
        WITH ORDINALITY AS notice (uid, person, place)
    JOIN said USING (uid) JOIN event USING (uid) ORDER BY notice.place
)
SELECT id, uid::text FROM said
"""
"""Messages that are new, and a notice for each of their people, in one statement."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for `publish_many`; the fields are those of `publish`."""

    key: str
    payload: Mapping[str, Any]
    organisation_id: int | None = None
    customer: int | None = None
    people: Sequence[int] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def publish(
    *,
    topic: Topic,
    key: str,
    payload: Mapping[str, Any],
    organisation_id: int | None = None,
    customer: int | None = None,
    people: Iterable[int] = (),
    values: Mapping[str, Any] | None = None,
) -> Message:
    """Record inside the caller's transaction that something happened; sending follows commit.

    The same topic and key is one message, however often it is published. `payload` goes to outside
    systems and the event feed and holds no S value (B287); `values` fill the wording of the notice
    that each of `people` (user keys) gets. `customer` is the customer's key: deliveries about one
    customer keep their order. Without `organisation_id` nothing leaves the house.
    Rules: RF-40, RF-42, D2, D5.
    """
    event = Event(key, payload, organisation_id, customer, tuple(people), values or {})
    new = _say(topic, [event])
    return new[0] if new else Message.objects.get(topic=topic, key=key)


def publish_many(*, topic: Topic, events: Sequence[Event]) -> int:
    """The set-based twin of `publish`: a few statements for the whole slice (D13).

    Returns how many were new. Rules: RF-40, RF-42, D13.
    """
    return len(_say(topic, events))


@transaction.atomic
def number_messages(*, limit: int = 5000) -> int:
    """Give committed messages their place in the event feed; call it before reading the feed.

    Under one lock and after commit, so a position never appears below one already read.
    Returns how many were numbered. Rules: RF-42.
    """
    if not Message.objects.unnumbered().exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
        cursor.execute(
            """
            WITH waiting AS (
                SELECT id, row_number() OVER (ORDER BY id) AS place
                FROM (
                    SELECT id FROM outbox_message WHERE position IS NULL ORDER BY id LIMIT %s
                ) AS first
            ), top AS (SELECT coalesce(max(position), 0) AS position FROM outbox_message)
            UPDATE outbox_message AS m SET position = top.position + waiting.place
            FROM waiting, top WHERE m.id = waiting.id
            """,
            [limit],
        )
        return int(cursor.rowcount)


def _say(topic: Topic, events: Sequence[Event]) -> list[Message]:
    """The new messages, with notices for people and deliveries for the routed systems.

    A slice is one statement, so that it needs no transaction of its own; a topic that leaves the
    house needs one for its deliveries.
    """
    payloads = [_checked(topic, event) for event in events]
    new: list[Message] = []
    with transaction.atomic(savepoint=False):
        for at in range(0, len(events), _SLICE):
            part = slice(at, at + _SLICE)
            new += _insert(topic, events[part], payloads[part])
        if new and Channel.WEBHOOK in ROUTES[topic].channels:
            Delivery.objects.bulk_create(_deliveries_of(topic, new))
        if new:
            run_after_commit("outbox.deliver")
    return new


def _insert(topic: Topic, events: Sequence[Event], payloads: Sequence[str]) -> list[Message]:
    """The messages of one slice that were new, in the order of the events."""
    now = timezone.now()
    uids = [uuid.uuid4() for _event in events]
    told = [
        (str(uid), person)
        for uid, event in zip(uids, events, strict=True)
        for person in dict.fromkeys(event.people)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _SAY,
            {
                "topic": topic.value,
                "now": now,
                "uids": [str(uid) for uid in uids],
                "keys": [event.key for event in events],
                "organisations": [event.organisation_id for event in events],
                "customers": [event.customer for event in events],
                "payloads": list(payloads),
                "words": [_json(event.values) if event.people else "{}" for event in events],
                "about": [uid for uid, _person in told],
                "people": [person for _uid, person in told],
            },
        )
        ids = {uid: pk for pk, uid in cursor.fetchall()}
    return [
        _message(ids[str(uid)], uid, topic, event, now)
        for uid, event in zip(uids, events, strict=True)
        if str(uid) in ids
    ]


def _message(pk: int, uid: uuid.UUID, topic: Topic, event: Event, now: Any) -> Message:
    """A stored message, as if it had been read."""
    values = {
        "id": pk,
        "uid": uid,
        "topic": topic.value,
        "key": event.key,
        "organisation_id": event.organisation_id,
        "customer_id": event.customer,
        "payload": dict(event.payload),
        "position": None,
        "created_at": now,
    }
    message: Message = Message.from_db(connection.alias, list(values), list(values.values()))
    return message


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), cls=DjangoJSONEncoder, ensure_ascii=False)


def _checked(topic: Topic, event: Event) -> str:
    """The payload as text. Programming errors are told where they are made: ValueError."""
    text = _json(event.payload)
    if PREFIX in text:
        raise ValueError(f"{topic}: a sealed value may not leave in a payload (B287)")
    if len(text.encode()) > MAX_PAYLOAD:
        raise ValueError(f"{topic}: the payload is longer than {MAX_PAYLOAD} bytes")
    if event.people and (missing := missing_values(topic, event.values)):
        raise ValueError(f"{topic}: the wording needs {sorted(missing)}")
    return text


def _deliveries_of(topic: Topic, messages: Sequence[Message]) -> Iterator[Delivery]:
    """One unsaved delivery for each message and live endpoint it is routed to."""
    organisations = {message.organisation_id for message in messages}
    endpoints: dict[int | None, list[int]] = {}
    found = Endpoint.objects.live().filter(
        system__in=ROUTES[topic].systems, organisation_id__in=organisations - {None}
    )
    for endpoint in found:
        endpoints.setdefault(endpoint.organisation_id, []).append(endpoint.pk)
    for message in messages:
        for endpoint_id in endpoints.get(message.organisation_id, []):
            key = message.order_key_at(endpoint_id)
            yield Delivery(message=message, endpoint_id=endpoint_id, order_key=key)
