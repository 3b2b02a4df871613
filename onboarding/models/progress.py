"""What is proven on the way: ticks, notices, entered values, inbound messages."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import SourceSystem
from onboarding.choices import InboundKind, NoticeRoute, Task


class Tick(models.Model):
    """One of the four tasks, done by whom and when; a return voids it and keeps it (T-42)."""

    form = models.ForeignKey(
        "onboarding.RegistrationForm", on_delete=models.PROTECT, related_name="ticks"
    )
    task = models.CharField(_("任务"), max_length=16, choices=Task)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField(_("完成时间"), default=timezone.now)
    void_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("任务完成记录")
        verbose_name_plural = _("任务完成记录")
        constraints = [
            models.UniqueConstraint(
                fields=["form", "task"],
                condition=Q(void_at__isnull=True),
                name="onboarding_tick_once",
                violation_error_message=_("该任务已完成"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.task}"


class NoticeRecord(models.Model):
    """By which route who told whom that the licence is ready (T-36)."""

    form = models.ForeignKey(
        "onboarding.RegistrationForm", on_delete=models.PROTECT, related_name="notices"
    )
    route = models.CharField(_("通知方式"), max_length=1, choices=NoticeRoute)
    sender = models.CharField(_("发送人"), max_length=80)
    receiver = models.CharField(_("接收人"), max_length=80)
    at = models.DateTimeField(_("时间"), default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("办证通知")
        verbose_name_plural = _("办证通知")
        constraints = [
            models.UniqueConstraint(
                fields=["form", "route"],
                name="onboarding_notice_route_once",
                violation_error_message=_("该通知方式已登记"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.route}"


class EntryProof(models.Model):
    """One approved field as an outside system says it stored it (T-45).

    The newest row of a system and field counts; the earlier ones stay as the trail.
    """

    form = models.ForeignKey(
        "onboarding.RegistrationForm", on_delete=models.PROTECT, related_name="proofs"
    )
    system = models.CharField(_("系统"), max_length=20, choices=SourceSystem)
    field = models.SlugField(_("字段"), max_length=40)
    approved = models.CharField(_("批准值"), max_length=300, blank=True)
    entered = models.CharField(_("录入值"), max_length=300, blank=True)
    at = models.DateTimeField(_("时间"), default=timezone.now)

    class Meta:
        verbose_name = _("录入核对")
        verbose_name_plural = _("录入核对")
        indexes = [
            models.Index(fields=["form", "system", "field", "-id"], name="onboarding_proof_newest")
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.system} {self.field}"

    @property
    def agrees(self) -> bool:
        return self.approved == self.entered


class InboundMessage(models.Model):
    """One report of an outside system, once by (system, serial number) (domain 6.3, D10).

    What cannot be applied yet is parked with its reason, never dropped (B185 of the corpus).
    """

    organisation_id = models.BigIntegerField(_("单位"))
    system = models.CharField(_("来源系统"), max_length=20, choices=SourceSystem)
    serial = models.CharField(_("流水号"), max_length=80)
    kind = models.CharField(_("类别"), max_length=10, choices=InboundKind)
    body_hash = models.CharField(max_length=64)
    form_number = models.CharField(_("登记表编号"), max_length=14, blank=True)
    result = models.CharField(_("结果"), max_length=20)
    reason = models.CharField(_("说明"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("接收时间"), default=timezone.now)

    class Meta:
        verbose_name = _("接口来文")
        verbose_name_plural = _("接口来文")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "system", "serial"],
                name="onboarding_inbound_once",
                violation_error_message=_("该流水号已接收"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.serial}"
