from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed, Sealable
from crm.core.sealed import SealedTextField
from customers.domains import ExternalStatus, PayChannel
from customers.models.customer import Customer
from customers.models.service import BillingAccount


class ExternalAccountQuerySet(models.QuerySet["ExternalAccount"]):
    def live(self) -> Self:
        return self.filter(status=ExternalStatus.NORMAL)


class ExternalAccount(Governed, Sealable):
    """外部支付账户: where the money of an account comes from (B-28).

    The number is sealed; people read its last four. `customer` repeats the account's, as a trigger
    holds, which also keeps it off cancelled accounts.
    """

    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="external_accounts",
        verbose_name=_("客户"),
    )
    account = models.ForeignKey(
        BillingAccount,
        on_delete=models.PROTECT,
        related_name="external_accounts",
        verbose_name=_("帐户"),
    )
    channel = models.CharField(_("支付渠道"), max_length=10, choices=PayChannel)
    account_no = SealedTextField(_("账户号码"))
    account_no_last4 = models.CharField(max_length=4, editable=False)
    account_no_index = models.CharField(max_length=64, editable=False)
    holder_name = models.CharField(_("户名"), max_length=80)
    institution = models.CharField(_("开户机构"), max_length=60, blank=True)
    branch = models.CharField(_("网点"), max_length=80, blank=True)
    is_signed = models.BooleanField(_("已签约快捷支付"), default=False)
    status = models.CharField(
        _("状态"), max_length=8, choices=ExternalStatus, default=ExternalStatus.NORMAL
    )
    starts_on = models.DateField(_("生效日期"))
    ends_on = models.DateField(_("失效日期"), null=True, blank=True)

    objects = ExternalAccountQuerySet.as_manager()
    history = history_of(exclude=["account_no_index"])

    class Meta:
        verbose_name = _("外部支付账户")
        verbose_name_plural = _("外部支付账户")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "channel", "account_no_index"],
                condition=Q(status=ExternalStatus.NORMAL),
                name="customers_external_once",
                violation_error_message=_("该帐户已登记此外部支付账户"),
            ),
            models.CheckConstraint(
                condition=~Q(account_no="") & ~Q(account_no_index="") & ~Q(holder_name=""),
                name="customers_external_has_number",
                violation_error_message=_("请填写账户号码和户名"),
            ),
            models.CheckConstraint(
                condition=~Q(channel=PayChannel.BANK) | ~Q(institution=""),
                name="customers_external_names_its_bank",
                violation_error_message=_("银行账户须填写开户机构"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_external_days_in_order",
                violation_error_message=_("失效日期不能早于生效日期"),
            ),
            models.CheckConstraint(
                condition=Q(status=ExternalStatus.NORMAL) | Q(ends_on__isnull=False),
                name="customers_external_ended_has_end",
                violation_error_message=_("停用的外部支付账户须有失效日期"),
            ),
        ]
        indexes = [models.Index(fields=["customer"], name="customers_external_of")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} ****{self.account_no_last4}"
