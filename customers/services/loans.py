"""Lend a customer to those who have a task about him (scope K)."""

from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from crm.identity.choices import Duty
from crm.identity.models import Department
from customers.models import Customer, CustomerLoan

AFTERWARDS: Final = timedelta(days=90)


@transaction.atomic
def lend_customer(
    *,
    customer: Customer,
    department: Department,
    duty: Duty,
    reference: str,
    until: date | None = None,
) -> CustomerLoan:
    """Let holders of `duty` in `department` read the customer while `reference` is open.

    Asked twice it is one loan, opened again. Rules: trust 4.2 (K), design 4.
    """
    loan, _created = CustomerLoan.objects.update_or_create(
        customer=customer,
        department=department,
        duty=duty,
        reference=reference,
        defaults={"until": until},
    )
    return loan


@transaction.atomic
def end_loans(*, reference: str, until: date | None = None) -> int:
    """Close every open loan of a matter: readable 90 days more unless `until` says otherwise.

    Rules: trust 4.2 (K).
    """
    last = until or timezone.localdate() + AFTERWARDS
    return CustomerLoan.objects.filter(reference=reference, until__isnull=True).update(until=last)
