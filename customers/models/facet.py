from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import Secrecy
from customers.choices import CustomerStatus, CustomerType, Lifecycle, TemporalClass


class CustomerFacet(models.Model):
    """How many customers there are of each sort in each scope: the sum of `number` (speed 3).

    Triggers add a row for every change, plus and minus, so no two writers wait for each other; a
    job folds them. Scope columns are named as the customer's, so one rule of sight serves both.
    They carry no constraint: what they copy was checked where it stands.
    """

    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        verbose_name=_("单位"),
    )
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        db_index=False,
        verbose_name=_("归属部门"),
    )
    area = models.ForeignKey(
        "identity.Department",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("片区/中队"),
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("客户经理"),
    )
    secrecy = models.PositiveSmallIntegerField(_("保密等级"), choices=Secrecy)
    status = models.CharField(_("状态"), max_length=14, choices=CustomerStatus)
    temporal_class = models.CharField(_("客户时态"), max_length=8, choices=TemporalClass)
    lifecycle = models.CharField(_("生命周期"), max_length=10, choices=Lifecycle)
    customer_type = models.CharField(_("客户类型"), max_length=12, choices=CustomerType)
    customer_class = models.CharField(_("客户分类"), max_length=40, blank=True)
    customer_level = models.CharField(_("客户级别"), max_length=40, blank=True)
    city = models.ForeignKey(
        "core.Region",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        db_index=False,
        verbose_name=_("地市"),
    )
    number = models.BigIntegerField(_("户数"))

    class Meta:
        verbose_name = _("客户汇总")
        verbose_name_plural = _("客户汇总")

    def __str__(self) -> str:
        return f"{self.status} {self.number}"


class ManagerScore(models.Model):
    """How complete a manager's archives are: the mean of their scores, made every night (R-38)."""

    manager = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("客户经理"),
    )
    customers = models.PositiveIntegerField(_("户数"))
    percent = models.DecimalField(_("资料完整率"), max_digits=4, decimal_places=1)
    scored_at = models.DateTimeField(_("计算时间"), default=timezone.now)

    class Meta:
        verbose_name = _("客户经理资料完整率")
        verbose_name_plural = _("客户经理资料完整率")

    def __str__(self) -> str:
        return f"{self.manager} {self.percent}%"
