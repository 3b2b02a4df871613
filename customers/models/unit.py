from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    BigIntegerRangeField,
    DateRangeField,
    RangeOperators,
)
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.models.customer import Customer


def one_key(name: str) -> Func:
    """A key as a range of one, so that core GiST can compare it: no contrib extension (D1)."""
    return Func(
        F(name), F(name), Value("[]"), function="int8range", output_field=BigIntegerRangeField()
    )


def in_force() -> Func:
    """The days a row holds: from its first to the one before its last, open when it has none."""
    return Func(
        F("starts_on"),
        F("ends_on"),
        Value("[)"),
        function="daterange",
        output_field=DateRangeField(),
    )


def holds_on(day: date) -> Q:
    """Rows with `starts_on` and `ends_on` that hold on a day."""
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))


class UnitLinkQuerySet(models.QuerySet["UnitLink"]):
    def on(self, day: date) -> Self:
        """Links in force on a day."""
        return self.filter(holds_on(day))

    def open(self) -> Self:
        return self.filter(ends_on__isnull=True)

    def below(self, unit_id: int, day: date) -> Self:
        """Every link under a unit on a day: three layers are two steps (R-40)."""
        children = UnitLink.objects.on(day).filter(parent_id=unit_id).values("child_id")
        return self.on(day).filter(Q(parent_id=unit_id) | Q(parent_id__in=children))

    def above(self, unit_id: int, day: date) -> Self:
        """The links from a unit up to the top on a day."""
        parents = UnitLink.objects.on(day).filter(child_id=unit_id).values("parent_id")
        return self.on(day).filter(Q(child_id=unit_id) | Q(child_id__in=parents))


class UnitLink(Governed):
    """One unit under another from a day to a day: group, province branch, city branch (R-40).

    `ends_on` is the first day on which it no longer holds. A link that ends on the day it starts
    was a mistake and never held. Triggers hold what looks across rows: level order, no cycle, at
    most three layers, one organisation (R-43).
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    child = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="links_up", verbose_name=_("下属单位")
    )
    parent = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="links_down", verbose_name=_("上级单位")
    )
    starts_on = models.DateField(_("生效日期"))
    ends_on = models.DateField(_("失效日期"), null=True, blank=True)

    objects = UnitLinkQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("单位隶属关系")
        verbose_name_plural = _("单位隶属关系")
        constraints = [
            ExclusionConstraint(
                name="customers_unitlink_one_parent",
                expressions=[
                    (one_key("child"), RangeOperators.OVERLAPS),
                    (in_force(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("该单位在这段时间已有上级单位，请先调整原有关系"),
            ),
            models.CheckConstraint(
                condition=~Q(child=F("parent")),
                name="customers_unitlink_not_itself",
                violation_error_message=_("单位不能隶属于自己"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_unitlink_dates_in_order",
                violation_error_message=_("失效日期不能早于生效日期"),
            ),
        ]
        indexes = [
            models.Index(fields=["child", "-starts_on"], name="customers_unitlink_of"),
        ]

    def __str__(self) -> str:
        return f"{self.child} < {self.parent}"
