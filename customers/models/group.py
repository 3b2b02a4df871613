from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.choices import MemberRole, Payer
from customers.models.customer import Customer
from customers.models.unit import holds_on, in_force, one_key


class MembershipQuerySet(models.QuerySet["Membership"]):
    def on(self, day: date) -> Self:
        """Memberships in force on a day."""
        return self.filter(holds_on(day))

    def in_order(self) -> Self:
        """Those still in first, key members before the others, then by time."""
        return self.order_by(F("ends_on").desc(nulls_first=True), "-is_key", "-starts_on", "pk")


class Membership(Governed):
    """A person, family or shop in a group customer, from a day to a day (B-36, B-37).

    `ends_on` is the first day outside. Nothing else moves when somebody leaves; what the group
    paid for, it pays until `group_pays_to`, the last day of the billing cycle (B-40).
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    group = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="members", verbose_name=_("集团客户")
    )
    member = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("成员")
    )
    role = models.CharField(
        _("成员角色"), max_length=8, choices=MemberRole, default=MemberRole.MEMBER
    )
    is_key = models.BooleanField(_("关键成员"), default=False)
    payer = models.CharField(_("付费方"), max_length=8, choices=Payer, default=Payer.SELF)
    starts_on = models.DateField(_("加入日期"))
    ends_on = models.DateField(_("退出日期"), null=True, blank=True)
    group_pays_to = models.DateField(_("集团付费截止"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("集团成员")
        verbose_name_plural = _("集团成员")
        constraints = [
            ExclusionConstraint(
                name="customers_membership_once",
                expressions=[
                    (one_key("group"), RangeOperators.OVERLAPS),
                    (one_key("member"), RangeOperators.OVERLAPS),
                    (in_force(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("该客户在这段时间已是此集团的成员"),
            ),
            ExclusionConstraint(
                name="customers_membership_one_payer",
                expressions=[
                    (one_key("member"), RangeOperators.OVERLAPS),
                    (in_force(), RangeOperators.OVERLAPS),
                ],
                condition=Q(payer=Payer.GROUP),
                violation_error_message=_("该客户在这段时间已由另一集团统付"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_membership_dates_in_order",
                violation_error_message=_("退出日期不能早于加入日期"),
            ),
            models.CheckConstraint(
                condition=Q(group_pays_to__isnull=True)
                | Q(payer=Payer.GROUP, ends_on__isnull=False),
                name="customers_membership_pays_to_after_leaving",
                violation_error_message=_("只有集团统付且已退出的成员才有集团付费截止日"),
            ),
        ]
        indexes = [
            models.Index(fields=["group", "-starts_on"], name="customers_membership_of"),
            models.Index(fields=["member", "-starts_on"], name="customers_membership_in"),
        ]

    def __str__(self) -> str:
        return f"{self.member} ∈ {self.group}"


class GroupCount(models.Model):
    """What a group counts to, worked out at night for all groups at once (B-41).

    Revenue joins when bills come in. Never read to decide anything: only shown.
    """

    group = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="group_count", verbose_name=_("集团客户")
    )
    units = models.PositiveIntegerField(_("下属单位"), default=0)
    members = models.PositiveIntegerField(_("成员"), default=0)
    key_members = models.PositiveIntegerField(_("关键成员"), default=0)
    group_paid = models.PositiveIntegerField(_("集团统付"), default=0)
    counted_on = models.DateField(_("统计日"))

    class Meta:
        verbose_name = _("集团汇总")
        verbose_name_plural = _("集团汇总")

    def __str__(self) -> str:
        return f"{self.group} {self.counted_on}"
