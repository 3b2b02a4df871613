from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.approvals.choices import StepStatus, Verdict
from crm.approvals.models.case import Case
from crm.identity.choices import DepartmentKind, Duty


class StepQuerySet(models.QuerySet["Step"]):
    def waiting(self) -> Self:
        return self.filter(status=StepStatus.WAITING)

    def at_desk(self, organisation_id: int, duty: str, desk: str) -> Self:
        """One queue: the partial index of waiting steps serves it in order of due time."""
        return self.filter(organisation_id=organisation_id, duty=duty, desk=desk)

    def at_desks(self, desks: Iterable[tuple[int, str, str]]) -> Self:
        """The OR of several queues: for one row, checks and capped counts, not for lists."""
        wanted = Q(pk__in=[])
        for organisation_id, duty, desk in desks:
            wanted |= Q(organisation_id=organisation_id, duty=duty, desk=desk)
        return self.filter(wanted)

    def for_queue(self) -> Self:
        """With what a row of the queue shows of its case, as columns: fifty steps with their cases
        and applicants as objects cost more than their query.
        """
        applicant = Coalesce(
            NullIf("case__opened_by__name", Value("")), "case__opened_by__username"
        )
        return self.annotate(
            number=F("case__number"),
            kind=F("case__kind"),
            subject=F("case__subject"),
            applicant=applicant,
        ).only("case_id", "round", "name", "woken_at", "due_at")

    def overdue(self, now: datetime) -> Self:
        return self.waiting().filter(due_at__lt=now)


class Step(models.Model):
    """A signature wanted in one round. Copied from the route, so a new version leaves it alone.

    `desk` is the queue it lies in (`formulas.desk_of`). A voided step keeps who had signed it.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps", db_index=False)
    round = models.PositiveSmallIntegerField(_("轮次"))
    stage = models.PositiveSmallIntegerField(_("环节"))
    name = models.CharField(_("名称"), max_length=60)
    duty = models.CharField(_("职责"), max_length=4, choices=Duty)
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("部门"),
    )
    department_kind = models.CharField(
        _("部门类别"), max_length=24, choices=DepartmentKind, blank=True
    )
    desk = models.CharField(max_length=32)
    sla_days = models.PositiveSmallIntegerField(_("时限（工作日）"))
    may_return = models.BooleanField(_("可退回"))
    may_refuse = models.BooleanField(_("可不予批准"))
    status = models.CharField(
        _("状态"), max_length=10, choices=StepStatus, default=StepStatus.AHEAD
    )
    woken_at = models.DateTimeField(_("到达时间"), null=True, blank=True)
    due_at = models.DateTimeField(_("限办时间"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("超时提醒时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("签署人"),
    )
    decided_at = models.DateTimeField(_("签署时间"), null=True, blank=True)
    opinion = models.CharField(_("意见"), max_length=500, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        verbose_name = _("审批环节")
        verbose_name_plural = _("审批环节")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "round", "stage", "duty", "desk"],
                name="approvals_step_once",
                violation_error_message=_("同一环节中该部门职责已存在"),
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="approvals_step_decided_by_and_at",
                violation_error_message=_("签署人和签署时间须同时填写"),
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "returned", "refused"])
                | Q(decided_at__isnull=False),
                name="approvals_step_decided_is_signed",
                violation_error_message=_("已处理的环节须有签署人"),
            ),
            models.CheckConstraint(
                condition=Q(status="ahead", woken_at__isnull=True)
                | (~Q(status="ahead") & Q(woken_at__isnull=False, due_at__isnull=False))
                | Q(status="void"),
                name="approvals_step_woken_has_due_time",
                violation_error_message=_("到达的环节须有限办时间"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "duty", "desk", "due_at", "id"],
                condition=Q(status="waiting"),
                name="approvals_step_queue",
            ),
            models.Index(
                fields=["due_at"], condition=Q(status="waiting"), name="approvals_step_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.name} {self.get_status_display()}"


class Detour(models.Model):
    """Whose step it was before it woke on a leader's desk; append-only (B128).

    The post had no holder but those who filled the case in. The next round starts from here again.
    """

    step = models.OneToOneField(Step, on_delete=models.PROTECT, related_name="detour")
    duty = models.CharField(_("原职责"), max_length=4, choices=Duty)
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("原部门"),
    )
    department_kind = models.CharField(
        _("原部门类别"), max_length=24, choices=DepartmentKind, blank=True
    )
    desk = models.CharField(max_length=32)
    at = models.DateTimeField(_("转办时间"), default=timezone.now)

    class Meta:
        verbose_name = _("转办")
        verbose_name_plural = _("转办")

    def __str__(self) -> str:
        return f"{self.step_id} {self.duty}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def by_user(self, user_id: int) -> Self:
        return self.filter(by_id=user_id)


class Decision(models.Model):
    """A signature as it was given; append-only. It outlives the voiding of its round.

    `digest` is the content that was signed.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    step = models.OneToOneField(Step, on_delete=models.PROTECT, related_name="decision")
    round = models.PositiveSmallIntegerField(_("轮次"))
    verdict = models.CharField(_("结论"), max_length=10, choices=Verdict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        verbose_name=_("签署人"),
    )
    at = models.DateTimeField(_("签署时间"), default=timezone.now)
    opinion = models.CharField(_("意见"), max_length=500, blank=True)
    digest = models.CharField(_("摘要"), max_length=64)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("审批意见")
        verbose_name_plural = _("审批意见")
        indexes = [models.Index(fields=["by", "-id"], name="approvals_decision_mine")]

    def __str__(self) -> str:
        return f"{self.by} {self.get_verdict_display()} {self.at:%F %T}"
