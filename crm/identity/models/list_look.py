from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import Density, ListName


class ListLook(models.Model):
    """How one person has one list: which columns in which order, how wide, how tight (UX-06).

    A taste, not a right: the list shows of `columns` what its reader may see at that moment.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="list_looks",
        verbose_name=_("用户"),
    )
    list_name = models.CharField(_("列表"), max_length=20, choices=ListName)
    columns = models.JSONField(_("列"), default=list, blank=True)
    widths = models.JSONField(_("列宽"), default=dict, blank=True)
    density = models.CharField(_("行距"), max_length=8, choices=Density, default=Density.NORMAL)

    class Meta:
        verbose_name = _("列表版式")
        verbose_name_plural = _("列表版式")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_name"],
                name="identity_list_look_once",
                violation_error_message=_("每个列表只能有一种版式"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.list_name}"
