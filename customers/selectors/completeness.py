"""How full an archive is, and what is missing before a customer may enter (B-30, R-38, T-47)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Model, Prefetch, QuerySet

from customers.access import rules_of
from customers.choices import ContactRole, Subject
from customers.formulas import Completeness, Weighed, completeness_of, mean_percent
from customers.models import Contact, Customer, FieldRule

KEY_PERSONS: Final = "contact.key_persons"
ENOUGH_KEY_PERSONS: Final = 2
_OR: Final = {
    "contact.mobile": ("mobile", "office_phone"),
    "repair.logistics_firm": ("logistics_firm", "logistics_name"),
}
"""Fields that another one may stand in for (domain 6.4)."""
LIVE_CONTACTS: Final = Prefetch("contacts", Contact.objects.live().order_by("-is_primary", "pk"))
"""The people a score looks at, in one query."""
EVERYBODY: Final = Prefetch("contacts", Contact.objects.in_order())
"""The same with those who left, for pages that name them too."""


@dataclass(frozen=True, slots=True)
class ManagerRate:
    """How many customers a manager answers for, and their mean score in percent."""

    customers: int
    percent: Decimal


def completeness_for(customer: Customer, rules: Sequence[FieldRule] | None = None) -> Completeness:
    """The score of one archive and what is missing, heaviest first."""
    return _score(customer, rules_of(customer) if rules is None else rules)


def missing_for_entry(customer: Customer) -> list[str]:
    """Labels of the fields that must be filled before the customer is put in force (T-47)."""
    rules = rules_of(customer)
    return [r.label for r in rules if r.is_required and not _is_filled(customer, r)]


def manager_rates(customers: QuerySet[Customer]) -> dict[int, ManagerRate]:
    """How many each manager of these customers has, and their mean score (R-38), by his key.

    All managers in one reading; customers that nobody answers for do not count.
    """
    rules: dict[tuple[int, str], list[FieldRule]] = {}
    scores: dict[int | None, list[int]] = defaultdict(list)
    rows = with_parts(customers.filter(manager__isnull=False))
    for row in rows.iterator(chunk_size=500):
        key = (row.organisation_id, row.customer_kind)
        own = rules.get(key) or rules_of(row)
        rules[key] = own
        scores[row.manager_id].append(_score(row, own).percent)
    return {pk: ManagerRate(len(own), mean_percent(own)) for pk, own in scores.items() if pk}


def with_parts(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """The rows with everything a score looks at, in a fixed number of queries."""
    rows = customers.select_related("organisation", "retail", "repair", "subscriber", "extra")
    return rows.defer("search_tokens", "field_marks").prefetch_related(LIVE_CONTACTS).order_by("pk")


def _score(customer: Customer, rules: Iterable[FieldRule]) -> Completeness:
    return completeness_of(
        Weighed(rule.key, rule.label, rule.weight, _is_filled(customer, rule))
        for rule in rules
        if rule.weight > 0
    )


def _is_filled(customer: Customer, rule: FieldRule) -> bool:
    if rule.subject == Subject.EXTRA:
        extra = getattr(customer, Subject.EXTRA, None)
        return extra is not None and extra.content.get(rule.field) is not None
    if rule.subject == Subject.CONTACT:
        return _person_filled(_people(customer), rule)
    record: Model | None = customer
    if rule.subject != Subject.CUSTOMER:
        record = getattr(customer, rule.subject, None)
    if record is None:
        return False
    return any(_has(record, name) for name in _OR.get(rule.key, (rule.field,)))


def _person_filled(people: Sequence[Contact], rule: FieldRule) -> bool:
    if rule.key == KEY_PERSONS:
        keys = [person for person in people if person.role == ContactRole.KEY]
        return len(keys) >= ENOUGH_KEY_PERSONS
    first = next((person for person in people if person.is_primary), None)
    if first is None:
        return False
    return any(_has(first, name) for name in _OR.get(rule.key, (rule.field,)))


def _people(customer: Customer) -> list[Contact]:
    """Live contacts, from the prefetch where there is one."""
    return [person for person in customer.contacts.all() if person.is_live]


def _has(record: Model, name: str) -> bool:
    value = getattr(record, record._meta.get_field(name).attname)  # type: ignore[union-attr]
    return value not in (None, "")
