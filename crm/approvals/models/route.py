from typing import Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.approvals.choices import CaseKind
from crm.identity.choices import DepartmentKind, Duty


class RouteQuerySet(models.QuerySet["Route"]):
    def live(self, organisation_id: int, kind: CaseKind) -> Self:
        return self.filter(organisation_id=organisation_id, kind=kind, is_live=True)

    def drafts(self) -> Self:
        return self.filter(published_at__isnull=True)


class Route(models.Model):
    """Who signs what, in which order: data with versions.

    A version without `published_at` is a draft and may be edited; a published one never changes
    (a trigger holds it) and cases that run on it keep it. One version of a kind is live.
    `one_signature_per_person` is the setting of T-71 and PM-23.
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    kind = models.CharField(_("类别"), max_length=12, choices=CaseKind)
    name = models.CharField(_("名称"), max_length=60)
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    is_live = models.BooleanField(_("现行"), default=False, editable=False)
    one_signature_per_person = models.BooleanField(
        _("并行环节一人只签一次"),
        default=True,
        help_text=_("同一人兼任多个部门岗位时，只能代表其中一个部门签署"),
    )
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("起草人"),
    )
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("发布人"),
    )

    objects = RouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("审批流程")
        verbose_name_plural = _("审批流程")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "version"],
                name="approvals_route_version_once",
                violation_error_message=_("该流程已有此版本"),
            ),
            models.UniqueConstraint(
                fields=["organisation", "kind"],
                condition=Q(is_live=True),
                name="approvals_route_one_live",
                violation_error_message=_("该单位此类流程已有现行版本"),
            ),
            models.UniqueConstraint(
                fields=["organisation", "kind"],
                condition=Q(published_at__isnull=True),
                name="approvals_route_one_draft",
                violation_error_message=_("该流程已有一个未发布的草稿，请先发布或删除"),
            ),
            models.CheckConstraint(
                condition=Q(is_live=False) | Q(published_at__isnull=False),
                name="approvals_route_live_is_published",
                violation_error_message=_("流程发布后才能启用"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class RouteStep(models.Model):
    """A signature the route asks for. Steps with the same stage number run in parallel.

    Who signs: the holders of `duty` in `department`; or in a department of `department_kind`; or,
    with neither, anywhere in the organisation.
    """

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="steps")
    stage = models.PositiveSmallIntegerField(
        _("环节"), validators=[MinValueValidator(1)], help_text=_("相同数字并行办理")
    )
    name = models.CharField(_("名称"), max_length=60)
    duty = models.CharField(_("职责"), max_length=4, choices=Duty)
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("部门"),
    )
    department_kind = models.CharField(
        _("部门类别"), max_length=24, choices=DepartmentKind, blank=True
    )
    sla_days = models.PositiveSmallIntegerField(
        _("时限（工作日）"), default=3, validators=[MinValueValidator(1)]
    )
    may_return = models.BooleanField(_("可退回"), default=True)
    may_refuse = models.BooleanField(_("可不予批准"), default=False)

    class Meta:
        verbose_name = _("流程环节")
        verbose_name_plural = _("流程环节")
        ordering = ["stage", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["route", "stage", "duty", "department", "department_kind"],
                nulls_distinct=False,
                name="approvals_routestep_once",
                violation_error_message=_("同一环节中该部门职责已存在"),
            ),
            models.CheckConstraint(
                condition=Q(department__isnull=True) | Q(department_kind=""),
                name="approvals_routestep_one_way_to_signer",
                violation_error_message=_("部门与部门类别只能指定一项"),
            ),
            models.CheckConstraint(
                condition=Q(stage__gte=1) & Q(sla_days__gte=1),
                name="approvals_routestep_counts_from_one",
                violation_error_message=_("环节和时限都从 1 起"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage}. {self.name}"
