from datetime import datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.choices import ConflictStatus
from customers.models.customer import Customer

FIRST_CONTACT: Final = timedelta(days=7)
"""Within this time a customer who was assigned must have been contacted (R-14)."""


class ManagerAssignmentQuerySet(models.QuerySet["ManagerAssignment"]):
    def awaiting_contact(self) -> Self:
        """Running terms that somebody else decided and whose manager has not been in touch (R-14).

        Whoever brought a customer in himself (R-9) or came with an import knows him already.
        """
        running = self.filter(ends_at__isnull=True, contacted_at__isnull=True)
        return running.filter(approver__isnull=False).exclude(approver=F("manager"))

    def contact_overdue(self, now: datetime) -> Self:
        """Those of them whose week is over (R-15)."""
        return self.awaiting_contact().filter(starts_at__lte=now - FIRST_CONTACT)


class ManagerAssignment(models.Model):
    """Who answered for a customer, from when to when, why, by whose word (R-19).

    Itself a history: a row is written once, closed once, and told of the first contact once.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("客户")
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="assignments",
        verbose_name=_("客户经理"),
    )
    starts_at = models.DateTimeField(_("起始时间"), default=timezone.now)
    ends_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    contacted_at = models.DateTimeField(_("首次联系时间"), null=True, blank=True)
    reason = models.CharField(_("原因"), max_length=300)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("提出人"),
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("批准人"),
    )

    objects = ManagerAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("客户经理分配")
        verbose_name_plural = _("客户经理分配")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(ends_at__isnull=True),
                name="customers_assignment_one_open",
                violation_error_message=_("该客户已有在任客户经理"),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="customers_assignment_dates_in_order",
                violation_error_message=_("截止时间不能早于起始时间"),
            ),
            models.CheckConstraint(
                condition=Q(contacted_at__isnull=True) | Q(contacted_at__gte=F("starts_at")),
                name="customers_assignment_contact_after_start",
                violation_error_message=_("首次联系时间不能早于起始时间"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["manager", "starts_at"],
                condition=Q(
                    ends_at__isnull=True, contacted_at__isnull=True, approver__isnull=False
                ),
                name="customers_assignment_silent",
            ),
            models.Index(fields=["customer", "-starts_at"], name="customers_assignment_of"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.manager}"

    @property
    def contact_due_at(self) -> datetime | None:
        """Until when the manager has to be in touch; None when no clock runs (R-14)."""
        is_assigned = self.approver_id is not None and self.approver_id != self.manager_id
        waits = self.ends_at is None and self.contacted_at is None
        return self.starts_at + FIRST_CONTACT if is_assigned and waits else None

    @property
    def is_contact_overdue(self) -> bool:
        due = self.contact_due_at
        return due is not None and due <= timezone.now()


class ConflictQuerySet(models.QuerySet["Conflict"]):
    def open(self) -> Self:
        return self.filter(status=ConflictStatus.OPEN)


class Conflict(Governed):
    """Two people brought in the same customer: the first record holds, the general manager has
    the last word (R-10, R-11, RF-09).

    `matched` names the key that was equal, never its value; `typed_name` is what the second one
    typed himself.
    """

    number = models.CharField(_("编号"), max_length=14, unique=True, editable=False)
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="conflicts", verbose_name=_("先记录的档案")
    )
    newcomer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("后登记人"),
    )
    typed_name = models.CharField(_("后登记人填写的名称"), max_length=200)
    matched = models.CharField(_("相同项"), max_length=20)
    status = models.CharField(
        _("状态"), max_length=8, choices=ConflictStatus, default=ConflictStatus.OPEN
    )
    raised_at = models.DateTimeField(_("发生时间"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("裁定人"),
    )
    decided_at = models.DateTimeField(_("裁定时间"), null=True, blank=True)
    winner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("裁定归属"),
    )
    reason = models.CharField(_("裁定理由"), max_length=300, blank=True)

    objects = ConflictQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("归属冲突")
        verbose_name_plural = _("归属冲突")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "newcomer"],
                condition=Q(status=ConflictStatus.OPEN),
                name="customers_conflict_one_open",
                violation_error_message=_("该冲突已上报，等待裁定"),
            ),
            models.CheckConstraint(
                condition=Q(
                    status=ConflictStatus.OPEN, decided_by__isnull=True, decided_at__isnull=True
                )
                | Q(
                    status=ConflictStatus.DECIDED,
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="customers_conflict_decided_by_and_at",
                violation_error_message=_("裁定须写明裁定人与时间"),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "status"], name="customers_conflict_open"),
        ]

    def __str__(self) -> str:
        return str(self.number)
