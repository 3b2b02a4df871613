from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from logistics.choices import FirmKind

_FILLED = ~Q(address="") & ~Q(postcode="") & ~Q(contact="") & ~Q(contact_position="") & ~Q(phone="")


class LogisticsFirmQuerySet(models.QuerySet["LogisticsFirm"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def heads(self) -> Self:
        return self.filter(kind=FirmKind.HEAD)

    def of_organisation(self, organisation_id: int) -> Self:
        return self.filter(organisation_id=organisation_id)

    def matching(self, *, q: str = "", kind: str = "", state: str = "") -> Self:
        """Narrowed by the filters of the list; empty ones narrow nothing."""
        found = self.select_related("parent")
        if q:
            found = found.filter(Q(name__contains=q) | Q(city__contains=q))
        if kind:
            found = found.filter(kind=kind)
        return found.filter(is_live=state == "live") if state else found


class LogisticsFirm(Governed):
    """A logistics firm: a head office under its legal name, or a branch `简称-地市`.

    A branch takes its short name from its head office; a trigger holds that its parent is a head
    office of the same organisation. `office` is the sales office whose assistant keeps the row
    beside the company's clerk; without one the clerk alone does. Rules: R-45 to R-49, 6.6 (8).
    """

    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("单位"),
    )
    kind = models.CharField(_("类别"), max_length=6, choices=FirmKind)
    name = models.CharField(_("名称"), max_length=80)
    short_name = models.CharField(_("简称"), max_length=20)
    city = models.CharField(_("地市"), max_length=20)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="branches",
        verbose_name=_("所属总部"),
    )
    office = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("维护办事处"),
    )
    address = models.CharField(_("地址"), max_length=200)
    postcode = models.CharField(
        _("邮政编码"),
        max_length=6,
        validators=[RegexValidator(r"\A[0-9]{6}\Z", _("邮政编码应为 6 位数字"))],
    )
    contact = models.CharField(_("主要联系人"), max_length=40)
    contact_position = models.CharField(_("联系人职务"), max_length=40)
    phone = models.CharField(_("联系电话"), max_length=30)
    is_live = models.BooleanField(_("启用"), default=True)

    objects = LogisticsFirmQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("物流公司")
        verbose_name_plural = _("物流公司")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                name="logistics_firm_name_once",
                violation_error_message=_("本单位已有同名的物流公司"),
            ),
            models.UniqueConstraint(
                fields=["organisation", "short_name"],
                condition=Q(kind=FirmKind.HEAD),
                name="logistics_firm_short_name_once",
                violation_error_message=_("本单位已有总部使用该简称"),
            ),
            models.CheckConstraint(
                condition=Q(kind=FirmKind.HEAD)
                | Q(name=Concat(F("short_name"), Value("-"), F("city"))),
                name="logistics_firm_branch_name",
                violation_error_message=_("分支机构名称应为“简称-地市”，例如 金达莱-西安"),
            ),
            models.CheckConstraint(
                condition=Q(short_name__regex=r"^[^-]+$") & Q(city__regex=r"^[^-]+$"),
                name="logistics_firm_no_dash_in_parts",
                violation_error_message=_("简称和地市须填写，且不能含短横线"),
            ),
            models.CheckConstraint(
                condition=Q(kind=FirmKind.BRANCH) | ~Q(name=F("short_name")),
                name="logistics_firm_head_legal_name",
                violation_error_message=_("总部名称应为法定全称，不能只填简称"),
            ),
            models.CheckConstraint(
                condition=Q(kind=FirmKind.HEAD, parent__isnull=True)
                | Q(kind=FirmKind.BRANCH, parent__isnull=False),
                name="logistics_firm_parent_on_branch",
                violation_error_message=_("分支机构须指明所属总部，总部没有上级"),
            ),
            models.CheckConstraint(
                condition=_FILLED,
                name="logistics_firm_details_filled",
                violation_error_message=_(
                    "地址、邮政编码、主要联系人、联系人职务和联系电话都须填写"
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)
