"""The queue of one busy person among very many closed cases (speed 2, 3; D8)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.approvals.models import Step
from crm.approvals.selectors import queue_page, tabs_of
from crm.approvals.tests.factories import Bureau
from crm.identity.choices import Duty

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.urls("crm.approvals.tests.urls"),
]
OPEN, CLOSED = 2_000, 18_000

CASES = """
INSERT INTO approvals_case (number, kind, organisation_id, route_id, subject, subject_key, status,
    round, filler_ids, beside_ids, opened_by_id, opened_at, closed_by_id, closed_at, note)
SELECT 'X' || n, kind, organisation_id, route_id, '便民商店' || n, 'K' || n,
    CASE WHEN n <= %(open)s THEN 'open' ELSE 'approved' END, 1, filler_ids, '{}', opened_by_id,
    opened_at, CASE WHEN n > %(open)s THEN opened_by_id END,
    CASE WHEN n > %(open)s THEN opened_at END, ''
FROM approvals_case, generate_series(1, %(all)s) AS n WHERE id = %(case)s
"""
STEPS = """
INSERT INTO approvals_step (case_id, round, stage, name, duty, organisation_id, department_id,
    department_kind, desk, sla_days, may_return, may_refuse, status, woken_at, due_at, opinion,
    decided_by_id, decided_at)
SELECT c.id, 1, s.stage, s.name, s.duty, s.organisation_id, s.department_id, s.department_kind,
    s.desk, s.sla_days, s.may_return, s.may_refuse,
    CASE WHEN c.status = 'open' THEN s.status ELSE 'approved' END,
    %(now)s, %(now)s + make_interval(secs => c.id %% 7919), '',
    CASE WHEN c.status <> 'open' THEN c.opened_by_id END,
    CASE WHEN c.status <> 'open' THEN c.opened_at END
FROM approvals_case c, approvals_step s
WHERE c.number LIKE 'X%%' AND s.case_id = %(case)s AND s.status = 'waiting'
"""
ROUNDS = """
INSERT INTO approvals_round (case_id, number, lines, facts, digest, submitted_by_id, submitted_at)
SELECT c.id, 1, r.lines, r.facts, r.digest, r.submitted_by_id, r.submitted_at
FROM approvals_case c, approvals_round r WHERE c.number LIKE 'X%%' AND r.case_id = %(case)s
"""


@pytest.fixture
def busy_bureau():
    bureau = Bureau()
    case = bureau.open()
    values = {"open": OPEN, "all": OPEN + CLOSED, "case": case.pk, "now": timezone.now()}
    with connection.cursor() as cursor:
        for statement in (CASES, STEPS, ROUNDS):
            cursor.execute(statement, values)
        for table in ("case", "step", "round"):
            cursor.execute(f"ANALYZE approvals_{table}")
    return bureau


def plan_of(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_queue_reads_the_partial_index_of_waiting_steps(busy_bureau):
    """One range of one index a desk; nothing is sorted but the merged first pages."""
    with CaptureQueriesContext(connection) as asked:
        page = queue_page(busy_bureau.delivery)
    assert len(page.rows) == 50
    (merged,) = [q["sql"] for q in asked if 'FROM "approvals_step"' in q["sql"]]
    assert merged.count("UNION ALL") == 2
    plan = plan_of(merged)
    assert plan.count("approvals_step_queue") == 3
    assert "Seq Scan on approvals_step" not in plan
    assert "Seq Scan on approvals_case" not in plan


def test_a_page_and_its_counts_cost_few_questions_and_little_time(busy_bureau):
    token, seen = "", 0
    started = timezone.now()
    for _page in range(10):
        with CaptureQueriesContext(connection) as asked:
            page = queue_page(busy_bureau.delivery, token=token)
        assert len(asked) <= 2
        token, seen = page.next, seen + len(page.rows)
    assert seen == 500
    assert timezone.now() - started < timedelta(seconds=2)
    with CaptureQueriesContext(connection) as asked:
        tabs = tabs_of(busy_bureau.delivery, "queue")
    assert len(asked) <= 7
    assert [tab.count for tab in tabs] == ["1000+", "0", "0", "0"]


def test_paging_to_the_end_meets_every_step_once(busy_bureau):
    met, token = [], ""
    while True:
        page = queue_page(busy_bureau.delivery, token=token, size=300)
        met += [step.pk for step in page.rows]
        token = page.next
        if not token:
            break
    mine = Step.objects.waiting().filter(duty=Duty.DC).order_by("due_at", "pk")
    assert met == list(mine.values_list("pk", flat=True))
    assert len(met) == OPEN + 1
