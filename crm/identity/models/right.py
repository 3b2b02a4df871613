from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from crm.identity.choices import Duty, Scope


class PostQuerySet(models.QuerySet["Post"]):
    def live(self, day: date) -> Self:
        """Confirmed, within its dates and not ended before them."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            confirmed_at__isnull=False,
            ended_at__isnull=True,
            starts_on__lte=day,
        )

    def unconfirmed(self) -> Self:
        """Proposed and waiting for the security administrator (PM-21)."""
        return self.filter(confirmed_at__isnull=True, ended_at__isnull=True)

    def held_by(self, user_id: int, day: date) -> Self:
        return self.live(day).filter(user_id=user_id)


class Post(Governed):
    """A person holds a duty in a department between two dates (D9).

    SYS proposes, SEC confirms, never the same person (PM-21). PM-20 stands in a trigger.
    `ended_at` closes a post at once, whatever its dates say: ended early or never confirmed.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts"
    )
    department = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="posts"
    )
    duty = models.CharField(_("职责"), max_length=4, choices=Duty)
    starts_on = models.DateField(_("起始日期"))
    ends_on = models.DateField(_("截止日期"), null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("终止时间"), null=True, blank=True)

    objects = PostQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("岗位")
        verbose_name_plural = _("岗位")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "department", "duty"],
                condition=Q(ends_on__isnull=True, ended_at__isnull=True),
                name="identity_post_once",
                violation_error_message=_("该人员已担任此岗位"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="identity_post_dates_in_order",
                violation_error_message=_("截止日期不能早于起始日期"),
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True)
                | Q(confirmed_by__isnull=True)
                | ~Q(granted_by=F("confirmed_by")),
                name="identity_post_two_people",
                violation_error_message=_("授予与确认岗位不能是同一人"),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("user")),
                name="identity_post_not_by_holder",
                violation_error_message=_("不能确认本人的岗位"),
            ),
        ]
        indexes = [models.Index(fields=["department", "duty"], name="identity_post_holders")]

    def __str__(self) -> str:
        return f"{self.user} {self.department} {self.get_duty_display()}"


class RoleRight(models.Model):
    """One cell of trust 4.3: a duty may do `action` on `object` within `scope` (D9).

    `fieldset` narrows what is shown ("delivery", "class_i", "order_centre"); empty is all.
    """

    duty = models.CharField(_("职责"), max_length=4, choices=Duty)
    object = models.SlugField(_("对象"), max_length=40)
    action = models.CharField(_("操作"), max_length=1)
    scope = models.CharField(_("范围"), max_length=1, choices=Scope)
    fieldset = models.SlugField(_("字段组"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("职责权限")
        verbose_name_plural = _("职责权限")
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "object", "action", "scope"],
                name="identity_roleright_once",
                violation_error_message=_("该职责已有此项权限"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.duty} {self.object} {self.scope}:{self.action}"
