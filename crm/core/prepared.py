"""Questions that every request asks, put together once (speed 6).

Django needs ten times as long to write such a statement as PostgreSQL to answer it. The query set
stays the one place that says what is asked; here its statement is kept and only values change.
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model, QuerySet

M = TypeVar("M", bound=Model)


class Prepared:
    """`build(*stand_ins)` is compiled once; `rows(*values)` puts the values where those stood.

        LIVE = Prepared(lambda user, day: Post.objects.held_by(user, day).values_list("pk"),
                        -1, date.min)
        LIVE.rows(user.pk, today)

    Stand-ins are values that occur nowhere else in the statement. Rows are plain tuples, without
    the converters of fields: for text, numbers, dates and arrays of them.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *stand_ins: Any) -> None:
        self._build = build
        self._stand_ins = stand_ins

    @cached_property
    def _ready(self) -> tuple[str, Sequence[Any], dict[int, int]]:
        """The statement, its values, and which of them are which stand-in."""
        sql, values = self._build(*self._stand_ins).query.sql_with_params()
        places = {
            place: self._stand_ins.index(value)
            for place, value in enumerate(values)
            if any(value == one and type(value) is type(one) for one in self._stand_ins)
        }
        if set(places.values()) != set(range(len(self._stand_ins))):
            raise ValueError("a stand-in is not in the statement")
        return sql, values, places

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """The answer for these values."""
        sql, fixed, places = self._ready
        given = [
            values[places[place]] if place in places else value for place, value in enumerate(fixed)
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall())


def columns_of(model: type[Model]) -> list[str]:
    """The names under which `values_list` reads what `from_row` takes."""
    return [field.attname for field in model._meta.concrete_fields]


def from_row(model: type[M], row: Sequence[Any]) -> M:
    """An object of a row read by `columns_of`; for models without converted fields (JSON)."""
    made: M = model.from_db(connection.alias, columns_of(model), row)
    return made


def insert_row(row: Model) -> None:
    """`save` of a new row whose key the database gives: for models without history and signals."""
    statement, fields = _insert(type(row))
    with connection.cursor() as cursor:
        cursor.execute(statement, [_prepared(row, field, add=True) for field in fields])
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


def update_row(row: Model, *names: str) -> None:
    """`save(update_fields=names)` of a stored row: for models without history and signals."""
    statement, fields = _update(type(row), names)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*(_prepared(row, field) for field in fields), row.pk])


def _prepared(row: Model, field: "Field[Any, Any]", *, add: bool = False) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add), connection)


@cache
def _insert(model: type[Model]) -> "tuple[str, list[Field[Any, Any]]]":
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    key = model._meta.pk.column
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({names}) VALUES ({places}) RETURNING "{key}"', fields  # noqa: S608


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> "tuple[str, list[Field[Any, Any]]]":
    fields = [field for field in model._meta.concrete_fields if field.name in names]
    sets = ", ".join(f'"{field.column}" = %s' for field in fields)
    key = model._meta.pk.column
    return f'UPDATE "{model._meta.db_table}" SET {sets} WHERE "{key}" = %s', fields  # noqa: S608
