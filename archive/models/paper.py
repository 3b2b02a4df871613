from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from archive.models.file import StoredFile
from crm.core.history import history_of
from crm.core.models import Governed


class CertificateScanQuerySet(models.QuerySet["CertificateScan"]):
    def live(self) -> Self:
        return self.filter(is_live=True)


class CertificateScan(Governed):
    """A file of the archive shows a certificate of its customer (B-51, B-52: copy kept).

    A trigger holds that the file hangs on the customer whose certificate it is.
    """

    certificate = models.ForeignKey(
        "customers.Certificate",
        on_delete=models.PROTECT,
        related_name="scans",
        verbose_name=_("证件"),
    )
    file = models.ForeignKey(
        StoredFile,
        on_delete=models.PROTECT,
        related_name="certificate_scans",
        verbose_name=_("电子文件"),
    )
    is_live = models.BooleanField(_("在用"), default=True)

    objects = CertificateScanQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("证件扫描件")
        verbose_name_plural = _("证件扫描件")
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "file"],
                condition=Q(is_live=True),
                name="archive_scan_once",
                violation_error_message=_("该文件已关联此证件"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certificate} {self.file}"
