from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed


class TransferForm(Governed):
    """《客户基础信息传递表》: what was maintained here and what the order centre shall do (T-10,
    T-11).

    `maintained` and `wanted` are lists of {"field", "label", "value"}.
    """

    number = models.CharField(_("传递表编号"), max_length=14, unique=True, editable=False)
    form = models.OneToOneField(
        "onboarding.RegistrationForm", on_delete=models.PROTECT, related_name="transfer"
    )
    maintained = models.JSONField(_("本单位已维护项目"), default=list)
    wanted = models.JSONField(_("请订单中心维护项目"), default=list)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("填表时间"), default=timezone.now)
    receipt_no = models.CharField(_("回执号"), max_length=40, blank=True)
    received_at = models.DateTimeField(_("回执时间"), null=True, blank=True)

    history = history_of()

    class Meta:
        verbose_name = _("客户基础信息传递表")
        verbose_name_plural = _("客户基础信息传递表")
        constraints = [
            models.CheckConstraint(
                condition=Q(receipt_no="", received_at__isnull=True)
                | (~Q(receipt_no="") & Q(received_at__isnull=False)),
                name="onboarding_transfer_receipt_whole",
                violation_error_message=_("回执号与回执时间须同时登记"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)
