"""A page of a list beside one row by a unique index: whole calls, and statements alone."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from bench.results import Result, Target
from bench.timing import take_turns
from crm.core.paging import SIZE

ROUNDS: Final = 200
FEW: Final = 20
"""Rounds of a small trial, which only has to show that everything runs."""
TRIAL: Final = 100_000
WITHIN: Final = Target("ratio", "<=", 4)
Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Reads:
    """Calls that read a page and calls that read one row of the same table and relations."""

    table: str
    pages: Sequence[Call]
    ones: Sequence[Call]


def deep_place(count: int, number: int) -> int:
    """A place in the last half of so many rows, with a full page behind it."""
    last = count - SIZE - 2
    return random.Random(number).randint(min(count // 2, last), last)  # noqa: S311


def measured_reads(work: str, size: int, reads: Reads) -> Iterator[Result]:
    """p95 with the target, p50 beside it; `.sql` is without Django and without the rights."""
    pages, ones = reads.pages, reads.ones
    page_sql = [statements_of(call, reads.table) for call in pages]
    one_sql = [statements_of(call, reads.table) for call in ones]
    one, page, one_sent, page_sent = take_turns(
        lambda n: ones[n % len(ones)](),
        lambda n: pages[n % len(pages)](),
        lambda n: send(one_sql[n % len(ones)]),
        lambda n: send(page_sql[n % len(pages)]),
        rounds=ROUNDS if size >= TRIAL else FEW,
    )
    yield Result(f"{work}.p95", size, page.p95, "ms", one.p95, WITHIN)
    yield Result(f"{work}.p50", size, page.p50, "ms", one.p50)
    yield Result(f"{work}.sql.p95", size, page_sent.p95, "ms", one_sent.p95, WITHIN)
    yield Result(f"{work}.sql.p50", size, page_sent.p50, "ms", one_sent.p50)


def statements_of(call: Call, table: str) -> tuple[bytes, ...]:
    """The statements on the table that the call sends, with their values."""
    sent: list[bytes] = []
    read = re.compile(f'FROM "?{table}\\b')

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if read.search(sql):
            sent.append(context["cursor"].mogrify(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        call()
    if not sent:
        raise RuntimeError(f"nothing was read from {table}")
    return tuple(sent)


def send(statements: Sequence[bytes]) -> None:
    """Straight to psycopg2."""
    with connection.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
