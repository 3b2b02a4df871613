from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed, Sealable
from crm.core.sealed import SealedTextField
from customers.choices import BindingStatus, HolderKind
from customers.models.customer import Customer

LIVE = (BindingStatus.PENDING, BindingStatus.BOUND)


class BankBindingQuerySet(models.QuerySet["BankBinding"]):
    def live(self) -> Self:
        """Pending or bound: at most one a customer (T-67)."""
        return self.filter(status__in=LIVE)


class BankBinding(Governed, Sealable):
    """The account online withholding debits (T-65). An old one is closed, never overwritten.

    One person of the network office keys it (`bound_by`), another confirms it (PM-04).
    `voucher_id` is the key of the stored paper, which a room above owns.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="bindings", verbose_name=_("客户")
    )
    status = models.CharField(
        _("绑定状态"), max_length=8, choices=BindingStatus, default=BindingStatus.PENDING
    )
    bank = models.CharField(_("开户银行"), max_length=60)
    branch = models.CharField(_("开户网点"), max_length=80, blank=True)
    holder_kind = models.CharField(
        _("账户类型"), max_length=10, choices=HolderKind, default=HolderKind.PERSONAL
    )
    holder_name = models.CharField(_("户名"), max_length=80)
    name_note = models.CharField(_("户名不一致说明"), max_length=200, blank=True)
    account_no = SealedTextField(_("账号"))
    account_no_last4 = models.CharField(max_length=4, editable=False)
    account_no_index = models.CharField(max_length=64, editable=False)
    holder_certificate = SealedTextField(_("持有人证件号"), blank=True)
    holder_certificate_last4 = models.CharField(max_length=4, blank=True, editable=False)
    agreement_no = SealedTextField(_("授权协议号"), blank=True)
    agreement_no_last4 = models.CharField(max_length=4, blank=True, editable=False)
    form_number = models.CharField(_("依据表单"), max_length=30, blank=True)
    voucher_id = models.BigIntegerField(_("凭证"), null=True, blank=True)
    requested_at = models.DateTimeField(_("申请时间"), default=timezone.now)
    bound_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("经办人"),
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("复核人"),
    )
    bound_at = models.DateTimeField(_("绑定时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("解除时间"), null=True, blank=True)
    outcome = models.CharField(_("结果说明"), max_length=200, blank=True)

    objects = BankBindingQuerySet.as_manager()
    history = history_of(exclude=["account_no_index"])

    class Meta:
        verbose_name = _("扣款账户")
        verbose_name_plural = _("扣款账户")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(status__in=[BindingStatus.PENDING, BindingStatus.BOUND]),
                name="customers_bank_one_live",
                violation_error_message=_("该客户已有一个生效或办理中的扣款账户"),
            ),
            models.CheckConstraint(
                condition=~Q(status=BindingStatus.UNBOUND),
                name="customers_bank_has_a_state",
                violation_error_message=_("未绑定的客户没有扣款账户记录"),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("bound_by")),
                name="customers_bank_two_people",
                violation_error_message=_("经办与复核不能是同一人"),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, bound_at__isnull=True)
                | Q(confirmed_by__isnull=False, bound_at__isnull=False),
                name="customers_bank_confirmed_by_and_at",
                violation_error_message=_("复核人与绑定时间应同时填写"),
            ),
            models.CheckConstraint(
                condition=~Q(status=BindingStatus.BOUND) | Q(confirmed_by__isnull=False),
                name="customers_bank_bound_is_confirmed",
                violation_error_message=_("扣款账户须经复核才能生效"),
            ),
            models.CheckConstraint(
                condition=Q(status=BindingStatus.CLOSED, ended_at__isnull=False)
                | (~Q(status=BindingStatus.CLOSED) & Q(ended_at__isnull=True)),
                name="customers_bank_closed_has_end",
                violation_error_message=_("解除的扣款账户须有解除时间"),
            ),
        ]
        indexes = [
            models.Index(fields=["account_no_index"], name="customers_bank_account"),
            models.Index(fields=["account_no_last4"], name="customers_bank_last4"),
        ]

    def __str__(self) -> str:
        return f"{self.bank} ****{self.account_no_last4}"
