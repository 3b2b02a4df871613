from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.domains import (
    AccountStatus,
    BillingType,
    ChargeKind,
    PaymentMode,
    SpecialClass,
    UserStatus,
    Waiver,
)
from customers.models.customer import POSTCODE, Customer


class SubscriberProfile(Governed):
    """What a cable customer has beside the basics (B-21, B-24, B-61, B-62)."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="subscriber", verbose_name=_("客户")
    )
    special_class = models.CharField(
        _("特殊客户"), max_length=8, choices=SpecialClass, default=SpecialClass.NONE, blank=True
    )
    own_certificate_required = models.BooleanField(_("限本人持证办理"), default=False)
    phone_delegation = models.BooleanField(_("已授权电话办理"), default=False)
    certificate_waiver = models.CharField(
        _("免证件原因"), max_length=12, choices=Waiver, default=Waiver.NONE, blank=True
    )
    occupation = models.CharField(_("职业"), max_length=60, blank=True)
    language = models.CharField(_("沟通语言"), max_length=40, blank=True)
    birthday = models.DateField(_("生日"), null=True, blank=True)
    ownership = models.CharField(_("所有制性质"), max_length=40, blank=True)
    staff_size = models.CharField(_("人员规模"), max_length=40, blank=True)

    history = history_of()

    class Meta:
        verbose_name = _("广电客户信息")
        verbose_name_plural = _("广电客户信息")
        constraints = [
            models.CheckConstraint(
                condition=Q(own_certificate_required=False) | Q(phone_delegation=False),
                name="customers_subscriber_own_or_phone",
                violation_error_message=_("限本人持证办理的客户不能授权电话办理"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.customer)


class BillingAccountQuerySet(models.QuerySet["BillingAccount"]):
    def live(self) -> Self:
        return self.exclude(status=AccountStatus.CANCELLED)


class BillingAccount(Governed):
    """帐户: the money domain, who pays (B-8, B-9, B-27). Balance and debt come from billing.

    A trigger holds that no live account hangs on a cancelled customer, and that none is cancelled
    while it pays for a live user (B-17).
    """

    number = models.CharField(_("帐户号"), max_length=14, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("客户")
    )
    name = models.CharField(_("帐户名称"), max_length=80)
    is_default = models.BooleanField(_("默认帐户"), default=False)
    billing_type = models.CharField(
        _("计费类型"), max_length=8, choices=BillingType, default=BillingType.POSTPAID
    )
    payment_mode = models.CharField(
        _("付款方式"), max_length=12, choices=PaymentMode, default=PaymentMode.CASH
    )
    invoice_title = models.CharField(_("发票抬头"), max_length=120, blank=True)
    invoice_address = models.CharField(_("账单寄送地址"), max_length=200, blank=True)
    invoice_postcode = models.CharField(
        _("寄送邮政编码"), max_length=6, blank=True, validators=[POSTCODE]
    )
    billing_day = models.PositiveSmallIntegerField(
        _("账期起始日"), default=1, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    status = models.CharField(
        _("帐户状态"), max_length=10, choices=AccountStatus, default=AccountStatus.NORMAL
    )
    starts_on = models.DateField(_("生效日期"))
    ends_on = models.DateField(_("失效日期"), null=True, blank=True)

    objects = BillingAccountQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("帐户")
        verbose_name_plural = _("帐户")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_default=True) & ~Q(status=AccountStatus.CANCELLED),
                name="customers_account_one_default",
                violation_error_message=_("该客户已有默认帐户"),
            ),
            models.CheckConstraint(
                condition=Q(billing_day__gte=1, billing_day__lte=28),
                name="customers_account_billing_day",
                violation_error_message=_("账期起始日应在 1 至 28 日之间"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_account_days_in_order",
                violation_error_message=_("失效日期不能早于生效日期"),
            ),
            models.CheckConstraint(
                condition=~Q(status=AccountStatus.CANCELLED) | Q(ends_on__isnull=False),
                name="customers_account_cancelled_has_end",
                violation_error_message=_("已注销的帐户须有失效日期"),
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="customers_account_has_name",
                violation_error_message=_("帐户名称不能为空"),
            ),
        ]
        indexes = [models.Index(fields=["customer", "status"], name="customers_account_of")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> Self:
        return self.exclude(status=UserStatus.CANCELLED)


class Subscription(Governed):
    """用户: one service instance, the business domain (B-8, B-9).

    `account` is the one account that pays whatever is not split: never empty, so there is always
    exactly one (B-10, B-17). A trigger holds that customer and account are live and belong
    together.
    """

    number = models.CharField(_("用户号"), max_length=14, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("客户")
    )
    account = models.ForeignKey(
        BillingAccount,
        on_delete=models.PROTECT,
        related_name="subscriptions",
        verbose_name=_("默认付费帐户"),
    )
    service = models.CharField(_("业务"), max_length=40)
    product = models.CharField(_("产品"), max_length=80, blank=True)
    device_no = models.CharField(_("智能卡/设备号"), max_length=40, blank=True)
    install_address = models.CharField(_("安装地址"), max_length=200)
    address_key = models.CharField(max_length=300, editable=False, db_collation="C")
    status = models.CharField(
        _("用户状态"), max_length=14, choices=UserStatus, default=UserStatus.NORMAL
    )
    starts_on = models.DateField(_("开通日期"))
    ends_on = models.DateField(_("销户日期"), null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()
    history = history_of(exclude=["address_key"])

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")
        constraints = [
            models.CheckConstraint(
                condition=~Q(install_address="") & ~Q(service=""),
                name="customers_user_has_service_and_address",
                violation_error_message=_("用户须有业务和安装地址"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_user_days_in_order",
                violation_error_message=_("销户日期不能早于开通日期"),
            ),
            models.CheckConstraint(
                condition=Q(status=UserStatus.CANCELLED, ends_on__isnull=False)
                | (~Q(status=UserStatus.CANCELLED) & Q(ends_on__isnull=True)),
                name="customers_user_cancelled_has_end",
                violation_error_message=_("已销户的用户须有销户日期"),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "status"], name="customers_user_of"),
            models.Index(fields=["account", "status"], name="customers_user_paid_by"),
            models.Index(
                fields=["address_key"],
                condition=~Q(status=UserStatus.CANCELLED),
                name="customers_user_at",
            ),
            models.Index(
                fields=["device_no"], condition=~Q(device_no=""), name="customers_user_device"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.product or self.service}"


class PayLinkQuerySet(models.QuerySet["PayLink"]):
    def live(self) -> Self:
        return self.filter(ends_on__isnull=True)


class PayLink(Governed):
    """付费关系: an account pays a share of one kind of charge of a user (B-10).

    The shares of one kind and rank make exactly a hundred, as a deferred trigger holds. What no
    link names is paid by the user's own account.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="pay_links", verbose_name=_("用户")
    )
    account = models.ForeignKey(
        BillingAccount, on_delete=models.PROTECT, related_name="pay_links", verbose_name=_("帐户")
    )
    charge_kind = models.CharField(_("费用类别"), max_length=12, choices=ChargeKind)
    rank = models.PositiveSmallIntegerField(_("优先级"), default=1)
    share = models.PositiveSmallIntegerField(_("比例（%）"), default=100)
    starts_on = models.DateField(_("生效日期"))
    ends_on = models.DateField(_("失效日期"), null=True, blank=True)

    objects = PayLinkQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("付费关系")
        verbose_name_plural = _("付费关系")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "account", "charge_kind"],
                condition=Q(ends_on__isnull=True),
                name="customers_paylink_once",
                violation_error_message=_("该帐户已为该用户的此类费用付费"),
            ),
            models.CheckConstraint(
                condition=Q(share__gte=1, share__lte=100),
                name="customers_paylink_share",
                violation_error_message=_("付费比例应在 1 至 100 之间"),
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=1, rank__lte=9),
                name="customers_paylink_rank",
                violation_error_message=_("优先级应在 1 至 9 之间"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_paylink_days_in_order",
                violation_error_message=_("失效日期不能早于生效日期"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.account} {self.share}%"
