"""The customers of the bench: made by the set-based path, in slices, in several processes."""

import io
import random
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction

from bench.database import mark, marked
from bench.loading import in_processes, set_aside, vacuum
from bench.names import STREETS, Names, zipf
from bench.timing import say
from bench.world import World
from crm.core.bulk import bulk_insert, stage
from crm.core.checkdigits import USCC_ALPHABET, customer_code
from crm.core.models import Region
from customers.choices import CustomerStatus
from customers.models import Customer
from customers.services._names import name_columns

SLICE: Final = 25_000
PLAIN: Final = 50_000
OTHERS_SHARE: Final = 50
"""One customer in so many belongs to another organisation, on top of the size."""

TABLES: Final = (
    "customers_customer",
    "customers_historicalcustomer",
    "customers_managerassignment",
    "customers_timelineentry",
)
PROVINCE: Final = "610000"
STATUSES: Final = {
    CustomerStatus.NORMAL: 90,
    CustomerStatus.SUSPENDED: 4,
    CustomerStatus.CLOSED: 3,
    CustomerStatus.RECTIFICATION: 2,
    CustomerStatus.CANCELLED: 1,
}
_COLUMNS: Final = (
    ("code", "text"),
    ("name", "text"),
    ("name_key_strict", "text"),
    ("name_key_loose", "text"),
    ("name_folded", "text"),
    ("pinyin", "text"),
    ("search_tokens", "integer[]"),
    ("kind", "text"),
    ("status", "text"),
    ("secrecy", "integer"),
    ("organisation", "bigint"),
    ("department", "bigint"),
    ("area", "bigint"),
    ("manager", "bigint"),
    ("city", "text"),
    ("region", "text"),
    ("address", "text"),
    ("mobile", "text"),
    ("credit_code", "text"),
    ("owner", "text"),
    ("age", "integer"),
)
_CREATED: Final = "timestamptz '2016-01-01 08:00+08' + s.age * interval '1 second'"
_FIELDS: Final = {
    **{
        name: f"s.{name}"
        for name in (
            *("code", "name", "name_key_strict", "name_key_loose", "name_folded", "pinyin"),
            *("search_tokens", "status", "secrecy", "organisation", "department", "area"),
            *("manager", "city", "region", "address", "mobile", "credit_code"),
        )
    },
    "customer_kind": "s.kind",
    "legal_representative": "s.owner",
    "province": f"'{PROVINCE}'",
    "may_order": "s.status = 'normal'",
    "unique_name": "s.kind = 'org'",
    "created_by": "s.manager",
    "created_at": _CREATED,
    "entered_on": f"({_CREATED})::date",
}
_TERMS: Final = """
INSERT INTO customers_managerassignment
    (customer_id, manager_id, starts_at, ends_at, reason, proposer_id, approver_id)
SELECT id, manager_id, created_at, NULL, '登记建档', created_by_id, NULL FROM customers_customer
"""
_TIMELINE: Final = """
INSERT INTO customers_timelineentry (customer_id, at, kind, values, by_id, url)
SELECT id, created_at, 'registered', jsonb_build_object('code', code), created_by_id, ''
FROM customers_customer
"""
_TEN_YEARS: Final = 10 * 365 * 86_400


def total_of(size: int) -> int:
    """How many customers there are in all organisations."""
    return size + size // OTHERS_SHARE


def ensure_customers(world: World, size: int) -> None:
    """See that so many customers are there; those of another size go."""
    if marked("customers") != str(size):
        load_customers(world, size)


def load_customers(world: World, size: int) -> float:
    """Load them all; the seconds taken until every index and constraint holds again."""
    _empty()
    begin = time.monotonic()
    with set_aside(TABLES):
        _load_rows(world, size)
        _hang_on()
    taken = time.monotonic() - begin
    say(f"  indexes and constraints are back after {taken:.1f} s")
    say(f"  VACUUM ANALYZE: {vacuum(TABLES):.1f} s")
    mark("customers", str(size))
    return taken


def plain_copy(size: int) -> float:
    """Seconds for as many rows at the pace of plain COPY: finished rows into a bare twin, without
    index, constraint or history.
    """
    rows = io.BytesIO()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_twin (LIKE customers_customer)")
        some = f"SELECT * FROM customers_customer LIMIT {PLAIN}"  # noqa: S608
        cursor.copy_expert(f"COPY ({some}) TO STDOUT", rows)
        rows.seek(0)
        begin = time.monotonic()
        cursor.copy_expert("COPY bench_twin FROM STDIN", rows)
        taken = time.monotonic() - begin
        transaction.set_rollback(True)
    return taken * total_of(size) / min(PLAIN, total_of(size))


