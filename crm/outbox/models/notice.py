from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.outbox.choices import Topic


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One line in one person's inbox: topic and values, worded when read (D5)."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="notices",
        verbose_name=_("接收人"),
    )
    message = models.ForeignKey(
        "outbox.Message", on_delete=models.PROTECT, related_name="notices", verbose_name=_("事件")
    )
    topic = models.CharField(_("主题"), max_length=60, choices=Topic)
    values = models.JSONField(_("内容"), default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(_("时间"), default=timezone.now)
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("站内消息")
        verbose_name_plural = _("站内消息")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "person"],
                name="outbox_notice_once",
                violation_error_message=_("该人员已收到此消息"),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="outbox_notice_person"),
            models.Index(
                fields=["person", "-id"],
                name="outbox_notice_unread",
                condition=Q(read_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.topic}"
