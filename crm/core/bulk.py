"""The set-based twin of `save_as` (D13, speed 5): table and history in one statement.

    staging = stage([("code", "text"), ("name", "text")], rows)
    bulk_insert(Customer, staging=staging, columns={"code": "s.code", "name": "s.name"},
                by=user, reason="导入 KH-7", form="KH-7")

What a column gets is SQL over the staging table, called `s`; it is written by us, never taken from
a file or a request. Data travels by COPY, values of the call by parameters, names quoted. What is
written equals what `save_as` writes, a parity test holds it; the checks of the cells are the
caller's, constraints and triggers speak their own sentence.
"""

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import (
    IntegrityError,
    InternalError,
    OperationalError,
    connection,
    models,
    transaction,
)
from django.utils import timezone
from psycopg2.extras import Json
from psycopg2.sql import SQL, Composable, Composed, Identifier, Literal

from crm.core.history import sentence_of

if TYPE_CHECKING:
    from crm.identity.models import User

_TYPE: Final = re.compile(r"[a-z][a-z0-9 ]*(\(\d+(, ?\d+)?\))?(\[\])?")
_LENGTH: Final = re.compile(r"\([^)]*\)")
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_IN_ARRAY: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})
_KEPT: Final = frozenset({"version", "field_marks"})
_CHUNK: Final = 256 * 1024


def stage(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], *, is_joined: bool = True
) -> str:
    """Fill a temporary table by COPY and return its name; it goes with the transaction.

    `columns` are names and PostgreSQL types. Rows may come from a generator: they stream.
    What is only read from end to end (`is_joined` off) needs no statistics.
    Raises TransactionManagementError outside a transaction. Rules: D13.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("stage() needs a transaction")
    for _name, kind in columns:
        if not _TYPE.fullmatch(kind):
            raise ValueError(f"not a PostgreSQL type: {kind}")
    name = f"staging_{uuid.uuid4().hex}"
    table = Identifier(name)
    parts = [Identifier(column) + SQL(" " + kind) for column, kind in columns]
    listed = SQL(", ").join([Identifier(column) for column, _kind in columns])
    with connection.cursor() as cursor:
        _run(
            cursor,
            SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(
                table, SQL(", ").join(parts)
            ),
        )
        _copy(cursor, SQL("COPY {} ({}) FROM STDIN").format(table, listed), rows, len(columns))
        if is_joined:
            _run(cursor, SQL("ANALYZE {}").format(table))
    return name


def drop_staging(staging: str) -> None:
    """Drop a staging table before its transaction ends, when many follow in one."""
    with connection.cursor() as cursor:
        _run(cursor, SQL("DROP TABLE {}").format(Identifier(staging)))


def copy_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Rows of a table without history by COPY; `names` are all its fields but the key.

    Raises IntegrityError. Rules: D13.
    """
    columns = _names(_column(model, name) for name in names)
    statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(model._meta.db_table), columns)
    with connection.cursor() as cursor:
        _copy(cursor, statement, rows, len(names))


def bulk_insert(
    model: type[models.Model],
    *,
    staging: str,
    columns: Mapping[str, str],
    by: "User",
    reason: str,
    form: str = "",
) -> int:
    """Insert one row for each staged row, with version 1, marks and history; how many.

    `columns`: field name → SQL over `s`. Fields not named get their default; a default that is a
    function is evaluated once, except a random UUID. Raises ValidationError. Rules: D13, rule 11.
    """
    fields = {field.name: field for field in _own_fields(model)}
    _refuse_strangers(model, columns, fields)
    given = {name: SQL(sql) for name, sql in columns.items()}
    marked = [name for name, field in fields.items() if not field.primary_key]
    filled = [name for name in marked if not fields[name].has_db_default()]
    values: dict[str, Composable] = {
        name: _default(fields[name]) for name in filled if name not in given
    }
    values |= given
    values["version"] = Literal(1)
    values["field_marks"] = _json(dict.fromkeys(marked, _mark(by, form)))
    statement = SQL(
        "WITH written AS (INSERT INTO {table} ({columns}) SELECT {values} FROM {staging} AS s"
        " RETURNING *) {history}"
    ).format(
        table=Identifier(model._meta.db_table),
        columns=_names(_column(model, name) for name in values),
        values=SQL(", ").join(values.values()),
        staging=Identifier(staging),
        history=_history(model, "+", by=by, reason=reason),
    )
    return _write(model, statement)


