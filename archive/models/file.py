import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.choices import FileFormat, ItemClass, RetentionClass, ScanStatus
from crm.core.history import history_of
from crm.core.models import Governed
from crm.identity.choices import Secrecy


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def kept(self) -> Self:
        return self.filter(voided_at__isnull=True)

    def current(self) -> Self:
        """Without versions that a newer one has replaced (B256)."""
        return self.filter(replaced_by__isnull=True)

    def cleared(self, clearance: int) -> Self:
        """Files up to a secrecy clearance (B-19)."""
        return self.filter(secrecy__lte=clearance)

    def of_customer(self, customer_id: int) -> Self:
        return self.filter(Exists(FileLink.objects.of_file().filter(customer_id=customer_id)))

    def of_case(self, case_number: str) -> Self:
        """An empty number is no case: it names nothing."""
        if not case_number:
            return self.none()
        return self.filter(Exists(FileLink.objects.of_file().filter(case_number=case_number)))

    def for_list(self) -> Self:
        return self.select_related("uploaded_by", "replaced_by")


class StoredFile(Governed):
    """One file as somebody handed it in: a name, a class and the digest of its bytes (D14).

    The bytes lie on disk under their SHA-256; two rows with the same bytes share them and know
    nothing of each other, so a digest never tells who else has a paper. `public_id` is what URLs
    show. Bytes never change: a new version is a new row that `replaces` the old one (B256).
    """

    public_id = models.UUIDField(_("编号"), default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    sha256 = models.CharField(_("摘要"), max_length=64, db_index=True, editable=False)
    size = models.PositiveBigIntegerField(_("大小"), editable=False)
    format = models.CharField(_("格式"), max_length=4, choices=FileFormat, editable=False)
    name = models.CharField(_("文件名"), max_length=120)
    item_class = models.CharField(_("类别"), max_length=12, choices=ItemClass)
    retention = models.CharField(_("保管期限"), max_length=10, choices=RetentionClass)
    secrecy = models.PositiveSmallIntegerField(
        _("保密等级"), choices=Secrecy, default=Secrecy.NORMAL
    )
    scan = models.CharField(
        _("病毒扫描"), max_length=10, choices=ScanStatus, default=ScanStatus.UNSCANNED
    )
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("替换的旧版本"),
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("上传人"),
    )
    uploaded_at = models.DateTimeField(_("上传时间"), default=timezone.now, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("作废人"),
    )
    voided_at = models.DateTimeField(_("作废时间"), null=True, blank=True)

    objects = StoredFileQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("电子文件")
        verbose_name_plural = _("电子文件")
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="archive_storedfile_sha256_valid",
                violation_error_message=_("文件摘要无效"),
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0),
                name="archive_storedfile_not_empty",
                violation_error_message=_("文件是空的"),
            ),
            models.CheckConstraint(
                condition=Q(voided_by__isnull=True, voided_at__isnull=True)
                | Q(voided_by__isnull=False, voided_at__isnull=False),
                name="archive_storedfile_voided_by_and_at",
                violation_error_message=_("作废须同时记录人员和时间"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class FileLinkQuerySet(models.QuerySet["FileLink"]):
    def of_file(self) -> Self:
        """For `Exists` beside a query over files."""
        return self.filter(file_id=OuterRef("pk"))

    def locked(self) -> Self:
        return self.filter(locked_at__isnull=False)

    def unlocked(self) -> Self:
        return self.filter(locked_at__isnull=True)


class FileLink(models.Model):
    """Where a file belongs: to a customer, to an approval case, or to both (T-12).

    `case_number` is the case's business key, not a foreign key: the archive outlives cases.
    `locked_at` says since when an approved form rests on the file (B257).
    """

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="links")
    customer = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="file_links",
        verbose_name=_("客户"),
    )
    case_number = models.CharField(_("审批单号"), max_length=20, blank=True, db_index=True)
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("关联人"),
    )
    linked_at = models.DateTimeField(_("关联时间"), default=timezone.now)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("归档人"),
    )
    locked_at = models.DateTimeField(_("归档时间"), null=True, blank=True)

    objects = FileLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("文件关联")
        verbose_name_plural = _("文件关联")
        constraints = [
            models.UniqueConstraint(
                fields=["file", "customer", "case_number"],
                nulls_distinct=False,
                name="archive_filelink_once",
                violation_error_message=_("该文件已关联"),
            ),
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | ~Q(case_number=""),
                name="archive_filelink_somewhere",
                violation_error_message=_("文件须关联客户或审批单"),
            ),
            models.CheckConstraint(
                condition=Q(locked_by__isnull=True, locked_at__isnull=True)
                | Q(locked_by__isnull=False, locked_at__isnull=False),
                name="archive_filelink_locked_by_and_at",
                violation_error_message=_("归档须同时记录人员和时间"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.customer_id or ''} {self.case_number}"
