"""Who changed what, and what happened: rows for the history tab and the timeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.errors import BadRequest
from crm.core.paging import Page, keyset
from crm.core.selectors import Change, Entry, timelines_of
from crm.identity.models import User
from customers.access import rules_of, visible_fields
from customers.choices import CustomerStatus, Subject, TimelineKind, Visibility
from customers.models import (
    BankBinding,
    Certificate,
    Contact,
    Customer,
    CustomerAttributes,
    FieldRule,
    TimelineEntry,
)
from customers.selectors.attributes import attribute_entries
from customers.selectors.fields import masked_text, record_of

MOST: Final = 50
TIES: Final = (
    TimelineKind.UNIT_LINKED,
    TimelineKind.UNIT_MOVED,
    TimelineKind.UNIT_ENDED,
    TimelineKind.UNITS_CHANGED,
    TimelineKind.GROUP_ENTERED,
    TimelineKind.GROUP_CHANGED,
    TimelineKind.GROUP_LEFT,
    TimelineKind.MEMBERS_CHANGED,
)
"""Told by their day alone: who reads a timeline may not see the other customer (B202)."""
_TONES: Final[dict[str, str]] = {
    TimelineKind.ACTIVATED: "good",
    TimelineKind.BINDING_BOUND: "good",
    TimelineKind.FORM_APPROVED: "good",
    TimelineKind.STATUS_CHANGED: "warn",
    TimelineKind.FORM_RETURNED: "warn",
    TimelineKind.CONFLICT: "warn",
    TimelineKind.BINDING_FAILED: "bad",
}
_WORDS: Final[dict[str, Promise]] = {
    TimelineKind.REGISTERED: gettext_lazy("客户代码 %(code)s"),
    TimelineKind.MANAGER_CHANGED: gettext_lazy("现由 %(manager)s 负责"),
    TimelineKind.BINDING_REQUESTED: gettext_lazy("%(bank)s 尾号 %(tail)s"),
    TimelineKind.BINDING_BOUND: gettext_lazy("%(bank)s 尾号 %(tail)s"),
    TimelineKind.BINDING_FAILED: gettext_lazy("%(bank)s 尾号 %(tail)s"),
    TimelineKind.BINDING_CLOSED: gettext_lazy("%(bank)s 尾号 %(tail)s"),
    TimelineKind.FORM_OPENED: gettext_lazy("%(title)s %(form)s"),
    TimelineKind.CONFLICT: gettext_lazy("冲突 %(conflict)s 已裁定"),
    TimelineKind.USER_OPENED: gettext_lazy("用户号 %(number)s"),
    TimelineKind.USER_CHANGED: gettext_lazy("用户号 %(number)s"),
    TimelineKind.EXTERNAL_ADDED: gettext_lazy("帐户号 %(number)s"),
    TimelineKind.EXTERNAL_ENDED: gettext_lazy("帐户号 %(number)s"),
    TimelineKind.ACCOUNT_OPENED: gettext_lazy("帐户号 %(number)s"),
    TimelineKind.ACCOUNT_CHANGED: gettext_lazy("帐户号 %(number)s"),
    TimelineKind.PAYMENT_SPLIT: gettext_lazy("用户号 %(number)s"),
    **dict.fromkeys(TIES, gettext_lazy("自 %(day)s 起")),
}
"""How an event reads; kinds without an entry read by their `text` value, if any."""


GROUPS: Final[dict[str, tuple[Promise, tuple[TimelineKind, ...]]]] = {
    "people": (
        gettext_lazy("联系人"),
        (
            TimelineKind.CONTACT_ADDED,
            TimelineKind.CONTACT_CHANGED,
            TimelineKind.CONTACT_ENDED,
            TimelineKind.RELATED,
            TimelineKind.UNRELATED,
        ),
    ),
    "manager": (
        gettext_lazy("客户经理"),
        (TimelineKind.MANAGER_CHANGED, TimelineKind.FIRST_CONTACT, TimelineKind.CONFLICT),
    ),
    "forms": (
        gettext_lazy("审批与表单"),
        (
            TimelineKind.FORM_OPENED,
            TimelineKind.FORM_MOVED,
            TimelineKind.FORM_RETURNED,
            TimelineKind.FORM_APPROVED,
            TimelineKind.FORM_WITHDRAWN,
            TimelineKind.FORM_CLOSED,
            TimelineKind.ENTERED,
            TimelineKind.REPORTED,
            TimelineKind.RECEIPT,
        ),
    ),
    "files": (gettext_lazy("文件"), (TimelineKind.FILED,)),
    "services": (
        gettext_lazy("账户与用户"),
        (
            TimelineKind.BINDING_REQUESTED,
            TimelineKind.BINDING_BOUND,
            TimelineKind.BINDING_FAILED,
            TimelineKind.BINDING_CLOSED,
            TimelineKind.USER_OPENED,
            TimelineKind.USER_CHANGED,
            TimelineKind.ACCOUNT_OPENED,
            TimelineKind.ACCOUNT_CHANGED,
            TimelineKind.PAYMENT_SPLIT,
        ),
    ),
    "ties": (gettext_lazy("上级单位与集团"), TIES),
}
"""What a timeline may be narrowed to; every other kind belongs to the archive itself (UX-17)."""
ARCHIVE: Final = "archive"
_GROUPED: Final = tuple(kind for _label, kinds in GROUPS.values() for kind in kinds)


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One accepted write on one record: `record` names it when it is not the customer itself."""

    record: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of the timeline, worded."""

    at: datetime
    title: str
    who: str
    text: str
    tone: str
    url: str


def history_of_customer(
    customer: Customer,
    user: User,
    contacts: Sequence[Contact] | None = None,
    *,
    limit: int = MOST,
) -> list[HistoryView]:
    """Old and new values of the archive and all that hangs on it, newest first, masked as the page
    masks them: hidden fields are left out, and so is a write of which nothing shows. `contacts`
    are all his people, where they have been asked for already.

    Rules: B-47, R-19, trust 2.6.
    """
    sights = visible_fields(user, customer, rules_of(customer))
    told = {key.partition(".")[0] for key, see in sights.items() if see != Visibility.HIDDEN}
    rows = chain.from_iterable(
        _views(subject, name, records, sights, limit)
        for subject, name, records in _records(customer, told, contacts)
        if records
    )
    return sorted(rows, key=lambda view: view.entry.at, reverse=True)[:limit]


def _records(
    customer: Customer, told: set[str], contacts: Sequence[Contact] | None
) -> Iterator[tuple[str, str, Sequence[models.Model]]]:
    """Only kinds of which some field shows (`told`): the others are not even asked for."""
    yield Subject.CUSTOMER, "", [customer]
    for subject in (Subject.RETAIL, Subject.REPAIR, Subject.SUBSCRIBER, Subject.EXTRA):
        record = record_of(customer, subject)
        if record is not None and record.pk is not None:
            yield subject, str(record._meta.verbose_name), [record]
    if Subject.CONTACT in told:
        people = Contact.objects.filter(customer=customer) if contacts is None else contacts
        yield Subject.CONTACT, _("联系人"), list(people)
    if Subject.BANK in told:
        bindings = BankBinding.objects.filter(customer=customer).order_by("pk")
        yield Subject.BANK, _("扣款账户"), list(bindings)
    if Subject.CERTIFICATE in told:
        papers = Certificate.objects.filter(customer=customer).order_by("pk")
        yield Subject.CERTIFICATE, _("证件"), list(papers)


def _views(
    subject: str,
    name: str,
    records: Sequence[models.Model],
    sights: Mapping[str, Visibility],
    limit: int,
) -> Iterator[HistoryView]:
    """What shows of the records of one kind, each record's newest first."""
    for entry in _entries(subject, records, sights, limit):
        changes = list(_seen(subject, entry.changes, sights))
        if changes:
            yield HistoryView(name, replace(entry, changes=changes))


