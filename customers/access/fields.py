"""What of a customer a person sees: each field clear, masked or not at all (trust 2.6, 4.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import DateField, Value
from django.utils import timezone

from crm.core.policy import Perm
from crm.core.request import once
from crm.identity.access import rights_of
from crm.identity.choices import Duty, Scope, UserKind
from crm.identity.models import User
from customers.access.scopes import Shares, Way, ways_of
from customers.choices import (
    REVEAL_SETS,
    CustomerPerm,
    DataClass,
    Reader,
    Section,
    Subject,
    Visibility,
)
from customers.models import AttributeDefinition, Customer, FieldRule

VIEW_OF: Final[dict[str, CustomerPerm]] = {
    Subject.CUSTOMER: CustomerPerm.VIEW,
    Subject.RETAIL: CustomerPerm.VIEW,
    Subject.REPAIR: CustomerPerm.VIEW,
    Subject.CONTACT: CustomerPerm.CONTACT_VIEW,
    Subject.BANK: CustomerPerm.BANK_VIEW,
    Subject.SUBSCRIBER: CustomerPerm.VIEW,
    Subject.CERTIFICATE: CustomerPerm.CERTIFICATE_VIEW,
    Subject.EXTRA: CustomerPerm.VIEW,
}
_WORK: Final = (
    CustomerPerm.UPDATE,
    CustomerPerm.PROPOSE,
    CustomerPerm.EXECUTE,
    CustomerPerm.CONTACT_UPDATE,
)
"""Who works on a customer needs his telephone number; who only looks sees it masked."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a person sees of one kind of record of one customer.

    `is_whole`: some way leads there without a field set. `works`: personal data in clear.
    `owns`: his own customer, or he keeps the archive (PM-08).
    """

    is_whole: bool = False
    fieldsets: frozenset[str] = frozenset()
    works: bool = False
    owns: bool = False

    def of(self, rule: FieldRule) -> Visibility:
        """How one field shows. What no rule names is hidden."""
        named = bool(self.fieldsets.intersection(rule.fieldsets))
        if not (self.is_whole or named) or (rule.reader == Reader.OWNER and not self.owns):
            return Visibility.HIDDEN
        if rule.data_class == DataClass.SENSITIVE:
            return Visibility.MASKED
        if rule.data_class == DataClass.PERSONAL and not (self.works or named):
            return Visibility.MASKED
        if rule.data_class == DataClass.BUSINESS and not self.is_whole:
            return Visibility.HIDDEN
        return Visibility.CLEAR


class Eyes:
    """One person's ways, read once and asked for many rows: lists and API pages use it."""

    def __init__(self, user: User, shares: Shares | None = None) -> None:
        self.user = user
        self.shares = shares or Shares(user)
        self._ways: dict[Perm, list[Way]] = {}

    def on(self, customer: Customer, subject: str = Subject.CUSTOMER) -> Sight:
        """What the person sees of this customer's records of that kind."""
        if customer.secrecy > self.user.clearance:
            return Sight()
        ways = self._reaching(customer, VIEW_OF[subject])
        if subject == Subject.BANK:
            ways += [way for way in self._reveal_ways(customer) if not way.fieldset]
        return Sight(
            is_whole=any(not way.fieldset for way in ways),
            fieldsets=frozenset(way.fieldset for way in ways if way.fieldset),
            works=self._works_on(customer),
            owns=any(way.scope is Scope.OWN or way.duty == Duty.ARC for way in ways),
        )

    def may(self, customer: Customer, perm: Perm) -> bool:
        """Whether the person may do `perm` to this very customer."""
        is_cleared = customer.secrecy <= self.user.clearance
        return is_cleared and bool(self._reaching(customer, perm))

    def may_reveal(self, customer: Customer, key: str) -> bool:
        """Whether the person may see this sensitive field in clear, with a reason."""
        if customer.secrecy > self.user.clearance:
            return False
        for way in self._reveal_ways(customer):
            if not way.fieldset or key in REVEAL_SETS.get(way.fieldset, frozenset()):
                return True
        return False

    def may_change_level(self, customer: Customer) -> bool:
        """Whether a right to change reaches as wide as the control level asks (B-20)."""
        ways = [
            way
            for perm in (CustomerPerm.UPDATE, CustomerPerm.PROPOSE, CustomerPerm.EXECUTE)
            for way in self._reaching(customer, perm)
        ]
        return any(_WIDTH.get(way.scope, 0) >= customer.control_level for way in ways)

    def _reaching(self, customer: Customer, perm: Perm) -> list[Way]:
        if perm not in self._ways:
            self._ways[perm] = ways_of(self.user, perm, self.shares)
        return [way for way in self._ways[perm] if way.reaches(customer)]

    def _reveal_ways(self, customer: Customer) -> list[Way]:
        return self._reaching(customer, CustomerPerm.REVEAL)

    def _works_on(self, customer: Customer) -> bool:
        if self.user.kind == UserKind.SYSTEM:
            return bool(self._reveal_ways(customer))
        return any(self._reaching(customer, perm) for perm in _WORK)