def bulk_update(
    model: type[models.Model],
    *,
    staging: str,
    columns: Mapping[str, str],
    by: "User",
    reason: str,
    form: str = "",
    match: str = "id",
) -> int:
    """Change the rows whose `match` field equals `s.<match>`, where a value really differs.

    Each changed row gets version + 1, marks for the fields that changed, and history; how many.
    Raises ValueError when two staged rows name the same row, ValidationError for a broken
    constraint. Rules: D13, rule 11.
    """
    fields = {field.name: field for field in _own_fields(model)}
    _refuse_strangers(model, [*columns, match], fields)
    _refuse_twice(staging, match)
    changed = {name: _typed(fields[name], SQL(sql)) for name, sql in columns.items()}
    olds = [Identifier("t", _column(model, name)) for name in columns]
    news = [Identifier("w", _column(model, name)) for name in columns]
    mark = _json(_mark(by, form))
    marks = [
        SQL(
            "CASE WHEN {} IS DISTINCT FROM {} THEN jsonb_build_object({}, {}) ELSE '{{}}' END"
        ).format(old, new, Literal(name), mark)
        for name, old, new in zip(columns, olds, news, strict=True)
    ]
    sets = [
        SQL("{} = {}").format(Identifier(_column(model, name)), new)
        for name, new in zip(columns, news, strict=True)
    ]
    statement = SQL(
        "WITH written AS (UPDATE {table} AS t SET {sets}, version = t.version + 1,"
        " field_marks = t.field_marks || {marks}"
        " FROM (SELECT {match} AS _match, {values} FROM {staging} AS s) AS w"
        " WHERE t.{key} = w._match AND ({olds}) IS DISTINCT FROM ({news}) RETURNING t.*) {history}"
    ).format(
        table=Identifier(model._meta.db_table),
        sets=SQL(", ").join(sets),
        marks=SQL(" || ").join(marks),
        match=_typed(fields[match], Identifier("s", match)),
        key=Identifier(_column(model, match)),
        values=SQL(", ").join(
            SQL("{} AS {}").format(value, Identifier(_column(model, name)))
            for name, value in changed.items()
        ),
        staging=Identifier(staging),
        olds=SQL(", ").join(olds),
        news=SQL(", ").join(news),
        history=_history(model, "~", by=by, reason=reason),
    )
    return _write(model, statement)


def _own_fields(model: type[models.Model]) -> Iterator["models.Field[Any, Any]"]:
    """All columns but the two that `save_as` keeps itself and those the database works out."""
    return (
        field
        for field in model._meta.concrete_fields
        if field.name not in _KEPT and not field.generated
    )


def _column(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).column)  # type: ignore[union-attr]


def _refuse_strangers(
    model: type[models.Model], names: Iterable[str], fields: Mapping[str, Any]
) -> None:
    if strange := set(names) - fields.keys():
        raise ValueError(f"{model.__name__} has no field {sorted(strange)} to write")


def _refuse_twice(staging: str, match: str) -> None:
    """UPDATE … FROM would take either of two rows for the same key, and not say which."""
    statement = SQL("SELECT 1 FROM {} GROUP BY {} HAVING count(*) > 1 LIMIT 1").format(
        Identifier(staging), Identifier(match)
    )
    with connection.cursor() as cursor:
        _run(cursor, statement)
        if cursor.fetchone():
            raise ValueError(f"the staging table names a {match} twice")


def _default(field: "models.Field[Any, Any]") -> Composable:
    """What Django would have filled in, once for all rows; a random UUID for each."""
    if field.default is uuid.uuid4:
        return SQL("gen_random_uuid()")
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return _literal(field, field.to_python(timezone.now()))
    return _literal(field, field.get_default())


def _literal(field: "models.Field[Any, Any]", value: Any) -> Composable:
    ready = field.get_db_prep_save(value, connection)
    if hasattr(ready, "as_sql"):
        raise ValueError(f"{field.name}: name its value in `columns`")
    return _typed(field, Literal(ready))


def _typed(field: "models.Field[Any, Any]", value: Composable) -> Composable:
    """Cast to the column's type without its length: a cast to varchar(60) would cut in silence."""
    kind = _LENGTH.sub("", field.rel_db_type(connection) or "text")
    return SQL("({})::{}").format(value, SQL(kind))


