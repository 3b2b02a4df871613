"""Customers and contacts as outside systems read them: plain values, masked by right (D10)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from crm.identity.choices import Duty, Profile
from crm.identity.models import User
from crm.identity.selectors import holders_of
from customers.access import (
    CustomerFilters,
    Eyes,
    Sight,
    customers_for,
    rules_of,
    values_page,
)
from customers.choices import CustomerPerm, DataClass, Subject, Visibility
from customers.errors import NotManager, NotWithinAuthority
from customers.models import Contact, Customer, FieldRule
from customers.selectors.fields import masked_tail, masked_text, record_of, value_of
from customers.selectors.listing import rules_by_key

Plan = list[tuple[str, int, Callable[[Any], Any] | None]]

# Name in the body → column. Regions, departments and people are named by their codes.
COLUMNS: Final[dict[str, str]] = {
    "code": "code",
    "name": "name",
    "short_name": "short_name",
    "customer_kind": "customer_kind",
    "customer_type": "customer_type",
    "customer_class": "customer_class",
    "temporal_class": "temporal_class",
    "lifecycle": "lifecycle",
    "status": "status",
    "may_order": "may_order",
    "province": "province_id",
    "city": "city_id",
    "region": "region_id",
    "address": "address",
    "postcode": "postcode",
    "phone": "phone",
    "mobile": "mobile",
    "email": "email",
    "credit_code": "credit_code",
    "legal_representative": "legal_representative",
    "industry": "industry",
    "source_channel": "source_channel",
    "document_format": "document_format",
    "remark": "remark",
    "entered_on": "entered_on",
    "manager": "manager__username",
    "department": "department__code",
    "created_at": "created_at",
}
_ALWAYS: Final[dict[str, str]] = {"version": "version"}
_SCOPE: Final = (
    "organisation_id",
    "manager_id",
    "department_id",
    "area_id",
    "province_id",
    "city_id",
    "region_id",
    "secrecy",
    "control_level",
)
_NAMES: Final = list(dict.fromkeys(["id", *COLUMNS.values(), *_ALWAYS.values(), *_SCOPE]))
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    Subject.REPAIR: (
        "unit_layer",
        "main_business",
        "logistics_name",
        "taxpayer_no",
        "no_contract_reason",
    ),
    Subject.RETAIL: (
        "licence_no",
        "licence_valid_to",
        "store_name",
        "business_premises",
        "legal_representative",
        "identity_no",
        "order_mode",
        "settlement_mode",
        "customer_level",
        "delivery_address",
        "market_type",
        "business_format",
        "order_cycle",
        "visit_cycle",
    ),
}
_PARTS[Subject.SUBSCRIBER] = (
    "special_class",
    "own_certificate_required",
    "phone_delegation",
    "certificate_waiver",
    "occupation",
    "language",
    "birthday",
    "ownership",
    "staff_size",
)
CONTACT_FIELDS: Final = (
    "name",
    "role",
    "key_type",
    "is_primary",
    "unit",
    "position",
    "sex",
    "age",
    "office_phone",
    "mobile",
    "fax",
    "email",
    "hobby",
    "influence",
    "remark",
    "identity_no",
    "is_live",
)


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One page of plain values with its tokens."""

    rows: list[dict[str, Any]]
    next: str
    previous: str


def records_page(user: User, *, order: str, after: str, filters: CustomerFilters) -> RecordsPage:
    """One page of customers as plain values, masked for the client (PM-01 to PM-10)."""
    eyes = Eyes(user)
    page = values_page(
        user,
        CustomerPerm.VIEW,
        columns=_NAMES,
        order=order,
        after=after,
        filters=filters,
        shares=eyes.shares,
    )
    return RecordsPage(_records(page.rows, eyes), page.next, page.previous)


def record_for(user: User, customer: Customer) -> dict[str, Any]:
    """One customer with the parts of his profile."""
    eyes = Eyes(user)
    row = Customer.objects.values_list(*_NAMES, named=True).get(pk=customer.pk)
    rules = rules_by_key(user)
    body = _record(row, _plan(eyes.on(customer), rules, _NAMES))
    for subject, names in _PARTS.items():
        record = record_of(customer, subject)
        if record is not None:
            sight = eyes.on(customer, subject)
            part = _part(record, subject, names, (sight, rules))
            if part or record.pk is not None:
                body[subject] = part
    if extra := _extra(eyes.on(customer, Subject.EXTRA), customer):
        body[Subject.EXTRA] = extra
    return body


