"""What surrounds a case: who was copied, and the phrases people sign with."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.approvals.models.case import Case


class CopyQuerySet(models.QuerySet["Copy"]):
    def unread(self) -> "CopyQuerySet":
        return self.filter(read_at__isnull=True)


class Copy(models.Model):
    """A case brought to somebody's notice (抄送); `read_at` is when he opened it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="copies", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    sent_at = models.DateTimeField(_("抄送时间"), default=timezone.now)
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    objects = CopyQuerySet.as_manager()

    class Meta:
        verbose_name = _("抄送")
        verbose_name_plural = _("抄送")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user"],
                name="approvals_copy_once",
                violation_error_message=_("已抄送给该人员"),
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="approvals_copy_mine")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.user_id}"


class Phrase(models.Model):
    """An opinion a person writes often (UX-42)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="phrases"
    )
    text = models.CharField(_("常用意见"), max_length=200)

    class Meta:
        verbose_name = _("常用意见")
        verbose_name_plural = _("常用意见")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "text"],
                name="approvals_phrase_once",
                violation_error_message=_("已有相同的常用意见"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.text)
