from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.approvals.choices import CaseKind, CaseStatus
from crm.approvals.formulas import readable_since


class CaseQuerySet(models.QuerySet["Case"]):
    def readable(self, day: date) -> Self:
        """Alive, or closed less than 90 days ago (trust 4.2, scope K)."""
        return self.filter(Q(closed_at__isnull=True) | Q(closed_at__date__gte=readable_since(day)))


class Case(models.Model):
    """One run of a route. It knows of its subject what `Subject` said, no more.

    A return closes the round; the next submission opens round n + 1 of the same case. Whoever
    submitted any round is in `filler_ids` and signs none (T-71). `beside_ids` are those who signed
    a branch of the stage that waits now and therefore no other branch of it (PM-23); both stand
    here so that a queue asks no second table. `urged_at` is the applicant's last reminder.
    """

    number = models.CharField(_("编号"), max_length=20, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=CaseKind)
    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        verbose_name=_("单位"),
    )
    route = models.ForeignKey(
        "approvals.Route", on_delete=models.PROTECT, related_name="+", verbose_name=_("审批流程")
    )
    subject = models.CharField(_("事项"), max_length=200)
    subject_key = models.CharField(_("表单编号"), max_length=40)
    customer_id = models.BigIntegerField(_("客户"), null=True, blank=True)
    status = models.CharField(_("状态"), max_length=10, choices=CaseStatus, default=CaseStatus.OPEN)
    round = models.PositiveSmallIntegerField(_("轮次"), default=1)
    filler_ids = ArrayField(models.BigIntegerField(), verbose_name=_("填报人"))
    beside_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, verbose_name=_("本环节已签人员")
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        verbose_name=_("申请人"),
    )
    opened_at = models.DateTimeField(_("提交时间"), default=timezone.now)
    urged_at = models.DateTimeField(_("催办时间"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("办结人"),
    )
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("审批事项")
        verbose_name_plural = _("审批事项")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "subject_key"],
                condition=Q(status__in=["open", "returned"]),
                name="approvals_case_one_alive",
                violation_error_message=_("该事项已在审批中"),
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["open", "returned"],
                    closed_at__isnull=True,
                    closed_by__isnull=True,
                )
                | (
                    ~Q(status__in=["open", "returned"])
                    & Q(closed_at__isnull=False, closed_by__isnull=False)
                ),
                name="approvals_case_closed_by_and_at",
                violation_error_message=_("办结的事项须有办结人和时间"),
            ),
        ]
        indexes = [
            models.Index(fields=["opened_by", "-id"], name="approvals_case_started"),
            models.Index(fields=["subject_key"], name="approvals_case_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class Round(models.Model):
    """What was put forward in one round. Never changed: those who signed it can still read it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="rounds", db_index=False)
    number = models.PositiveSmallIntegerField(_("轮次"))
    lines = models.JSONField(_("内容"), default=list)
    facts = models.JSONField(_("要素"), default=dict)
    digest = models.CharField(_("摘要"), max_length=64)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        verbose_name=_("提交人"),
    )
    submitted_at = models.DateTimeField(_("提交时间"), default=timezone.now)

    class Meta:
        verbose_name = _("提交轮次")
        verbose_name_plural = _("提交轮次")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "number"],
                name="approvals_round_once",
                violation_error_message=_("该轮次已提交"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.number}"
