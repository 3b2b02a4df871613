"""Bring docs/rules.md up to date: where each rule lives and which test names it.

The sentences stand in the page itself; homes and tests are read from docstrings and comments.
`python scripts/make_rules.py` writes, `--check` only compares (exit 1 when it drifted).
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rules.md"
ROOMS = ("crm", "logistics", "customers", "archive", "onboarding")
LATER = "later"
LINE = re.compile(r"^\| ([TRBC]-\d+) \| (.*?) \| (.*?) \| (.*?) \|$")
CITED = re.compile(r"\b([TRBC])-(\d+)\b(?:\s*(?:to|–|…)\s*(?:[TRBC]-)?(\d+)\b)?")
MOST = 2


def cited(text: str) -> set[str]:
    """Rule ids named in a text; "T-65 to T-67" and "R-20…R-29" are three and ten."""
    found = set()
    for letter, first, last in CITED.findall(text):
        for number in range(int(first), int(last or first) + 1):
            found.add(f"{letter}-{number}")
    return found


def places(path: Path) -> Iterator[tuple[str, str]]:
    """(name, text that may cite rules) for the module and each function or class of it."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    tree = ast.parse(source)
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    yield module, ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            body = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            comments = "\n".join(line for line in body.splitlines() if "#" in line)
            text = ast.get_docstring(node) or ""
            decorators = "\n".join(ast.unparse(d) for d in node.decorator_list)
            yield f"{module}.{node.name}", "\n".join([text, comments, decorators])


def index() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Rule → homes, rule → tests."""
    homes: dict[str, list[str]] = defaultdict(list)
    tests: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            into = tests if "tests" in path.parts else homes
            for name, text in places(path):
                for rule in cited(text):
                    into[rule].append(name)
    return homes, tests


def told(names: list[str]) -> str:
    """The most telling few: functions before classes before whole modules."""
    best = sorted(set(names), key=lambda name: (-name.count("."), name))[:MOST]
    return ", ".join(f"`{name}`" for name in best)


def renewed(page: str) -> str:
    """The page with its last two columns made anew."""
    homes, tests = index()
    lines = []
    for line in page.splitlines():
        found = LINE.match(line)
        if found is None:
            lines.append(line)
            continue
        rule, sentence = found.group(1), found.group(2)
        built = homes.get(rule) and tests.get(rule)
        home, test = (told(homes[rule]), told(tests[rule])) if built else (LATER, "–")
        lines.append(f"| {rule} | {sentence} | {home} | {test} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    old = PAGE.read_text(encoding="utf-8")
    new = renewed(old)
    if "--check" in sys.argv and old != new:
        sys.exit("docs/rules.md drifted: run `python scripts/make_rules.py`")
    PAGE.write_text(new, encoding="utf-8")
