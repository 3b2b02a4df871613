"""The gates of document 002: users, accounts, certificates, list entries of reachable customers.

They belong to operators (profile boss); other organisations have no such rows (D9b).
"""

from crm.core.access import fetch
from crm.core.errors import NotFound
from crm.identity.choices import Profile
from crm.identity.models import User
from customers.access.rows import behind, get_customer
from customers.choices import CustomerPerm
from customers.models import (
    BillingAccount,
    BillingAccountQuerySet,
    Certificate,
    CertificateQuerySet,
    Customer,
    ListEntry,
    ListEntryQuerySet,
    Subscription,
    SubscriptionQuerySet,
)


def get_operated(user: User, perm: CustomerPerm, pk: int) -> Customer:
    """One customer of an operator. Raises NotFound, also for one of another kind of organisation,
    and Forbidden. Rules: D9b."""
    row = get_customer(user, perm, pk)
    if row.organisation.profile != Profile.BOSS:
        raise NotFound
    return row


def users_for(user: User, perm: CustomerPerm) -> SubscriptionQuerySet:
    """The gate of service instances (B-8)."""
    reach = behind(user, perm)
    if reach is None:
        return Subscription.objects.none()
    return Subscription.objects.filter(reach).select_related("customer__organisation", "account")


def get_user_row(user: User, perm: CustomerPerm, pk: int) -> Subscription:
    """One service instance. Raises NotFound, Forbidden."""
    return fetch(users_for, user, perm, see=CustomerPerm.SERVICE_VIEW, pk=pk)


def get_user_numbered(user: User, perm: CustomerPerm, code: str, number: str) -> Subscription:
    """One service instance of the customer with that code. Raises NotFound, Forbidden."""
    see = CustomerPerm.SERVICE_VIEW
    return fetch(users_for, user, perm, see=see, number=number, customer__code=code)


def accounts_for(user: User, perm: CustomerPerm) -> BillingAccountQuerySet:
    """The gate of payers' accounts (B-27)."""
    reach = behind(user, perm)
    if reach is None:
        return BillingAccount.objects.none()
    return BillingAccount.objects.filter(reach).select_related("customer__organisation")


def get_account(user: User, perm: CustomerPerm, pk: int) -> BillingAccount:
    """One account. Raises NotFound, Forbidden."""
    return fetch(accounts_for, user, perm, see=CustomerPerm.SERVICE_VIEW, pk=pk)


def get_account_numbered(user: User, perm: CustomerPerm, code: str, number: str) -> BillingAccount:
    """One account of the customer with that code. Raises NotFound, Forbidden."""
    see = CustomerPerm.SERVICE_VIEW
    return fetch(accounts_for, user, perm, see=see, number=number, customer__code=code)


def certificates_for(user: User, perm: CustomerPerm) -> CertificateQuerySet:
    """The gate of certificates. What of a number shows, `access.fields` says."""
    reach = behind(user, perm)
    if reach is None:
        return Certificate.objects.none()
    return Certificate.objects.filter(reach).select_related("customer__organisation", "checked_by")


def get_certificate(user: User, perm: CustomerPerm, pk: int) -> Certificate:
    """One certificate. Raises NotFound, Forbidden."""
    return fetch(certificates_for, user, perm, see=CustomerPerm.CERTIFICATE_VIEW, pk=pk)


def entries_for(user: User, perm: CustomerPerm) -> ListEntryQuerySet:
    """The gate of red and black list entries (B-22)."""
    reach = behind(user, perm)
    if reach is None:
        return ListEntry.objects.none()
    return ListEntry.objects.filter(reach).select_related(
        "customer__organisation", "account", "subscription", "department"
    )


def get_entry(user: User, perm: CustomerPerm, pk: int) -> ListEntry:
    """One list entry. Raises NotFound, Forbidden."""
    return fetch(entries_for, user, perm, see=CustomerPerm.LISTED_VIEW, pk=pk)
