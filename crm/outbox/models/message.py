import uuid
from collections.abc import Iterable
from typing import Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.outbox.choices import Topic


class MessageQuerySet(models.QuerySet["Message"]):
    def unnumbered(self) -> Self:
        """Committed, but without a place in the feed yet."""
        return self.filter(position__isnull=True)

    def after(self, position: int, *, organisation_id: int, topics: Iterable[str]) -> Self:
        """The feed of one organisation, in its order."""
        return self.filter(
            position__gt=position, organisation_id=organisation_id, topic__in=list(topics)
        ).order_by("position")


class Message(models.Model):
    """Something that happened; `topic` and `key` make a repeated publish harmless.

    `uid` is the event's id for receivers, the same on every repeat. `position` is the cursor of
    the event feed. It is given after commit, under a lock, because ids are taken before commit:
    a reader who follows ids would step over one whose transaction ends late.
    """

    uid = models.UUIDField(_("事件编号"), default=uuid.uuid4, unique=True, editable=False)
    topic = models.CharField(_("主题"), max_length=60, choices=Topic)
    key = models.CharField(_("标识"), max_length=120)
    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("单位"),
    )
    customer_id = models.BigIntegerField(_("客户"), null=True)
    payload = models.JSONField(_("内容"), encoder=DjangoJSONEncoder)
    position = models.BigIntegerField(_("序号"), null=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("发生时间"), default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("事件")
        verbose_name_plural = _("事件")
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "key"],
                name="outbox_message_once",
                violation_error_message=_("该事件已发布"),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "position"], name="outbox_message_feed"),
            models.Index(fields=["organisation", "created_at"], name="outbox_message_since"),
            models.Index(
                fields=["id"], name="outbox_message_unnumbered", condition=Q(position__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"

    def order_key_at(self, endpoint_id: int) -> str:
        """Endpoint and customer; what concerns no customer waits for nobody and holds nobody."""
        if self.customer_id is None:
            return f"{endpoint_id}:m{self.pk}"
        return f"{endpoint_id}:c{self.customer_id}"
