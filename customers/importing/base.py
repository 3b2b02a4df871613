"""How rows of customers are written and taken back, whatever workbook they came from."""

import copy
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.identity.access import may
from crm.identity.choices import Duty
from crm.identity.models import Department, User
from crm.imports.access import may_release
from crm.imports.kinds import Draft, Kind, Order, Outcome, Problem
from customers.access import fillable_fields, rule_of_attribute
from customers.choices import Authority, CustomerPerm, Subject, TimelineKind
from customers.importing.attributes import columns_of, definitions_of, extras_of
from customers.importing.bringers import Bringer
from customers.importing.people import settle_people
from customers.models import (
    Contact,
    Customer,
    CustomerAttributes,
    FieldRule,
    TimelineEntry,
    UnitLink,
)
from customers.services.register import RefusedRow, register_customers
from customers.services.sheets import (
    RECORDS,
    announce_changes,
    change_extras,
    change_records,
    empty_extras,
    raise_versions,
    restore_record,
    retire_contact,
    take_back_customer,
)
from customers.services.units import take_back_link
from customers.values import NewCustomer

Values = Mapping[str, Mapping[str, Any]]
Stamp = tuple[str, int, int, int]
CLASH = {"name": "name", "credit_code": "credit_code", "licence_no": "licence_no"}


def local_fields(profile: str) -> dict[str, frozenset[str]]:
    """Subject → fields this kind of organisation keeps itself: all an import may change (T-64)."""
    found: dict[str, set[str]] = {}
    rules = FieldRule.objects.filter(profile=profile, authority=Authority.LOCAL)
    for subject, name in rules.values_list("subject", "field"):
        found.setdefault(subject, set()).add(name)
    return {subject: frozenset(names) for subject, names in found.items()}


