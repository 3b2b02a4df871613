from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Right
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from crm.identity.choices import Secrecy
from customers.choices import (
    ControlLevel,
    CustomerKind,
    CustomerStatus,
    CustomerType,
    Lifecycle,
    TemporalClass,
)
from customers.models.phones import EXTENSION, all_digits, main_number

DERIVED = ("name_key_strict", "name_key_loose", "name_folded", "pinyin", "search_tokens")
"""Columns computed from the name alone; the history does without them."""

POSTCODE = RegexValidator(r"^[0-9]{6}$", _("邮政编码应为 6 位数字"))


_NOT_IN_LISTS = (
    *("name_key_strict", "name_key_loose", "name_folded", "search_tokens", "field_marks"),
    *("unique_name", "remark", "postcode", "email", "credit_code", "legal_representative"),
    *("industry", "source_channel", "document_format", "entered_on"),
)


class CustomerQuerySet(models.QuerySet["Customer"]):
    def trading(self) -> Self:
        """Customers who may order and be delivered to (T-49)."""
        return self.filter(may_order=True)

    def living(self) -> Self:
        return self.exclude(status=CustomerStatus.CANCELLED)

    def cleared(self, clearance: int) -> Self:
        """Rows up to a secrecy clearance (B-19)."""
        return self.filter(secrecy__lte=clearance)

    def for_list(self) -> Self:
        """With the names a list row shows, without the wide columns and those no list has.

        Names come as columns: fifty rows with four related objects each cost more than their
        query.
        """
        return self.annotate(
            manager_name=Coalesce("manager__name", Value("")),
            department_name=F("department__name"),
            city_name=F("city__name"),
        ).defer(*_NOT_IN_LISTS)


