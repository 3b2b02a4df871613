"""What of an archive one person may change, what stands there, and where two people clash."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.core.models import Region
from crm.core.versions import ConflictRow, conflict_rows
from crm.identity.models import User
from customers.access import Eyes, attributes_of, rules_of
from customers.choices import Authority, Subject, Visibility
from customers.models import AttributeDefinition, Contact, Customer, CustomerAttributes, FieldRule
from customers.selectors.attributes import attribute_conflicts
from customers.selectors.dossier import RECORDS, FieldView, Reading
from customers.selectors.fields import (
    OWN_SERVICE,
    current_values,
    labels_of,
    masked_tail,
    record_of,
)
from logistics.access import firms_for, routes_for
from logistics.choices import LogisticsPerm

A_TRANSACTION: Final = timedelta(seconds=5)
_RECORDS: Final = RECORDS
WAYS: Final[dict[str, Promise]] = {
    Authority.LOCAL: _("由专门业务办理，不在此处修改"),
    Authority.ORDER_CENTRE: _("统一管理信息，由订单中心审批后修改"),
    Authority.MONOPOLY: _("由专卖许可业务维护"),
    Authority.INTERFACE: _("由接口系统更新"),
    Authority.SYSTEM: _("由系统在办理业务时写入"),
}
"""Where a field that cannot be changed here is changed (T-59, T-64)."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A field that has another way, with what stands in it now."""

    label: str
    value: str
    way: str | Promise


class Editing:
    """One person about to change one customer: rules, sights and words are read once."""

    def __init__(self, customer: Customer, user: User) -> None:
        self.customer = customer
        self.user = user
        self.eyes = Eyes(user)
        self.all_rules = rules_of(customer)
        self.rules = [rule for rule in self.all_rules if self._is_own(rule)]

    def _is_own(self, rule: FieldRule) -> bool:
        if rule.subject not in _RECORDS or rule.key in OWN_SERVICE:
            return False
        if rule.authority != Authority.LOCAL:
            return False
        return self.eyes.on(self.customer, rule.subject).of(rule) != Visibility.HIDDEN

    @cached_property
    def words(self) -> dict[str, list[tuple[str, str]]]:
        """Entries of the code tables the fields take their values from."""
        return labels_of(self.customer)

    @cached_property
    def attributes(self) -> dict[str, AttributeDefinition]:
        """Free attributes of the customer by field key (B-26)."""
        return {f"{Subject.EXTRA}.{row.code}": row for row in attributes_of(self.customer)}

    def rows_for(self, key: str) -> list[tuple[Any, str]]:
        """Rows a field may point at, through their own gate."""
        if key == "retail.delivery_route":
            routes = routes_for(self.user, LogisticsPerm.VIEW).live()
            return [(route.pk, str(route)) for route in routes]
        if key == "repair.logistics_firm":
            firms = firms_for(self.user, LogisticsPerm.VIEW).live().order_by("name")
            return [(firm.pk, str(firm)) for firm in firms]
        return []

    def counties_of(self, city: str) -> list[tuple[str, str]]:
        """(code, name) of the counties of a prefecture."""
        rows = Region.objects.filter(parent_id=city or None, level=3, valid_to__isnull=True)
        return list(rows.order_by("code").values_list("code", "name"))

    @cached_property
    def values(self) -> dict[str, Any]:
        """What stands in the fields now, by key."""
        return current_values(self.customer, [rule.key for rule in self.rules])

    def elsewhere(self) -> list[Elsewhere]:
        """Fields that are seen but not changed here, and the way each has."""
        reading = Reading(self.customer, self.user)
        own = {rule.key for rule in self.rules}
        found: list[Elsewhere] = []
        for subject in _RECORDS:
            record = record_of(self.customer, subject)
            if record is not None:
                rules = [rule for rule in reading.rules_for(subject) if rule.key not in own]
                found += [_elsewhere(view) for view in reading.fields(record, rules)]
        return found

    def conflicts(self, *, base_version: int, mine: Mapping[str, Any]) -> list[ConflictRow]:
        """Every field that I or somebody else changed since `base_version`; `field` is the key.

        The version counts for the whole archive, so the records beside the customer are compared
        with what they were when that version was written. Rules: RF-06, UX-36.
        """
        base = self.customer.history.filter(version=base_version).order_by("-history_id").first()
        rows: list[ConflictRow] = []
        for subject in _RECORDS:
            own = {
                key.partition(".")[2]: value
                for key, value in mine.items()
                if key.startswith(f"{subject}.")
            }
            record = record_of(self.customer, subject) if own else None
            if record is None:
                continue
            version = base_version
            if subject != Subject.CUSTOMER and base is not None:
                version = _version_with(record, base)
            if isinstance(record, CustomerAttributes):
                words = {key: dict(pairs) for key, pairs in self.words.items()}
                rules = [rule for rule in self.rules if rule.field in own]
                found = attribute_conflicts(record, version, own, rules, words)
            else:
                found = conflict_rows(record, base_version=version, mine=own)
            rows += [replace(row, field=f"{subject}.{row.field}") for row in found]
        return differing(rows)


def differing(rows: list[ConflictRow]) -> list[ConflictRow]:
    """Without the fields on which both agree; all of them when they agree on everything."""
    return [row for row in rows if row.mine != row.now] or rows


def _elsewhere(view: FieldView) -> Elsewhere:
    return Elsewhere(view.label, view.value, WAYS[view.authority])


def _version_with(record: Any, base: Any) -> int:
    """The version a record beside the customer had when the customer's version `base` was written.

    A change writes it just before the customer, the first registration just after and with the
    same reason.
    """
    together = Q(
        history_date__lte=base.history_date + A_TRANSACTION,
        history_change_reason=base.history_change_reason,
    )
    rows = record.history.filter(Q(history_date__lte=base.history_date) | together)
    found = rows.order_by("-history_id").first()
    return int(record.version if found is None else found.version)


_TYPED: Final = (
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
)


def contact_values(contact: Contact) -> dict[str, Any]:
    """A person's data as the form shows it again; the identity number by its last four."""
    tail = masked_tail("identity_no", contact.identity_no_last4)
    return {name: getattr(contact, name) for name in _TYPED} | {"identity_no": tail}


def contact_fields(customer: Customer, user: User) -> list[str]:
    """Names of a contact's fields that the person may fill: those he sees (PM-08)."""
    sight = Eyes(user).on(customer, Subject.CONTACT)
    return [
        rule.field
        for rule in rules_of(customer)
        if rule.subject == Subject.CONTACT
        and rule.authority == Authority.LOCAL
        and rule.key not in OWN_SERVICE
        and sight.of(rule) != Visibility.HIDDEN
    ]
