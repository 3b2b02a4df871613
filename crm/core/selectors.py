"""Reads of the ground floor."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.choices import DRAFT_PAGES
from crm.core.models import CLOCK, CalendarOverride, DictEntry, Draft, Region, WorkerBeat
from crm.core.prepared import Prepared
from crm.core.sealed import SealBroken, sealed_fields, unseal

if TYPE_CHECKING:
    from crm.identity.models import User


def draft_of(user: "User", *, form: str, subject: str = "") -> dict[str, Any] | None:
    """What the person typed last into that form, or None. A draft whose key is gone is none."""
    row = Draft.objects.filter(owner=user, form=form, subject=subject).first()
    if row is None:
        return None
    try:
        content = json.loads(unseal(row, "content"))
    except (SealBroken, ValueError):
        return None
    return dict(content)


@dataclass(frozen=True, slots=True)
class DraftShown:
    """One draft in the list: what it is, where to go on, when it was kept."""

    title: str
    page: str
    saved_at: datetime


def drafts_of(user: "User", *, limit: int = 50) -> list[DraftShown]:
    """The person's drafts, newest first, each with the page to go on at (UX-24)."""
    rows = Draft.objects.filter(owner=user).defer("content").order_by("-saved_at")[:limit]
    return [shown for row in rows if (shown := _shown(row)) is not None]


def _shown(row: Draft) -> DraftShown | None:
    page = DRAFT_PAGES.get(row.form)
    name = page and (page.existing if row.subject else page.new)
    if page is None or not name:
        return None
    url = reverse(name, args=[row.subject] if row.subject else [])
    title = f"{page.title} {row.subject}".strip()
    return DraftShown(title, url, row.saved_at)


def dictionary(kind: str, *, organisation_id: int = 0) -> list[tuple[str, str]]:
    """(code, label) of a code table's live entries, the organisation's own beside the common."""
    rows = DictEntry.objects.live(kind).filter(organisation_id__in={0, organisation_id})
    return list(rows.values_list("code", "label"))


def calendar_overrides() -> dict[date, bool]:
    """Day → works, as the office set it; handed to the pure calendar."""
    return dict(_OVERRIDES.rows())


_OVERRIDES: Final = Prepared(lambda: CalendarOverride.objects.values_list("day", "is_working"))


def provinces() -> list[tuple[str, str]]:
    """(code, name) of the provinces in force."""
    return list(Region.objects.provinces().values_list("code", "name"))


def cities_of(province: str) -> list[tuple[str, str]]:
    """(code, name) of the prefectures of a province."""
    return list(Region.objects.cities().filter(parent_id=province).values_list("code", "name"))


_NEVER_TOLD: Final = frozenset({"version", "seal_id", "id"})


@dataclass(frozen=True, slots=True)
class Change:
    """One field in one history row: texts as people read them, `field` for its rights."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted write of a row: who, when, why, which fields."""

    at: Any
    by: str
    reason: str
    version: int
    kind: str
    changes: list[Change]


def timeline_of(row: models.Model, *, limit: int = 50) -> list[Entry]:
    """Who changed what, newest first, old and new value side by side (B-47).

    Sealed fields show the last four digits only; the caller still masks by role.
    """
    return timelines_of([row], limit=limit)[row.pk]


def timelines_of(
    rows: Sequence[models.Model], *, limit: int = 50, fields: Collection[str] | None = None
) -> dict[Any, list[Entry]]:
    """`timeline_of` for rows of one model by key, in one question and one a linked model.

    `fields` are those that are looked at; None means all.
    """
    model = type(rows[0])
    key = model._meta.pk.attname
    newest = Window(RowNumber(), partition_by=[F(key)], order_by=F("history_id").desc())
    records = (
        model.history.filter(**{f"{key}__in": [row.pk for row in rows]})  # type: ignore[attr-defined]
        .annotate(place=newest)
        .filter(place__lte=limit + 1)
        .select_related("history_user")
        .order_by("-history_id")
    )
    found: dict[Any, list[Any]] = {row.pk: [] for row in rows}
    for record in records:
        found[getattr(record, key)].append(record)
    pairs = {
        pk: list(zip(kept, [*kept[1:], None], strict=False))[:limit] for pk, kept in found.items()
    }
    told = _Told(model, fields)
    told.learn(chain.from_iterable(pairs.values()))
    return {pk: [told.entry(new, old) for new, old in kept] for pk, kept in pairs.items()}


class _Told:
    """History of one model in words: which fields count, what linked rows are called."""

    def __init__(self, model: type[models.Model], fields: Collection[str] | None) -> None:
        self.sealed = set(sealed_fields(model))
        self.fields = fields
        self._names: dict[tuple[Any, Any], str] = {}

    def learn(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Read the linked rows of all changes, one question a model."""
        wanted: dict[Any, set[Any]] = {}
        for new, old in pairs:
            for field, before, after in self._changed(new, old):
                if isinstance(field, models.ForeignKey):
                    wanted.setdefault(field.related_model, set()).update({before, after} - {None})
        for model, keys in wanted.items():
            rows = model._base_manager.filter(pk__in=keys)
            self._names |= {(model, row.pk): str(row) for row in rows}

    def entry(self, new: Any, old: Any) -> Entry:
        return Entry(
            at=new.history_date,
            by=str(new.history_user or ""),
            reason=new.history_change_reason or "",
            version=getattr(new, "version", 0),
            kind=new.history_type,
            changes=[self._change(new, old, *found) for found in self._changed(new, old)],
        )

    def _changed(self, new: Any, old: Any) -> Iterator[tuple[Any, Any, Any]]:
        for field in new.tracked_fields:
            if field.name in _NEVER_TOLD or field.name.endswith("_last4"):
                continue
            if self.fields is not None and field.name not in self.fields:
                continue
            after, before = getattr(new, field.attname), getattr(old, field.attname, None)
            if after == before or (old is None and after in (None, "", [], {})):
                continue
            yield field, before, after

    def _change(self, new: Any, old: Any, field: Any, before: Any, after: Any) -> Change:
        if field.name in self.sealed:
            texts = [_last4(record, field.name) for record in (old, new)]
        else:
            texts = [self._text(field, value) for value in (before, after)]
        return Change(field.name, str(field.verbose_name), *texts)

    def _text(self, field: Any, value: Any) -> str:
        if value is not None and isinstance(field, models.ForeignKey):
            return self._names.get((field.related_model, value), str(value))
        return display(field, value)


def _last4(record: Any, name: str) -> str:
    tail = getattr(record, f"{name}_last4", "") if record is not None else ""
    return f"****{tail}" if tail else ""


def column_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """A column of `model` by name; FieldDoesNotExist for anything else."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(name)
    return field


def display(field: "models.Field[Any, Any]", value: Any) -> str:
    """A stored value in the words of the page: labels of choices, names of linked rows."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.ForeignKey):
        return _linked(field, value)
    is_moment = isinstance(value, datetime)
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if is_moment else str(value)


def _linked(field: "models.ForeignKey[Any, Any]", value: Any) -> str:
    target = field.related_model
    try:
        row = target._base_manager.filter(pk=value).first()
    except (ValidationError, ValueError):
        row = None
    return str(row) if row is not None else str(value)


def newest_heartbeat() -> datetime | None:
    """When any worker process last said that it lives."""
    row = WorkerBeat.objects.exclude(name=CLOCK).order_by("-seen_at").first()
    return row.seen_at if row is not None else None


def clock_heartbeat() -> datetime | None:
    """When the clock (beat) last said that it lives."""
    row = WorkerBeat.objects.filter(name=CLOCK).first()
    return row.seen_at if row is not None else None
