"""Many unsaved rows of one model checked and made ready for COPY, as Django does it one by one.

What Django would say and store stays the same. For plain values whose outcome is known beforehand
(a text that fits, a choice met before, a number) its machinery is not asked again for each row: it
was two thirds of an import. Everything else goes through the field itself.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import DatabaseDefault

_NOTHING: Final = type(None)
_SMALL: Final = range(-(2**31), 2**31)
_REMEMBERED: Final = 1_000
if TYPE_CHECKING:
    Field = models.Field[Any, Any]


@contextmanager
def collecting_later() -> Iterator[None]:
    """No search for cycles while many rows are in hand: they go by counting, and what does not is
    found afterwards. It was a sixth of an import.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Checks:
    """`Model.clean_fields` for row after row; `exclude` names fields that are not asked."""

    def __init__(self, model: type[models.Model], exclude: Collection[str]) -> None:
        self._steps = [
            (field, field.attname, _check_of(field))
            for field in model._meta.concrete_fields
            if field.name not in exclude and not field.generated
        ]

    def clean(self, row: models.Model) -> None:
        """Put the cleaned values into the row. Raises ValidationError naming each wrong field."""
        wrong: dict[str, Any] = {}
        held = row.__dict__
        for field, name, check in self._steps:
            raw = held[name]
            try:
                held[name] = check(raw, row)
            except ValidationError as problem:
                wrong[field.name] = problem.error_list
        if wrong:
            raise ValidationError(wrong)


def ready_rows(fields: Sequence["Field"], records: Iterable[models.Model]) -> Iterator[list[Any]]:
    """The columns of each record as the database takes them."""
    real = connections[DEFAULT_DB_ALIAS]
    read = attrgetter(*(field.attname for field in fields))
    preps = [(_plain_types(field), _prepare_of(field)) for field in fields]
    for record in records:
        yield [
            value if type(value) in plain else prepare(value, real)
            for value, (plain, prepare) in zip(read(record), preps, strict=True)
        ]


def _check_of(field: "Field") -> Callable[[Any, models.Model], Any]:
    """What `clean_fields` does with one field."""

    def ask(raw: Any, row: models.Model) -> Any:
        if isinstance(raw, DatabaseDefault) or (field.blank and raw in field.empty_values):
            return raw
        return field.clean(raw, row)

    if field.choices or isinstance(field, models.BooleanField | models.IntegerField):
        return _remembering(ask)
    if (limit := _limit_of(field)) is not None:
        return _measuring(ask, limit)
    if _holds_small(field):
        return lambda raw, row: raw if raw and _are_small(raw) else ask(raw, row)
    return ask


def _remembering(ask: Callable[[Any, models.Model], Any]) -> Callable[[Any, models.Model], Any]:
    """A choice, a truth value or a number is judged by itself: once is enough."""
    known: dict[tuple[type, Any], Any] = {}

    def check(raw: Any, row: models.Model) -> Any:
        if not isinstance(raw, str | int | _NOTHING):
            return ask(raw, row)
        key = (type(raw), raw)
        if key not in known:
            good = ask(raw, row)
            if len(known) >= _REMEMBERED:
                return good
            known[key] = good
        return known[key]

    return check


def _measuring(
    ask: Callable[[Any, models.Model], Any], limit: int
) -> Callable[[Any, models.Model], Any]:
    """A text that is there and fits is taken as it is."""

    def check(raw: Any, row: models.Model) -> Any:
        return raw if type(raw) is str and 0 < len(raw) <= limit else ask(raw, row)

    return check


def _limit_of(field: "Field") -> int | None:
    """The longest text of a field that asks for nothing but a length, else None."""
    own = type(field)
    is_text = isinstance(field, models.CharField | models.TextField)
    asks_more = (
        own.clean is not models.Field.clean
        or own.validate is not models.Field.validate
        or own.run_validators is not models.Field.run_validators
        or own.to_python not in (models.CharField.to_python, models.TextField.to_python)
        or any(type(one) is not MaxLengthValidator for one in field.validators)
    )
    if not is_text or asks_more:
        return None
    return min([2**31, *(int(one.limit_value) for one in field.validators)])  # type: ignore[attr-defined]


def _holds_small(field: "Field") -> bool:
    """Whether it is a plain array of int4 numbers."""
    return (
        type(field) is ArrayField
        and type(field.base_field) is models.IntegerField
        and field.size is None
        and not field.validators
    )


def _are_small(values: Any) -> bool:
    return (
        type(values) is list
        and set(map(type, values)) == {int}
        and min(values) in _SMALL
        and max(values) in _SMALL
    )


def _prepare_of(field: "Field") -> Callable[[Any, Any], Any]:
    if not _holds_small(field):
        return field.get_db_prep_save
    return lambda value, real: value if _are_small(value) else field.get_db_prep_save(value, real)


def _plain_types(field: "Field") -> frozenset[Any]:
    """Types whose values a column takes as they are."""
    prepare = type(field).get_prep_value
    if type(field) is models.ForeignKey:
        is_number = isinstance(field.target_field, models.IntegerField)
        return frozenset({_NOTHING, int} if is_number else {_NOTHING})
    if prepare in (models.CharField.get_prep_value, models.TextField.get_prep_value):
        return frozenset({_NOTHING, str})
    if prepare is models.IntegerField.get_prep_value:
        return frozenset({_NOTHING, int})
    if prepare is models.BooleanField.get_prep_value:
        return frozenset({_NOTHING, bool})
    return frozenset()