class CustomerKind(Kind):
    """What both workbooks share.

    `fields` says which field of the archive a column fills, so that the field rules speak for it;
    `rights` are of columns that are no field. `party` is what the free attributes are kept of.
    """

    duties: ClassVar[Mapping[str, Duty]]
    party: ClassVar[str]
    fields: ClassVar[Mapping[str, str]]
    rights: ClassVar[Mapping[str, CustomerPerm]] = {}
    home: int = 0
    attribute_rules: Sequence[FieldRule] = ()

    def fitted(self, organisation: Department) -> Self:
        """With the organisation's free attributes as columns (B-26)."""
        if self.home == organisation.pk:
            return self
        own = copy.copy(self)
        rows = definitions_of(organisation, self.party)
        own.home = organisation.pk
        own.columns = (*type(self).columns, *columns_of(rows, type(self).columns))
        own.attribute_rules = [rule_of_attribute(row, self.profile) for row in rows]
        return own

    def barred(self, user: User) -> frozenset[str]:
        """Columns whose field the person may not fill: the rules of forms and API (B235, PM-08)."""
        rules = [*FieldRule.objects.filter(profile=self.profile), *self.attribute_rules]
        good = fillable_fields(user, rules, own=not may_release(user, self))
        keys = dict(self.fields) | {rule.key: rule.key for rule in self.attribute_rules}
        barred = {column for column, key in keys.items() if key not in good}
        lacked = {column for column, perm in self.rights.items() if not may(user, perm)}
        return frozenset(barred | lacked)

    def bringer(self, by: User | None) -> Bringer:
        """Which archives whoever brings the file may meet in it."""
        return Bringer(by, own_only=by is not None and not may_release(by, self))

    @abstractmethod
    def new_customer(self, draft: Draft, order: Order) -> NewCustomer:
        """The archive to be opened for a row that is not here yet."""

    @abstractmethod
    def values_of(self, draft: Draft) -> Values:
        """Subject → field → value a row says of an archive that is here."""

    def after_new(self, rows: Sequence[tuple[Draft, int]], order: Order) -> None:
        """Write what belongs to new archives beside the basics; nothing for most."""

    def commit(self, drafts: Sequence[Draft], order: Order) -> list[Outcome]:
        settle_people(drafts, order, self.duties)
        new = [draft for draft in drafts if "pk" not in draft.links]
        known = [draft for draft in drafts if "pk" in draft.links]
        return [*self._open(new, order), *self._change(known, order)]

    # --- new archives

    def _open(self, drafts: Sequence[Draft], order: Order) -> list[Outcome]:
        if not drafts:
            return []
        done = register_customers(
            organisation=order.organisation,
            rows=[self.new_customer(draft, order) for draft in drafts],
            by=order.by,
            reason=order.reason,
            form=order.number,
            perm=CustomerPerm.CREATE if self.bringer(order.by).own_only else CustomerPerm.IMPORT,
            tells=False,
        )
        refused: dict[int, RefusedRow] = {}
        for row in done.refused:
            refused.setdefault(row.index, row)
        taken = [draft for at, draft in enumerate(drafts) if at not in refused]
        told = [self._refusal(drafts[at], row) for at, row in refused.items()]
        keys = dict(Customer.objects.filter(code__in=done.codes).values_list("code", "pk"))
        made = [(draft, keys[code], code) for draft, code in zip(taken, done.codes, strict=True)]
        self.after_new([(draft, pk) for draft, pk, _code in made], order)
        now = _stamps([pk for _draft, pk, _code in made])
        for draft, pk, code in made:
            stamps = [(kind, key, 0, version) for (kind, key), version in now[pk].items()]
            told.append(Outcome(draft.number, "made", code, stamps))
        return told

    def _refusal(self, draft: Draft, row: RefusedRow) -> Outcome:
        column = CLASH.get(row.field, row.field)
        if self.column(column) is None:
            column = self.columns[0].field
        return Outcome(draft.number, "refused", problem=Problem(column, row.code, row.message))

    # --- archives that are here

    def _change(self, drafts: Sequence[Draft], order: Order) -> list[Outcome]:
        """Change what this organisation keeps itself, in a few statements a slice."""
        keys = [draft.links["pk"] for draft in drafts]
        live = {
            row.pk: row
            for row in Customer.objects.select_for_update(of=("self",))
            .filter(pk__in=keys)
            .order_by("pk")
        }
        told, fresh = [], []
        reached = self.bringer(order.by).reached(keys)
        for draft in drafts:
            row = live.get(draft.links["pk"])
            if row is None or row.pk not in reached or _moved_on(row, draft):
                words = _("检查之后该档案已被他人修改，请重新检查")
                problem = Problem(self.columns[0].field, "moved_on", words)
                told.append(Outcome(draft.number, "refused", problem=problem))
            else:
                fresh.append((draft, row))
        return [*told, *self._write(fresh, order)]

    def _write(self, rows: Sequence[tuple[Draft, Customer]], order: Order) -> list[Outcome]:
        if not rows:
            return []
        before = _stamps([row.pk for _draft, row in rows])
        allowed = local_fields(self.profile)
        fields: dict[int, list[str]] = {row.pk: [] for _draft, row in rows}
        wanted: dict[tuple[str, ...], dict[int, dict[str, Any]]] = {}
        for draft, row in rows:
            for subject, values in self.values_of(draft).items():
                key = _key_of(before[row.pk], subject, row.pk)
                good = {k: v for k, v in values.items() if k in allowed.get(subject, ())}
                if key is not None and good:
                    wanted.setdefault((subject, *good), {})[key] = good
                    fields[row.pk] += [f"{subject}.{name}" for name in good]
            fields[row.pk] += [f"{Subject.EXTRA}.{code}" for code in extras_of(draft)]
        act: Any = {"by": order.by, "reason": order.reason, "form": order.number}
        for (subject, *_names), records in wanted.items():
            change_records(subject=subject, records=records, **act)
        change_extras(records={row.pk: extras_of(draft) for draft, row in rows}, **act)
        self.renew_all(rows, order)
        return self._outcomes(rows, before, fields, order)

    def renew_all(self, rows: Sequence[tuple[Draft, Customer]], order: Order) -> None:
        """What known rows may add that is no plain field; nothing for most."""

    def _outcomes(
        self,
        rows: Sequence[tuple[Draft, Customer]],
        before: Mapping[int, Mapping[tuple[str, int], int]],
        fields: Mapping[int, Sequence[str]],
        order: Order,
    ) -> list[Outcome]:
        keys = [row.pk for _draft, row in rows]
        after = _stamps(keys)
        changed = {pk for pk in keys if after[pk] != before[pk]}
        quiet = [pk for pk in changed if after[pk]["customer", pk] == before[pk]["customer", pk]]
        raise_versions(customers=quiet, by=order.by, reason=order.reason, form=order.number)
        after |= _stamps(quiet)
        announce_changes(customers=sorted(changed), fields=fields, by=order.by, form=order.number)
        told = []
        for draft, row in rows:
            stamps = [
                (kind, key, before[row.pk].get((kind, key), 0), version)
                for (kind, key), version in after[row.pk].items()
                if before[row.pk].get((kind, key)) != version
            ]
            told.append(
                Outcome(draft.number, "changed" if stamps else "same", str(row.code), stamps)
            )
        return told

    # --- taking back

    def undo(self, records: Sequence[tuple[int, Sequence[Stamp]]], order: Order) -> list[int]:
        """Rows whose every record still is as the import left it, and whose customers nothing
        happened to since; a unit stays while others hang on it (UX-54)."""
        done = []
        for number, stamps in records:
            rows = {
                (kind, pk): RECORDS[kind].objects.select_for_update(of=("self",)).get(pk=pk)  # type: ignore[attr-defined]
                for kind, pk, _before, _after in stamps
            }
            if any(rows[kind, pk].version != after for kind, pk, _b, after in stamps):
                continue
            if _lived_on(stamps, order.number) or _bears(stamps):
                continue
            _take_back(stamps, rows, order)
            done.append(number)
        return done


