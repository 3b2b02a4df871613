import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("执行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("失败")
    CANCELLED = "cancelled", _("已取消")


class JobQuerySet(models.QuerySet["JobRun"]):
    def open(self) -> Self:
        return self.filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING])

    def claimable(self) -> Self:
        """Queued, or running under a lease that has run out."""
        late = Q(status=JobStatus.RUNNING, lease_until__lt=timezone.now())
        return self.filter(Q(status=JobStatus.QUEUED) | late)


class JobRun(models.Model):
    """The truth behind one long task: a message of the broker only wakes a worker (D2).

    `kind` is the Celery task's name; `key` makes "the run of that day" one row; `cursor` says
    where to go on; `fence` rises with every claim, so a worker that lost its lease cannot write.
    """

    kind = models.CharField(_("任务"), max_length=60)
    key = models.CharField(_("标识"), max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="jobs"
    )
    arguments = models.JSONField(default=dict)
    status = models.CharField(_("状态"), max_length=10, choices=JobStatus, default=JobStatus.QUEUED)
    done = models.PositiveBigIntegerField(_("已处理"), default=0)
    total = models.PositiveBigIntegerField(_("总数"), null=True)
    message = models.CharField(_("说明"), max_length=300, blank=True)
    cursor = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_by = models.UUIDField(default=uuid.uuid4)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("创建时间"), default=timezone.now)
    started_at = models.DateTimeField(_("开始时间"), null=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="core_jobrun_once",
                violation_error_message=_("该任务已在办理"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="core_jobrun_open",
                condition=Q(status__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


CLOCK = "beat"
"""The name of the clock's own row among the workers'; a worker's begins with `worker@`."""


class WorkerBeat(models.Model):
    """One row a worker process, one for the clock: when it last lived. Read by /healthz/ready."""

    name = models.CharField(max_length=120, primary_key=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("工作进程")
        verbose_name_plural = _("工作进程")

    def __str__(self) -> str:
        return self.name