def _extra(sight: Sight, customer: Customer) -> dict[str, Any]:
    """Free attributes by code, masked for the client; those that are not filled are null."""
    record = record_of(customer, Subject.EXTRA)
    body: dict[str, Any] = {}
    for rule in rules_of(customer):
        see = sight.of(rule)
        if rule.subject != Subject.EXTRA or see == Visibility.HIDDEN or record is None:
            continue
        value = value_of(record, rule.field)
        is_masked = see == Visibility.MASKED and value is not None
        body[rule.field] = masked_text(rule.field, str(value)) if is_masked else value
    return body


def _records(rows: Sequence[Any], eyes: Eyes) -> list[dict[str, Any]]:
    """Rows that are seen alike share one plan of which column goes how."""
    if not rows:
        return []
    rules = rules_by_key(eyes.user)
    plans: dict[Sight, Plan] = {}
    found = []
    for row in rows:
        sight = eyes.on(row)
        if sight not in plans:
            plans[sight] = _plan(sight, rules, _NAMES)
        found.append(_record(row, plans[sight]))
    return found


def _plan(sight: Sight, rules: Mapping[str, FieldRule], names: Sequence[str]) -> Plan:
    at = {name: index for index, name in enumerate(names)}
    plan: Plan = [(name, at[column], None) for name, column in _ALWAYS.items()]
    for name, column in COLUMNS.items():
        see = _see(sight, rules.get(f"customer.{name}"))
        if see == Visibility.CLEAR:
            plan.append((name, at[column], None))
        elif see == Visibility.MASKED:
            plan.append((name, at[column], _mask_of(name)))
    return plan


def _record(row: Any, plan: Plan) -> dict[str, Any]:
    return {name: row[index] if mask is None else mask(row[index]) for name, index, mask in plan}


def _see(sight: Sight, rule: FieldRule | None) -> Visibility:
    return Visibility.HIDDEN if rule is None else sight.of(rule)


def _mask_of(name: str) -> Callable[[Any], Any]:
    return lambda value: masked_text(name, str(value)) if value else value


def _part(
    record: Any,
    subject: str,
    names: Sequence[str],
    seen_by: tuple[Sight, Mapping[str, FieldRule]],
) -> dict[str, Any]:
    """Values of one record beside the customer; sealed ones by their last four."""
    sight, rules = seen_by
    body: dict[str, Any] = {}
    for name in names:
        rule = rules.get(f"{subject}.{name}")
        see = _see(sight, rule)
        if rule is None or see == Visibility.HIDDEN:
            continue
        if rule.data_class == DataClass.SENSITIVE:
            body[name] = masked_tail(name, getattr(record, f"{name}_last4"))
        else:
            value = getattr(record, name)
            body[name] = _mask_of(name)(value) if see == Visibility.MASKED else value
    return body


def contact_records(user: User, customer: Customer) -> list[dict[str, Any]]:
    """The customer's contacts, the primary one first, masked for the client."""
    seen_by = (Eyes(user).on(customer, Subject.CONTACT), rules_by_key(user))
    rows = Contact.objects.filter(customer=customer).in_order()
    return [_contact(row, seen_by) for row in rows]


def contact_record(user: User, contact: Contact) -> dict[str, Any]:
    """One contact, masked for the client."""
    sight = Eyes(user).on(contact.customer, Subject.CONTACT)
    return _contact(contact, (sight, rules_by_key(user)))


def _contact(row: Contact, seen_by: tuple[Sight, Mapping[str, FieldRule]]) -> dict[str, Any]:
    body = _part(row, Subject.CONTACT, CONTACT_FIELDS, seen_by)
    return {"id": row.pk, "version": row.version} | body


def find_by_code(user: User, code: str) -> Customer | None:
    """The customer of that code, if the client may read it."""
    seen = customers_for(user, CustomerPerm.VIEW).select_related("organisation")
    return seen.filter(code=code).first()


def manager_named(user: User, username: str) -> int | None:
    """The key of an account manager of the client's organisation. Raises NotManager."""
    if not username:
        return None
    people = holders_of(Duty.AM, organisation_id=user.organisation_id or 0)
    found = people.filter(username=username).values_list("pk", flat=True).first()
    if found is None:
        raise NotManager(_("所选人员不是在岗的客户经理"), field="manager")
    return int(found)


def ensure_registers_directly(user: User) -> None:
    """A tobacco bureau's retailers enter by the registration form. Raises NotWithinAuthority.

    Rules: T-31, domain 5.1.
    """
    if user.organisation is None or user.organisation.profile == Profile.TOBACCO:
        raise NotWithinAuthority(_("零售户由入网登记表建档"))
