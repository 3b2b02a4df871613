"""Rows checked and made ready by the thousand: as Django does it one by one (D13)."""

from copy import copy
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import connection

from crm.core.records import Checks, ready_rows
from customers.choices import CustomerStatus, CustomerType
from customers.models import Contact, Customer, RepairProfile

SKIPPED = {"id", "version", "field_marks"}
VALUES = [
    None,
    "",
    " ",
    "西安",
    "x" * 61,
    "长" * 6000,
    "a\x00b",
    0,
    1,
    -1,
    7,
    2**31,
    1.5,
    "40",
    "不是数字",
    True,
    False,
    "true",
    CustomerStatus.NORMAL,
    CustomerType.ONLINE,
    "normal",
    "online",
    Decimal("2.50"),
    datetime(2026, 11, 22, tzinfo=UTC),
    [],
    [1, 2],
    [2**31],
    ["1", 2],
    ["x"],
    {},
    {"a": 1},
]


def links(model):
    return {f.name for f in model._meta.concrete_fields if f.is_relation}


def outcome(clean, row):
    """What a check says and what it leaves in the row."""
    try:
        clean(row)
    except ValidationError as wrong:
        return wrong.message_dict
    except (TypeError, ValueError) as broken:
        return type(broken)
    held = {name: value for name, value in vars(row).items() if name != "_state"}
    return {name: (type(value), value) for name, value in held.items()}


@pytest.mark.parametrize("model", [Customer, Contact, RepairProfile])
def test_d13_checks_say_and_leave_what_clean_fields_does(model):
    """Every field with every kind of value, each twice: what is remembered is no other."""
    excluded = SKIPPED | links(model)
    checks = Checks(model, excluded)
    fields = [f for f in model._meta.concrete_fields if f.name not in excluded and not f.generated]
    base = model()
    for field in fields:
        for value in [*VALUES, *VALUES]:
            one = copy(base)
            setattr(one, field.attname, value)
            other = copy(one)
            said = outcome(lambda row: row.clean_fields(exclude=excluded), one)
            assert outcome(checks.clean, other) == said, (field.name, value)


@pytest.mark.parametrize("model", [Customer, Contact, RepairProfile])
def test_d13_ready_rows_are_what_each_field_would_send(model):
    fields = [f for f in model._meta.concrete_fields if f.name not in SKIPPED and not f.generated]
    base = model()
    for field in fields:
        for value in VALUES:
            row = copy(base)
            setattr(row, field.attname, value)
            try:
                wanted = repr(field.get_db_prep_save(value, connection))
            except (TypeError, ValueError, ArithmeticError, FieldError, ValidationError) as problem:
                with pytest.raises(type(problem)):
                    list(ready_rows([field, field], [row]))
                continue
            assert [[repr(v) for v in line] for line in ready_rows([field, field], [row])] == [
                [wanted, wanted]
            ], (field.name, value)
