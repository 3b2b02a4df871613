from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.outbox.choices import UNFINISHED, DeliveryStatus


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> Self:
        return self.filter(status=DeliveryStatus.PENDING, next_try_at__lte=timezone.now())

    def first_of_their_key(self) -> Self:
        """Nothing older of the same order key is unfinished; a dead one holds its key."""
        older = Delivery.objects.filter(
            order_key=OuterRef("order_key"),
            message_id__lt=OuterRef("message_id"),
            status__in=UNFINISHED,
        )
        return self.filter(~Exists(older))

    def expired(self) -> Self:
        """Leased by a worker that did not come back in time (RF-64)."""
        return self.filter(status=DeliveryStatus.LEASED, lease_until__lt=timezone.now())

    def dead(self) -> Self:
        return self.filter(status=DeliveryStatus.DEAD)

    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED)


class Delivery(models.Model):
    """One message to one endpoint, so that a dead system holds up nobody else.

    `order_key` is endpoint and customer: only the oldest unfinished delivery of a key is sent.
    `fence` rises with every claim, so a worker that lost its lease cannot write any more.
    """

    message = models.ForeignKey(
        "outbox.Message",
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("事件"),
    )
    endpoint = models.ForeignKey(
        "outbox.Endpoint",
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("端点"),
    )
    order_key = models.CharField(_("顺序键"), max_length=60)
    status = models.CharField(
        _("状态"), max_length=8, choices=DeliveryStatus, default=DeliveryStatus.PENDING
    )
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_try_at = models.DateTimeField(_("下次发送"), default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    last_error = models.CharField(_("最近错误"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("处理人"),
    )
    handled_at = models.DateTimeField(_("处理时间"), null=True)
    handled_reason = models.CharField(_("处理原因"), max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("外发记录")
        verbose_name_plural = _("外发记录")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "endpoint"],
                name="outbox_delivery_once",
                violation_error_message=_("该事件已排入此端点"),
            ),
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(status="leased"),
                name="outbox_delivery_one_open_call",
                violation_error_message=_("该端点已有一个进行中的呼叫"),
            ),
            models.CheckConstraint(
                condition=Q(status="leased", lease_until__isnull=False)
                | (~Q(status="leased") & Q(lease_until__isnull=True)),
                name="outbox_delivery_lease_while_leased",
            ),
            models.CheckConstraint(
                condition=Q(handled_by__isnull=True, handled_at__isnull=True)
                | Q(handled_by__isnull=False, handled_at__isnull=False),
                name="outbox_delivery_handled_by_and_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "message"],
                name="outbox_delivery_due",
                condition=Q(status="pending"),
            ),
            models.Index(
                fields=["order_key", "message"],
                name="outbox_delivery_order",
                condition=Q(status__in=["pending", "leased", "dead"]),
            ),
            models.Index(fields=["-id"], name="outbox_delivery_dead", condition=Q(status="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}→{self.endpoint_id}"
