"""What the services of document 002 have in common: the lock, the gate, the news."""

from typing import Any, TypeVar

from django.db import connection, transaction

from crm.core.errors import NotFound, StaleVersion
from crm.core.policy import Perm
from crm.identity.choices import Profile
from crm.identity.models import User
from crm.outbox.choices import Topic
from crm.outbox.services import publish
from customers.access import customers_for
from customers.choices import TimelineKind
from customers.models import (
    BillingAccount,
    Certificate,
    Customer,
    ExternalAccount,
    ListEntry,
    Subscription,
)
from customers.services.marks import add_timeline

Row = TypeVar("Row", BillingAccount, Certificate, ExternalAccount, ListEntry, Subscription)


def lock_operated(customer: Customer, perm: Perm, *, by: User) -> Customer:
    """The customer's row, locked first (rule 7); sight and right are asked under the lock.

    Raises NotFound, also for a customer of another kind of organisation.
    """
    row = (
        Customer.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=customer.pk)
    )
    is_reached = customers_for(by, perm).filter(pk=row.pk).exists()
    if not is_reached or row.organisation.profile != Profile.BOSS:
        raise NotFound
    return row


def lock_row(row: Row, perm: Perm, expected: int | None, *, by: User) -> Row:
    """A row of a customer, behind the customer's lock. Raises NotFound, StaleVersion."""
    customer = lock_operated(row.customer, perm, by=by)
    live = type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
    if expected is not None and live.version != expected:
        raise StaleVersion(current=live.version)
    live.customer = customer
    return live


def settle_shares() -> None:
    """Ask the deferred sum of shares now, while its sentence can still reach the person."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("settle_shares() needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS customers_paylink_hundred IMMEDIATE")
        cursor.execute("SET CONSTRAINTS customers_paylink_hundred DEFERRED")


def tell_service(
    row: BillingAccount | Subscription,
    kind: TimelineKind,
    *,
    by: User,
    part: str,
    values: dict[str, Any] | None = None,
    mark: str = "",
) -> None:
    """Timeline and event: billing and the others hear that a user or an account changed.

    `mark` tells apart events that leave the row's own version as it is.
    """
    customer = row.customer
    add_timeline(
        customer=customer, kind=kind, values={"number": row.number} | (values or {}), by=by
    )
    publish(
        topic=Topic.CUSTOMER_CHANGED,
        key=f"{customer.code}:{row.number}:{row.version}{mark}",
        payload={
            "customer": customer.code,
            "version": customer.version,
            "fields": [part],
            "number": row.number,
            "status": str(row.status),
            "form": "",
        },
        organisation_id=customer.organisation_id,
        customer=customer.pk,
        people=[],
        values={
            "name": customer.name,
            "code": customer.code,
            "what": str(row._meta.verbose_name),
            "customer_id": customer.pk,
        },
    )
