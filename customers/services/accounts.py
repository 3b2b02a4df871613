"""帐户: open, change, make the default, cancel (B-8 to B-10, B-17, B-27)."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.core.numbers import Series, take_number
from crm.identity.models import User
from customers.boss_values import NewAccount, cleaned_service
from customers.choices import CustomerPerm, CustomerStatus, TimelineKind
from customers.domains import AccountStatus
from customers.errors import WrongState
from customers.models import BillingAccount, Customer
from customers.services._operated import lock_operated, lock_row, tell_service

EDITABLE: Final = frozenset(
    {
        "name",
        "billing_type",
        "payment_mode",
        "invoice_title",
        "invoice_address",
        "invoice_postcode",
        "billing_day",
    }
)
"""What a change of an account may set; default and state have services of their own."""


@transaction.atomic
def open_account(*, customer: Customer, data: NewAccount, by: User) -> BillingAccount:
    """Open an account of a customer; the first one is his default account.

    Raises NotFound, WrongState, ValidationError. Rules: B-8, B-9, B-17, B-27.
    """
    owner = lock_operated(customer, CustomerPerm.SERVICE_CREATE, by=by)
    if owner.status == CustomerStatus.CANCELLED:
        raise WrongState(_("客户已注销，不能再开立帐户"))
    values = cleaned_service("account", data)
    others = BillingAccount.objects.live().filter(customer=owner)
    is_default = values.pop("is_default") or not others.exists()
    reason = _("开立帐户")
    if is_default:
        _step_down(owner, by=by, reason=reason)
    row = BillingAccount(
        customer=owner,
        number=f"Z{take_number(Series.ACCOUNT):010d}",
        is_default=is_default,
        starts_on=timezone.localdate(),
        **values,
    )
    save_as(row, by=by, reason=reason, expected=None)
    tell_service(row, TimelineKind.ACCOUNT_OPENED, by=by, part="accounts")
    return row


@transaction.atomic
def edit_account(
    *, account: BillingAccount, changes: Mapping[str, Any], expected: int, reason: str, by: User
) -> BillingAccount:
    """Change name, payment or invoice of an account.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-27, RF-07, PM-10.
    """
    row = lock_row(account, CustomerPerm.SERVICE_UPDATE, expected, by=by)
    _ensure_live(row)
    if strange := changes.keys() - EDITABLE:
        raise ValidationError({min(strange): _("此项目不能直接修改")})
    for name, value in cleaned_service("account", changes).items():
        setattr(row, name, value)
    save_as(row, by=by, reason=reason, expected=None)
    tell_service(row, TimelineKind.ACCOUNT_CHANGED, by=by, part="accounts")
    return row


@transaction.atomic
def make_default_account(
    *, account: BillingAccount, reason: str, by: User, expected: int | None = None
) -> BillingAccount:
    """Make an account the customer's default; the one before steps down.

    Raises NotFound, StaleVersion, WrongState. Rules: B-10, B-27.
    """
    row = lock_row(account, CustomerPerm.SERVICE_UPDATE, expected, by=by)
    _ensure_live(row)
    if row.is_default:
        return row
    _step_down(row.customer, by=by, reason=reason)
    row.is_default = True
    save_as(row, by=by, reason=reason, expected=None, fields=["is_default"])
    tell_service(row, TimelineKind.ACCOUNT_CHANGED, by=by, part="accounts")
    return row


@transaction.atomic
def cancel_account(
    *, account: BillingAccount, expected: int, reason: str, by: User
) -> BillingAccount:
    """End an account that pays for nobody any more; the row and its number stay.

    Live users or payments of it are refused by the database, in its own words; the default account
    must hand over first while others are live. Raises NotFound, StaleVersion, WrongState,
    ValidationError. Rules: B-17, B-18.
    """
    row = lock_row(account, CustomerPerm.SERVICE_END, expected, by=by)
    _ensure_live(row)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写注销原因")})
    others = BillingAccount.objects.live().filter(customer=row.customer).exclude(pk=row.pk)
    if row.is_default and others.exists():
        raise WrongState(_("请先指定另一个默认帐户"))
    row.status, row.ends_on, row.is_default = AccountStatus.CANCELLED, timezone.localdate(), False
    save_as(row, by=by, reason=reason, expected=None, fields=["status", "ends_on", "is_default"])
    tell_service(row, TimelineKind.ACCOUNT_CHANGED, by=by, part="accounts")
    return row


def _ensure_live(row: BillingAccount) -> None:
    if row.status == AccountStatus.CANCELLED:
        raise WrongState(_("帐户已注销"))


def _step_down(customer: Customer, *, by: User, reason: str) -> None:
    before = BillingAccount.objects.live().select_for_update(of=("self",))
    for row in before.filter(customer=customer, is_default=True):
        row.is_default = False
        save_as(row, by=by, reason=reason, expected=None, fields=["is_default"])