def _mark(by: "User", form: str) -> dict[str, Any]:
    return {"at": timezone.now().isoformat(timespec="seconds"), "by": by.pk, "form": form}


def _json(value: Any) -> Composable:
    text = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return SQL("{}::jsonb").format(Literal(text))


def _history(model: type[models.Model], kind: str, *, by: "User", reason: str) -> Composed:
    """Insert the rows of `written` into the model's history and count them."""
    remembered = model.history.model  # type: ignore[attr-defined]
    same = [field.column for field in remembered.tracked_fields]
    return SQL(
        ", told AS (INSERT INTO {table} ({same}, history_date, history_change_reason,"
        " history_type, history_user_id) SELECT {written}, {said}"
        " FROM written RETURNING 1) SELECT count(*) FROM told"
    ).format(
        table=Identifier(remembered._meta.db_table),
        same=_names(same),
        written=SQL(", ").join(Identifier("written", column) for column in same),
        said=SQL(", ").join(map(Literal, (timezone.now(), reason, kind, by.pk))),
    )


def _write(model: type[models.Model], statement: Composed) -> int:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _run(cursor, statement)
            return int(cursor.fetchone()[0])
    except (IntegrityError, InternalError) as clash:
        raise ValidationError(sentence_of(model, clash)) from clash


def _run(cursor: Any, statement: Composable) -> None:
    """Without parameters: a percent sign in a value or an expression means itself."""
    cursor.execute(statement.as_string(cursor.connection))


def _copy(cursor: Any, statement: Composed, rows: Iterable[Sequence[Any]], width: int) -> None:
    """Send the rows; what their generator raises comes out as it is, not as a cancelled COPY."""
    lines = _Lines(rows, width)
    try:
        with connection.wrap_database_errors:
            cursor.copy_expert(statement.as_string(cursor.connection), lines, _CHUNK)
    except OperationalError as cancelled:
        raise lines.problem or cancelled from cancelled


def _names(columns: Iterable[str]) -> Composed:
    return SQL(", ").join([Identifier(column) for column in columns])


class _Lines(io.TextIOBase):
    """Rows as COPY text, made while they are read."""

    def __init__(self, rows: Iterable[Sequence[Any]], width: int) -> None:
        self._rows = iter(rows)
        self._width = width
        self._rest = ""
        self.problem: BaseException | None = None

    def read(self, size: int | None = -1) -> str:
        with ExitStack() as stack:
            stack.push(self._keep)
            return self._next(len(self._rest) + _CHUNK if size is None or size < 0 else size)

    def _keep(self, _kind: Any, problem: BaseException | None, _trace: Any) -> None:
        self.problem = problem

    def _next(self, size: int) -> str:
        parts, length = [self._rest], len(self._rest)
        while length < size and (row := next(self._rows, None)) is not None:
            parts.append(self._line(row))
            length += len(parts[-1])
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]

    def _line(self, row: Sequence[Any]) -> str:
        if len(row) != self._width:
            raise ValueError(f"a staged row has {len(row)} values, not {self._width}")
        return "\t".join(map(_cell, row)) + "\n"


def _cell(value: Any) -> str:
    """One value as COPY text."""
    if value is None:
        return "\\N"
    text = value if type(value) is str else _text(value)
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    return _writer_of(type(value))(value)  # type: ignore[arg-type]


@cache
def _writer_of(kind: type) -> Callable[[Any], str]:
    for known, write in _WRITERS.items():
        if issubclass(kind, known):
            return write
    raise TypeError(f"cannot stage a {kind.__name__}")


def _array(values: Sequence[Any]) -> str:
    if set(map(type, values)) == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    parts = [
        "NULL" if value is None else '"' + _text(value).translate(_IN_ARRAY) + '"'
        for value in values
    ]
    return "{" + ",".join(parts) + "}"


def _document(value: Mapping[str, Any]) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


_WRITERS: Final[dict[type | tuple[type, ...], Callable[[Any], str]]] = {
    bool: lambda value: "t" if value else "f",
    (str, int, float, Decimal, uuid.UUID): lambda value: str(getattr(value, "value", value)),
    (date, datetime, time): lambda value: value.isoformat(),
    Json: lambda value: _document(value.adapted),
    dict: _document,
    (list, tuple): _array,
}
