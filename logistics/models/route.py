from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from logistics.choices import Weekday


def days_text(weekdays: str) -> str:
    """Stored digits in words: "13" → 周一、周三."""
    return "、".join(str(Weekday(digit).label) for digit in weekdays)


class DeliveryRouteQuerySet(models.QuerySet["DeliveryRoute"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def of_organisation(self, organisation_id: int) -> Self:
        return self.filter(organisation_id=organisation_id)

    def matching(self, *, q: str = "", state: str = "") -> Self:
        """Narrowed by the filters of the list; empty ones narrow nothing."""
        found = self.filter(Q(name__contains=q) | Q(code__icontains=q)) if q else self.all()
        return found.filter(is_live=state == "live") if state else found


class DeliveryRoute(Governed):
    """送货线路: the line a retailer's goods go by, agreed with the distribution centre (T-4, T-39).

    `weekdays` holds the ISO digits of the delivery days, rising, each once ("135").
    """

    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("单位"),
    )
    code = models.CharField(
        _("线路代码"),
        max_length=20,
        validators=[
            RegexValidator(r"\A[0-9A-Za-z-]+\Z", _("线路代码只能由字母、数字和短横线组成"))
        ],
    )
    name = models.CharField(_("线路名称"), max_length=40)
    weekdays = models.CharField(_("送货日"), max_length=7)
    is_live = models.BooleanField(_("启用"), default=True)

    objects = DeliveryRouteQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("送货线路")
        verbose_name_plural = _("送货线路")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "code"],
                name="logistics_deliveryroute_code_once",
                violation_error_message=_("本单位已有相同代码的送货线路"),
            ),
            models.UniqueConstraint(
                fields=["organisation", "name"],
                name="logistics_deliveryroute_name_once",
                violation_error_message=_("本单位已有相同名称的送货线路"),
            ),
            models.CheckConstraint(
                condition=Q(weekdays__regex=r"^1?2?3?4?5?6?7?$") & ~Q(weekdays=""),
                name="logistics_deliveryroute_weekdays_valid",
                violation_error_message=_("请至少选择一个送货日"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def days(self) -> list[Weekday]:
        return [Weekday(digit) for digit in self.weekdays]

    @property
    def days_text(self) -> str:
        return days_text(self.weekdays)
