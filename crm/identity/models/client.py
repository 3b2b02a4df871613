from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from crm.identity.choices import SourceSystem


class ApiClient(models.Model):
    """An outside system, acting as a user of kind system (trust 4.1 API).

    `region_prefix` narrows its row scope (S); empty is the whole organisation.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_client"
    )
    name = models.CharField(_("名称"), max_length=80)
    system = models.CharField(_("系统"), max_length=20, choices=SourceSystem)
    region_prefix = models.CharField(_("地区范围"), max_length=6, blank=True)
    contact = models.CharField(_("联系人"), max_length=120, blank=True)
    is_live = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("API 客户端")
        verbose_name_plural = _("API 客户端")

    def __str__(self) -> str:
        return str(self.name)


class ApiToken(AbstractAuthToken):
    """A token of a client: only its digest is stored; scopes and networks narrow it.

    `scopes` are permission strings such as "customer.v"; `networks` are CIDR blocks, empty is any.
    A scope on sensitive fields works only after a second administrator confirmed it (trust 4.3 c).
    """

    name = models.CharField(_("名称"), max_length=80)
    scopes = models.JSONField(_("权限"), default=list)
    networks = models.JSONField(_("来源网段"), default=list, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("API 令牌")
        verbose_name_plural = _("API 令牌")

    def __str__(self) -> str:
        return str(self.name)