class Customer(Governed):
    """The root of the archive: one customer, one code, one dossier (B-14, R-5).

    `code`, `created_at` and `organisation` never change after the first write: a trigger holds
    that (B-33, R-10). Rows are never deleted (B-18).
    """

    code = models.CharField(
        _("客户代码"), max_length=14, unique=True, editable=False, db_collation="C"
    )
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        related_name="customers",
        verbose_name=_("归属部门"),
    )
    area = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="area_customers",
        verbose_name=_("片区/中队"),
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("客户经理"),
    )

    name = models.CharField(_("客户名称"), max_length=200)
    short_name = models.CharField(_("简称"), max_length=60, blank=True)
    name_key_strict = models.CharField(max_length=300, editable=False)
    name_key_loose = models.CharField(max_length=300, editable=False, blank=True)
    name_folded = models.CharField(max_length=300, editable=False, blank=True, db_collation="C")
    pinyin = models.CharField(max_length=300, editable=False, blank=True, db_collation="C")
    search_tokens = ArrayField(models.IntegerField(), default=list, editable=False, blank=True)
    unique_name = models.BooleanField(_("名称唯一"), default=False, editable=False)

    customer_kind = models.CharField(_("客户性质"), max_length=8, choices=CustomerKind)
    customer_type = models.CharField(
        _("客户类型"), max_length=12, choices=CustomerType, default=CustomerType.TRADITIONAL
    )
    customer_class = models.CharField(_("客户分类"), max_length=40, blank=True)
    temporal_class = models.CharField(
        _("客户时态"), max_length=8, choices=TemporalClass, default=TemporalClass.CURRENT
    )
    lifecycle = models.CharField(
        _("生命周期"), max_length=10, choices=Lifecycle, default=Lifecycle.NEW
    )
    status = models.CharField(
        _("客户状态"), max_length=14, choices=CustomerStatus, default=CustomerStatus.NORMAL
    )
    may_order = models.BooleanField(_("可订货"), default=False)
    secrecy = models.PositiveSmallIntegerField(
        _("保密等级"), choices=Secrecy, default=Secrecy.NORMAL
    )
    control_level = models.PositiveSmallIntegerField(
        _("管控级别"), choices=ControlLevel, default=ControlLevel.BRANCH
    )

    province = models.ForeignKey(
        "core.Region", on_delete=models.PROTECT, related_name="+", verbose_name=_("省份")
    )
    city = models.ForeignKey(
        "core.Region", on_delete=models.PROTECT, related_name="+", verbose_name=_("地市区域")
    )
    region = models.ForeignKey(
        "core.Region",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("区县"),
    )
    address = models.CharField(_("客户地址"), max_length=200, blank=True)
    postcode = models.CharField(_("邮政编码"), max_length=6, blank=True, validators=[POSTCODE])
    phone = models.CharField(_("办公电话"), max_length=30, blank=True)
    mobile = models.CharField(_("移动电话"), max_length=20, blank=True)
    email = models.EmailField(_("电子邮箱"), max_length=120, blank=True)

    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    legal_representative = models.CharField(_("法定代表人"), max_length=60, blank=True)
    industry = models.CharField(_("行业"), max_length=40, blank=True)
    source_channel = models.CharField(_("来源渠道"), max_length=40, blank=True)
    document_format = models.CharField(_("单据格式"), max_length=40, default="standard")
    remark = models.TextField(_("备注"), max_length=5000, blank=True)

    entered_on = models.DateField(_("入网日期"), null=True, blank=True)
    created_at = models.DateTimeField(_("建档时间"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("建档人"),
    )

    objects = CustomerQuerySet.as_manager()
    history = history_of(exclude=DERIVED)

    class Meta:
        verbose_name = _("客户")
        verbose_name_plural = _("客户")
        permissions = [("share_view", _("共享查看")), ("share_work", _("共享办理"))]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "credit_code"],
                condition=~Q(credit_code="") & ~Q(status=CustomerStatus.CANCELLED),
                name="customers_customer_credit_code_once",
                violation_error_message=_("该统一社会信用代码已建档，先记录者优先"),
            ),
            models.UniqueConstraint(
                fields=["organisation", "name_key_strict"],
                condition=Q(unique_name=True) & ~Q(status=CustomerStatus.CANCELLED),
                name="customers_customer_legal_name_once",
                violation_error_message=_("该法定全称已建档，先记录者优先"),
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9]{14}$"),
                name="customers_customer_code_has_14_digits",
                violation_error_message=_("客户代码由系统生成，为 14 位数字"),
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="customers_customer_has_name",
                violation_error_message=_("客户名称不能为空"),
            ),
            models.CheckConstraint(
                condition=Q(postcode="") | Q(postcode__regex=r"^[0-9]{6}$"),
                name="customers_customer_postcode_has_6_digits",
                violation_error_message=_("邮政编码应为 6 位数字"),
            ),
            models.CheckConstraint(
                condition=Q(may_order=False) | Q(status=CustomerStatus.NORMAL),
                name="customers_customer_orders_when_normal",
                violation_error_message=_("只有状态正常的客户才可订货"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["manager", "code"],
                include=["name_folded", "pinyin", "organisation", "secrecy", "id"],
                name="customers_by_manager",
            ),
            models.Index(fields=["department", "code"], name="customers_by_department"),
            models.Index(fields=["area", "code"], name="customers_by_area"),
            # Search walks these two from the index alone (speed.md 1).
            models.Index(
                fields=["organisation", "code"],
                include=[
                    *("name_folded", "pinyin", "department", "area", "manager"),
                    *("secrecy", "id"),
                ],
                name="customers_by_organisation",
            ),
            models.Index(fields=["manager", "pinyin", "code"], name="customers_manager_name"),
            models.Index(fields=["department", "pinyin", "code"], name="customers_department_name"),
            models.Index(fields=["area", "pinyin", "code"], name="customers_area_name"),
            models.Index(fields=["organisation", "pinyin", "code"], name="customers_org_name"),
            models.Index(fields=["manager", "created_at", "code"], name="customers_manager_new"),
            models.Index(
                fields=["department", "created_at", "code"], name="customers_department_new"
            ),
            models.Index(fields=["area", "created_at", "code"], name="customers_area_new"),
            models.Index(fields=["organisation", "created_at", "code"], name="customers_org_new"),
            models.Index(fields=["organisation", "status", "code"], name="customers_org_status"),
            models.Index(fields=["organisation", "city", "code"], name="customers_org_city"),
            models.Index(fields=["organisation", "name_folded"], name="customers_org_folded"),
            models.Index(fields=["organisation", "name_key_loose"], name="customers_org_loose"),
            models.Index(
                fields=["organisation", "mobile"],
                condition=~Q(mobile=""),
                name="customers_org_mobile",
            ),
            models.Index(
                fields=["organisation", "phone"],
                condition=~Q(phone=""),
                name="customers_org_phone",
            ),
            models.Index(
                "organisation",
                Right("mobile", 4),
                "code",
                condition=~Q(mobile=""),
                name="customers_org_mobile_tail",
            ),
            models.Index(
                "organisation",
                Right(main_number("phone"), 4),
                "code",
                condition=~Q(phone=""),
                name="customers_org_main_tail",
            ),
            models.Index(
                "organisation",
                Right(all_digits("phone"), 4),
                condition=Q(phone__regex=EXTENSION),
                name="customers_org_extension",
            ),
            GinIndex(fields=["search_tokens"], name="customers_search_tokens"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def home_city(self) -> str:
        """The 4-digit city the code was given in; moving away does not change it (B-33)."""
        return str(self.code[:4])

    @property
    def is_cancelled(self) -> bool:
        return self.status == CustomerStatus.CANCELLED
