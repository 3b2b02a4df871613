from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed, Sealable
from crm.core.sealed import SealedTextField
from customers.domains import (
    OF_ORGANISATIONS,
    CertificateKind,
    CertificateRole,
    CheckChannel,
    CheckMethod,
    CheckResult,
)
from customers.models.customer import Customer

_PUBLIC = Q(kind__in=sorted(OF_ORGANISATIONS))


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def own(self) -> Self:
        """The customer's own, in force: what identifies him (B-14, B-16)."""
        return self.live().filter(role=CertificateRole.OWN)


class Certificate(Governed, Sealable):
    """A certificate of a customer, his handler, his agent or an owner (B-51 to B-55).

    Numbers of public registers stand in `public_no`; every other number is sealed. `number_index`
    is the blind index of either, so that one number is one customer in an organisation (B-14,
    B-15). `organisation` repeats the customer's for that constraint.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="certificates", verbose_name=_("客户")
    )
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    role = models.CharField(
        _("持有人"), max_length=8, choices=CertificateRole, default=CertificateRole.OWN
    )
    kind = models.CharField(_("证件类型"), max_length=20, choices=CertificateKind)
    holder_name = models.CharField(_("证件姓名/名称"), max_length=120)
    public_no = models.CharField(_("证照号码"), max_length=40, blank=True)
    number = SealedTextField(_("证件号码"), blank=True)
    number_last4 = models.CharField(max_length=4, blank=True, editable=False)
    number_index = models.CharField(max_length=64, editable=False)
    authority = models.CharField(_("发证机关"), max_length=120, blank=True)
    address = models.CharField(_("证件地址"), max_length=200, blank=True)
    valid_from = models.DateField(_("有效期起"), null=True, blank=True)
    valid_to = models.DateField(_("有效期至"), null=True, blank=True)
    is_real_name = models.BooleanField(_("已实名"), default=False)
    is_live = models.BooleanField(_("在用"), default=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("核验人"),
    )
    checked_at = models.DateTimeField(_("核验时间"), null=True, blank=True)

    objects = CertificateQuerySet.as_manager()
    history = history_of(exclude=["number_index"])

    class Meta:
        verbose_name = _("证件")
        verbose_name_plural = _("证件")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "number_index"],
                condition=Q(is_live=True, role=CertificateRole.OWN),
                name="customers_certificate_one_customer",
                violation_error_message=_("该证件已登记在另一份客户档案上，请先查重"),
            ),
            models.CheckConstraint(
                condition=(_PUBLIC & ~Q(public_no="") & Q(number=""))
                | (~_PUBLIC & Q(public_no="") & ~Q(number="")),
                name="customers_certificate_number_in_its_place",
                violation_error_message=_("个人证件号码须加密保存，证照号码公开保存"),
            ),
            models.CheckConstraint(
                condition=~Q(number_index=""),
                name="customers_certificate_has_index",
                violation_error_message=_("请填写证件号码"),
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
                name="customers_certificate_days_in_order",
                violation_error_message=_("有效期至不能早于有效期起"),
            ),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True, checked_at__isnull=True)
                | Q(checked_by__isnull=False, checked_at__isnull=False),
                name="customers_certificate_checked_by_and_at",
                violation_error_message=_("核验人与核验时间应同时填写"),
            ),
            models.CheckConstraint(
                condition=Q(is_real_name=False) | Q(checked_at__isnull=False),
                name="customers_certificate_real_name_is_checked",
                violation_error_message=_("经过核验的证件才能标为实名"),
            ),
        ]
        indexes = [
            models.Index(fields=["customer"], name="customers_certificate_of"),
            models.Index(
                fields=["organisation", "valid_to", "id"],
                condition=Q(is_live=True, valid_to__isnull=False),
                name="customers_certificate_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.holder_name}"


class CertificateCheck(models.Model):
    """One check of a certificate: method, moment, channel, result (B-55). Only ever added."""

    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, related_name="checks", verbose_name=_("证件")
    )
    customer_id = models.BigIntegerField(_("客户"), db_index=True)
    at = models.DateTimeField(_("核验时间"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("核验人"),
    )
    method = models.CharField(_("核验方式"), max_length=10, choices=CheckMethod)
    channel = models.CharField(_("渠道"), max_length=8, choices=CheckChannel)
    result = models.CharField(_("结果"), max_length=8, choices=CheckResult)
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("证件核验")
        verbose_name_plural = _("证件核验")
        constraints = [
            models.CheckConstraint(
                condition=Q(result=CheckResult.PASSED) | ~Q(note=""),
                name="customers_check_failure_is_explained",
                violation_error_message=_("核验不符须写明原因"),
            ),
        ]
        indexes = [models.Index(fields=["certificate", "-at"], name="customers_check_of")]

    def __str__(self) -> str:
        return f"{self.certificate} {self.get_result_display()}"