def _load_rows(world: World, size: int) -> None:
    total = total_of(size)
    begin = time.monotonic()
    parts = -(-total // SLICE)
    in_processes(partial(_load_slice, world=world, size=size, places=_places()), parts)
    say(f"  {total:,} customers with history: {time.monotonic() - begin:.1f} s")


def _load_slice(part: int, *, world: World, size: int, places: list[tuple[str, str, str]]) -> float:
    rows = islice(
        _rows(world, size, places, part), max(0, min(SLICE, total_of(size) - part * SLICE))
    )
    with transaction.atomic():
        staging = stage(_COLUMNS, rows)
        made = bulk_insert(
            Customer, staging=staging, columns=_FIELDS, by=world.keeper, reason="bench"
        )
    return float(made)


def _hang_on() -> None:
    """Terms of the managers, the timeline, and the number the next customer gets."""
    begin = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_TERMS)
        cursor.execute(_TIMELINE)
        cursor.execute(
            "SELECT setval('number_customer', greatest(count(*), 1)) FROM customers_customer"
        )
    say(f"  terms and timeline: {time.monotonic() - begin:.1f} s")


def _empty() -> None:
    """Away with an earlier size; timelines and customers refuse it to everybody but us."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM bench_mark WHERE name IN ('customers', 'dossiers')")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE customers_customer, customers_historicalcustomer CASCADE")


def _places() -> list[tuple[str, str, str]]:
    """(city, county, short name) of the province; earlier ones get more customers."""
    found = Region.objects.filter(parent__parent_id=PROVINCE, level=3, valid_to__isnull=True)
    rows = found.order_by("code").values_list("parent_id", "code", "name")
    return [(city, code, name.rstrip("区县市")) for city, code, name in rows]


def _rows(
    world: World, size: int, places: list[tuple[str, str, str]], part: int
) -> Iterator[Sequence[Any]]:
    """The staged rows of one slice; the same at every run."""
    names = Names(part, [short for _city, _code, short in places])
    chance = random.Random(-part)  # noqa: S311  (test data)
    where = chance.choices(places, cum_weights=zipf(len(places), power=0.6), k=SLICE)
    states = chance.choices(list(STATUSES), list(STATUSES.values()), k=SLICE)
    dice = chance.choices(range(1000), k=SLICE)
    for place, (named, owner), (city, county, short), status, die in zip(
        range(part * SLICE, (part + 1) * SLICE), names.take(SLICE), where, states, dice, strict=True
    ):
        is_other = place >= size
        # A name is unique among the companies of a repair firm.
        name, kind = (f"{named}{place}", "org") if is_other else (named, "retail")
        derived = _derived(name, kind)
        number = place * 7919 % total_of(size)  # codes do not rise with the rows' age
        yield (
            customer_code(city[:4], number + 1),
            *derived,
            kind,
            str(status.value),
            int(die < 5),  # secret to people without clearance
            *_home(world, place, is_other=is_other),
            city,
            county,
            f"{short}{STREETS[number % len(STREETS)]}路{number % 400 + 1}号",
            f"13{number * 31 % 1_000_000_000:09d}" if die % 10 else "",
            _credit_code(county, number) if die % 3 == 0 else "",
            owner,
            place * (_TEN_YEARS // total_of(size)),
        )


@lru_cache(maxsize=200_000)
def _derived(name: str, kind: str) -> tuple[str, ...]:
    """Name, keys, pinyin, tokens; common names come often."""
    columns = name_columns(name, kind)
    tokens = columns["search_tokens"]
    assert isinstance(tokens, list)  # noqa: S101  (for the type checker)
    return (
        *(
            str(columns[key])
            for key in ("name", "name_key_strict", "name_key_loose", "name_folded", "pinyin")
        ),
        "{" + ",".join(map(str, tokens)) + "}",
    )


def _home(world: World, place: int, *, is_other: bool) -> tuple[int, int, int | None, int]:
    """Organisation, department, area, manager."""
    if is_other:
        return world.others.pk, world.others.pk, None, world.stranger.pk
    manager = world.manager_of(place)
    department_id = manager.department_id
    assert department_id is not None  # noqa: S101  (made so)
    squad = world.squads[place % len(world.managers) * len(world.squads) // len(world.managers)]
    return world.bureau.pk, department_id, squad.pk, manager.pk


def _credit_code(county: str, number: int) -> str:
    """A unified social credit code with its check digit (GB 32100)."""
    serial, rest = "", number
    for _place in range(9):
        rest, digit = divmod(rest, len(USCC_ALPHABET))
        serial = USCC_ALPHABET[digit] + serial
    body = f"92{county}{serial}"
    total = sum(USCC_ALPHABET.index(mark) * pow(3, place, 31) for place, mark in enumerate(body))
    return body + USCC_ALPHABET[-total % 31]
