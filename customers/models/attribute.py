from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.choices import Authority, CustomerKind, DataClass, Fieldset, Reader
from customers.domains import ValueKind
from customers.models.customer import Customer

CODE = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}$", _("代码以小写字母开头，只用小写字母、数字和下划线")
)


class AttributeQuerySet(models.QuerySet["AttributeDefinition"]):
    def of(self, organisation_id: int, kind: str, day: date) -> Self:
        """What is kept of a customer of that kind today, in the order of the page."""
        return self.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=day),
            organisation_id=organisation_id,
            customer_kind__in=["", kind],
            valid_from__lte=day,
        ).order_by("position", "pk")


class AttributeDefinition(Governed):
    """A field that an organisation adds to its archives without a release (B-26).

    It has what a field rule has: who maintains it, how sensitive it is, what it weighs. Sensitive
    data (class S) needs a sealed column and so a release: none may be defined here. Code, kind of
    value, customer kind and organisation never change once written: a trigger holds that. The rest
    changes with a reason, and history says who changed it.
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    customer_kind = models.CharField(
        _("客户性质"),
        max_length=8,
        choices=CustomerKind,
        blank=True,
        help_text=_("留空表示全部客户"),
    )
    code = models.CharField(_("代码"), max_length=40, validators=[CODE])
    label = models.CharField(_("名称"), max_length=40)
    value_kind = models.CharField(_("值类型"), max_length=8, choices=ValueKind)
    dictionary = models.SlugField(
        _("字典"), max_length=40, blank=True, help_text=_("选项取自该字典的启用条目")
    )
    is_required = models.BooleanField(_("必填"), default=False)
    authority = models.CharField(
        _("维护权限"), max_length=14, choices=Authority, default=Authority.LOCAL
    )
    data_class = models.CharField(
        _("数据级别"), max_length=1, choices=DataClass, default=DataClass.INTERNAL
    )
    reader = models.CharField(_("可见人"), max_length=8, choices=Reader, blank=True)
    fieldsets = ArrayField(
        models.CharField(max_length=20, choices=Fieldset),
        verbose_name=_("字段组"),
        default=list,
        blank=True,
    )
    weight = models.PositiveSmallIntegerField(_("完整度权重"), default=0)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)
    valid_from = models.DateField(_("启用日期"), default=timezone.localdate)
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)

    objects = AttributeQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("扩展属性定义")
        verbose_name_plural = _("扩展属性定义")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "code"],
                name="customers_attribute_code_once",
                violation_error_message=_("本单位已有此代码的扩展属性"),
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z][a-z0-9_]{0,39}$"),
                name="customers_attribute_code_is_plain",
                violation_error_message=_("代码以小写字母开头，只用小写字母、数字和下划线"),
            ),
            models.CheckConstraint(
                condition=~Q(data_class=DataClass.SENSITIVE),
                name="customers_attribute_never_sensitive",
                violation_error_message=_("敏感信息须加密保存，不能用扩展属性登记"),
            ),
            models.CheckConstraint(
                condition=Q(value_kind=ValueKind.CHOICE) & ~Q(dictionary="")
                | ~Q(value_kind=ValueKind.CHOICE) & Q(dictionary=""),
                name="customers_attribute_choice_has_dictionary",
                violation_error_message=_("选项类型须指定字典，其他类型不需要"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="customers_attribute_days_in_order",
                violation_error_message=_("停用日期不能早于启用日期"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.label)


class CustomerAttributes(Governed):
    """The free attributes of one customer: code → value, typed (B-26).

    A trigger refuses a value whose code is not defined for this customer, or whose type is another
    than the definition's; `marks` say of each code when, by whom and on which form it was set.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="extra", verbose_name=_("客户")
    )
    content = models.JSONField(_("扩展属性"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    marks = models.JSONField(default=dict, blank=True, editable=False, encoder=DjangoJSONEncoder)

    history = history_of(exclude=["marks"])

    class Meta:
        verbose_name = _("扩展属性")
        verbose_name_plural = _("扩展属性")

    def __str__(self) -> str:
        return str(self.customer)
