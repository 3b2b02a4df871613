"""Online withholding: one person of the network office keys the account, another confirms it."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.core.sealed import seal
from crm.core.search import strict_key
from crm.identity.access import ensure_may
from crm.identity.models import User
from customers.choices import BindingStatus, CustomerPerm, TimelineKind
from customers.errors import SecondPersonNeeded, WrongState
from customers.models import BankBinding, Customer, RetailProfile
from customers.services.marks import add_timeline
from customers.values import BankAccount, as_values, clean_account

_SEALED = ("account_no", "holder_certificate", "agreement_no")


@transaction.atomic
def request_binding(
    *,
    customer: Customer,
    account: BankAccount,
    by: User,
    form: str = "",
    voucher_id: int | None = None,
) -> BankBinding:
    """Key an account to withhold from; it works only after a second person confirmed it.

    A second live account is refused by the constraint. Raises Forbidden, ValidationError.
    Rules: T-40, T-45, T-65 to T-68, PM-04, domain 5.4.
    """
    ensure_may(by, CustomerPerm.BANK_CREATE)
    row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    good = clean_account(account)
    _ensure_name_known(row, good)
    values = as_values(good)
    clear = {name: values.pop(name) for name in _SEALED}
    binding = BankBinding(
        customer=row, bound_by=by, form_number=form, voucher_id=voucher_id, **values
    )
    for name, value in clear.items():
        seal(binding, name, value)
    save_as(binding, by=by, reason=form or _("申请绑定扣款账户"), expected=None, form=form)
    _tell(binding, TimelineKind.BINDING_REQUESTED, by=by)
    return binding


@transaction.atomic
def confirm_binding(*, binding: BankBinding, by: User, outcome: str = "") -> BankBinding:
    """Confirm what a colleague keyed: from now on it is withheld from.

    Raises Forbidden, WrongState, SecondPersonNeeded. Rules: T-66, PM-04, domain 5.4.
    """
    row = _locked(binding, CustomerPerm.BANK_EXECUTE, by=by)
    _ensure_state(row, BindingStatus.PENDING)
    if row.bound_by_id == by.pk:
        raise SecondPersonNeeded(_("须由另一位经办人复核"))
    row.status, row.confirmed_by = BindingStatus.BOUND, by
    row.bound_at, row.outcome = timezone.now(), outcome
    save_as(row, by=by, reason=_("复核绑定"), expected=None)
    _tell(row, TimelineKind.BINDING_BOUND, by=by)
    return row


@transaction.atomic
def fail_binding(*, binding: BankBinding, outcome: str, by: User) -> BankBinding:
    """Write down that the bank or the check refused it. Raises Forbidden, WrongState.

    Rules: T-66, domain 5.4.
    """
    row = _locked(binding, CustomerPerm.BANK_EXECUTE, by=by)
    _ensure_state(row, BindingStatus.PENDING)
    row.status, row.outcome = BindingStatus.FAILED, outcome[:200]
    save_as(row, by=by, reason=outcome, expected=None, fields=["status", "outcome"])
    _tell(row, TimelineKind.BINDING_FAILED, by=by)
    return row


@transaction.atomic
def retry_binding(*, binding: BankBinding, by: User) -> BankBinding:
    """Try a failed account again; whoever tries it is its first person now.

    Raises Forbidden, WrongState, ValidationError when another account is live. Rules: domain 5.4.
    """
    row = _locked(binding, CustomerPerm.BANK_CREATE, by=by)
    _ensure_state(row, BindingStatus.FAILED)
    row.status, row.outcome, row.bound_by = BindingStatus.PENDING, "", by
    save_as(row, by=by, reason=_("重新绑定"), expected=None)
    _tell(row, TimelineKind.BINDING_REQUESTED, by=by)
    return row


@transaction.atomic
def close_binding(*, binding: BankBinding, reason: str, by: User) -> BankBinding:
    """End an account; the row stays. Raises Forbidden, WrongState, ValidationError.

    Rules: T-66, T-67.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("请填写解除原因")})
    row = _locked(binding, CustomerPerm.BANK_EXECUTE, by=by)
    if row.status == BindingStatus.CLOSED:
        raise WrongState(_("该扣款账户已解除"))
    row.status, row.ended_at = BindingStatus.CLOSED, timezone.now()
    save_as(row, by=by, reason=reason, expected=None, fields=["status", "ended_at"])
    _tell(row, TimelineKind.BINDING_CLOSED, by=by)
    return row


@transaction.atomic
def rebind_account(
    *,
    customer: Customer,
    account: BankAccount,
    by: User,
    form: str = "",
    voucher_id: int | None = None,
) -> BankBinding:
    """Close the live account and key a new one: re-entry always binds anew, never overwrites.

    Raises Forbidden, ValidationError. Rules: T-54, T-66, domain 5.2 (6).
    """
    Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    for old in BankBinding.objects.live().filter(customer=customer):
        close_binding(binding=old, reason=form or _("重新绑定"), by=by)
    return request_binding(
        customer=customer, account=account, by=by, form=form, voucher_id=voucher_id
    )


def _locked(binding: BankBinding, perm: CustomerPerm, *, by: User) -> BankBinding:
    ensure_may(by, perm)
    Customer.objects.select_for_update(of=("self",)).only("pk").get(pk=binding.customer_id)
    return BankBinding.objects.select_for_update(of=("self",)).get(pk=binding.pk)


def _ensure_state(row: BankBinding, wanted: BindingStatus) -> None:
    if row.status != wanted:
        raise WrongState(
            _("扣款账户现为“%(state)s”，不能办理此步骤") % {"state": row.get_status_display()}
        )


def _ensure_name_known(row: Customer, account: BankAccount) -> None:
    """The holder is the legal representative or the shop; any other name needs a note (T-68)."""
    known = {row.name, row.legal_representative}
    retail = RetailProfile.objects.filter(customer=row).first()
    if retail is not None:
        known |= {retail.store_name, retail.legal_representative}
    if strict_key(account.holder_name) in {strict_key(name) for name in known if name}:
        return
    if not account.name_note.strip():
        raise ValidationError({"name_note": _("户名与法定代表人、店铺名称都不一致，请填写说明")})


def _tell(binding: BankBinding, kind: TimelineKind, *, by: User) -> None:
    add_timeline(
        customer=binding.customer,
        kind=kind,
        values={"bank": binding.bank, "tail": binding.account_no_last4},
        by=by,
    )
