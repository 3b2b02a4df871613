"""Free attributes read: their changes, their clashes, their checks (B-26)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from crm.core.selectors import Change, Entry, dictionary, timeline_of
from crm.core.versions import ConflictRow
from customers.access import attributes_of
from customers.boss_values import attribute_cell
from customers.choices import Subject
from customers.models import AttributeDefinition, Customer, CustomerAttributes, FieldRule
from customers.selectors.fields import labels_of, worded


def attribute_checks(customer: Customer) -> dict[str, Callable[[Any], Any]]:
    """Code → check of every free attribute kept of this customer (D13)."""
    return {row.code: check_of(row) for row in attributes_of(customer)}


def check_of(row: AttributeDefinition) -> Callable[[Any], Any]:
    """The check of one free attribute; forms, API and imports call it. Rules: B-26, D13."""
    words = dict(choices_of(row)) if row.dictionary else None
    return attribute_cell(row.value_kind, choices=words, required=row.is_required)


def choices_of(row: AttributeDefinition) -> list[tuple[str, str]]:
    """(code, label) of the entries a choice is taken from."""
    return dictionary(row.dictionary, organisation_id=row.organisation_id)


def attribute_entries(
    record: CustomerAttributes, customer: Customer, limit: int
) -> Iterator[Entry]:
    """The history of the free attributes, one change for each code that changed (B-47)."""
    labels = {row.code: row.label for row in attributes_of(customer)}
    words = {key: dict(pairs) for key, pairs in labels_of(customer).items()}
    past = list(record.history.order_by("-history_id")[: limit + 1])
    contents = {row.version: row.content for row in past}
    for entry in timeline_of(record, limit=limit):
        now, before = contents.get(entry.version, {}), contents.get(entry.version - 1, {})
        yield replace(entry, changes=list(_changes(now, before, labels, words)))


def _changes(
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    labels: Mapping[str, str],
    words: Mapping[str, Mapping[str, str]],
) -> Iterator[Change]:
    for code in sorted(now.keys() | before.keys()):
        if now.get(code) == before.get(code):
            continue
        known = words.get(f"{Subject.EXTRA}.{code}", {})
        texts = [worded(side.get(code), known) for side in (before, now)]
        yield Change(code, labels.get(code, code), *texts)


def attribute_conflicts(
    record: CustomerAttributes,
    base_version: int,
    mine: Mapping[str, Any],
    rules: Iterable[FieldRule],
    words: Mapping[str, Mapping[str, str]],
) -> list[ConflictRow]:
    """Free attributes that I or somebody else changed since `base_version` (RF-06, UX-36)."""
    base = record.history.filter(version=base_version).order_by("-history_id").first()
    then = base.content if base is not None else {}
    checks = attribute_checks(record.customer)
    rows = []
    for rule in rules:
        typed = checks[rule.field](mine[rule.field])
        before, now = then.get(rule.field), record.content.get(rule.field)
        if typed == before == now:
            continue
        known = words.get(rule.key, {})
        rows.append(
            ConflictRow(
                field=rule.field,
                label=rule.label,
                before=worded(before, known),
                mine=worded(typed, known),
                now=worded(now, known),
                clashes=typed not in (before, now) and now != before,
            )
        )
    return rows
