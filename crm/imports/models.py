import uuid
from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.imports.choices import BatchStatus, RowState


class BatchQuerySet(models.QuerySet["ImportBatch"]):
    def of_organisation(self, organisation_id: int) -> Self:
        return self.filter(organisation_id=organisation_id)

    def for_list(self) -> Self:
        """With whom a list row names, without the wide columns."""
        return self.select_related("created_by", "released_by").defer("mends", "warnings", "header")


class ImportBatch(models.Model):
    """One file on its way into the archive: who brought it, who released it, what became of it.

    The copy that was uploaded is kept sealed under its digest; check, error workbook and commit
    read that copy, never another (B232). `mends` are cells typed anew, class S ones sealed under
    `seal_id`. Rules: D12, D13, UX-49 to UX-54, RF-48.
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    kind = models.CharField(_("类别"), max_length=20)
    file_name = models.CharField(_("文件名"), max_length=120)
    sha256 = models.CharField(_("文件指纹"), max_length=64)
    sheet = models.CharField(_("工作表"), max_length=100, blank=True)
    encoding = models.CharField(_("编码"), max_length=12, blank=True)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    new_people = models.JSONField(default=list)
    mends = models.JSONField(default=dict)
    seal_id = models.UUIDField(default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=1)
    status = models.CharField(
        _("状态"), max_length=10, choices=BatchStatus, default=BatchStatus.UPLOADED
    )
    rows_total = models.PositiveIntegerField(_("行数"), default=0)
    rows_right = models.PositiveIntegerField(_("可导入"), default=0)
    rows_wrong = models.PositiveIntegerField(_("有误"), default=0)
    warnings = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    job = models.ForeignKey(
        "core.JobRun", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("上传人"),
    )
    created_at = models.DateTimeField(_("上传时间"), default=timezone.now)
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("放行人"),
    )
    released_at = models.DateTimeField(_("放行时间"), null=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("导入")
        verbose_name_plural = _("导入")
        constraints = [
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("created_by")),
                name="imports_batch_second_person_releases",
                violation_error_message=_("上传与放行不能是同一人"),
            ),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True, released_at__isnull=True)
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="imports_batch_released_by_and_at",
                violation_error_message=_("放行人与放行时间应同时填写"),
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["running", "done"]) | Q(released_by__isnull=False),
                name="imports_batch_runs_when_released",
                violation_error_message=_("导入须经第二人放行"),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-created_at", "-id"], name="imports_batch_list"),
            models.Index(fields=["organisation", "sha256"], name="imports_batch_file"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people and history call it."""
        return f"DR{self.pk:08d}"

    @property
    def is_open(self) -> bool:
        return self.status in (BatchStatus.UPLOADED, BatchStatus.CHECKED)


class RowQuerySet(models.QuerySet["ImportRow"]):
    def wrong(self) -> Self:
        return self.filter(state__in=[RowState.WRONG, RowState.REFUSED])

    def waiting(self) -> Self:
        """Right and not yet written, in writing order."""
        return self.filter(state=RowState.READY).order_by("stage", "number")


class ImportRow(models.Model):
    """One staged row: checked values, the keys its words were found to mean, what is wrong.

    `shown` holds what stood in the cells of rows that people have to look at; class S values
    stand nowhere in clear (D6). `records` say what the commit wrote, for the undo.
    """

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("行号"))
    stage = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(_("结果"), max_length=8, choices=RowState, default=RowState.READY)
    values = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    links = models.JSONField(default=dict)
    shown = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    text = models.CharField(max_length=120, blank=True)
    records = models.JSONField(default=list)

    objects = RowQuerySet.as_manager()

    class Meta:
        verbose_name = _("导入行")
        verbose_name_plural = _("导入行")
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="imports_row_once"),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "stage", "number"], name="imports_row_work"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"


class ImportMapping(models.Model):
    """Which column is which, as a person last said it for a header like this (UX-49)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    header_key = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("列对应")
        verbose_name_plural = _("列对应")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "header_key"], name="imports_mapping_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}"
