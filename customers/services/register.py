"""Open archives: one customer, one code, one dossier (B-14); one by one, or set-based (D13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.bulk import bulk_insert, copy_rows, drop_staging, stage
from crm.core.checkdigits import customer_code
from crm.core.errors import DomainError, Forbidden
from crm.core.history import insert_checked, save_as, sentence_of
from crm.core.numbers import Series, take_number, take_numbers
from crm.core.records import Checks, ready_rows
from crm.identity.models import Department, User
from crm.outbox.choices import Topic
from crm.outbox.services import Event, publish, publish_many
from customers.access import customers_for
from customers.choices import CustomerPerm, TimelineKind
from customers.errors import AlreadyExists
from customers.models import (
    Contact,
    Customer,
    CustomerAlias,
    CustomerAttributes,
    ManagerAssignment,
    RepairProfile,
    RetailProfile,
    TimelineEntry,
)
from customers.selectors.duplicates import holder_of, taken_keys
from customers.services._assignments import open_assignment
from customers.services._intake import Directory, new_alias, new_row, parts_of, strong_keys
from customers.services._names import lock_keys
from customers.services.conflicts import record_conflict
from customers.services.marks import add_timeline
from customers.values import NewCustomer

SLICE = 5000
_TERM = ("customer", "manager", "starts_at", "ends_at", "reason", "proposer", "approver")
_ENTRY = ("customer", "at", "kind", "values", "by", "url")


class _Taken(Exception):
    """Carries the first record out of the transaction that it refuses."""

    def __init__(self, holder: Customer, matched: str) -> None:
        super().__init__(matched)
        self.holder = holder
        self.matched = matched


def register_customer(
    *, organisation: Department, data: NewCustomer, by: User, reason: str = "", form: str = ""
) -> Customer:
    """Register a customer with contacts, profile and aliases; a registering manager is his manager.

    The first record wins: whoever comes second gets AlreadyExists without a word about whose it is,
    and a conflict for the general manager is kept *although* his registration rolled back. So this
    service is not one transaction but two: the refused one, then the one of the conflict. Called
    inside a longer transaction, whoever owns that one calls `refusal.after_rollback()` when it has
    rolled back; it may be called any number of times.
    Raises AlreadyExists, ValidationError, NotManager, Forbidden.
    Rules: B-14 to B-16, B-31 to B-34, R-5, R-9, R-10, R-17, R-21 to R-23, R-25, RF-08, RF-09.
    """
    try:
        with transaction.atomic():
            return _register(organisation, data, by=by, reason=reason or _("登记建档"), form=form)
    except _Taken as taken:
        raise _refusal(taken, data.name, by=by) from taken


def _refusal(taken: _Taken, typed_name: str, *, by: User) -> AlreadyExists:
    holder = taken.holder
    seen = customers_for(by, CustomerPerm.VIEW).filter(pk=holder.pk).exists()
    refusal = AlreadyExists(field=taken.matched, seen_code=holder.code if seen else "")
    if holder.manager_id != by.pk:
        refusal.keep = partial(
            record_conflict, customer=holder, typed_name=typed_name, matched=taken.matched, by=by
        )
        refusal.after_rollback()
    return refusal


def _register(
    organisation: Department, data: NewCustomer, *, by: User, reason: str, form: str
) -> Customer:
    directory = Directory(organisation, by)
    row = new_row(data, directory)
    keys = strong_keys(row, data)
    lock_keys(organisation.pk, keys.items())
    if (taken := holder_of(organisation.pk, keys)) is not None:
        raise _Taken(*taken)
    row.code = customer_code(row.city_id[:4], take_number(Series.CUSTOMER))
    save_as(row, by=by, reason=reason, expected=None, form=form)
    for part in parts_of(row, data, directory):
        save_as(part, by=by, reason=reason, expected=None, form=form)
    for alias in data.aliases:
        insert_checked(new_alias(row, alias))
    if row.manager is not None:
        open_assignment(row, row.manager, reason=reason[:300], proposer=by)
    _ensure_reached([row], by=by)
    add_timeline(customer=row, kind=TimelineKind.REGISTERED, values={"code": row.code}, by=by)
    event = _event(row, by=by)
    publish(
        topic=Topic.CUSTOMER_REGISTERED,
        key=event.key,
        payload=event.payload,
        organisation_id=event.organisation_id,
        customer=event.customer,
        people=event.people,
        values=event.values,
    )
    return row


def _ensure_reached(
    rows: Sequence[Customer], *, by: User, perm: CustomerPerm = CustomerPerm.CREATE
) -> None:
    """Refuse what would land outside the scope of whoever writes it (trust 4.6 gate 5)."""
    keys = [row.pk for row in rows]
    if customers_for(by, perm).filter(pk__in=keys).count() != len(keys):
        raise Forbidden(_("该客户不在您的建档范围内"))


def _event(row: Customer, *, by: User) -> Event:
    return Event(
        key=row.code,
        payload={"customer": row.code, "version": 1, "status": str(row.status)},
        organisation_id=row.organisation_id,
        customer=row.pk,
        people=[row.manager_id] if row.manager_id and row.manager_id != by.pk else [],
        values={"name": row.name, "code": row.code, "customer_id": row.pk},
    )


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row of a bulk registration that was not taken: where it stood, and why."""

    index: int
    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a bulk registration: codes in the order of the rows taken, and refusals."""

    codes: list[str]
    refused: list[RefusedRow]


@dataclass(slots=True)
class _Ready:
    """One row of a slice that passed its checks."""

    row: Customer
    data: NewCustomer
    parts: list[Any]


@transaction.atomic
def register_customers(
    *,
    organisation: Department,
    rows: Sequence[NewCustomer],
    by: User,
    reason: str = "",
    form: str = "",
    perm: CustomerPerm = CustomerPerm.CREATE,
    tells: bool = True,
) -> Registered:
    """The set-based twin of `register_customer`: up to 5,000 rows in a few statements (D13).

    Rows that are wrong or taken are told by their place; the others go in. No conflict is kept: a
    keeper who imports is nobody's rival. Two running at once on the same keys: the later one breaks
    on the constraint and is run again by its caller. `perm` is the right the rows must lie in the
    reach of; with `tells` off managers get no notice a row, only the feed does.
    Raises Forbidden, ValidationError, ValueError for more rows. Rules: B-14, B-32, R-23, D13.
    """
    if len(rows) > SLICE:
        raise ValueError(f"at most {SLICE} rows at once")
    why = reason or _("登记建档")
    directory = Directory(organisation, by)
    ready, refused = _checked(rows, directory)
    for good, number in zip(
        ready, take_numbers(Series.CUSTOMER, len(ready)) if ready else [], strict=True
    ):
        good.row.code = customer_code(good.row.city_id[:4], number)
    customers = [good.row for good in ready]
    _insert(Customer, customers, by=by, reason=why, form=form)
    _know_keys(customers)
    parts = [part for good in ready for part in good.parts]
    for model in (RetailProfile, RepairProfile, CustomerAttributes, Contact):
        own = [part for part in parts if isinstance(part, model)]
        for part in own:
            part.customer_id = part.customer.pk
        _insert(model, own, by=by, reason=why, form=form)
    _add_plain_rows(ready, by=by, reason=why)
    _ensure_reached(customers, by=by, perm=perm)
    events = [_event(row, by=by) for row in customers]
    if not tells:
        events = [replace(event, people=()) for event in events]
    publish_many(topic=Topic.CUSTOMER_REGISTERED, events=events)
    return Registered([row.code for row in customers], refused)


def _checked(
    rows: Iterable[NewCustomer], directory: Directory
) -> tuple[list[_Ready], list[RefusedRow]]:
    """Rows that may go in, and why the others may not; keys of all are asked for at once."""
    checks = _Checks()
    ready: list[tuple[int, _Ready]] = []
    refused: list[RefusedRow] = []
    for index, data in enumerate(rows):
        try:
            row = new_row(data, directory)
            parts = parts_of(row, data, directory)
            for record in (row, *parts):
                checks[type(record)].clean(record)
            ready.append((index, _Ready(row, data, parts)))
        except ValidationError as wrong:
            refused += _told(index, wrong)
        except DomainError as refusal:
            refused.append(
                RefusedRow(index, refusal.code, refusal.field or "", str(refusal.message))
            )
    keys = [strong_keys(good.row, good.data) for _index, good in ready]
    taken = taken_keys(directory.organisation.pk, keys)
    free: list[_Ready] = []
    for (index, good), own in zip(ready, keys, strict=True):
        clash = next((what for what, value in own.items() if (what, value) in taken), "")
        if clash:
            told = AlreadyExists(field=clash)
            refused.append(RefusedRow(index, told.code, clash, str(told.message)))
        else:
            taken |= set(own.items())
            free.append(good)
    return free, sorted(refused, key=lambda row: row.index)


class _Checks(dict[type[models.Model], Checks]):
    """The checks of each model of the slice."""

    def __missing__(self, model: type[models.Model]) -> Checks:
        """Not checked one by one are foreign keys, asked for before, the code, which comes later,
        and what the writing itself fills in."""
        links = [f.name for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]
        found = self[model] = Checks(model, {*links, "code", "version", "field_marks"})
        return found


def _told(index: int, wrong: ValidationError) -> list[RefusedRow]:
    if not hasattr(wrong, "error_dict"):
        return [RefusedRow(index, "invalid", "", text) for text in wrong.messages]
    return [
        RefusedRow(index, "invalid", name, text)
        for name, texts in wrong.message_dict.items()
        for text in texts
    ]


def _insert(
    model: type[models.Model], records: Sequence[Any], *, by: User, reason: str, form: str
) -> None:
    """Rows and history of one model, by COPY and one statement."""
    if not records:
        return
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in ("version", "field_marks")
    ]
    columns = [str(field.column) for field in fields]
    kinds = [(field.rel_db_type(connection) or "text").split("(")[0] for field in fields]
    staging = stage(
        list(zip(columns, kinds, strict=True)), ready_rows(fields, records), is_joined=False
    )
    taken = {field.name: f's."{field.column}"' for field in fields}
    bulk_insert(model, staging=staging, columns=taken, by=by, reason=reason, form=form)
    drop_staging(staging)


def _know_keys(customers: Sequence[Customer]) -> None:
    """Give the rows in hand the keys they got."""
    codes = [row.code for row in customers]
    keys = dict(Customer.objects.filter(code__in=codes).values_list("code", "pk"))
    for row in customers:
        row.pk = keys[row.code]


def _add_plain_rows(ready: Sequence[_Ready], *, by: User, reason: str) -> None:
    """Terms, foreign codes and timeline: tables without history of their own."""
    now = timezone.now()
    terms = (
        (good.row.pk, good.row.manager_id, now, None, reason[:300], by.pk, None)
        for good in ready
        if good.row.manager_id is not None
    )
    copy_rows(ManagerAssignment, _TERM, terms)
    codes = [new_alias(good.row, alias) for good in ready for alias in good.data.aliases]
    try:
        with transaction.atomic():
            CustomerAlias.objects.bulk_create(codes)
    except IntegrityError as clash:
        raise ValidationError(sentence_of(CustomerAlias, clash)) from clash
    told = (
        (good.row.pk, now, TimelineKind.REGISTERED.value, {"code": good.row.code}, by.pk, "")
        for good in ready
    )
    copy_rows(TimelineEntry, _ENTRY, told)
