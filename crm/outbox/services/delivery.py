"""Send what is due: claim under a lease, call outside any transaction, record behind a fence."""

import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.db.models.functions import Least
from django.utils import timezone

from crm.core.jobs import run_after_commit
from crm.core.sealed import unseal
from crm.outbox.channels import webhook
from crm.outbox.channels.webhook import Answer, Call
from crm.outbox.choices import DeliveryStatus
from crm.outbox.formulas import break_after, pause_after
from crm.outbox.models import Delivery, Endpoint, EndpointQuerySet
from crm.outbox.selectors import body_of
from crm.outbox.services.messages import number_messages

logger = structlog.get_logger(__name__)
LEASE: Final = timedelta(seconds=60)
MAX_ATTEMPTS: Final = 8
OPEN_CALLS: Final = 8
_RACES: Final = 3
_dice = random.SystemRandom()


def deliver_due(*, limit: int = 200, seconds: float = 60) -> int:
    """Send what is due, several endpoints side by side, one open call each; how many were taken.

    A dead endpoint costs the others nothing but one of the parallel calls. Whatever is left at
    `limit` or after `seconds` goes to the next worker. Rules: RF-41 to RF-44, RF-64.
    """
    release_expired()
    number_messages()
    taken = started = 0
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(OPEN_CALLS, thread_name_prefix="outbox") as pool:
        calls: dict[Future[Answer], Delivery] = {}
        while True:
            is_time_left = time.monotonic() < until
            while is_time_left and started < limit and len(calls) < OPEN_CALLS:
                if (delivery := claim_next()) is None:
                    break
                calls[pool.submit(_send, delivery)] = delivery
                started += 1
            if not calls:
                break
            for future in wait(calls, return_when=FIRST_COMPLETED).done:
                taken += _record(calls.pop(future), _answer_of(future))
    if (started >= limit or not is_time_left) and _due_endpoints().exists():
        run_after_commit("outbox.deliver")
    return taken


def claim_next() -> Delivery | None:
    """Lease the oldest due delivery of an endpoint without an open call, and commit.

    None when nothing is due. Rules: RF-42, RF-43.
    """
    for _try in range(_RACES):
        with transaction.atomic(durable=True):
            endpoint = (
                _due_endpoints()
                .select_for_update(skip_locked=True, of=("self",))
                .order_by("resume_at", "pk")
                .first()
            )
            if endpoint is None:
                return None
            if (delivery := _lease_of(endpoint)) is not None:
                return delivery
    return None


@transaction.atomic
def release_expired() -> int:
    """Give back what a lost worker held; parked when that was its last attempt (RF-44, RF-64)."""
    return Delivery.objects.expired().update(
        status=Case(
            When(attempts__gte=MAX_ATTEMPTS, then=Value(DeliveryStatus.DEAD)),
            default=Value(DeliveryStatus.PENDING),
        ),
        lease_until=None,
        next_try_at=timezone.now(),
        last_error="lease expired",
    )


def sweep() -> int:
    """Do what a lost broker message would have done; how many endpoints have work due.

    Rules: D2, RF-41.
    """
    release_expired()
    number_messages()
    waiting = _due_endpoints().count()
    if waiting:
        run_after_commit("outbox.deliver")
    return waiting


def _due_endpoints() -> EndpointQuerySet:
    """Endpoints that may be called now, have something due and no call open."""
    mine = Delivery.objects.filter(endpoint=OuterRef("pk"))
    return Endpoint.objects.reachable().filter(
        Exists(mine.due().first_of_their_key()),
        ~Exists(mine.filter(status=DeliveryStatus.LEASED)),
    )


def _lease_of(endpoint: Endpoint) -> Delivery | None:
    """Lease under the endpoint's lock; None when a rival was faster.

    What the lock query saw of deliveries may be old by the time it got the lock: look again.
    """
    mine = Delivery.objects.filter(endpoint=endpoint)
    if mine.filter(status=DeliveryStatus.LEASED).exists():
        return None
    delivery = (
        mine.due()
        .first_of_their_key()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("message", "endpoint")
        .order_by("message_id")
        .first()
    )
    if delivery is None:
        return None
    delivery.status = DeliveryStatus.LEASED
    delivery.lease_until = timezone.now() + LEASE
    delivery.attempts += 1
    delivery.fence += 1
    delivery.save(update_fields=["status", "lease_until", "attempts", "fence"])
    return delivery


def _send(delivery: Delivery) -> Answer:
    """Runs in a thread of its own and touches no database."""
    endpoint, message = delivery.endpoint, delivery.message
    call = Call(
        url=endpoint.url,
        secret=unseal(endpoint, "secret"),
        seconds=endpoint.timeout,
        event=str(message.uid),
        topic=message.topic,
        delivery=f"{delivery.pk}.{delivery.fence}",
        body=body_of(message),
    )
    return webhook.send(call)


def _answer_of(future: Future[Answer]) -> Answer:
    try:
        return future.result()
    except Exception as bug:  # noqa: BLE001
        # The one place: a fault of our own must park one delivery, not stop all of them (RF-44).
        logger.error("delivery_crashed", error=type(bug).__name__)
        return Answer(is_taken=False, error=type(bug).__name__)


def _record(delivery: Delivery, answer: Answer) -> bool:
    """Write down what came of it, unless the lease has passed to another worker (RF-64)."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        _rest(delivery.endpoint, is_down=answer.is_down)
        held = Delivery.objects.filter(
            pk=delivery.pk, fence=delivery.fence, status=DeliveryStatus.LEASED
        )
        if answer.is_taken:
            kept = held.update(
                status=DeliveryStatus.SENT, sent_at=now, lease_until=None, last_error=""
            )
        else:
            is_last = delivery.attempts >= MAX_ATTEMPTS
            kept = held.update(
                status=DeliveryStatus.DEAD if is_last else DeliveryStatus.PENDING,
                lease_until=None,
                last_error=answer.error[:300],
                next_try_at=now + pause_after(delivery.attempts, luck=_dice.random()),
            )
    logger.info(
        "delivery",
        delivery=delivery.pk,
        endpoint=delivery.endpoint_id,
        attempt=delivery.attempts,
        taken=answer.is_taken,
        error=answer.error,
        lease_lost=not kept,
    )
    return answer.is_taken and bool(kept)


def _rest(endpoint: Endpoint, *, is_down: bool) -> None:
    """Let a receiver that is down rest; the first answer ends it."""
    mine = Endpoint.objects.filter(pk=endpoint.pk)
    if not is_down:
        mine.filter(failures__gt=0).update(failures=0)
        return
    pause = break_after(endpoint.failures + 1, luck=_dice.random())
    mine.update(failures=Least(F("failures") + 1, 100), resume_at=timezone.now() + pause)
