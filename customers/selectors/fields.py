"""Who keeps a field, what stands in it, and how it reads."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.masking import mask_account, mask_address, mask_email, mask_person, mask_phone
from crm.core.models import DictEntry
from crm.core.selectors import display
from customers.access import attributes_of
from customers.choices import Authority, Subject, Visibility
from customers.models import (
    AttributeDefinition,
    BankBinding,
    Certificate,
    Contact,
    Customer,
    CustomerAttributes,
    FieldRule,
    RepairProfile,
    RetailProfile,
    SubscriberProfile,
)

MODELS: Final[dict[str, type[models.Model]]] = {
    Subject.CUSTOMER: Customer,
    Subject.RETAIL: RetailProfile,
    Subject.REPAIR: RepairProfile,
    Subject.CONTACT: Contact,
    Subject.BANK: BankBinding,
    Subject.SUBSCRIBER: SubscriberProfile,
    Subject.CERTIFICATE: Certificate,
    Subject.EXTRA: CustomerAttributes,
}
OWN_SERVICE: Final = frozenset(
    {
        "customer.code",
        "customer.status",
        "customer.may_order",
        "customer.manager",
        "customer.department",
        "customer.area",
        "customer.secrecy",
        "customer.control_level",
        "customer.entered_on",
        "customer.created_at",
        "customer.created_by",
        "contact.login_code",
        "contact.is_live",
    }
)
"""Fields that a service of their own writes; no form and no API call sets them (PM-10)."""

DICTIONARIES: Final[dict[str, str]] = {
    "customer.customer_class": "customer_class",
    "customer.document_format": "document_format",
    "retail.order_mode": "order_mode",
    "retail.settlement_mode": "settlement_mode",
    "retail.customer_level": "customer_level",
    "retail.market_type": "market_type",
    "retail.business_format": "business_format",
    "retail.order_cycle": "order_cycle",
    "retail.visit_cycle": "visit_cycle",
}
"""Fields whose values are entries of a code table (R-32, T-77, T-78)."""

_MASKS: Final = {
    "name": mask_person,
    "holder_name": mask_person,
    "mobile": mask_phone,
    "phone": mask_phone,
    "office_phone": mask_phone,
    "address": mask_address,
    "email": mask_email,
}


def authority_over(key: str, *, profile: str, organisation_id: int = 0) -> Authority:
    """Who maintains a field. A field without a rule belongs to nobody: it fails closed (T-64).

    A free attribute (`extra.<code>`) is asked of the organisation that defined it; one that is
    unknown there or not kept today belongs to nobody too (B-26).
    """
    subject, _dot, name = key.partition(".")
    if subject == Subject.EXTRA:
        return _authority_over_extra(name, organisation_id)
    rule = FieldRule.objects.filter(profile=profile, subject=subject, field=name).first()
    return Authority(rule.authority) if rule is not None else Authority.SYSTEM


def _authority_over_extra(code: str, organisation_id: int) -> Authority:
    today = timezone.localdate()
    kept = AttributeDefinition.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        organisation_id=organisation_id,
        code=code,
        valid_from__lte=today,
    )
    row = kept.first()
    return Authority(row.authority) if row is not None else Authority.SYSTEM


def record_of(customer: Customer, subject: str) -> models.Model | None:
    """The customer itself, its one record of that kind, or None. What every customer of an
    operator has shows from the start: an empty record, not yet saved."""
    if subject == Subject.CUSTOMER:
        return customer
    if subject in (Subject.RETAIL, Subject.REPAIR):
        return getattr(customer, subject, None)
    if subject == Subject.SUBSCRIBER:
        return getattr(customer, subject, None) or SubscriberProfile(customer=customer)
    if subject == Subject.EXTRA:
        return getattr(customer, subject, None) or CustomerAttributes(customer=customer)
    return None


def value_of(record: models.Model, name: str) -> Any:
    """What a record holds under a name: a column, or a free attribute (B-26)."""
    if isinstance(record, CustomerAttributes):
        return record.content.get(name)
    return getattr(record, record._meta.get_field(name).attname)  # type: ignore[union-attr]


def worded(value: Any, words: Mapping[str, str]) -> str:
    """A free attribute as people read it: yes and no, the label of a choice, the value itself."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return words.get(str(value), str(value))


def current_values(customer: Customer, keys: Iterable[str]) -> dict[str, Any]:
    """Stored values by field key, foreign keys as keys; None where there is no such record."""
    records: dict[str, models.Model | None] = {}
    found: dict[str, Any] = {}
    for key in keys:
        subject, _dot, name = key.partition(".")
        if subject not in records:
            records[subject] = record_of(customer, subject)
        record = records[subject]
        found[key] = value_of(record, name) if record is not None else None
    return found


def labels_of(customer: Customer) -> dict[str, list[tuple[str, str]]]:
    """Entries of every code table the archive uses, by field key."""
    tables = {
        f"{Subject.EXTRA}.{row.code}": row.dictionary
        for row in attributes_of(customer)
        if row.dictionary
    }
    return labels_in(customer.organisation_id, more=tables)


def labels_in(
    organisation_id: int, *, more: Mapping[str, str] | None = None
) -> dict[str, list[tuple[str, str]]]:
    """The same for an organisation: its own entries and those of all.

    `more` names tables of free attributes by field key.
    """
    homes = {0, organisation_id}
    tables = DICTIONARIES | dict(more or {})
    rows = DictEntry.objects.filter(
        kind__in=set(tables.values()), organisation_id__in=homes, is_live=True
    )
    kinds: dict[str, list[tuple[str, str]]] = {}
    for kind, code, label in rows.order_by("position", "code").values_list("kind", "code", "label"):
        kinds.setdefault(kind, []).append((code, label))
    return {key: kinds.get(kind, []) for key, kind in tables.items()}


def shown(record: models.Model, rule: FieldRule, see: Visibility, words: Mapping[str, str]) -> str:
    """One value in the words of the page, masked when it must be; empty when hidden.

    `words` are the labels of the field's code table. A sealed field shows its last four.
    """
    if see == Visibility.HIDDEN:
        return ""
    if rule.data_class == "S":
        return masked_tail(rule.field, getattr(record, f"{rule.field}_last4", ""))
    value = value_of(record, rule.field)
    if isinstance(record, CustomerAttributes):
        text = worded(value, words)
        return masked_text(rule.field, text) if see == Visibility.MASKED else text
    field = record._meta.get_field(rule.field)
    if isinstance(field, models.ForeignKey) and field.is_cached(record):
        text = str(getattr(record, rule.field) or "")
    else:
        text = words.get(str(value)) or display(field, value)  # type: ignore[arg-type]
    return masked_text(rule.field, text) if see == Visibility.MASKED else text


def masked_text(field: str, text: str) -> str:
    """A personal value as people see it who do not work on the customer."""
    mask = _MASKS.get(field)
    if mask is not None:
        return mask(text)
    return _("已隐藏") if text else ""


def masked_tail(field: str, tail: str) -> str:
    """A sealed value by its last four: accounts in groups, certificates as long as they are."""
    if not tail:
        return ""
    is_paper = field in ("identity_no", "number")
    return f"{'*' * 14}{tail}" if is_paper else mask_account(tail)
