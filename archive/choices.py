"""Fixed words of the archive: what a file is, how long it is kept, who may see its kind."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class ArchivePerm(Perm):
    """The row "E-archive files" of trust 4.3."""

    VIEW = "archive_file.v"
    CREATE = "archive_file.c"
    DOWNLOAD = "archive_file.f"
    DELETE = "archive_file.d"


class ItemClass(models.TextChoices):
    """What a file is for the archive (T-12)."""

    FORM = "form", _("表单")
    BINDING = "binding", _("扣划绑定资料")
    PRINT = "print", _("定稿打印件")
    CERTIFICATE = "certificate", _("证照")
    FINANCE = "finance", _("财务资料")
    TECHNICAL = "technical", _("技术资料")
    OTHER = "other", _("其他")


KINDS_OF_FIELDSET: Final[dict[str, frozenset[str]]] = {
    "licence": frozenset({ItemClass.FORM, ItemClass.CERTIFICATE, ItemClass.PRINT}),
    "forms": frozenset({ItemClass.FORM, ItemClass.BINDING, ItemClass.PRINT}),
    "finance": frozenset({ItemClass.FINANCE}),
    "technical": frozenset({ItemClass.TECHNICAL}),
}
"""Narrowed cells of trust 4.3 (finance kinds, licence kinds …) and the classes they open."""


class RetentionClass(models.TextChoices):
    """How long a file is kept."""

    PERMANENT = "permanent", _("永久")
    YEARS_30 = "30y", _("30 年")
    YEARS_10 = "10y", _("10 年")


RETENTION_OF: Final[dict[str, RetentionClass]] = {
    ItemClass.FORM: RetentionClass.YEARS_30,
    ItemClass.BINDING: RetentionClass.YEARS_30,
    ItemClass.PRINT: RetentionClass.PERMANENT,
    ItemClass.CERTIFICATE: RetentionClass.YEARS_30,
    ItemClass.FINANCE: RetentionClass.YEARS_30,
    ItemClass.TECHNICAL: RetentionClass.YEARS_10,
    ItemClass.OTHER: RetentionClass.YEARS_10,
}
"""What a class is kept for unless somebody says otherwise."""


class FileFormat(models.TextChoices):
    """The allow-list, told by the first bytes; everything else is refused (SEC-14, libs 3.9)."""

    PDF = "pdf", "PDF"
    JPEG = "jpg", "JPEG"
    PNG = "png", "PNG"
    XLSX = "xlsx", "XLSX"
    DOCX = "docx", "DOCX"
    OFD = "ofd", "OFD"
    CSV = "csv", "CSV"


MEDIA_TYPES: Final[dict[str, str]] = {
    FileFormat.PDF: "application/pdf",
    FileFormat.JPEG: "image/jpeg",
    FileFormat.PNG: "image/png",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileFormat.OFD: "application/ofd",
    FileFormat.CSV: "text/csv; charset=utf-8",
}


class ScanStatus(models.TextChoices):
    """Whether a virus scanner has looked; without one the mark stays visible (SEC-16)."""

    UNSCANNED = "unscanned", _("未扫描")
    CLEAN = "clean", _("已扫描")
