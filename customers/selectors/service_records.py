"""Users, accounts, certificates and lists as outside systems read them (D10)."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.masking import mask_address, mask_person
from crm.identity.models import User
from customers.access import (
    Eyes,
    accounts_for,
    certificates_for,
    entries_for,
    externals_for,
    users_for,
)
from customers.choices import CustomerPerm
from customers.domains import ListColour, ListObject
from customers.models import (
    BillingAccount,
    Certificate,
    Customer,
    ListEntry,
    PayLink,
    Subscription,
)
from customers.selectors.fields import masked_tail


def user_records(user: User, customer: Customer) -> list[dict[str, Any]]:
    """The customer's users with who pays; the address masked by right (B-8, B-10)."""
    rows = users_for(user, CustomerPerm.SERVICE_VIEW).filter(customer=customer).order_by("pk")
    return _users(user, customer, list(rows))


def user_record(user: User, row: Subscription) -> dict[str, Any]:
    """One user with who pays."""
    return _users(user, row.customer, [row])[0]


def _users(user: User, customer: Customer, rows: list[Subscription]) -> list[dict[str, Any]]:
    is_clear = Eyes(user).on(customer).works
    links: dict[int, list[dict[str, Any]]] = {}
    live = PayLink.objects.live().filter(subscription__in=rows).select_related("account")
    for link in live.order_by("charge_kind", "rank", "pk"):
        links.setdefault(link.subscription_id, []).append(
            {
                "account": link.account.number,
                "charge_kind": link.charge_kind,
                "rank": link.rank,
                "share": link.share,
            }
        )
    return [
        {
            "number": row.number,
            "version": row.version,
            "status": row.status,
            "service": row.service,
            "product": row.product,
            "device_no": row.device_no,
            "install_address": _address(row.install_address, is_clear=is_clear),
            "account": row.account.number,
            "payers": links.get(row.pk, []),
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
        }
        for row in rows
    ]


def _address(value: str, *, is_clear: bool) -> str:
    return value if is_clear else mask_address(value)


_OF_ACCOUNT: Final = (
    *("number", "version", "name", "is_default", "billing_type", "payment_mode"),
    *("invoice_title", "invoice_postcode", "billing_day", "status", "starts_on", "ends_on"),
)


def account_records(user: User, customer: Customer) -> list[dict[str, Any]]:
    """The customer's accounts; where bills are sent is masked by right (B-27)."""
    rows = accounts_for(user, CustomerPerm.SERVICE_VIEW).filter(customer=customer).order_by("pk")
    is_clear = Eyes(user).on(customer).works
    return [_account(row, is_clear=is_clear) for row in rows]


def account_record(user: User, row: BillingAccount) -> dict[str, Any]:
    """One account."""
    return _account(row, is_clear=Eyes(user).on(row.customer).works)


def _account(row: BillingAccount, *, is_clear: bool) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _OF_ACCOUNT}
    return told | {"invoice_address": _address(row.invoice_address, is_clear=is_clear)}


def external_records(user: User, customer: Customer) -> list[dict[str, Any]]:
    """The customer's external pay accounts: the last four of a number, whoever asks (B-28)."""
    rows = externals_for(user, CustomerPerm.SERVICE_VIEW).filter(customer=customer)
    is_clear = Eyes(user).on(customer).works
    names = ("version", "channel", "institution", "branch", "is_signed", "status")
    return [
        {"id": row.pk, "account": row.account.number}
        | {name: getattr(row, name) for name in names}
        | {
            "account_no": masked_tail("account_no", row.account_no_last4),
            "holder_name": row.holder_name if is_clear else mask_person(row.holder_name),
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
        }
        for row in rows.order_by("pk")
    ]


def account_key(user: User, number: str, field: str = "account") -> int:
    """The key of a live account that the client may charge. Raises ValidationError at `field`."""
    rows = accounts_for(user, CustomerPerm.SERVICE_VIEW).live().filter(number=number)
    key = rows.values_list("pk", flat=True).first()
    if key is None:
        raise ValidationError({field: _("请选择在用的帐户")})
    return key


def listed_key(user: User, object_type: str, number: str) -> int | None:
    """The key of the account or user that an entry is about. Raises ValidationError."""
    if object_type == ListObject.CUSTOMER:
        return None
    gate: Any = accounts_for if object_type == ListObject.ACCOUNT else users_for
    rows = gate(user, CustomerPerm.LISTED_CREATE).filter(number=number)
    key: int | None = rows.values_list("pk", flat=True).first()
    if key is None:
        raise ValidationError({"number": _("请选择该客户的帐户或用户")})
    return key


def certificate_records(user: User, customer: Customer) -> list[dict[str, Any]]:
    """The customer's certificates; numbers of persons by their last four (B-55, trust 2.6)."""
    rows = certificates_for(user, CustomerPerm.CERTIFICATE_VIEW).filter(customer=customer)
    return [certificate_record(row) for row in rows.order_by("pk")]


def certificate_record(row: Certificate) -> dict[str, Any]:
    """One certificate."""
    return {
        "id": row.pk,
        "version": row.version,
        "role": row.role,
        "kind": row.kind,
        "number": row.public_no or masked_tail("number", row.number_last4),
        "authority": row.authority,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "is_real_name": row.is_real_name,
        "is_live": row.is_live,
    }


def entry_records(user: User, customer: Customer) -> list[dict[str, Any]]:
    """Entries of the red and the black list that count today (B-22)."""
    rows = entries_for(user, CustomerPerm.LISTED_VIEW).in_force(timezone.localdate())
    return [entry_record(row) for row in rows.filter(customer=customer).order_by("pk")]


def entry_record(row: ListEntry) -> dict[str, Any]:
    """One entry of a list."""
    return {
        "id": row.pk,
        "version": row.version,
        "colour": ListColour(row.colour).name.lower(),
        "object_type": row.object_type,
        "number": getattr(row.subscription or row.account, "number", ""),
        "subtype": row.subtype,
        "reason": row.reason,
        "channel": row.channel,
        "department": row.department.code,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "is_void": row.is_void,
    }
