"""Where outside systems listen: register, hold, and mend by hand what would not go."""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.jobs import run_after_commit
from crm.core.sealed import seal
from crm.identity.choices import SourceSystem
from crm.outbox.channels.targets import check_url
from crm.outbox.choices import DeliveryStatus, topics_for
from crm.outbox.errors import NotWaiting
from crm.outbox.models import Delivery, Endpoint, Message

if TYPE_CHECKING:
    from crm.identity.models import User

logger = structlog.get_logger(__name__)
_SLICE: Final = 1000
_DONE: Final = (DeliveryStatus.SENT, DeliveryStatus.SKIPPED, DeliveryStatus.DEAD)


@transaction.atomic
def register_endpoint(
    *, organisation_id: int, system: SourceSystem, url: str, by: "User", timeout: int = 5
) -> tuple[Endpoint, str]:
    """Register where a system listens; returns the row and its secret, which is shown only now.

    Raises BadTarget, ValidationError. Rules: B280, B283, B286.
    """
    check_url(url)
    secret = secrets.token_urlsafe(32)
    endpoint = Endpoint(
        organisation_id=organisation_id, system=system, url=url, timeout=timeout, created_by=by
    )
    seal(endpoint, "secret", secret)
    endpoint.full_clean()
    endpoint.save()
    return endpoint, secret


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, by: "User") -> str:
    """Give the endpoint a new secret, shown only now; the old one signs nothing more.

    Rules: B286.
    """
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    secret = secrets.token_urlsafe(32)
    seal(row, "secret", secret)
    row.save(update_fields=["secret"])
    logger.info("endpoint_secret_rotated", endpoint=row.pk, by=by.pk)
    return secret


@transaction.atomic
def retire_endpoint(*, endpoint: Endpoint, by: "User") -> int:
    """Call it no more; what still waits is skipped. Returns how many. Rules: RF-43."""
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    row.is_live = False
    row.save(update_fields=["is_live"])
    waiting = Delivery.objects.filter(
        endpoint=row, status__in=[DeliveryStatus.PENDING, DeliveryStatus.DEAD]
    )
    return waiting.update(
        status=DeliveryStatus.SKIPPED,
        handled_by=by,
        handled_at=timezone.now(),
        handled_reason=_("端点已停用"),
    )


@transaction.atomic
def hold_endpoints(*, endpoints: Collection[int] | None = None, by: "User | None" = None) -> int:
    """Stop calls to these endpoints (keys; None is all) until `wake_endpoint`; how many.

    All of them after a restore, so that old events are not sent again. Rules: RF-83.
    """
    rows = Endpoint.objects.live().filter(held_at__isnull=True)
    if endpoints is not None:
        rows = rows.filter(pk__in=endpoints)
    held = rows.update(held_at=timezone.now())
    logger.warning("endpoints_held", count=held, by=by.pk if by else None)
    return held


@transaction.atomic
def wake_endpoint(*, endpoint: Endpoint, by: "User") -> int:
    """Call it again now: ends a hold, the rest after failures, and every pause of its deliveries.

    Returns how many wait. Rules: RF-43, RF-83.
    """
    now = timezone.now()
    Endpoint.objects.filter(pk=endpoint.pk).update(failures=0, resume_at=now, held_at=None)
    waiting = Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING)
    count = waiting.update(next_try_at=now)
    logger.info("endpoint_woken", endpoint=endpoint.pk, waiting=count, by=by.pk)
    run_after_commit("outbox.deliver")
    return count


@transaction.atomic
def retry_delivery(*, delivery: Delivery, by: "User", reason: str = "") -> Delivery:
    """Try a dead delivery again from the first attempt. Raises NotWaiting. Rules: RF-43, RF-44."""
    now = timezone.now()
    Endpoint.objects.filter(pk=delivery.endpoint_id).update(failures=0, resume_at=now)
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.status != DeliveryStatus.DEAD:
        raise NotWaiting(_("只有已停止重试的外发记录才能重试"))
    row.status, row.attempts, row.next_try_at = DeliveryStatus.PENDING, 0, now
    _handle(row, by=by, reason=reason)
    run_after_commit("outbox.deliver")
    return row


@transaction.atomic
def skip_delivery(*, delivery: Delivery, reason: str, by: "User") -> Delivery:
    """Give up one delivery, so that what waits behind it may go. Raises NotWaiting.

    Rules: RF-43.
    """
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.status not in (DeliveryStatus.PENDING, DeliveryStatus.DEAD):
        raise NotWaiting(_("该外发记录已发送或正在发送，不能跳过"))
    if not reason.strip():
        raise NotWaiting(_("请填写跳过的原因"), field="reason")
    row.status = DeliveryStatus.SKIPPED
    _handle(row, by=by, reason=reason)
    run_after_commit("outbox.deliver")
    return row


@transaction.atomic
def replay_since(*, endpoint: Endpoint, moment: datetime, by: "User") -> int:
    """Send one system again everything since `moment`, in order and under the same event ids.

    What it never got, because it was not registered yet, is sent too. Returns how many.
    Rules: RF-42.
    """
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    since = Message.objects.filter(
        organisation_id=row.organisation_id,
        topic__in=topics_for(SourceSystem(row.system)),
        created_at__gte=moment,
    )
    now = timezone.now()
    again = Delivery.objects.filter(endpoint=row, message__in=since, status__in=_DONE).update(
        status=DeliveryStatus.PENDING,
        attempts=0,
        next_try_at=now,
        handled_by=by,
        handled_at=now,
        handled_reason=_("自 %(day)s 起重发") % {"day": f"{timezone.localtime(moment):%F %R}"},
    )
    missing = since.exclude(deliveries__endpoint=row).order_by("pk")
    made = [
        Delivery(message=message, endpoint=row, order_key=message.order_key_at(row.pk))
        for message in missing.only("pk", "customer_id").iterator(_SLICE)
    ]
    Delivery.objects.bulk_create(made, batch_size=_SLICE, ignore_conflicts=True)
    run_after_commit("outbox.deliver")
    return again + len(made)


def _handle(row: Delivery, *, by: "User", reason: str) -> None:
    row.handled_by, row.handled_at, row.handled_reason = by, timezone.now(), reason.strip()[:300]
    row.save(
        update_fields=[
            "status",
            "attempts",
            "next_try_at",
            "handled_by",
            "handled_at",
            "handled_reason",
        ]
    )
