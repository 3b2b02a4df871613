"""Withholding accounts: which is live, and in what state the customer is."""

from customers.choices import BindingStatus
from customers.models import BankBinding, Customer


def bound_account(customer: Customer) -> BankBinding | None:
    """The account that may be withheld from now; a pending one does not count (T-42, T-67)."""
    return BankBinding.objects.filter(customer=customer, status=BindingStatus.BOUND).first()


def binding_of_form(number: str) -> BankBinding | None:
    """The newest account keyed from that form, whatever its state."""
    rows = BankBinding.objects.filter(form_number=number).select_related("customer")
    return rows.order_by("-pk").first()
