"""Who sees which files: the whole rule of sight of this room.

Two ways lead to a file: the customer it hangs on, as far as the person's right on files reaches
(narrowed to kinds of paper where trust 4.3 says so), and the approval case it is attached to, for
those who take part in it (PM-11). Secrecy of file and customer is an AND on both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Exists, Q

from archive.choices import KINDS_OF_FIELDSET, ArchivePerm, ItemClass
from archive.models import (
    CertificateScan,
    CertificateScanQuerySet,
    FileLink,
    StoredFile,
    StoredFileQuerySet,
)
from crm.approvals.access import cases_for
from crm.approvals.models import CaseQuerySet
from crm.core.access import fetch
from crm.core.policy import Perm
from crm.identity.access import rights_of
from crm.identity.models import User
from customers.access import certificates_for, customers_for, get_certificate
from customers.access.scopes import Way, ways_of
from customers.choices import CustomerPerm
from customers.models import Certificate, CertificateQuerySet, Customer, CustomerQuerySet

OPEN_TO_PARTICIPANTS: Final = frozenset({ArchivePerm.VIEW, ArchivePerm.DOWNLOAD})
"""What taking part in a case opens by itself; anything else needs the right."""


def files_for(user: User, perm: ArchivePerm) -> StoredFileQuerySet:
    """The gate of files: those kept, not voided, of the person's own organisation.

    A file nobody may see and a file that never was are the same nothing (B251).
    """
    if not user.is_active or user.organisation_id is None:
        return StoredFile.objects.none()
    ways = [_through_customer(user, perm, way) for way in ways_of(user, perm)]
    if perm in OPEN_TO_PARTICIPANTS:
        ways.append(_through_case(user))
    if not ways:
        return StoredFile.objects.none()
    inside = StoredFile.objects.filter(organisation_id=user.organisation_id)
    return inside.kept().cleared(user.clearance).filter(reduce(or_, ways))


def get_file(user: User, perm: ArchivePerm, public_id: UUID) -> StoredFile:
    """One file by its public id. Raises NotFound when unseen, Forbidden when seen but barred."""
    return fetch(files_for, user, perm, see=ArchivePerm.VIEW, public_id=public_id)


def get_customer_for_files(user: User, perm: ArchivePerm, pk: int) -> Customer:
    """The customer whose files are meant. Raises NotFound when unseen, Forbidden when barred."""
    wanted: Perm = perm
    return fetch(customers_for, user, wanted, see=CustomerPerm.VIEW, pk=pk)


def customers_of(user: User, file: StoredFile) -> CustomerQuerySet:
    """The customers a file hangs on, as far as this person may know of them."""
    linked = file.links.values("customer_id")
    return customers_for(user, CustomerPerm.VIEW).filter(pk__in=linked).order_by("code")


def cases_of(user: User, file: StoredFile) -> CaseQuerySet:
    """The cases a file is attached to, as far as this person may know of them."""
    return cases_for(user).filter(number__in=file.links.values("case_number")).order_by("number")


def scans_for(user: User, perm: ArchivePerm) -> CertificateScanQuerySet:
    """The gate of scans: live ones whose file the right reaches and whose certificate is seen."""
    return (
        CertificateScan.objects.live()
        .filter(
            file__in=files_for(user, perm).current(),
            certificate__in=certificates_for(user, CustomerPerm.CERTIFICATE_VIEW),
        )
        .select_related("file", "certificate__customer")
    )


def get_scan(user: User, perm: ArchivePerm, pk: int) -> CertificateScan:
    """One scan. Raises NotFound, Forbidden."""
    return fetch(scans_for, user, perm, see=ArchivePerm.VIEW, pk=pk)


def get_certificate_to_show(user: User, pk: int) -> Certificate:
    """The certificate a file is to be linked to. Raises NotFound when unseen, Forbidden when the
    customer's archive is closed to new files."""
    row = get_certificate(user, CustomerPerm.CERTIFICATE_VIEW, pk)
    get_customer_for_files(user, ArchivePerm.CREATE, row.customer_id)
    return row


def unshown_files(user: User, certificate: Certificate) -> StoredFileQuerySet:
    """Files of the certificate's customer that may be said to show it and do not yet."""
    shown = CertificateScan.objects.live().filter(certificate=certificate).values("file")
    files = files_for(user, ArchivePerm.CREATE).current().of_customer(certificate.customer_id)
    return files.exclude(pk__in=shown).order_by("-uploaded_at", "-pk")


@dataclass(frozen=True, slots=True)
class Scanned:
    """A certificate with the scans of it that the reader sees."""

    certificate: Certificate
    scans: list[CertificateScan]


def scans_of(user: User, customer: Customer) -> list[Scanned]:
    """The customer's certificates in sight, live ones first, each with its scans in sight."""
    papers = certificates_for(user, CustomerPerm.CERTIFICATE_VIEW).filter(customer=customer)
    found: dict[int, list[CertificateScan]] = {}
    for scan in scans_for(user, ArchivePerm.VIEW).filter(certificate__in=papers).order_by("pk"):
        found.setdefault(scan.certificate_id, []).append(scan)
    return [Scanned(row, found.get(row.pk, [])) for row in papers.order_by("-is_live", "pk")]


def certificates_shown(user: User, file: StoredFile) -> CertificateQuerySet:
    """The certificates a file shows, as far as this person may know of them."""
    shown = CertificateScan.objects.live().filter(file=file).values("certificate")
    return certificates_for(user, CustomerPerm.CERTIFICATE_VIEW).filter(pk__in=shown).order_by("pk")


def classes_for(user: User, perm: ArchivePerm) -> list[tuple[str, str]]:
    """Kinds of paper the person may handle, for pickers: (value, label)."""
    kinds = _kinds(cell.fieldset for cell in rights_of(user, perm))
    return [(value, str(label)) for value, label in ItemClass.choices if value in kinds]


def _kinds(fieldsets: Iterable[str]) -> frozenset[str]:
    """All kinds for a right that is not narrowed; none for a field set this room does not know."""
    everything = frozenset(ItemClass.values)
    return frozenset().union(
        *(KINDS_OF_FIELDSET.get(name, frozenset()) if name else everything for name in fieldsets)
    )


def _through_customer(user: User, perm: ArchivePerm, way: Way) -> Q:
    reached = FileLink.objects.of_file().filter(
        way.as_q("customer__"), customer__secrecy__lte=user.clearance
    )
    # A share by name widens where a right reaches, never what it opens (trust 4.2).
    named = (
        [cell.fieldset for cell in rights_of(user, perm)] if way.scope is None else [way.fieldset]
    )
    return Q(Exists(reached), item_class__in=sorted(_kinds(named)))


def _through_case(user: User) -> Q:
    numbers = cases_for(user).values("number")
    return Q(Exists(FileLink.objects.of_file().filter(case_number__in=numbers)))
