"""Archives changed by the hundred from a released sheet: the set-based twin of `details` (D13)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.utils import timezone

from crm.core.bulk import bulk_insert, bulk_update, drop_staging, stage
from crm.core.history import save_as
from crm.identity.models import User
from crm.outbox.choices import Topic
from crm.outbox.services import Event, publish_many
from customers.choices import BindingStatus, CustomerStatus, TimelineKind
from customers.models import (
    BankBinding,
    Contact,
    Customer,
    CustomerAttributes,
    ManagerAssignment,
    RepairProfile,
    RetailProfile,
    TimelineEntry,
    UnitLink,
)
from customers.services._names import name_columns

RECORDS: dict[str, type[models.Model]] = {
    "customer": Customer,
    "retail": RetailProfile,
    "repair": RepairProfile,
    "contact": Contact,
    "bank": BankBinding,
    "extra": CustomerAttributes,
    "unit": UnitLink,
}


@transaction.atomic
def change_records(
    *,
    subject: str,
    records: Mapping[int, Mapping[str, Any]],
    by: User,
    reason: str,
    form: str = "",
) -> int:
    """Change rows of one kind, key → field → checked value; every row names the same fields.

    Rows that hold the values already are left alone; the others get version, marks and history;
    how many. Raises ValidationError. Rules: D13, T-61 to T-64, rule 11.
    """
    if not records:
        return 0
    model = RECORDS[subject]
    rows = {pk: _with_names(subject, values) for pk, values in records.items()}
    names = list(next(iter(rows.values())))
    if not names:
        return 0
    fields = [model._meta.get_field(name) for name in names]
    kinds = [("id", "bigint"), *((f"c_{name}", _type(f)) for name, f in _pairs(names, fields))]
    staged = (
        [pk, *(f.get_db_prep_save(values[name], connection) for name, f in _pairs(names, fields))]
        for pk, values in rows.items()
    )
    staging = stage(kinds, staged)
    columns = {name: f's."c_{name}"' for name in names}
    done = bulk_update(model, staging=staging, columns=columns, by=by, reason=reason, form=form)
    drop_staging(staging)
    return done


@transaction.atomic
def change_extras(
    *, records: Mapping[int, Mapping[str, Any]], by: User, reason: str, form: str = ""
) -> int:
    """Set free attributes by customer → code → checked value, None empties; how many changed.

    The set-based twin of `write_extras`: who has none yet gets a record, who holds the values
    already is left alone. Raises ValidationError. Rules: B-26, D13.
    """
    wanted = {pk: values for pk, values in records.items() if values}
    known = {
        row.customer_id: row
        for row in CustomerAttributes.objects.select_for_update().filter(customer_id__in=wanted)
    }
    mark = {"at": timezone.now().isoformat(timespec="seconds"), "by": by.pk, "form": form}
    changed: list[list[Any]] = []
    fresh: list[list[Any]] = []
    for pk, values in wanted.items():
        row = known.get(pk) or CustomerAttributes(customer_id=pk)
        new = [code for code, value in values.items() if row.content.get(code) != value]
        content = {k: v for k, v in {**row.content, **values}.items() if v is not None}
        line = [row.pk or pk, content, row.marks | dict.fromkeys(new, mark)]
        if new:
            (changed if row.pk else fresh).append(line)
    kinds = [("id", "bigint"), ("content", "jsonb"), ("marks", "jsonb")]
    columns = {"content": "s.content", "marks": "s.marks"}
    act: Any = {"by": by, "reason": reason, "form": form}
    if changed:
        staging = stage(kinds, changed)
        bulk_update(CustomerAttributes, staging=staging, columns=columns, **act)
        drop_staging(staging)
    if fresh:
        staging = stage(kinds, fresh, is_joined=False)
        named = columns | {"customer": "s.id"}
        bulk_insert(CustomerAttributes, staging=staging, columns=named, **act)
        drop_staging(staging)
    return len(changed) + len(fresh)


@transaction.atomic
def empty_extras(*, record: CustomerAttributes, by: User, reason: str, form: str) -> None:
    """Empty the free attributes that an import was the first to give. Rules: UX-54, B-26."""
    record.content, record.marks = {}, {}
    save_as(record, by=by, reason=reason, expected=None, form=form)


@transaction.atomic
def announce_changes(
    *, customers: Sequence[int], fields: Mapping[int, Sequence[str]], by: User, form: str
) -> None:
    """Write into the timeline and the feed that archives were changed by a sheet.

    No manager gets a notice a row: he would get five hundred. Rules: D13, RF-42, B-47.
    """
    rows = Customer.objects.filter(pk__in=customers).only("pk", "code", "version", "name")
    events, entries = [], []
    for row in rows:
        touched = list(fields[row.pk])
        entries.append(
            TimelineEntry(
                customer=row,
                kind=TimelineKind.CHANGED,
                values={"fields": touched, "form": form},
                by=by,
            )
        )
        payload = {"customer": row.code, "version": row.version, "fields": touched, "form": form}
        values = {"name": row.name, "code": row.code, "what": form, "customer_id": row.pk}
        events.append(
            Event(
                key=f"{row.code}:{row.version}:{form}",
                payload=payload,
                organisation_id=by.organisation_id,
                customer=row.pk,
                people=[],
                values=values,
            )
        )
    TimelineEntry.objects.bulk_create(entries)
    publish_many(topic=Topic.CUSTOMER_CHANGED, events=events)


@transaction.atomic
def raise_versions(*, customers: Sequence[int], by: User, reason: str, form: str) -> None:
    """Raise the archive's version where only a record beside it changed: whoever has a form open
    must notice (RF-06). Rules: RF-06, RF-07.
    """
    for row in Customer.objects.select_for_update(of=("self",)).filter(pk__in=customers):
        save_as(row, by=by, reason=reason, expected=None, fields=[], form=form)


@transaction.atomic
def take_back_customer(*, customer: Customer, by: User, reason: str, form: str) -> None:
    """Undo an archive that an import made and nobody touched since: cancelled, never deleted; its
    licence is free again, its manager's term and its account end.

    Rules: UX-54, B-18, B-47, T-67.
    """
    now = timezone.now()
    ManagerAssignment.objects.filter(customer=customer, ends_at__isnull=True).update(ends_at=now)
    for binding in BankBinding.objects.live().filter(customer=customer):
        binding.status, binding.ended_at = BindingStatus.CLOSED, now
        save_as(binding, by=by, reason=reason, expected=None, form=form)
    for profile in RetailProfile.objects.filter(customer=customer, is_live=True):
        profile.is_live = False
        save_as(profile, by=by, reason=reason, expected=None, form=form)
    customer.status, customer.may_order = CustomerStatus.CANCELLED, False
    save_as(customer, by=by, reason=reason, expected=None, form=form)
    TimelineEntry.objects.create(
        customer=customer, kind=TimelineKind.STATUS_CHANGED, values={"form": form}, by=by
    )


@transaction.atomic
def restore_record(*, record: models.Model, before: int, by: User, reason: str, form: str) -> None:
    """Put a locked record back to what it was in version `before`, as a new version.

    Rules: UX-54, B-47.
    """
    remembered = record.history.filter(version=before).latest("history_id")  # type: ignore[attr-defined]
    skipped = {"id", "version", "field_marks"}
    for field in type(remembered).tracked_fields:
        if field.name not in skipped and not field.primary_key:
            setattr(record, field.attname, getattr(remembered, field.attname))
    if isinstance(record, Customer):
        for name, value in name_columns(record.name, record.customer_kind).items():
            setattr(record, name, value)
    save_as(record, by=by, reason=reason, expected=None, form=form)


@transaction.atomic
def renew_contact(
    *, customer: Customer, values: Mapping[str, Any], by: User, reason: str, form: str
) -> None:
    """Bring the customer's contact to what a sheet says: the same person is changed where it
    differs, another one takes his place and he stays as a related person.

    Rules: R-26, R-27, R-39, D13.
    """
    row = (
        Contact.objects.select_for_update()
        .filter(customer=customer, is_primary=True, is_live=True)
        .first()
    )
    if row is not None and row.name == values["name"]:
        wanted = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in wanted.items():
            setattr(row, name, value)
        if wanted:
            save_as(row, by=by, reason=reason, expected=None, form=form)
        return
    if row is not None:
        row.is_primary = False
        save_as(row, by=by, reason=reason, expected=None, form=form)
    contact = Contact(customer=customer, is_primary=True, **values)
    save_as(contact, by=by, reason=reason, expected=None, form=form)


@transaction.atomic
def retire_contact(*, contact: Contact, by: User, reason: str, form: str) -> None:
    """Take a contact that an import added out of use. Rules: UX-54, R-39."""
    contact.is_live = contact.is_primary = False
    save_as(contact, by=by, reason=reason, expected=None, form=form)


def _pairs(names: Sequence[str], fields: Sequence[Any]) -> list[tuple[str, Any]]:
    return list(zip(names, fields, strict=True))


def _type(field: Any) -> str:
    kind = (field.rel_db_type(connection) or "text").split("(")[0]
    return f"{kind}[]" if isinstance(field, ArrayField) and not kind.endswith("[]") else kind


def _with_names(subject: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A new name brings the columns computed from it."""
    if subject != "customer" or "name" not in values:
        return dict(values)
    kind = str(values.get("customer_kind", "org"))
    named = name_columns(values["name"], kind)
    return {name: value for name, value in values.items() if name != "customer_kind"} | named
