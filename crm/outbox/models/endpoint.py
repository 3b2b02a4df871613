from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.models import Sealable
from crm.core.sealed import SealedTextField
from crm.identity.choices import SourceSystem


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def reachable(self) -> Self:
        """Live, not held by a person, and past the pause after its last failure."""
        return self.live().filter(held_at__isnull=True, resume_at__lte=timezone.now())


class Endpoint(Sealable):
    """Where one outside system of one organisation listens.

    The secret is shown once, when it is made, and stored sealed (B286). `failures` in a row make
    the pause before the next call longer, whatever is waiting; `held_at` stops it by hand, as
    after a restore (RF-83).
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    system = models.CharField(_("系统"), max_length=20, choices=SourceSystem)
    url = models.CharField(_("地址"), max_length=500)
    secret = SealedTextField(_("签名密钥"), editable=False)
    is_live = models.BooleanField(_("启用"), default=True)
    timeout = models.PositiveSmallIntegerField(
        _("超时（秒）"), default=5, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    failures = models.PositiveSmallIntegerField(_("连续失败"), default=0, editable=False)
    resume_at = models.DateTimeField(_("下次可呼叫"), default=timezone.now, editable=False)
    held_at = models.DateTimeField(_("暂停时间"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("建立时间"), default=timezone.now, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("外发端点")
        verbose_name_plural = _("外发端点")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "system"],
                condition=Q(is_live=True),
                name="outbox_endpoint_one_live",
                violation_error_message=_("该单位的这个系统已有启用的端点"),
            ),
            models.CheckConstraint(
                condition=Q(timeout__gte=1, timeout__lte=5),
                name="outbox_endpoint_timeout_short",
                violation_error_message=_("超时应为 1 至 5 秒"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_system_display()} {self.url}"
