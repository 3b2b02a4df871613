"""The only way to declare and to save rows that keep history (rule 11)."""

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, IntegrityError, InternalError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from simple_history.models import HistoricalRecords

from crm.core.errors import StaleVersion

if TYPE_CHECKING:
    from crm.identity.models import User

NOT_IN_HISTORY = ("field_marks",)
_KEY: Final = re.compile(r"\(([^()]+)\)=\(")
"""The columns in PostgreSQL's detail of a broken unique index, whatever language it speaks."""


def history_of(*, exclude: Sequence[str] = ()) -> HistoricalRecords:
    """Declare the history of a model.

    `exclude` names derived columns: blind indexes, search tokens, counters. Rules: B-47, R-19.
    """
    return HistoricalRecords(
        excluded_fields=[*NOT_IN_HISTORY, *exclude],
        history_id_field=models.BigAutoField(primary_key=True),
        user_db_constraint=False,
    )


def save_as(
    row: models.Model,
    *,
    by: "User",
    reason: str,
    expected: int | None,
    fields: Iterable[str] | None = None,
    form: str = "",
) -> None:
    """Validate and save `row`; the history row says who did it and why.

    `expected` is the version the writer started from; None only for a row made in this
    transaction or already locked by it. `fields` limits the write; `form` is the number of the
    approved form, kept beside each field it changed.

    What the database checks itself is not asked beforehand: a broken constraint speaks its own
    sentence, and the caller's transaction is then fit for nothing but to roll back whole.
    Raises StaleVersion, ValidationError. Rules: D10, RF-06, RF-07.
    """
    with _in_one_transaction():
        creating = row._state.adding
        names = _written(row, fields)
        if not creating:
            names = _changed(row, names, expected)
        _mark(row, names, by=by, form=form)
        row.version = 1 if creating else row.version + 1  # type: ignore[attr-defined]
        row._history_user = by  # type: ignore[attr-defined]
        row._change_reason = reason  # type: ignore[attr-defined]
        _write(row, names, creating=creating)


def _in_one_transaction() -> AbstractContextManager[None]:
    """The caller's own, without a savepoint; one of ours where he has none."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def _written(row: models.Model, fields: Iterable[str] | None) -> list[str]:
    own = [
        field.name
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name not in {"version", "field_marks"}
    ]
    return own if fields is None else [name for name in own if name in set(fields)]


def _changed(row: models.Model, names: list[str], expected: int | None) -> list[str]:
    """The names whose value differs from the locked live row."""
    live = type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
    version: int = live.version  # type: ignore[attr-defined]
    if expected is not None and version != expected:
        raise StaleVersion(current=version)
    row.version = version  # type: ignore[attr-defined]
    row.field_marks = live.field_marks  # type: ignore[attr-defined]
    attnames = {field.name: field.attname for field in row._meta.concrete_fields}
    return [n for n in names if getattr(live, attnames[n]) != getattr(row, attnames[n])]


def _mark(row: models.Model, names: Iterable[str], *, by: "User", form: str) -> None:
    mark = {"at": timezone.now().isoformat(timespec="seconds"), "by": by.pk, "form": form}
    marks: dict[str, Any] = row.field_marks  # type: ignore[attr-defined]
    row.field_marks = marks | dict.fromkeys(names, mark)  # type: ignore[attr-defined]


def _write(row: models.Model, names: list[str], *, creating: bool) -> None:
    checked = None if creating else [*names, "version", "field_marks"]
    save_checked(row, names, update_fields=checked)


def save_checked(
    row: models.Model, names: Iterable[str], *, update_fields: list[str] | None = None
) -> None:
    """Save a row whose `names` are new, asking nothing that the database checks itself.

    For rows without history; others take `save_as`. The caller's transaction is not saved from a
    broken constraint: it rolls back whole. Raises ValidationError with the constraint's sentence.
    """
    row.clean_fields(exclude=_trusted(row, names))
    row.clean()
    try:
        with transaction.atomic(savepoint=False):
            row.save(update_fields=update_fields)
    except (IntegrityError, InternalError) as clash:
        raise refusal_of(type(row), clash) from clash


def insert_checked(row: models.Model) -> None:
    """`save_checked` for a new row."""
    save_checked(row, [field.name for field in row._meta.concrete_fields])


def _trusted(row: models.Model, names: Iterable[str]) -> set[str]:
    """What need not be looked at: what is not written, and links whose row was read already."""
    written = set(names)
    return {
        field.name
        for field in row._meta.concrete_fields
        if field.name not in written
        or (isinstance(field, models.ForeignKey) and field.is_cached(row))
    }


def refusal_of(model: type[models.Model], clash: DatabaseError) -> ValidationError:
    """The broken constraint's sentence, at its field when it is about one field alone.

    Re-raises `clash` when no constraint of `model` is behind it: that is a bug.
    """
    return ValidationError({_place_of(model, clash): [sentence_of(model, clash)]})


def _place_of(model: type[models.Model], clash: DatabaseError) -> str:
    """The field of a unique index over one column; the whole row for anything else."""
    diag = getattr(clash.__cause__, "diag", None)
    found = _KEY.search(getattr(diag, "message_detail", None) or "")
    columns = {field.column: field.name for field in model._meta.concrete_fields}
    if found is None or getattr(diag, "sqlstate", "") != "23505":
        return NON_FIELD_ERRORS
    return columns.get(found.group(1).strip('"'), NON_FIELD_ERRORS)


def sentence_of(model: type[models.Model], clash: DatabaseError) -> str:
    """What the broken constraint says to the user; a trigger's own words are taken as they are.

    Re-raises `clash` when no constraint of `model` is behind it: that is a bug.
    """
    diag = getattr(clash.__cause__, "diag", None)
    if getattr(diag, "sqlstate", "") == "P0001":
        return str(diag.message_primary)  # type: ignore[union-attr]
    broken = getattr(diag, "constraint_name", None) or ""
    for constraint in model._meta.constraints:
        if constraint.name == broken:
            return str(constraint.get_violation_error_message())
    if getattr(diag, "sqlstate", "") == "23505":
        return _("已有相同的记录，请核对后重填")
    raise clash
