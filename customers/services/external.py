"""外部支付账户: register, change, take out of use (B-28)."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.core.sealed import seal
from crm.identity.models import User
from customers.boss_values import NewExternal, check_external_no, cleaned_service
from customers.choices import CustomerPerm, TimelineKind
from customers.domains import AccountStatus, ExternalStatus
from customers.errors import WrongState
from customers.models import BillingAccount, ExternalAccount
from customers.services._operated import lock_row, tell_service

EDITABLE: Final = frozenset({"holder_name", "institution", "branch", "is_signed"})
"""What a change may set; another number is another account."""


@transaction.atomic
def add_external(*, account: BillingAccount, data: NewExternal, by: User) -> ExternalAccount:
    """Register where the money of an account comes from; its number is sealed at once.

    Raises NotFound, WrongState, ValidationError. Rules: B-28, D6.
    """
    payer = lock_row(account, CustomerPerm.SERVICE_UPDATE, None, by=by)
    if payer.status == AccountStatus.CANCELLED:
        raise WrongState(_("帐户已注销"))
    values = cleaned_service("external", data)
    clear = check_external_no(values.pop("account_no"), values["channel"])
    starts_on = values.pop("starts_on") or timezone.localdate()
    row = ExternalAccount(account=payer, customer=payer.customer, starts_on=starts_on, **values)
    seal(row, "account_no", clear)
    save_as(row, by=by, reason=_("登记外部支付账户"), expected=None)
    _tell(row, TimelineKind.EXTERNAL_ADDED, by=by)
    return row


@transaction.atomic
def edit_external(
    *, external: ExternalAccount, changes: Mapping[str, Any], expected: int, reason: str, by: User
) -> ExternalAccount:
    """Change holder, institution or the mark of a signed quick payment.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-28, RF-07.
    """
    row = _live(external, expected, by=by)
    if strange := changes.keys() - EDITABLE:
        raise ValidationError({min(strange): _("此项目不能直接修改")})
    for name, value in cleaned_service("external", changes).items():
        setattr(row, name, value)
    save_as(row, by=by, reason=reason, expected=None)
    _tell(row, TimelineKind.EXTERNAL_ADDED, by=by)
    return row


@transaction.atomic
def end_external(
    *, external: ExternalAccount, expected: int, reason: str, by: User
) -> ExternalAccount:
    """Take an external account out of use as of today; it stays in the history.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-18, B-28.
    """
    row = _live(external, expected, by=by)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写停用原因")})
    row.status = ExternalStatus.ENDED
    row.ends_on = max(timezone.localdate(), row.starts_on)
    save_as(row, by=by, reason=reason, expected=None, fields=["status", "ends_on"])
    _tell(row, TimelineKind.EXTERNAL_ENDED, by=by)
    return row


def _live(external: ExternalAccount, expected: int, *, by: User) -> ExternalAccount:
    row = lock_row(external, CustomerPerm.SERVICE_UPDATE, expected, by=by)
    if row.status != ExternalStatus.NORMAL:
        raise WrongState(_("外部支付账户已停用"))
    return row


def _tell(row: ExternalAccount, kind: TimelineKind, *, by: User) -> None:
    """By the number of our account; nothing of the outside one leaves (D6)."""
    mark = f":x{row.pk}.{row.version}"
    tell_service(row.account, kind, by=by, part="external_accounts", mark=mark)
