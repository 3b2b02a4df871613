"""Large loads: indexes and foreign keys set aside and made again, slices in several processes.

Nothing is left unchecked: what is put back is validated over all rows.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, connections
from psycopg2.sql import SQL, Identifier

from bench.database import mark_schema

PROCESSES = max(2, os.cpu_count() or 2)
_MEMORY = "SET maintenance_work_mem = '512MB'"

_INDEXES = """
SELECT quote_ident(t.relname), quote_ident(x.relname), pg_get_indexdef(i.indexrelid),
    quote_ident(c.conname), pg_get_constraintdef(c.oid)
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
    AND c.contype IN ('u', 'x')
WHERE t.relname = ANY (%s) AND NOT i.indisprimary
ORDER BY pg_relation_size(i.indexrelid) DESC, x.relname
"""
_FOREIGN_KEYS = """
SELECT quote_ident(t.relname), quote_ident(c.conname), pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relname = ANY (%s) AND c.contype = 'f' ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class _Aside:
    """One index or constraint: how it goes and how it comes back."""

    drop: str
    make: str


@contextmanager
def set_aside(tables: Sequence[str]) -> Iterator[None]:
    """Take indexes and foreign keys off the tables and put them back, checked, at the end.

    After an error or a kill they stay off: the schema's mark is missing and the next run makes the
    database anew.
    """
    mark_schema(whole=False)
    indexes, keys = _indexes_of(tables), _foreign_keys_of(tables)
    _execute([part.drop for part in (*keys, *indexes)])
    yield
    connections.close_all()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(_make, (part.make for part in indexes)))
    _execute([_MEMORY, *(part.make for part in keys)])
    mark_schema()


def _indexes_of(tables: Sequence[str]) -> list[_Aside]:
    found = []
    for table, index, definition, constraint, said in _ask(_INDEXES, tables):
        if constraint:
            found.append(_constraint(table, constraint, said))
        else:
            found.append(_Aside(f"DROP INDEX {index}", definition))
    return found


def _foreign_keys_of(tables: Sequence[str]) -> list[_Aside]:
    return [_constraint(*row) for row in _ask(_FOREIGN_KEYS, tables)]


def _constraint(table: str, name: str, said: str) -> _Aside:
    return _Aside(
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        f"ALTER TABLE {table} ADD CONSTRAINT {name} {said}",
    )


def _ask(statement: str, tables: Sequence[str]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(tables)])
        return list(cursor.fetchall())


def _execute(statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _make(statement: str) -> None:
    """In a thread, so on a connection of its own."""
    try:
        _execute([_MEMORY, statement])
    finally:
        connection.close()


def in_processes(work: Callable[[int], float], parts: int) -> float:
    """Call `work` with 0, 1, … in forked processes; the sum of what it returns."""
    connections.close_all()
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(PROCESSES, parts), mp_context=forked) as pool:
        return sum(pool.map(work, range(parts)))


def vacuum(tables: Sequence[str]) -> float:
    """VACUUM ANALYZE, without which estimates are guesses and GIN is slow; seconds taken."""
    begin = time.monotonic()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(SQL("VACUUM (ANALYZE) {}").format(Identifier(table)))
    return time.monotonic() - begin
