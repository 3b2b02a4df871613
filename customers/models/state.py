"""What rooms above write down about a customer, so that this room need not look up."""

from datetime import date
from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import Duty
from customers.choices import Light, LightSystem, TimelineKind
from customers.models.customer import Customer


class OpenForm(models.Model):
    """A form under way about a customer: shown in the head of its page, one a kind at a time."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="open_forms", verbose_name=_("客户")
    )
    kind = models.SlugField(_("类别"), max_length=40)
    number = models.CharField(_("表单编号"), max_length=30, unique=True)
    title = models.CharField(_("名称"), max_length=80)
    stage = models.CharField(_("环节"), max_length=80, blank=True)
    url = models.CharField(_("链接"), max_length=200, blank=True)
    opened_at = models.DateTimeField(_("发起时间"), default=timezone.now)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("在办表单")
        verbose_name_plural = _("在办表单")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=Q(closed_at__isnull=True),
                name="customers_openform_one_a_kind",
                violation_error_message=_("该客户已有一份同类表单在办"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class SystemState(models.Model):
    """A light: what an outside system last said of a customer (domain 6.3).

    `ok` needs the system's own message: no light turns green by our own hand.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="lights", verbose_name=_("客户")
    )
    system = models.CharField(_("系统"), max_length=14, choices=LightSystem)
    state = models.CharField(_("状态"), max_length=8, choices=Light, default=Light.UNKNOWN)
    value = models.CharField(_("内容"), max_length=120, blank=True)
    at = models.DateTimeField(_("时间"))
    message_id = models.CharField(_("消息编号"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("外部系统状态")
        verbose_name_plural = _("外部系统状态")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "system"], name="customers_light_one_a_system"
            ),
            models.CheckConstraint(
                condition=~Q(state=Light.OK) | ~Q(message_id=""),
                name="customers_light_green_by_message",
                violation_error_message=_("没有对方系统的回执，不能标为已确认"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_system_display()} {self.get_state_display()}"


class TimelineEntry(models.Model):
    """One event in a customer's life, worded when it is read. Append-only by trigger."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="timeline", verbose_name=_("客户")
    )
    at = models.DateTimeField(_("时间"), default=timezone.now)
    kind = models.CharField(_("事件"), max_length=20, choices=TimelineKind)
    values = models.JSONField(_("内容"), default=dict, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("经办人"),
    )
    url = models.CharField(_("链接"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("时间线")
        verbose_name_plural = _("时间线")
        indexes = [models.Index(fields=["customer", "-at", "-id"], name="customers_timeline_of")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.get_kind_display()}"


class LoanQuerySet(models.QuerySet["CustomerLoan"]):
    def running(self, day: date) -> Self:
        return self.filter(Q(until__isnull=True) | Q(until__gte=day))


class CustomerLoan(models.Model):
    """A customer lent to those who hold a duty in a department while they have a task there
    (scope K of trust 4.2): open-ended until the task closes, then 90 days more.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="loans", verbose_name=_("客户")
    )
    department = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("部门")
    )
    duty = models.CharField(_("职责"), max_length=4, choices=Duty)
    reference = models.CharField(_("事项"), max_length=40)
    until = models.DateField(_("截止日期"), null=True, blank=True)

    objects = LoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("经办可见")
        verbose_name_plural = _("经办可见")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "department", "duty", "reference"],
                name="customers_loan_once",
                violation_error_message=_("该事项已对该岗位开放"),
            ),
        ]
        indexes = [
            models.Index(fields=["department", "duty", "until"], name="customers_loan_to"),
            models.Index(fields=["reference"], name="customers_loan_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.department} {self.duty}"
