"""`make bench` puts its newest figures into docs/performance.md and hides no missed target."""

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "write_performance.py"
FIGURE = {
    "work": "list-page.manager",
    "size": 1_000_000,
    "value": 1.5,
    "unit": "ms",
    "floor": 0.5,
    "ratio": 3.0,
    "target": "ratio <= 4",
    "met": True,
    "commit": "a1",
    "at": "2026-11-22T10:00:00+00:00",
}


@pytest.fixture
def script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("write_performance", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PAGE", tmp_path / "performance.md")
    return module


def written(script, tmp_path, *figures):
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(FIGURE | figure) + "\n" for figure in figures))
    assert script.main([str(path)]) == 0
    return (tmp_path / "performance.md").read_text()


def test_the_newest_figure_of_a_work_and_size_stands_there(script, tmp_path):
    page = written(script, tmp_path, {"value": 9, "met": False}, {}, {"size": 10_000})
    rows = [row for row in page.splitlines() if row.startswith("| `")]
    assert rows == [
        "| `list-page.manager` | 1,000,000 | 1.5 ms | 0.5 | 3 | ratio ≤ 4 | yes | a1, 2026-11-22 |",
        "| `list-page.manager` | 10,000 | 1.5 ms | 0.5 | 3 | ratio ≤ 4 | yes | a1, 2026-11-22 |",
    ]


def test_a_missed_target_is_told_and_counted(script, tmp_path):
    page = written(
        script,
        tmp_path,
        {"work": "cases", "met": False, "floor": None, "ratio": None},
        {"work": "told-only", "target": None, "met": None},
        {},
    )
    assert "1 of 2 targets are met." in page
    assert "| `cases` | 1,000,000 | 1.5 ms |  |  | ratio ≤ 4 | **no** | a1, 2026-11-22 |" in page


def test_the_words_of_the_page_stay(script, tmp_path):
    written(script, tmp_path, {})
    page = tmp_path / "performance.md"
    page.write_text(page.read_text().replace("# Speed", "# Our speed") + "\nMore words\n")
    again = written(script, tmp_path, {"value": 2})
    assert again.startswith("# Our speed")
    assert again.endswith("More words\n")
    assert "| 2 ms |" in again
