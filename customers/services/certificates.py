"""Certificates: register, check, take out of use (B-51 to B-56, B-14, B-15)."""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.core.sealed import blind_index, seal
from crm.core.text import CheckFailed
from crm.identity.models import User
from customers.boss_values import CheckMade, NewCertificate, check_certificate_no, cleaned_service
from customers.choices import CustomerKind, CustomerPerm, CustomerStatus, TimelineKind
from customers.domains import OF_ORGANISATIONS, CertificateKind, CertificateRole, CheckResult
from customers.errors import AlreadyExists, WrongState
from customers.models import Certificate, CertificateCheck, Customer
from customers.services._operated import lock_operated, lock_row
from customers.services.marks import add_timeline

_OF_OWNERS: Final = frozenset({CertificateKind.PROPERTY})


@transaction.atomic
def add_certificate(*, customer: Customer, data: NewCertificate, by: User) -> Certificate:
    """Register a certificate; numbers of persons' documents are sealed at once.

    The customer's own must fit what he is, and must not identify another customer of the
    organisation: that is told without a word about whose it is.
    Raises NotFound, WrongState, AlreadyExists, ValidationError.
    Rules: B-14, B-15, B-51 to B-56, D6.
    """
    owner = lock_operated(customer, CustomerPerm.CERTIFICATE_CREATE, by=by)
    if owner.status == CustomerStatus.CANCELLED:
        raise WrongState(_("客户已注销，不能再登记证件"))
    values = cleaned_service("cert", data)
    clear = _number(values.pop("number"), data.kind)
    _ensure_fits(owner, data)
    if data.valid_to is not None and data.valid_to < timezone.localdate():
        raise ValidationError({"valid_to": _("证件已过期，请登记有效的证件")})
    row = Certificate(customer=owner, organisation_id=owner.organisation_id, **values)
    if data.kind in OF_ORGANISATIONS:
        row.public_no, row.number_index = clear, blind_index(clear)
    else:
        seal(row, "number", clear)
    _ensure_alone(row)
    save_as(row, by=by, reason=_("登记证件"), expected=None)
    _tell(row, TimelineKind.CERTIFICATE_ADDED, by=by)
    return row


@transaction.atomic
def check_certificate(
    *, certificate: Certificate, check: CheckMade, expected: int, by: User
) -> Certificate:
    """Write down that a certificate was checked; a passed check makes it a real-name one, a failed
    one takes that away. The log of checks is only ever added to.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-55, B-24.
    """
    row = lock_row(certificate, CustomerPerm.CERTIFICATE_CHECK, expected, by=by)
    if not row.is_live:
        raise WrongState(_("证件已停用"))
    if not check.passed and not check.note.strip():
        raise ValidationError({"note": _("核验不符须写明原因")})
    CertificateCheck.objects.create(
        certificate=row,
        customer_id=row.customer_id,
        by=by,
        method=check.method,
        channel=check.channel,
        result=CheckResult.PASSED if check.passed else CheckResult.FAILED,
        note=check.note.strip()[:200],
    )
    row.checked_by, row.checked_at, row.is_real_name = by, timezone.now(), check.passed
    save_as(row, by=by, reason=_("核验证件"), expected=None)
    _tell(row, TimelineKind.CERTIFICATE_CHECKED, by=by)
    return row


@transaction.atomic
def end_certificate(
    *, certificate: Certificate, expected: int, reason: str, by: User
) -> Certificate:
    """Take a certificate out of use; the row stays and its number is free again.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-18, B-55.
    """
    row = lock_row(certificate, CustomerPerm.CERTIFICATE_END, expected, by=by)
    if not row.is_live:
        raise WrongState(_("证件已停用"))
    if not reason.strip():
        raise ValidationError({"reason": _("请填写停用原因")})
    row.is_live = False
    save_as(row, by=by, reason=reason, expected=None, fields=["is_live"])
    _tell(row, TimelineKind.CERTIFICATE_ENDED, by=by)
    return row


def _number(typed: str, kind: str) -> str:
    try:
        return check_certificate_no(typed, kind, timezone.localdate())
    except CheckFailed as problem:
        raise ValidationError({"number": problem.message}, code=problem.code) from problem


def _ensure_fits(customer: Customer, data: NewCertificate) -> None:
    """An organisation identifies itself by a register, a person by his own document (B-51, B-52);
    a property certificate is the owner's (B-54)."""
    is_public = data.kind in OF_ORGANISATIONS
    if (data.role == CertificateRole.OWNER) != (data.kind in _OF_OWNERS):
        raise ValidationError({"role": _("房产证登记为产权人的证件，其他证件不是")})
    if data.role == CertificateRole.OWN:
        if is_public and customer.customer_kind in (CustomerKind.PERSON, CustomerKind.FAMILY):
            raise ValidationError({"kind": _("个人和家庭客户登记本人的身份证件")})
        if not is_public and customer.customer_kind == CustomerKind.ORGANISATION:
            raise ValidationError({"kind": _("单位客户登记单位证照，个人证件请登记为经办人")})
    if data.role in (CertificateRole.HANDLER, CertificateRole.AGENT) and is_public:
        raise ValidationError({"kind": _("经办人和代办人登记个人身份证件")})


def _ensure_alone(row: Certificate) -> None:
    """One number identifies one customer (B-14, B-15); the constraint holds it in a race."""
    if row.role != CertificateRole.OWN:
        return
    same = Certificate.objects.own().filter(
        organisation_id=row.organisation_id, kind=row.kind, number_index=row.number_index
    )
    other = same.first()
    if other is not None and other.customer_id == row.customer_id:
        raise ValidationError({"number": _("该客户已登记此证件")})
    if other is not None:
        raise AlreadyExists(_("该证件已登记在另一份客户档案上，请先查重"), field="number")


def _tell(row: Certificate, kind: TimelineKind, *, by: User) -> None:
    add_timeline(
        customer=row.customer,
        kind=kind,
        values={"certificate": row.pk, "text": row.get_kind_display()},
        by=by,
    )
