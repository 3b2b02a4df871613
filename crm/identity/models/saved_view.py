from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import ListName


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def in_order(self) -> Self:
        """Own ones are told from shared ones by the reader; both by title."""
        return self.order_by("title", "pk")


class SavedView(models.Model):
    """A question kept under a name: filters and order of one list, and its columns (UX-05).

    `query` is the list's own address, read and checked anew by the list each time, so a view
    never opens more than its reader may see. `department` shares it with everybody in post there.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_views",
        verbose_name=_("创建人"),
    )
    list_name = models.CharField(_("列表"), max_length=20, choices=ListName)
    title = models.CharField(_("视图名称"), max_length=40)
    query = models.CharField(_("筛选与排序"), max_length=2000, blank=True)
    columns = models.JSONField(_("列"), default=list, blank=True)
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("共享给部门"),
    )
    is_default = models.BooleanField(_("我的默认视图"), default=False)
    is_department_default = models.BooleanField(_("部门默认视图"), default=False)
    saved_at = models.DateTimeField(_("保存时间"), default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("保存的视图")
        verbose_name_plural = _("保存的视图")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_name", "title"],
                name="identity_saved_view_title_once",
                violation_error_message=_("您已有同名的视图"),
            ),
            models.UniqueConstraint(
                fields=["owner", "list_name"],
                condition=Q(is_default=True),
                name="identity_saved_view_one_default",
                violation_error_message=_("每个列表只能有一个默认视图"),
            ),
            models.UniqueConstraint(
                fields=["department", "list_name"],
                condition=Q(is_department_default=True),
                name="identity_saved_view_one_department_default",
                violation_error_message=_("本部门在此列表已有默认视图"),
            ),
            models.CheckConstraint(
                condition=Q(is_department_default=False) | Q(department__isnull=False),
                name="identity_saved_view_default_is_shared",
                violation_error_message=_("部门默认视图须先共享给部门"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)