def _entries(
    subject: str, records: Sequence[models.Model], sights: Mapping[str, Visibility], limit: int
) -> Iterable[Entry]:
    attributes = [record for record in records if isinstance(record, CustomerAttributes)]
    if attributes:
        return chain.from_iterable(
            attribute_entries(record, record.customer, limit) for record in attributes
        )
    fields = {
        key.partition(".")[2]
        for key, see in sights.items()
        if key.startswith(f"{subject}.") and see != Visibility.HIDDEN
    }
    told = timelines_of(records, limit=limit, fields=fields)
    return chain.from_iterable(told[record.pk] for record in records)


def _seen(
    subject: str, changes: Iterable[Change], sights: Mapping[str, Visibility]
) -> Iterator[Change]:
    for change in changes:
        see = sights.get(f"{subject}.{change.field}", Visibility.HIDDEN)
        if see == Visibility.CLEAR:
            yield change
        elif see == Visibility.MASKED:
            yield _masked(change)


def _masked(change: Change) -> Change:
    """Sealed fields come as four digits already; personal ones are masked here."""
    before, after = (
        text if text.startswith("****") else masked_text(change.field, text)
        for text in (change.before, change.after)
    )
    return replace(change, before=before, after=after)


def events_of(
    customer: Customer, *, limit: int = MOST, rules: Sequence[FieldRule] | None = None
) -> list[EventView]:
    """The timeline, newest first, in the reader's language (D5)."""
    known = rules_of(customer) if rules is None else rules
    labels = {rule.key: rule.label for rule in known}
    rows = TimelineEntry.objects.filter(customer=customer).select_related("by")
    return [_event(row, labels) for row in rows.order_by("-at", "-id")[:limit]]