def _stamps(customers: Sequence[int]) -> dict[int, dict[tuple[str, int], int]]:
    """Versions of everything an import may write, by customer."""
    found: dict[int, dict[tuple[str, int], int]] = {pk: {} for pk in customers}
    rows = Customer.objects.filter(pk__in=customers).values_list("pk", "version")
    for pk, version in rows:
        found[pk]["customer", pk] = version
    for kind in ("retail", "repair", "contact", "bank", "extra"):
        held = RECORDS[kind].objects.filter(customer_id__in=customers)  # type: ignore[attr-defined]
        if kind == "contact":
            held = held.filter(is_live=True)
        for pk, customer, version in held.values_list("pk", "customer_id", "version"):
            found[customer][kind, pk] = version
    return found


def _moved_on(row: Customer, draft: Draft) -> bool:
    return row.is_cancelled or row.version != draft.links["version"]


def said(draft: Draft, names: Collection[str]) -> dict[str, Any]:
    """What the row says of those columns; a column that is not in the file changes nothing."""
    return {name: draft.values[name] for name in names if name in draft.values}


def _key_of(stamps: Mapping[tuple[str, int], int], subject: str, customer: int) -> int | None:
    """The one record of a kind; contacts are found by `renew`."""
    if subject == "customer":
        return customer
    return next((pk for kind, pk in stamps if kind == subject), None)


def _lived_on(stamps: Sequence[Stamp], number: str) -> bool:
    """Whether anything but the import stands in the life of a customer it made."""
    made = [pk for kind, pk, before, _after in stamps if kind == "customer" and before == 0]
    if not made:
        return False
    since = TimelineEntry.objects.filter(customer_id__in=made).exclude(kind=TimelineKind.REGISTERED)
    other = ~Q(values__form=number) | Q(values__form__isnull=True)
    return since.filter(other).exists()


def _bears(stamps: Sequence[Stamp]) -> bool:
    """Whether a unit still hangs on a customer the import made."""
    made = [pk for kind, pk, before, _after in stamps if kind == "customer" and before == 0]
    return bool(made) and UnitLink.objects.open().filter(parent_id__in=made).exists()


def _take_back(stamps: Sequence[Stamp], rows: Mapping[tuple[str, int], Any], order: Order) -> None:
    """A new archive is cancelled whole; else what is new ends before what was comes back."""
    act: Any = {"by": order.by, "reason": f"撤销 {order.reason}", "form": order.number}
    for kind, pk, before, _after in stamps:
        if kind == "unit" and before == 0:
            take_back_link(link=rows[kind, pk], **act)
    for kind, pk, before, _after in stamps:
        if kind == "customer" and before == 0:
            take_back_customer(customer=rows[kind, pk], **act)
            return
    for kind, pk, before, _after in sorted(stamps, key=lambda stamp: stamp[2] > 0):
        record: models.Model = rows[kind, pk]
        if before:
            restore_record(record=record, before=before, **act)
        else:
            _take_back_new(record, act)


def _take_back_new(record: models.Model, act: Mapping[str, Any]) -> None:
    """What an import was the first to write beside an archive that was here."""
    if isinstance(record, Contact):
        retire_contact(contact=record, **act)
    elif isinstance(record, CustomerAttributes):
        empty_extras(record=record, **act)


def home_city(organisation: Department) -> tuple[str, str]:
    """Province and prefecture of an organisation, by its division (R-22)."""
    code = str(organisation.region_id or "")
    return f"{code[:2]}0000", f"{code[:4]}00"


def primary_contacts(customers: Sequence[int]) -> dict[int, Contact]:
    """Customer → its contact in use."""
    rows = Contact.objects.filter(customer_id__in=customers, is_primary=True, is_live=True)
    return {row.customer_id: row for row in rows}
