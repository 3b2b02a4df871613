from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import Profile
from customers.choices import Authority, Block, DataClass, Fieldset, Reader, Section, Subject


class FieldRuleQuerySet(models.QuerySet["FieldRule"]):
    def of(self, profile: str) -> Self:
        return self.filter(profile=profile).order_by("position", "pk")


class FieldRule(models.Model):
    """One field of the archive as this kind of organisation keeps it: reference data.

    Who maintains it (T-64), where it stands (R-20, T-6), how sensitive it is (trust 2.6), what it
    weighs in the completeness score (domain 6.4). A field without a rule is shown to nobody and
    changed by nobody.
    """

    profile = models.CharField(_("业务类型"), max_length=10, choices=Profile)
    subject = models.CharField(_("对象"), max_length=10, choices=Subject)
    field = models.CharField(_("字段"), max_length=40)
    label = models.CharField(_("名称"), max_length=40)
    section = models.CharField(_("档案部分"), max_length=10, choices=Section)
    block = models.CharField(_("表单区块"), max_length=10, choices=Block, blank=True)
    authority = models.CharField(_("维护权限"), max_length=14, choices=Authority)
    data_class = models.CharField(_("数据级别"), max_length=1, choices=DataClass)
    reader = models.CharField(_("可见人"), max_length=8, choices=Reader, blank=True)
    fieldsets = ArrayField(
        models.CharField(max_length=20, choices=Fieldset),
        verbose_name=_("字段组"),
        default=list,
        blank=True,
    )
    weight = models.PositiveSmallIntegerField(_("完整度权重"), default=0)
    is_required = models.BooleanField(_("入网必填"), default=False)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    objects = FieldRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("字段规则")
        verbose_name_plural = _("字段规则")
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "subject", "field"],
                name="customers_fieldrule_once",
                violation_error_message=_("该字段已有规则"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile} {self.key}"

    @property
    def key(self) -> str:
        """The name other rooms use: `customer.name`, `retail.licence_no`."""
        return f"{self.subject}.{self.field}"
