from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from crm.identity.choices import Sex


class AccountManagerQuerySet(models.QuerySet["AccountManager"]):
    def live(self) -> Self:
        """Managers on duty whose account works."""
        return self.filter(is_live=True, user__is_active=True)

    def named(self, text: str) -> Self:
        """Whose name has `text` in it."""
        wanted = text.strip()
        return self.filter(user__name__icontains=wanted) if wanted else self


class AccountManager(Governed):
    """The manager's own card, kept by the marketing clerk (R-30, R-44).

    Home address and mobile are class P (PM-07).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="manager_card"
    )
    sex = models.CharField(_("性别"), max_length=1, choices=Sex, blank=True)
    position = models.CharField(_("职务"), max_length=40)
    mobile = models.CharField(_("移动电话"), max_length=20)
    office_phone = models.CharField(_("办公电话"), max_length=30, blank=True)
    home_address = models.CharField(_("家庭住址"), max_length=200, blank=True)
    postcode = models.CharField(
        _("邮政编码"),
        max_length=6,
        blank=True,
        validators=[RegexValidator(r"^\d{6}$", _("邮政编码应为 6 位数字"))],
    )
    capacity_weight = models.DecimalField(_("承载系数"), max_digits=4, decimal_places=2, default=1)
    is_live = models.BooleanField(_("在岗"), default=True)

    objects = AccountManagerQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("客户经理")
        verbose_name_plural = _("客户经理")

    def __str__(self) -> str:
        return str(self.user)
