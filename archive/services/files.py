"""Files are taken in, linked, replaced and voided; never changed and never lost (D14, T-12)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from archive import formats, storage
from archive.choices import RETENTION_OF, FileFormat, ItemClass, RetentionClass
from archive.errors import FileInUse, FileTooLarge, StorageFull
from archive.models import FileLink, FileLinkQuerySet, StoredFile
from archive.scanning import scan
from archive.services.papers import carry_scans
from crm.core.errors import Forbidden, NotFound
from crm.core.history import save_as
from crm.identity.choices import Secrecy

if TYPE_CHECKING:
    from crm.identity.models import User
    from customers.models import Customer

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Bytes:
    """Checked bytes, ready to be kept."""

    content: bytes
    name: str
    format: FileFormat


@transaction.atomic
def store_file(
    *,
    upload: UploadedFile,
    item_class: ItemClass,
    by: "User",
    customer: "Customer | None" = None,
    case_number: str = "",
    secrecy: Secrecy = Secrecy.NORMAL,
    retention: RetentionClass | None = None,
) -> StoredFile:
    """Take in an upload and link it to a customer, a case or both.

    The caller has asked a gate whether `by` may. Raises FileRefused, FileTooLarge, FileInfected,
    ScannerDown, StorageFull, ValidationError. Rules: D14, T-12, SEC-14 to SEC-16, B-19.
    """
    checked = _checked(upload)
    file = StoredFile(
        organisation_id=_home_of(customer, by),
        item_class=item_class,
        retention=retention or RETENTION_OF[item_class],
        secrecy=secrecy,
        uploaded_by=by,
    )
    _keep(file, checked, by=by, reason=_("上传文件"))
    _link(file, customer=customer, case_number=case_number, by=by)
    return file


@transaction.atomic
def replace_file(*, file: StoredFile, upload: UploadedFile, by: "User") -> StoredFile:
    """Put a new version in the place of `file`; the old one stays, marked as replaced.

    Links are copied open: what an approved form rests on is still the old version. Raises
    NotFound for a voided or replaced file, and what `store_file` raises. Corpus: B256.
    """
    checked = _checked(upload)
    rows = StoredFile.objects.select_for_update(of=("self",)).kept().current()
    old = rows.filter(pk=file.pk).first()
    if old is None:
        raise NotFound(_("该文件已作废或已有新版本，请刷新后再试"))
    new = StoredFile(
        organisation_id=old.organisation_id,
        item_class=old.item_class,
        retention=old.retention,
        secrecy=old.secrecy,
        replaces=old,
        uploaded_by=by,
    )
    _keep(new, checked, by=by, reason=_("上传新版本"))
    for link in old.links.select_related("customer"):
        _link(new, customer=link.customer, case_number=link.case_number, by=by)
    carry_scans(old=old, new=new, by=by)
    return new


@transaction.atomic
def freeze_print(
    *, title: str, pdf: bytes, customer: "Customer | None", case_number: str, by: "User"
) -> StoredFile:
    """Keep a print as it was signed: locked from the first moment.

    Raises FileRefused when the bytes are no PDF. Rules: T-12, T-13, B257.
    """
    name = formats.clean_name(f"{title}.pdf", FileFormat.PDF)
    formats.check_file(pdf, name=name, declared="application/pdf")
    file = StoredFile(
        organisation_id=_home_of(customer, by),
        item_class=ItemClass.PRINT,
        retention=RETENTION_OF[ItemClass.PRINT],
        uploaded_by=by,
    )
    _keep(file, _Bytes(pdf, name, FileFormat.PDF), by=by, reason=_("定稿归档"))
    link = _link(file, customer=customer, case_number=case_number, by=by)
    _lock(FileLink.objects.filter(pk=link.pk), by=by)
    return file


@transaction.atomic
def attach_file(
    *, file: StoredFile, by: "User", customer: "Customer | None" = None, case_number: str = ""
) -> FileLink:
    """Link a file that is already kept; the same link twice is one.

    The caller has asked the gates of both sides. Rules: T-12.
    """
    return _link(file, customer=customer, case_number=case_number, by=by)


@transaction.atomic
def lock_files(*, case_number: str, by: "User") -> int:
    """An approved form rests on the files of its case from now on; returns how many were locked.

    Rules: T-12, B257 of the corpus.
    """
    if not case_number:
        return 0
    links = FileLink.objects.filter(
        case_number=case_number, file__voided_at__isnull=True, file__replaced_by__isnull=True
    )
    return _lock(links, by=by)


@transaction.atomic
def void_file(*, file: StoredFile, reason: str, by: "User") -> StoredFile:
    """Take a file out of sight; its row and bytes stay until its retention ends.

    Raises FileInUse when an approved form rests on it, NotFound when it is voided already.
    Rules: B257 of the corpus.
    """
    row = StoredFile.objects.select_for_update().kept().filter(pk=file.pk).first()
    if row is None:
        raise NotFound
    if row.links.locked().exists():
        raise FileInUse
    row.voided_at, row.voided_by = timezone.now(), by
    save_as(row, by=by, reason=reason, expected=None, fields=["voided_at", "voided_by"])
    return row


def _home_of(customer: "Customer | None", by: "User") -> int:
    """The organisation a new file belongs to. Raises Forbidden when there is none."""
    home = customer.organisation_id if customer is not None else by.organisation_id
    if home is None:
        raise Forbidden
    return int(home)


def _checked(upload: UploadedFile) -> _Bytes:
    """Read no more than the limit, then look inside."""
    name = str(upload.name or "")
    content = upload.read(formats.MAX_BYTES + 1)
    if len(content) > formats.MAX_BYTES or (upload.size or 0) > formats.MAX_BYTES:
        raise FileTooLarge(
            _("文件不能超过 %(size)d MB") % {"size": formats.MAX_BYTES // 1024 // 1024}
        )
    found = formats.check_file(content, name=name, declared=str(upload.content_type or ""))
    clean = formats.without_place(content, found)
    return _Bytes(clean, formats.clean_name(name, found), found)


def _keep(file: StoredFile, checked: _Bytes, *, by: "User", reason: str) -> None:
    """Bytes first, then the row that names them, under one lock with the sweeper."""
    file.scan = scan(checked.content)
    file.name, file.format, file.size = checked.name, checked.format, len(checked.content)
    file.sha256 = storage.digest_of(checked.content)
    storage.lock_digest(file.sha256)
    try:
        storage.put(checked.content)
    except OSError as problem:
        logger.error("file_not_kept", errno=problem.errno)
        raise StorageFull from problem
    save_as(file, by=by, reason=reason, expected=None)


def _link(
    file: StoredFile, *, customer: "Customer | None", case_number: str, by: "User"
) -> FileLink:
    """The one link between these; `get_or_create` settles a race on the unique constraint."""
    if customer is None and not case_number:
        raise ValidationError(_("文件须关联客户或审批单"))
    made, _is_new = FileLink.objects.get_or_create(
        file=file, customer=customer, case_number=case_number, defaults={"linked_by": by}
    )
    return made


def _lock(links: FileLinkQuerySet, *, by: "User") -> int:
    return links.unlocked().update(locked_at=timezone.now(), locked_by=by)
