"""Very many closed cases, and ten thousand open ones that wait for one person: by COPY."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import connection, transaction

from bench.database import mark, marked
from bench.loading import set_aside, vacuum
from bench.timing import say
from bench.world import World
from crm.approvals.choices import CaseKind
from crm.approvals.formulas import desk_of
from crm.approvals.models import Route
from crm.core.bulk import stage
from crm.identity.choices import DepartmentKind, Duty

OPEN: Final = 10_000
TABLES: Final = ("approvals_case", "approvals_round", "approvals_step")
_COLUMNS: Final = (
    ("number", "text"),
    ("is_open", "boolean"),
    ("subject", "text"),
    ("key", "text"),
    ("age", "integer"),
)
_CASES: Final = """
INSERT INTO approvals_case (number, kind, organisation_id, route_id, subject, subject_key,
    customer_id, status, round, filler_ids, beside_ids, opened_by_id, opened_at, closed_by_id,
    closed_at, note)
SELECT number, %(kind)s, %(organisation)s, %(route)s, subject, key, NULL,
    CASE WHEN is_open THEN 'open' ELSE 'approved' END, 1, ARRAY[%(applicant)s]::bigint[], '{{}}',
    %(applicant)s, now() - age * interval '1 second', CASE WHEN NOT is_open THEN %(signer)s END,
    CASE WHEN NOT is_open THEN now() - age * interval '1 second' + interval '2 days' END, ''
FROM {staging}
"""
_ROUNDS: Final = """
INSERT INTO approvals_round
    (case_id, number, lines, facts, digest, submitted_by_id, submitted_at)
SELECT id, 1, CASE WHEN status = 'open' THEN (SELECT jsonb_agg(jsonb_build_object('field',
        'field_' || n, 'label', '项目' || n, 'before', '', 'after', '内容' || n, 'cls', 'I',
        'shape', '')) FROM generate_series(1, 12) AS n) ELSE '[]' END,
    '{}', repeat('b', 64), opened_by_id, opened_at
FROM approvals_case WHERE number LIKE 'BQ%%'
"""
_STEPS: Final = """
INSERT INTO approvals_step (case_id, round, stage, name, duty, organisation_id, department_id,
    department_kind, desk, sla_days, may_return, may_refuse, status, woken_at, due_at,
    decided_by_id, decided_at, opinion)
SELECT id, 1, 1, '配送中心审批', %(duty)s, organisation_id, %(department)s, %(department_kind)s,
    %(desk)s, 3, true, false, CASE WHEN status = 'open' THEN 'waiting' ELSE 'approved' END,
    opened_at, opened_at + interval '3 days', closed_by_id, closed_at, ''
FROM approvals_case WHERE number LIKE 'BQ%%'
"""


def open_of(size: int) -> int:
    """How many steps wait for the person."""
    return min(OPEN, max(200, size // 10))


def ensure_cases(world: World, size: int) -> None:
    """See that so many closed cases are there, and the open ones."""
    if marked("cases") == str(size):
        return
    begin = time.monotonic()
    _empty()
    with set_aside(TABLES), transaction.atomic():
        _fill(world, size)
    vacuum(TABLES)
    mark("cases", str(size))
    say(f"  {size:,} closed and {open_of(size):,} open cases: {time.monotonic() - begin:.1f} s")


def _fill(world: World, size: int) -> None:
    signer = world.signers["delivery"]
    values = {
        "kind": CaseKind.SALES.value,
        "organisation": world.flow.pk,
        "route": Route.objects.get(organisation=world.flow, kind=CaseKind.SALES, is_live=True).pk,
        "applicant": world.applicant.pk,
        "signer": signer.pk,
        "duty": Duty.DC.value,
        "department": signer.department_id,
        "department_kind": DepartmentKind.DISTRIBUTION_CENTRE.value,
        "desk": desk_of(signer.department_id, ""),
    }
    staging = stage(_COLUMNS, _rows(size))
    with connection.cursor() as cursor:
        cursor.execute(_CASES.format(staging=staging), values)
        cursor.execute(_ROUNDS)
        cursor.execute(_STEPS, values)


def _rows(size: int) -> Iterator[Sequence[Any]]:
    """Open ones among the closed, newest first."""
    every = (size + open_of(size)) // open_of(size)
    for place in range(size + open_of(size)):
        is_open = place % every == 0 and place // every < open_of(size)
        name = f"便民商店{place}入网登记"
        yield (f"BQ{place:09d}", is_open, name, f"BQ{place:09d}", 600 + place * 31)


def _empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM bench_mark WHERE name = 'cases'")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE approvals_case CASCADE")