def groups_of(customer: Customer) -> list[tuple[str, Promise | str]]:
    """The groups of which the customer's timeline has something, in their order."""
    rows = TimelineEntry.objects.filter(customer=customer).order_by()
    kinds = set(rows.values_list("kind", flat=True).distinct())
    found: list[tuple[str, Promise | str]] = [
        (key, label) for key, (label, own) in GROUPS.items() if kinds.intersection(own)
    ]
    return [(ARCHIVE, _("资料变更")), *found] if kinds.difference(_GROUPED) else found


def events_page(
    customer: Customer, *, group: str, after: str, rules: Sequence[FieldRule]
) -> Page[Any]:
    """One page of the timeline, of one group or of all. Raises BadRequest. Rules: UX-17."""
    rows = TimelineEntry.objects.filter(customer=customer).select_related("by")
    if group == ARCHIVE:
        rows = rows.exclude(kind__in=_GROUPED)
    elif group in GROUPS:
        rows = rows.filter(kind__in=GROUPS[group][1])
    elif group:
        raise BadRequest(_("不认识的筛选条件：%(name)s") % {"name": group[:20]})
    page: Page[Any] = keyset(rows, order=("-at", "-id"), token=after, size=MOST)
    labels = {rule.key: rule.label for rule in rules}
    return replace(page, rows=[_event(row, labels) for row in page.rows])


def _event(row: TimelineEntry, labels: Mapping[str, str]) -> EventView:
    return EventView(
        at=row.at,
        title=row.get_kind_display(),
        who=str(row.by),
        text=_text(row, labels),
        tone=_TONES.get(row.kind, "plain"),
        url=row.url,
    )


def _text(row: TimelineEntry, labels: Mapping[str, str]) -> str:
    values = row.values
    if row.kind == TimelineKind.CHANGED:
        return "、".join(labels.get(key, key) for key in values.get("fields", ()))
    if row.kind == TimelineKind.STATUS_CHANGED:
        names = dict(CustomerStatus.choices)
        return f"{names.get(values.get('before'), '')} → {names.get(values.get('after'), '')}"
    wording = _WORDS.get(row.kind)
    try:
        return str(wording) % values if wording is not None else str(values.get("text", ""))
    except KeyError:
        return str(values.get("text", ""))
