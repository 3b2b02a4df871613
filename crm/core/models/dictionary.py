from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class DictEntryQuerySet(models.QuerySet["DictEntry"]):
    def live(self, kind: str) -> Self:
        return self.filter(kind=kind, is_live=True).order_by("position", "code")


class DictEntry(models.Model):
    """A word of a code table that differs by place: tiers, formats, routes (T-77, T-78, R-32).

    `organisation_id` 0 means every organisation of the installation.
    """

    kind = models.SlugField(_("字典"), max_length=40)
    organisation_id = models.BigIntegerField(_("组织"), default=0)
    code = models.CharField(_("代码"), max_length=40)
    label = models.CharField(_("名称"), max_length=80)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)
    is_live = models.BooleanField(_("启用"), default=True)

    objects = DictEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("字典项")
        verbose_name_plural = _("字典")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "organisation_id", "code"],
                name="core_dictentry_code_once",
                violation_error_message=_("该字典已有相同代码"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.label)


class RegionQuerySet(models.QuerySet["Region"]):
    def provinces(self) -> Self:
        return self.filter(level=1, valid_to__isnull=True).order_by("code")

    def cities(self) -> Self:
        return self.filter(level=2, valid_to__isnull=True).order_by("code")


class Region(models.Model):
    """An administrative division, GB/T 2260, always six digits: 610000, 610600, 610602 (R-22).

    Dead codes stay with `valid_to`: old certificates carry them.
    """

    code = models.CharField(_("代码"), max_length=6, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.PositiveSmallIntegerField(
        _("级别"), choices=[(1, _("省")), (2, _("地市")), (3, _("区县"))]
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    valid_from = models.DateField(_("启用日期"), null=True, blank=True)
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")

    def __str__(self) -> str:
        return str(self.name)


class CalendarOverride(models.Model):
    """A day the office works or rests otherwise than the calendar says (libs 3.7)."""

    day = models.DateField(_("日期"), primary_key=True)
    is_working = models.BooleanField(_("是否上班"))
    note = models.CharField(_("说明"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("工作日调整")
        verbose_name_plural = _("工作日调整")

    def __str__(self) -> str:
        return f"{self.day} {self.note}"
