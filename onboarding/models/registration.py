from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed, Sealable
from crm.core.sealed import SealedTextField
from onboarding.choices import ENDED, LicenceSource, Stage


class RegistrationFormQuerySet(models.QuerySet["RegistrationForm"]):
    def open(self) -> Self:
        return self.exclude(stage__in=ENDED)

    def matching(self, *, stage: str, words: str) -> Self:
        """Of one stage (empty: all) and called so: number, licence or the start of the name."""
        rows = self.filter(stage=stage) if stage else self
        if not words:
            return rows
        return rows.filter(
            Q(number=words.upper()) | Q(licence_no=words) | Q(store_name__startswith=words)
        )

    def for_list(self) -> Self:
        return self.select_related("manager", "area", "started_by").defer("field_marks")


class RegistrationForm(Governed, Sealable):
    """《客户基础信息登记表》: one sheet, two blocks, one number (T-7, T-13).

    The monopoly block is filled before the licence, the sales block after it. The customer's
    record is made when the licence arrives; it may order only from activation on (T-49).

    Rules: T-1 to T-4, T-6, T-7, T-13.
    """

    number = models.CharField(_("登记表编号"), max_length=14, unique=True, editable=False)
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    area = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("所属中队"),
    )
    stage = models.CharField(_("环节"), max_length=16, choices=Stage, default=Stage.DRAFT)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("发起人"),
    )
    started_at = models.DateTimeField(_("发起时间"), default=timezone.now, editable=False)
    stage_since = models.DateTimeField(_("进入环节时间"), default=timezone.now)
    due_at = models.DateTimeField(_("环节时限"), null=True, blank=True)
    overall_due_at = models.DateTimeField(_("总时限"), null=True, blank=True)

    # --- monopoly block (T-3)
    store_name = models.CharField(_("店铺名称"), max_length=200)
    business_premises = models.CharField(_("经营场所"), max_length=300)
    legal_representative = models.CharField(_("法定代表人"), max_length=60)
    identity_no = SealedTextField(_("身份证号"), blank=True)
    identity_no_last4 = models.CharField(max_length=4, blank=True, editable=False)
    identity_no_index = models.CharField(max_length=64, blank=True, editable=False)
    phone = models.CharField(_("联系电话"), max_length=30)
    city = models.ForeignKey(
        "core.Region", on_delete=models.PROTECT, related_name="+", verbose_name=_("地市")
    )
    licence_no = models.CharField(
        _("许可证号"),
        max_length=12,
        blank=True,
        validators=[RegexValidator(r"^\d{12}$", _("许可证号应为 12 位数字"))],
    )
    licence_valid_to = models.DateField(_("许可证有效期至"), null=True, blank=True)
    licence_source = models.CharField(
        _("许可证来源"), max_length=4, choices=LicenceSource, blank=True
    )

    # --- sales block (T-4)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("客户经理"),
    )
    order_mode = models.CharField(_("订货方式"), max_length=40, blank=True)
    settlement_mode = models.CharField(_("结算方式"), max_length=40, blank=True)
    customer_level = models.CharField(_("客户级别"), max_length=40, blank=True)
    delivery_route = models.ForeignKey(
        "logistics.DeliveryRoute",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("送货线路"),
    )
    delivery_address = models.CharField(_("送货地址"), max_length=300, blank=True)
    market_type = models.CharField(_("市场类型"), max_length=40, blank=True)
    business_format = models.CharField(_("业态"), max_length=40, blank=True)
    order_cycle = models.CharField(_("订货周期"), max_length=40, blank=True)
    visit_cycle = models.CharField(_("拜访周期"), max_length=40, blank=True)

    customer = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("客户"),
    )
    licence_case = models.OneToOneField(
        "approvals.Case", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    sales_case = models.OneToOneField(
        "approvals.Case", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    return_reason = models.CharField(_("退回原因"), max_length=300, blank=True)

    objects = RegistrationFormQuerySet.as_manager()
    history = history_of(exclude=["identity_no_index"])

    class Meta:
        verbose_name = _("客户基础信息登记表")
        verbose_name_plural = _("客户基础信息登记表")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "identity_no_index"],
                condition=~Q(identity_no_index="") & ~Q(stage__in=ENDED),
                name="onboarding_form_one_open_per_person",
                violation_error_message=_("该法定代表人已有一张登记表在办理中"),
            ),
            models.UniqueConstraint(
                fields=["organisation", "licence_no"],
                condition=~Q(licence_no="") & ~Q(stage__in=["withdrawn", "terminated"]),
                name="onboarding_form_one_per_licence",
                violation_error_message=_("该许可证号已有登记表"),
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["draft", "squad_review", "monopoly_review", "licensing"])
                | Q(stage__in=["withdrawn", "terminated"])
                | Q(customer__isnull=False),
                name="onboarding_form_licensed_has_customer",
                violation_error_message=_("许可证办妥后必须已建立客户档案"),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "stage", "-id"], name="onboarding_form_stage"),
            models.Index(fields=["area", "-id"], name="onboarding_form_area"),
            models.Index(fields=["manager", "-id"], name="onboarding_form_manager"),
            models.Index(fields=["started_by", "-id"], name="onboarding_form_starter"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.store_name}"
