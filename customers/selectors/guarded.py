"""Rows behind a masked value: which record a reveal page is about, and what the field is called."""

from typing import Final

from crm.core.errors import Forbidden, NotFound
from crm.core.services.access_log import log_denial
from crm.identity.models import User
from customers.access import Eyes, customers_for, rules_of
from customers.choices import CustomerPerm, DataClass, Subject
from customers.models import BankBinding, Customer, FieldRule, RetailProfile
from customers.selectors.fields import record_of

_GUARDED: Final = (DataClass.SENSITIVE, DataClass.PERSONAL)


def guarded_rule(customer: Customer, key: str) -> FieldRule:
    """The rule of a field that anybody sees masked. Raises NotFound for any other name."""
    for rule in rules_of(customer):
        if rule.key == key and rule.data_class in _GUARDED:
            return rule
    raise NotFound


def ensure_may_reveal(customer: Customer, key: str, user: User) -> FieldRule:
    """The field's rule for whoever may see it in clear; a denial is written down.

    Raises NotFound, Forbidden. Rules: SEC-39, trust 4.6.
    """
    rule = guarded_rule(customer, key)
    if not Eyes(user).may_reveal(customer, key):
        log_denial(user=user, perm=CustomerPerm.REVEAL, key=f"{customer.code} {key}")
        raise Forbidden
    return rule


def record_with(customer: Customer, key: str) -> Customer | RetailProfile:
    """The customer's own record that holds a field. Raises NotFound where there is none."""
    subject = key.partition(".")[0]
    if subject not in (Subject.CUSTOMER, Subject.RETAIL):
        raise NotFound
    record = record_of(customer, subject)
    if not isinstance(record, Customer | RetailProfile):
        raise NotFound
    return record


def binding_of(user: User, pk: int) -> BankBinding:
    """A withholding account of a customer the person may see. Raises NotFound."""
    seen = customers_for(user, CustomerPerm.VIEW)
    row = BankBinding.objects.filter(pk=pk, customer__in=seen).select_related("customer").first()
    if row is None:
        raise NotFound
    return row
