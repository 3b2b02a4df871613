"""Rows into staging and out of it; class S values are ciphertext while they lie there (D6)."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from django.db import connection
from psycopg2.extras import Json
from psycopg2.sql import SQL, Identifier

from crm.core.bulk import drop_staging, stage
from crm.core.text import BadCell
from crm.imports.choices import RowState
from crm.imports.kinds import Draft, Kind
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.sealing import clear_text, sealed_text

HIDDEN: Final = "****"
_LONGEST: Final = 200


_INSERTED: Final = (
    ("batch_id", "bigint"),
    ("number", "integer"),
    ("stage", "integer"),
    ("state", "text"),
    ("values", "jsonb"),
    ("links", "jsonb"),
    ("errors", "jsonb"),
    ("doubts", "jsonb"),
)


def insert_rows(batch: ImportBatch, kind: Kind, drafts: Iterable[Draft]) -> None:
    """Stage drafts by COPY and one statement."""
    secret = {column.field for column in kind.columns if column.sealed}
    lines = (_line(batch, kind, draft, secret) for draft in drafts)
    staging = stage(_INSERTED, lines, is_joined=False)
    names = [Identifier(name) for name, _kind in _INSERTED]
    statement = SQL(
        "INSERT INTO {} ({}, shown, text, records) SELECT {}, '{{}}', '', '[]' FROM {}"
    ).format(
        Identifier(ImportRow._meta.db_table),
        SQL(", ").join(names),
        SQL(", ").join(names),
        Identifier(staging),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
    drop_staging(staging)


def _line(
    batch: ImportBatch, kind: Kind, draft: Draft, secret: AbstractSet[str]
) -> tuple[Any, ...]:
    """A draft as it is staged."""
    values = {
        name: sealed_text(batch, draft.number, name, value) if name in secret and value else value
        for name, value in draft.values.items()
    }
    wrong = bool(draft.errors)
    return (
        batch.pk,
        draft.number,
        0 if wrong else kind.stage_of(draft),
        str(RowState.WRONG if wrong else RowState.READY),
        Json(values),
        Json(draft.links),
        Json(draft.errors),
        Json(draft.warnings),
    )


def draft_of(batch: ImportBatch, kind: Kind, row: ImportRow) -> Draft:
    """A staged row as the kind writes it."""
    secret = {column.field for column in kind.columns if column.sealed}
    values = {
        name: clear_text(batch, row.number, name, value) if name in secret and value else value
        for name, value in row.values.items()
    }
    return Draft(row.number, values, links=dict(row.links))


def shown_cells(
    kind: Kind, values: Sequence[Any], places: Mapping[str, int], typed: Mapping[str, str]
) -> dict[str, str]:
    """What stands in the cells of a row people must look at; class S as stars."""
    found: dict[str, str] = {}
    for column in kind.columns:
        at = places.get(column.field)
        value = typed.get(column.field, values[at] if at is not None else "")
        text = value.code if isinstance(value, BadCell) else str(value)
        found[column.field] = HIDDEN if column.sealed and text else text[:_LONGEST]
    return found


def update_rows(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
    """Write columns of many staged rows in one statement: each row is its key and the values.

    Documents are wrapped in `Json`. Row by row this was a third of a whole import.
    """
    staging = stage([("id", "bigint"), *columns], rows)
    sets = SQL(", ").join(
        SQL("{} = s.{}").format(Identifier(name), Identifier(name)) for name, _kind in columns
    )
    statement = SQL("UPDATE {} AS t SET {} FROM {} AS s WHERE t.id = s.id").format(
        Identifier(ImportRow._meta.db_table), sets, Identifier(staging)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
    drop_staging(staging)