def clear_everywhere(user: User, rules: Iterable[FieldRule]) -> frozenset[str]:
    """Keys of the fields a person reads in clear on every customer in his reach.

    Only by these may he sort, filter and count: an order, a hit or a sum tells the value (trust
    2.6). What is personal needs work on all of them and nothing merely lent or shared.
    """
    cells = rights_of(user, CustomerPerm.VIEW)
    worked = {(cell.scope, cell.department_id) for perm in _WORK for cell in rights_of(user, perm)}
    sights = [
        Sight(
            is_whole=not cell.fieldset,
            fieldsets=frozenset({cell.fieldset} - {""}),
            works=(cell.scope, cell.department_id) in worked,
        )
        for cell in cells
    ] or [Sight(is_whole=True)]
    read = [rule for rule in rules if all(s.of(rule) == Visibility.CLEAR for s in sights)]
    if any(rule.data_class == DataClass.PERSONAL for rule in read) and _has_more(user):
        read = [rule for rule in read if rule.data_class != DataClass.PERSONAL]
    return frozenset(rule.key for rule in read)


def _has_more(user: User) -> bool:
    shares = Shares(user)
    return bool(shares.lent or shares.granted(CustomerPerm.VIEW))


_WIDTH: Final[dict[Scope | None, int]] = {
    Scope.OWN: 1,
    Scope.TASK: 1,
    Scope.AREA: 1,
    Scope.TEAM: 2,
    Scope.ALL: 3,
    Scope.CLIENT: 3,
}
"""How wide a scope reaches on the ladder of control levels: own district, city, group."""


def rules_of(customer: Customer) -> list[FieldRule]:
    """The field rules of the customer's organisation, in the order of the archive, then one for
    each free attribute that it keeps of customers of this kind: so these obey the same sights,
    authorities, weights and history as built-in fields (B-26)."""
    profile = customer.organisation.profile
    kept = _kept_of(customer)
    return [*kept.rules, *(rule_of_attribute(row, profile) for row in kept.attributes)]


def attributes_of(customer: Customer) -> list[AttributeDefinition]:
    """The free attributes kept of this customer today (B-26), asked for once an instance."""
    return _kept_of(customer).attributes


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of customers of one kind: built-in fields, then the organisation's own."""

    rules: list[FieldRule]
    attributes: list[AttributeDefinition]


_BOTH: Final = (
    *("label", "authority", "data_class", "reader", "fieldsets"),
    *("weight", "is_required", "position"),
)
_OF_RULE: Final = ("pk", *_BOTH, "profile", "subject", "field", "section", "block")
_OF_ATTRIBUTE: Final = (
    *("pk", *_BOTH, "customer_kind", "code", "value_kind", "dictionary"),
    *("organisation_id", "valid_from", "valid_to"),
)


def _kept_of(customer: Customer) -> _Kept:
    home, kind = customer.organisation, customer.customer_kind
    held: dict[str, _Kept] = customer.__dict__.setdefault("fields_read", {})
    if kind not in held:
        held[kind] = once(("kept", home.pk, kind), lambda: _ask_kept(home.profile, home.pk, kind))
    return held[kind]


def _ask_kept(profile: str, organisation_id: int, kind: str) -> _Kept:
    """Both in one question: every page about a customer begins with it."""
    today, text = timezone.localdate(), Value("")
    number, day = Value(0), Value(None, output_field=DateField())
    own = AttributeDefinition.objects.of(organisation_id, kind, today).order_by()
    rows = FieldRule.objects.of(profile).order_by().values_list(*_OF_RULE, number, day, day)
    kept = _Kept([], [])
    for values in rows.union(
        own.values_list(*_OF_ATTRIBUTE[:-3], text, *_OF_ATTRIBUTE[-3:]), all=True
    ):
        *shared, block, home, since, until = values
        if home:
            named = zip(_OF_ATTRIBUTE, [*shared, home, since, until], strict=True)
            kept.attributes.append(AttributeDefinition(**dict(named)))
        else:
            named = zip(_OF_RULE, [*shared, block], strict=True)
            kept.rules.append(FieldRule(**dict(named)))
    kept.rules.sort(key=lambda row: (row.position, row.pk))
    kept.attributes.sort(key=lambda row: (row.position, row.pk))
    return kept


def rule_of_attribute(row: AttributeDefinition, profile: str) -> FieldRule:
    """A free attribute as a field rule, never saved."""
    return FieldRule(
        profile=profile,
        subject=Subject.EXTRA,
        field=row.code,
        label=row.label,
        section=Section.EXTRA,
        authority=row.authority,
        data_class=row.data_class,
        reader=row.reader,
        fieldsets=row.fieldsets,
        weight=row.weight,
        is_required=row.is_required,
        position=row.position,
    )


def visible_fields(
    user: User, customer: Customer, rules: list[FieldRule] | None = None
) -> Mapping[str, Visibility]:
    """Field key → how it shows to `user`. A key that is missing is hidden (PM-01 to PM-10)."""
    eyes = Eyes(user)
    sights = {subject: eyes.on(customer, subject) for subject in Subject.values}
    return {
        rule.key: sights[rule.subject].of(rule)
        for rule in (rules_of(customer) if rules is None else rules)
    }


def may_reveal(user: User, customer: Customer, key: str) -> bool:
    """Whether `user` may ask for the clear value of a sensitive or masked field."""
    return Eyes(user).may_reveal(customer, key)
