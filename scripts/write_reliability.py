"""Write the figures of a `make soak` into docs/reliability.md.

Every test that called `record_property` becomes one line; the rest of the page stays as it is.
"""

import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: written by make soak -->", "<!-- end of figures -->"
EMPTY_PAGE = f"""# Reliability: the long proofs

Run by `make soak` before an issue is closed; each line is one test with more rounds than in CI.

{BEGIN}
{END}
"""


def main(words: list[str]) -> int:
    """Put the newest run in the place of the last one."""
    report = ElementTree.parse(words[0])  # noqa: S314
    rows = [row for case in report.iter("testcase") if (row := line(case))]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    head = [
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, commit {commit or 'none'}",
        "",
        "| test | figures | seconds | result |",
        "|---|---|---|---|",
    ]
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else EMPTY_PAGE
    figures = "\n".join([BEGIN, *head, *sorted(rows), END])
    if BEGIN not in page:
        page += f"\n{BEGIN}\n{END}\n"
    page = re.sub(
        f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _found: figures, page, flags=re.DOTALL
    )
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(f"docs/reliability.md: {len(rows)} proofs\n")
    return 0


def line(case: ElementTree.Element) -> str:
    """One table row, or nothing for a test without figures."""
    figures = [f"{it.get('name')} {it.get('value')}" for it in case.iter("property")]
    if not figures:
        return ""
    bad = case.find("failure") is not None or case.find("error") is not None
    name = case.get("name", "").removeprefix("test_").replace("_", " ")
    seconds = float(case.get("time", "0"))
    return f"| {name} | {', '.join(figures)} | {seconds:.0f} | {'FAILED' if bad else 'passed'} |"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
