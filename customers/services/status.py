"""The state of a customer: put in force, suspended, closed for a time, cancelled (B-13)."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden
from crm.core.history import save_as
from crm.identity.access import rights_of
from crm.identity.choices import Scope
from crm.identity.models import User
from crm.outbox.choices import Topic
from crm.outbox.services import publish
from customers.choices import (
    STATUS_MOVES,
    ControlLevel,
    CustomerPerm,
    CustomerStatus,
    Lifecycle,
    TemporalClass,
    TimelineKind,
)
from customers.errors import WrongState
from customers.models import (
    BankBinding,
    BillingAccount,
    Certificate,
    Customer,
    OpenForm,
    RetailProfile,
    Subscription,
)
from customers.services.marks import add_timeline


@transaction.atomic
def activate_customer(*, customer: Customer, reason: str, by: User, form: str = "") -> Customer:
    """Put a customer in force: from now on he may order and be delivered to.

    The caller has checked that everything is bound and complete (T-47). Raises WrongState,
    ValidationError. Rules: T-48, T-49, T-57, domain 5.1 (16).
    """
    row = _locked(customer)
    _ensure_move(row, CustomerStatus.NORMAL, reason)
    first = row.entered_on is None
    row.status, row.may_order = CustomerStatus.NORMAL, True
    row.temporal_class = TemporalClass.CURRENT
    if first:
        row.entered_on, row.lifecycle = timezone.localdate(), Lifecycle.NEW
    save_as(row, by=by, reason=reason, expected=None, form=form)
    add_timeline(customer=row, kind=TimelineKind.ACTIVATED, values={"form": form}, by=by)
    publish(
        topic=Topic.CUSTOMER_ACTIVATED,
        key=f"{row.code}:{row.version}",
        payload={"customer": row.code, "version": row.version, "status": row.status},
        organisation_id=row.organisation_id,
        customer=row.pk,
        people=[row.manager_id] if row.manager_id and row.manager_id != by.pk else [],
        values={"name": row.name, "code": row.code, "customer_id": row.pk},
    )
    return row


@transaction.atomic
def suspend_customer(*, customer: Customer, reason: str, by: User, form: str = "") -> Customer:
    """Stop a customer for a while. Raises WrongState, ValidationError. Rules: B-13."""
    return _stop(customer, CustomerStatus.SUSPENDED, reason, by=by, form=form)


@transaction.atomic
def stop_for_arrears(*, customer: Customer, reason: str, by: User, form: str = "") -> Customer:
    """Stop a customer who owes. Raises WrongState, ValidationError. Rules: B-13."""
    return _stop(customer, CustomerStatus.ARREARS_STOP, reason, by=by, form=form)


@transaction.atomic
def rectify_customer(*, customer: Customer, reason: str, by: User, form: str = "") -> Customer:
    """Put a customer under rectification. Raises WrongState, ValidationError. Rules: T-50."""
    return _stop(customer, CustomerStatus.RECTIFICATION, reason, by=by, form=form)


@transaction.atomic
def close_customer(*, customer: Customer, reason: str, by: User, form: str = "") -> Customer:
    """Close a shop for a time (停歇业). Raises WrongState, ValidationError. Rules: T-50."""
    return _stop(customer, CustomerStatus.CLOSED, reason, by=by, form=form)


@transaction.atomic
def cancel_customer(*, customer: Customer, reason: str, by: User, form: str = "") -> Customer:
    """End a customer for good: the row and its code stay, its keys become free again.

    Refused while a user, an account or a withholding account is live, or a form is open; a trigger
    holds the first two in a race. Raises WrongState, ValidationError.
    Rules: B-17, B-18, B-33.
    """
    row = _locked(customer)
    _ensure_nothing_served(row)
    if BankBinding.objects.live().filter(customer=row).exists():
        raise WrongState(_("请先解除扣款账户"))
    if OpenForm.objects.filter(customer=row, closed_at__isnull=True).exists():
        raise WrongState(_("该客户还有在办表单"))
    row = _stop(row, CustomerStatus.CANCELLED, reason, by=by, form=form)
    for retail in RetailProfile.objects.select_for_update().filter(customer=row):
        retail.is_live = False
        save_as(retail, by=by, reason=reason, expected=None, fields=["is_live"], form=form)
    for paper in Certificate.objects.live().select_for_update(of=("self",)).filter(customer=row):
        paper.is_live = False
        save_as(paper, by=by, reason=reason, expected=None, fields=["is_live"], form=form)
    return row


def _ensure_nothing_served(row: Customer) -> None:
    """Users first, then their accounts, then the customer (B-17)."""
    if Subscription.objects.live().filter(customer=row).exists():
        raise WrongState(_("客户名下还有在用的用户，不能注销"))
    if BillingAccount.objects.live().filter(customer=row).exists():
        raise WrongState(_("客户名下还有在用的帐户，不能注销"))


@transaction.atomic
def classify_customer(
    *, customer: Customer, secrecy: int, control_level: ControlLevel, reason: str, by: User
) -> Customer:
    """Set how secret a customer is and who may change him: by those who keep the whole archive,
    and never above their own clearance.

    Raises Forbidden, ValidationError. Rules: B-19, B-20.
    """
    cells = rights_of(by, CustomerPerm.UPDATE) + rights_of(by, CustomerPerm.DECIDE)
    if not any(cell.scope is Scope.ALL for cell in cells) or secrecy > by.clearance:
        raise Forbidden
    if not reason.strip():
        raise ValidationError({"reason": _("请填写变更原因")})
    row = _locked(customer)
    row.secrecy, row.control_level = secrecy, control_level
    save_as(row, by=by, reason=reason, expected=None, fields=["secrecy", "control_level"])
    add_timeline(
        customer=row,
        kind=TimelineKind.CHANGED,
        values={"fields": ["customer.secrecy", "customer.control_level"]},
        by=by,
    )
    return row


def _stop(
    customer: Customer, status: CustomerStatus, reason: str, *, by: User, form: str
) -> Customer:
    row = _locked(customer)
    _ensure_move(row, status, reason)
    before = row.status
    row.status, row.may_order = status, False
    save_as(row, by=by, reason=reason, expected=None, fields=["status", "may_order"], form=form)
    add_timeline(
        customer=row,
        kind=TimelineKind.STATUS_CHANGED,
        values={"before": before, "after": status, "form": form},
        by=by,
    )
    return row


def _locked(customer: Customer) -> Customer:
    return Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)


def _ensure_move(row: Customer, status: CustomerStatus, reason: str) -> None:
    if status not in STATUS_MOVES[row.status]:
        words = {"now": row.get_status_display(), "then": status.label}
        raise WrongState(_("客户现为“%(now)s”，不能改为“%(then)s”") % words)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写变更原因")})
