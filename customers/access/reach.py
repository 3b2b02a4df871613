"""Ways to customers as SQL, for statements whose plan must not be left to chance (speed.md 1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet

from crm.core.prepared import Prepared
from crm.identity.choices import UserKind
from crm.identity.models import Department, User
from customers.access.scopes import Shares, Way, ways_of
from customers.choices import (
    REVEAL_SETS,
    CustomerPerm,
    DataClass,
    Subject,
)
from customers.models import FieldRule

NOWHERE: Final = "FALSE"
EVERYWHERE: Final = "TRUE"
NAME: Final = "customer.name"
SCOPES: Final = (
    *("manager_id", "department_id", "area_id"),
    *("province_id", "city_id", "region_id"),
)
"""Columns that ways go by, beside the organisation and the key."""
_FIELDS: Final = (
    *("name", "code", "mobile", "phone", "office_phone"),
    *("credit_code", "licence_no", "identity_no", "account_no"),
)
_WORK: Final = (
    CustomerPerm.UPDATE,
    CustomerPerm.PROPOSE,
    CustomerPerm.EXECUTE,
    CustomerPerm.CONTACT_UPDATE,
)
_VIEW: Final[dict[str, CustomerPerm]] = {
    Subject.CUSTOMER: CustomerPerm.VIEW,
    Subject.RETAIL: CustomerPerm.VIEW,
    Subject.CONTACT: CustomerPerm.CONTACT_VIEW,
    Subject.BANK: CustomerPerm.BANK_VIEW,
}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement with its values. The text is ours alone, never anybody's typing."""

    text: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: "Sql") -> "Sql":
        if NOWHERE in (self.text, other.text):
            return Sql(NOWHERE)
        return Sql(f"({self.text} AND {other.text})", (*self.values, *other.values))


ALL_ROWS: Final = Sql(EVERYWHERE)


def any_of(parts: Iterable[Sql]) -> Sql:
    """One of the pieces; none of none."""
    found = [part for part in parts if part.text != NOWHERE]
    if not found:
        return Sql(NOWHERE)
    text = " OR ".join(part.text for part in found)
    return Sql(f"({text})", tuple(value for part in found for value in part.values))


def reach_of(ways: Iterable[Way], alias: str) -> Sql:
    """Rows of the customer table `alias` that one of the ways leads to."""
    return any_of(_one(way, alias) for way in ways)


def _one(way: Way, alias: str) -> Sql:
    home = Sql(f"{alias}.organisation_id = %s", (way.organisation_id,))
    if way.column == "organisation_id":
        return home
    return home & Sql(f"{alias}.{way.column} = ANY(%s)", (sorted(way.values),))


@dataclass(frozen=True, slots=True)
class Readable:
    """What of a field's rule search asks for."""

    subject: str
    data_class: str
    reader: str
    fieldsets: list[str]


def _rules_of(organisation_id: int) -> "QuerySet[FieldRule, tuple[Any, ...]]":
    home = Department.objects.filter(pk=organisation_id).values("profile")
    rows: QuerySet[FieldRule, tuple[Any, ...]] = FieldRule.objects.filter(
        profile__in=home, field__in=_FIELDS
    ).values_list("subject", "field", "data_class", "reader", "fieldsets")
    return rows


_RULES: Final = Prepared(_rules_of, -1)


class Finder:
    """Whom a person may find by what: a field finds only rows on which he may read it.

    Otherwise a search would tell what a mask hides (trust 2.6, B190, B203).
    """

    def __init__(self, user: User, shares: Shares | None = None) -> None:
        self.user = user
        self.shares = shares or Shares(user)
        self._ways: dict[CustomerPerm, list[Way]] = {}
        self.ways = self.ways_to(CustomerPerm.VIEW)

    @property
    def is_lost(self) -> bool:
        """Whether there is nothing at all for this person."""
        return not self.ways

    def ways_to(self, perm: CustomerPerm) -> list[Way]:
        """The person's ways, asked for once."""
        if perm not in self._ways:
            self._ways[perm] = ways_of(self.user, perm, self.shares)
        return self._ways[perm]

    def seen(self, alias: str) -> Sql:
        """Rows the person may see at all."""
        cleared = Sql(f"{alias}.secrecy <= %s", (self.user.clearance,))
        return reach_of(self.ways, alias) & cleared

    def reading(self, key: str, alias: str, *, clear: bool) -> Sql:
        """Rows of which the person may read this field: in clear, or at least its mask."""
        rule = self.rules.get(key)
        if rule is None or rule.reader:
            return Sql(NOWHERE)
        ways = self._ways_of(rule)
        named = [way for way in ways if way.fieldset in rule.fieldsets and way.fieldset]
        whole = [way for way in ways if not way.fieldset]
        if rule.data_class == DataClass.SENSITIVE and clear:
            return reach_of(self._revealing(key), alias)
        if rule.data_class == DataClass.PERSONAL and clear:
            worked = reach_of(whole, alias) & reach_of(self._working(), alias)
            return any_of([reach_of(named, alias), worked])
        return reach_of([*whole, *named], alias)

    @property
    def reads_all_names(self) -> bool:
        """Whether every row in sight shows its name in clear: so it is but for natural persons."""
        rule = self.rules.get(NAME)
        if rule is None:
            return False
        whole = [way for way in self.ways if not way.fieldset]
        if not {way.fieldset for way in self.ways if way.fieldset} <= set(rule.fieldsets):
            return False
        if rule.data_class == DataClass.INTERNAL:
            return True
        worked = {(way.column, way.values) for way in self._working()}
        return all((way.column, way.values) in worked for way in whole)

    @cached_property
    def rules(self) -> dict[str, "Readable"]:
        """Of the fields that find somebody: who reads them in this organisation."""
        rows = _RULES.rows(self.user.organisation_id or 0)
        return {f"{subject}.{field}": Readable(subject, *rest) for subject, field, *rest in rows}

    def _ways_of(self, rule: "Readable") -> Sequence[Way]:
        ways = self.ways_to(_VIEW[rule.subject])
        if rule.subject != Subject.BANK:
            return ways
        return [*ways, *(w for w in self.ways_to(CustomerPerm.REVEAL) if not w.fieldset)]

    def _working(self) -> list[Way]:
        if self.user.kind == UserKind.SYSTEM:
            return self.ways_to(CustomerPerm.REVEAL)
        return [way for perm in _WORK for way in self.ways_to(perm)]

    def _revealing(self, key: str) -> list[Way]:
        return [
            way
            for way in self.ways_to(CustomerPerm.REVEAL)
            if not way.fieldset or key in REVEAL_SETS.get(way.fieldset, frozenset())
        ]
