from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from customers.models.customer import Customer


class GrantQuerySet(models.QuerySet[Any]):
    def running(self, day: date) -> Self:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))


class _Dated(models.Model):
    """What a share by name carries beside guardian's columns (R-77)."""

    ends_on = models.DateField(_("截止日期"), null=True, blank=True)
    reason = models.CharField(_("原因"), max_length=300)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("授权人"),
    )
    granted_at = models.DateTimeField(_("授权时间"), default=timezone.now)

    class Meta:
        abstract = True


class CustomerGrant(UserObjectPermissionBase, _Dated):
    """One customer shared with one person, with an end date (django-guardian, real keys)."""

    content_object = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="grants")

    dated = GrantQuerySet.as_manager()

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
        verbose_name = _("单户授权")
        verbose_name_plural = _("单户授权")
        indexes = [
            models.Index(fields=["content_object", "permission"], name="customers_grant_on"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.content_object}"


class CustomerGroupGrant(GroupObjectPermissionBase, _Dated):
    """One customer shared with a group of people, with an end date."""

    content_object = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="group_grants"
    )

    dated = GrantQuerySet.as_manager()

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False
        verbose_name = _("单户组授权")
        verbose_name_plural = _("单户组授权")
        indexes = [
            models.Index(fields=["content_object", "permission"], name="customers_group_grant_on"),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.content_object}"
