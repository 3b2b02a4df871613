"""The archive of one customer as its page shows it, masked for the reader (R-20)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property

from crm.identity.models import User
from customers.access import Eyes, rules_of
from customers.choices import (
    Authority,
    ContactRole,
    DataClass,
    Section,
    Subject,
    Visibility,
)
from customers.models import BankBinding, Contact, Customer, FieldRule
from customers.selectors.fields import labels_of, record_of, shown

RECORDS: Final = (
    Subject.CUSTOMER,
    Subject.RETAIL,
    Subject.REPAIR,
    Subject.SUBSCRIBER,
    Subject.EXTRA,
)
"""The records of which a customer has at most one: what its first page shows."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When, by whom and on which form a field was last set."""

    at: datetime | None
    by: str
    form: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """One line of the archive. `is_masked`: the value arrives masked; `may_reveal`: the reader may
    ask for it in clear. `authority` is who maintains the field (T-64).
    """

    key: str
    label: str
    value: str
    data_class: DataClass
    authority: Authority
    is_masked: bool = False
    may_reveal: bool = False
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class SectionView:
    """One part of the archive (R-20)."""

    code: Section
    title: str
    fields: list[FieldView]


@dataclass(frozen=True, slots=True)
class PersonView:
    """One contact: the row's key and version for its forms, and what of it shows."""

    pk: int
    version: int
    name: str
    is_primary: bool
    is_live: bool
    is_key: bool
    fields: list[FieldView]


class Reading:
    """One person reading one customer: rules, sights and words are fetched once."""

    def __init__(self, customer: Customer, user: User) -> None:
        self.customer = customer
        self.eyes = Eyes(user)
        self.rules = rules_of(customer)
        self._people: dict[int, str] = {}

    @cached_property
    def words(self) -> dict[str, dict[str, str]]:
        """Labels of every code table the archive uses."""
        return {key: dict(pairs) for key, pairs in labels_of(self.customer).items()}

    def rules_for(self, *subjects: str) -> list[FieldRule]:
        return [rule for rule in self.rules if rule.subject in subjects]

    def fields(self, record: models.Model, rules: Iterable[FieldRule]) -> list[FieldView]:
        """What shows of one record; hidden fields are not even named."""
        marks: Mapping[str, Any] = getattr(record, "marks", None) or getattr(
            record, "field_marks", {}
        )
        self._learn(marks)
        seen = [(rule, self._sight(rule)) for rule in rules]
        return [
            self._field(record, rule, see, marks.get(rule.field))
            for rule, see in seen
            if see != Visibility.HIDDEN
        ]

    def _sight(self, rule: FieldRule) -> Visibility:
        return self.eyes.on(self.customer, rule.subject).of(rule)

    def _field(
        self, record: models.Model, rule: FieldRule, see: Visibility, mark: Any
    ) -> FieldView:
        value = shown(record, rule, see, self.words.get(rule.key, {}))
        is_masked = see == Visibility.MASKED and bool(value)
        return FieldView(
            key=rule.key,
            label=rule.label,
            value=value,
            data_class=DataClass(rule.data_class),
            authority=Authority(rule.authority),
            is_masked=is_masked,
            may_reveal=is_masked and self.eyes.may_reveal(self.customer, rule.key),
            mark=self._mark(mark),
        )

    def _learn(self, marks: Mapping[str, Any]) -> None:
        wanted = {mark["by"] for mark in marks.values()} - self._people.keys()
        if wanted:
            self._people |= dict(User.objects.filter(pk__in=wanted).values_list("pk", "name"))

    def _mark(self, mark: Any) -> Mark | None:
        if not mark:
            return None
        return Mark(parse_datetime(mark["at"]), self._people.get(mark["by"], ""), mark["form"])


def dossier_of(customer: Customer, user: User, reading: Reading | None = None) -> list[SectionView]:
    """The archive in the sections of document 001; a part of which nothing shows is left out.

    Rules: R-20, R-22 to R-33, B-23, T-2 to T-4, PM-01 to PM-10.
    """
    reading = reading or Reading(customer, user)
    found: dict[str, list[FieldView]] = {}
    for subject in RECORDS:
        record = record_of(customer, subject)
        for rule in reading.rules_for(subject) if record is not None else ():
            found.setdefault(rule.section, []).extend(reading.fields(record, [rule]))  # type: ignore[arg-type]
    return [
        SectionView(section, str(section.label), found[section])
        for section in Section
        if found.get(section)
    ]


def people_of(
    customer: Customer,
    user: User,
    reading: Reading | None = None,
    contacts: Sequence[Contact] | None = None,
) -> list[PersonView]:
    """The customer's contacts, the primary one first, each masked for the reader (R-26, R-34).

    `contacts` are all of them in their order, where they have been asked for already.
    """
    reading = reading or Reading(customer, user)
    rules = [r for r in reading.rules_for(Subject.CONTACT) if r.field != "key_persons"]
    rows = Contact.objects.filter(customer=customer).in_order() if contacts is None else contacts
    views = ((row, reading.fields(row, rules)) for row in rows)
    return [
        PersonView(
            row.pk,
            row.version,
            next((field.value for field in fields if field.key == "contact.name"), ""),
            row.is_primary,
            row.is_live,
            row.role == ContactRole.KEY,
            fields,
        )
        for row, fields in views
        if fields
    ]


def binding_view(
    binding: BankBinding, user: User, reading: Reading | None = None
) -> list[FieldView]:
    """One withholding account, numbers by their last four (T-67)."""
    reading = reading or Reading(binding.customer, user)
    return reading.fields(binding, reading.rules_for(Subject.BANK))
