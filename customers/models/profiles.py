from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed, Sealable
from crm.core.sealed import SealedTextField
from customers.choices import UnitLayer
from customers.models.customer import Customer


class RetailProfile(Governed, Sealable):
    """What a cigarette retailer has beside the basics: licence and sales data (T-3, T-4).

    `organisation` and `is_live` repeat the customer's, so that one constraint can say that a
    licence number lives once in an organisation.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="retail", verbose_name=_("客户")
    )
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    is_live = models.BooleanField(_("有效"), default=True, editable=False)

    licence_no = models.CharField(_("许可证号"), max_length=12, blank=True)
    licence_valid_to = models.DateField(_("许可证有效期至"), null=True, blank=True)
    store_name = models.CharField(_("店铺名称"), max_length=200)
    business_premises = models.CharField(_("经营场所"), max_length=200, blank=True)
    legal_representative = models.CharField(_("法定代表人"), max_length=60, blank=True)
    identity_no = SealedTextField(_("身份证号"), blank=True)
    identity_no_last4 = models.CharField(max_length=4, blank=True, editable=False)
    identity_no_index = models.CharField(max_length=64, blank=True, editable=False)

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
    delivery_address = models.CharField(_("送货地址"), max_length=200, blank=True)
    market_type = models.CharField(_("市场类型"), max_length=40, blank=True)
    business_format = models.CharField(_("业态"), max_length=40, blank=True)
    order_cycle = models.CharField(_("订货周期"), max_length=40, blank=True)
    visit_cycle = models.CharField(_("拜访周期"), max_length=40, blank=True)

    history = history_of(exclude=["identity_no_index"])

    class Meta:
        verbose_name = _("零售信息")
        verbose_name_plural = _("零售信息")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "licence_no"],
                condition=~Q(licence_no="") & Q(is_live=True),
                name="customers_retail_licence_once",
                violation_error_message=_("该许可证号已建档，先记录者优先"),
            ),
            models.CheckConstraint(
                condition=Q(licence_no="") | Q(licence_no__regex=r"^[0-9]{12}$"),
                name="customers_retail_licence_has_12_digits",
                violation_error_message=_("许可证号应为 12 位数字"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["identity_no_index"],
                condition=~Q(identity_no_index=""),
                name="customers_retail_identity",
            ),
            models.Index(
                fields=["organisation", "identity_no_last4"],
                condition=~Q(identity_no_last4=""),
                name="customers_retail_last4",
            ),
            models.Index(fields=["licence_valid_to"], name="customers_retail_valid_to"),
        ]

    def __str__(self) -> str:
        return str(self.store_name)


class RepairProfile(Governed):
    """What a customer of the repair company has beside the basics (document 001).

    `logistics_firm` is the head office or branch that carries its goods (R-49); a trigger holds
    that it is kept by the same organisation. `logistics_name` is what the papers call it.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="repair", verbose_name=_("客户")
    )
    unit_layer = models.CharField(_("单位层级"), max_length=10, choices=UnitLayer, blank=True)
    main_business = models.CharField(_("主要业务"), max_length=200, blank=True)
    logistics_firm = models.ForeignKey(
        "logistics.LogisticsFirm",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("物流公司"),
    )
    logistics_name = models.CharField(_("物流公司（原文）"), max_length=80, blank=True)
    taxpayer_no = models.CharField(_("纳税人识别号"), max_length=20, blank=True)
    no_contract_reason = models.CharField(_("无合同原因"), max_length=200, blank=True)

    history = history_of()

    class Meta:
        verbose_name = _("维修业务信息")
        verbose_name_plural = _("维修业务信息")

    def __str__(self) -> str:
        return str(self.customer)
