"""The bench runs, and says what it says in the agreed shape."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest
from django.conf import settings

from bench.writing import WRITERS, written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KEYS = ["work", "size", "value", "unit", "floor", "ratio", "target", "met", "commit", "at"]
SIZE = 10_000


WORKS = ("customers-copy", "list-page", "search", "duplicate-check", "duplicate-run")


def bench(place, *words):
    """Call the bench on a scratch database; its exit code, result lines and what it said."""
    results = place / "results.jsonl"
    told = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "bench", "--drop", "--results", str(results)),
            *("--database", f"bench_{os.getpid()}", "--size", str(SIZE), *words),
        ],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = results.read_text().splitlines() if results.exists() else []
    assert told.stdout.splitlines() == lines
    return told.returncode, [json.loads(line) for line in lines], told.stderr


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """All lines of one run: making the database and its customers is what costs."""
    only = [word for work in WORKS for word in ("--only", work)]
    code, lines, told = bench(tmp_path_factory.mktemp("bench"), *only)
    assert code == 0, told
    return lines


def of(lines, *works):
    """The lines of some works."""
    return [line for line in lines if line["work"].split(".")[0] in works]


def test_customers_and_list_pages_are_measured_and_told_line_by_line(measured):
    lines = of(measured, "customers-copy", "list-page")
    assert all(list(line) == KEYS for line in lines)
    assert {line["size"] for line in lines} == {SIZE}
    by_work = {line["work"]: line for line in lines}
    assert len(by_work) == len(lines) == 2 + 4 * 2 * 4
    loaded = by_work["customers-copy"]
    assert (loaded["unit"], loaded["target"]) == ("s", "value <= 18")
    assert loaded["met"] is (loaded["value"] <= 18)
    for scope in ("manager", "area", "department", "company"):
        page = by_work[f"list-page.{scope}.deep.sql.p95"]
        assert (page["unit"], page["target"]) == ("ms", "ratio <= 4")
        assert page["ratio"] == pytest.approx(page["value"] / page["floor"], rel=0.01)
        assert page["met"] is (page["ratio"] <= 4)


def test_a_work_that_does_not_exist_is_refused_by_name(tmp_path):
    code, lines, told = bench(tmp_path, "--only", "list-pages")
    assert (code, lines) == (2, [])
    assert "no such work: list-pages" in told


def test_search_is_measured_for_every_kind_of_text_and_scope(measured):
    lines = of(measured, "search", "duplicate-check", "duplicate-run")
    by_work = {line["work"]: line for line in lines}
    kinds = 11 + 10 + 10  # only who works on a customer finds him by his whole telephone number
    assert len(by_work) == len(lines) == kinds * 4 + 3 + 2
    assert by_work["search.company.name-2.p95"]["target"] == "value <= 20"
    assert by_work["search.manager.phone-tail.p95"]["target"] == "value <= 5"
    assert by_work["search.manager.code.sql.p95"]["value"] > 0
    assert by_work["duplicate-check.recall"]["value"] > 0.8
    assert by_work["duplicate-run"]["value"] > 0
    assert by_work["duplicate-run.recall"]["value"] > 0.9


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_a_file_of_many_rows_is_timed_with_what_its_own_process_held(kind):
    """In a fresh process, so that what pytest holds is not told as the writer's."""
    row = (*"甲乙丙丁戊己庚辛", date(2026, 1, 2), 7)
    seconds, peak = written(kind, [row], 500)
    assert 0 < seconds < 60
    assert 5 < peak < 500
