"""Show one sensitive value in clear: with a reason, within a limit, written down (B-29, SEC-39)."""

from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden
from crm.core.models import AccessKind, AccessLog
from crm.core.sealed import sealed_fields, unseal
from crm.core.services.access_log import log_access, log_denial
from crm.identity.models import User
from customers.access import Eyes
from customers.choices import CustomerPerm, DataClass, Subject
from customers.errors import TooManyReveals
from customers.models import (
    BankBinding,
    Certificate,
    Contact,
    Customer,
    FieldRule,
    RetailProfile,
)

Revealable = Customer | RetailProfile | Contact | BankBinding | Certificate
AN_HOUR: Final = timedelta(hours=1)
MOST: Final = 60
_LOCK: Final = 0x72657665
_SUBJECTS: Final = {
    Customer: Subject.CUSTOMER,
    RetailProfile: Subject.RETAIL,
    Contact: Subject.CONTACT,
    BankBinding: Subject.BANK,
    Certificate: Subject.CERTIFICATE,
}


def reveal_field(*, row: Revealable, field: str, reason: str, by: User) -> str:
    """The clear value of one sealed or personal field, for a minute on one person's screen.

    The log row commits before the value is handed out. A denial is written down too, outside the
    refused transaction. Raises Forbidden, TooManyReveals, ValidationError.
    Rules: B-29, SEC-39, PM-04, UX-20, trust 2.6.
    """
    customer = row if isinstance(row, Customer) else row.customer
    key = f"{_SUBJECTS[type(row)]}.{field}"
    if not _is_guarded(customer, key) or not Eyes(by).may_reveal(customer, key):
        log_denial(user=by, perm=CustomerPerm.REVEAL, key=f"{customer.code} {key}")
        raise Forbidden(_("您没有显示该信息的权限"))
    if len(reason.strip()) < 2:
        raise ValidationError({"reason": _("请填写查看原因")})
    with transaction.atomic():
        _ensure_within_limit(by)
        log_access(
            kind=AccessKind.REVEAL,
            row=row,
            by=by,
            customer_id=customer.pk,
            fields=[key],
            reason=reason.strip()[:300],
        )
        return unseal(row, field) if field in sealed_fields(type(row)) else str(getattr(row, field))


def _is_guarded(customer: Customer, key: str) -> bool:
    """Whether the field is one that anybody sees masked; others have no clear value to ask for."""
    subject, _dot, name = key.partition(".")
    return FieldRule.objects.filter(
        profile=customer.organisation.profile,
        subject=subject,
        field=name,
        data_class__in=[DataClass.SENSITIVE, DataClass.PERSONAL],
    ).exists()


def _ensure_within_limit(by: User) -> None:
    """At most sixty an hour; one person's requests are counted one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, by.pk % 2**31])
    asked = AccessLog.objects.filter(
        user_id=by.pk, kind=AccessKind.REVEAL, at__gte=timezone.now() - AN_HOUR
    ).count()
    if asked >= MOST:
        raise TooManyReveals(_("一小时内查看敏感信息过多，请稍后再试"))
