"""Write the newest figure of every work of `bench/results.jsonl` into docs/performance.md.

What was missed stands there as missed. The words of the page stay as they are.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results.jsonl"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
EMPTY_PAGE = f"""# Speed: what was measured

Written by `make bench`; what each work measures and what its floor is, says `bench/README.md`.

{BEGIN}
{END}
"""


def main(words: list[str]) -> int:
    """Put the newest figures in the place of the last ones."""
    path = Path(words[0]) if words else RESULTS
    newest: dict[tuple[str, int], dict[str, Any]] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        figure = json.loads(text)
        key = figure["work"], figure["size"]
        newest.pop(key, None)  # a figure stands where its last run stood
        newest[key] = figure
    judged = [figure["met"] for figure in newest.values() if figure["met"] is not None]
    table = [
        f"{sum(judged)} of {len(judged)} targets are met.",
        "",
        "| work | size | value | floor | ratio | target | met | commit, day |",
        "|---|---|---|---|---|---|---|---|",
        *(line(figure) for figure in newest.values()),
    ]
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else EMPTY_PAGE
    figures = "\n".join([BEGIN, *table, END])
    page = re.sub(
        f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _found: figures, page, flags=re.DOTALL
    )
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(f"docs/performance.md: {len(newest)} figures\n")
    return 0


def line(figure: dict[str, Any]) -> str:
    """One table row; a figure without a target is only told."""
    met = {True: "yes", False: "**no**", None: ""}[figure["met"]]
    cells = (
        f"`{figure['work']}`",
        f"{figure['size']:,}",
        f"{_told(figure['value'])} {figure['unit']}",
        _told(figure["floor"]),
        _told(figure["ratio"]),
        (figure["target"] or "").replace("<=", "≤").replace(">=", "≥"),
        met,
        f"{figure['commit']}, {figure['at'][:10]}",
    )
    return f"| {' | '.join(cells)} |"


def _told(number: float | None) -> str:
    return "" if number is None else f"{number:,.4g}" if abs(number) < 10_000 else f"{number:,.0f}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
