"""`make soak` puts its figures into docs/reliability.md and leaves the rest of the page alone."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "write_reliability.py"
REPORT = """<testsuites><testsuite>
<testcase name="test_two_sign_at_once" time="12.6"><properties>
  <property name="rounds" value="200"/><property name="lost" value="0"/></properties></testcase>
<testcase name="test_a_race" time="3"><properties><property name="rounds" value="7"/></properties>
  <failure message="no"/></testcase>
<testcase name="test_without_figures" time="1"/>
</testsuite></testsuites>"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("write_reliability", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "soak.xml").write_text(REPORT)
    monkeypatch.setattr(module, "PAGE", tmp_path / "reliability.md")
    return module


def rows(tmp_path):
    page = (tmp_path / "reliability.md").read_text()
    return [row for row in page.splitlines() if row.startswith("| ") and "figures" not in row]


def test_each_proof_with_figures_is_one_line_failed_ones_too(script, tmp_path):
    assert script.main([str(tmp_path / "soak.xml")]) == 0
    assert rows(tmp_path) == [
        "| a race | rounds 7 | 3 | FAILED |",
        "| two sign at once | rounds 200, lost 0 | 13 | passed |",
    ]


def test_a_second_run_replaces_the_figures_and_keeps_the_words(script, tmp_path):
    page = tmp_path / "reliability.md"
    page.write_text("# Our words\n")
    script.main([str(tmp_path / "soak.xml")])
    page.write_text(page.read_text() + "\nMore words\n")

    script.main([str(tmp_path / "soak.xml")])

    assert len(rows(tmp_path)) == 2
    assert page.read_text().startswith("# Our words\n")
    assert page.read_text().endswith("\nMore words\n")


@pytest.mark.parametrize(
    ("servers", "marker"),
    [
        ({}, "slow and not e2e and not services"),
        ({"DATABASE_URL": "postgres://x"}, "slow and not e2e and not services"),
        (
            {"DATABASE_URL": "postgres://x", "REDIS_URL": "redis://x"},
            "(slow or services) and not e2e",
        ),
    ],
)
def test_make_soak_takes_in_the_services_where_both_servers_are_named(servers, marker):
    """RF-40, RF-41, RF-60, RF-61: what only real servers can prove is soaked too."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    said = subprocess.run(
        ["make", "--dry-run", "soak"],  # noqa: S607
        cwd=ROOT,
        env=clean | servers,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f'pytest -m "{marker}" ' in said
