"""Which files show which certificate (B-51, B-52, B-55)."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from archive.access import files_for, scans_for
from archive.choices import ArchivePerm
from archive.models import CertificateScan, StoredFile
from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from customers.access import certificates_for
from customers.choices import CustomerPerm, TimelineKind
from customers.services.marks import add_timeline

if TYPE_CHECKING:
    from crm.identity.models import User
    from customers.models import Certificate


@transaction.atomic
def link_scan(*, certificate: "Certificate", file: StoredFile, by: "User") -> CertificateScan:
    """Say that a file of the customer's archive shows this certificate.

    Both must be in sight; the file's kind must be one the person may add. The database refuses a
    file of another customer, and the same file twice.
    Raises NotFound, ValidationError. Rules: B-51, B-52, B-55, D14.
    """
    papers = certificates_for(by, CustomerPerm.CERTIFICATE_VIEW)
    files = files_for(by, ArchivePerm.CREATE).current()
    if not (papers.filter(pk=certificate.pk).exists() and files.filter(pk=file.pk).exists()):
        raise NotFound
    row = CertificateScan(certificate=certificate, file=file)
    save_as(row, by=by, reason=_("关联证件扫描件"), expected=None)
    _tell(row, TimelineKind.SCAN_LINKED, by=by)
    return row


@transaction.atomic
def unlink_scan(
    *, scan: CertificateScan, expected: int, reason: str, by: "User"
) -> CertificateScan:
    """A file shows this certificate no more; file, certificate and history stay.

    Raises NotFound, StaleVersion, ValidationError. Rules: B-18, B-55, RF-07.
    """
    row = (
        CertificateScan.objects.select_for_update(of=("self",))
        .select_related("certificate__customer", "file")
        .get(pk=scan.pk)
    )
    if not scans_for(by, ArchivePerm.CREATE).filter(pk=row.pk).exists():
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写原因")})
    row.is_live = False
    save_as(row, by=by, reason=reason, expected=None, fields=["is_live"])
    _tell(row, TimelineKind.SCAN_UNLINKED, by=by)
    return row


def carry_scans(*, old: StoredFile, new: StoredFile, by: "User") -> None:
    """A new version of a file shows what the old one showed; within the caller's transaction."""
    for scan in CertificateScan.objects.live().filter(file=old):
        row = CertificateScan(certificate_id=scan.certificate_id, file=new)
        save_as(row, by=by, reason=_("上传新版本"), expected=None)


def _tell(row: CertificateScan, kind: TimelineKind, *, by: "User") -> None:
    """The kind of certificate only: names of files may be secret."""
    add_timeline(
        customer=row.certificate.customer,
        kind=kind,
        values={"scan": row.pk, "text": row.certificate.get_kind_display()},
        by=by,
    )
