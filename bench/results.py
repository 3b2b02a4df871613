"""What one measurement says: printed, and appended to the file as one JSON object a line."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from django.utils import timezone

from crm.places import ROOT

RESULTS = ROOT / "bench" / "results.jsonl"
ORDER = ("work", "size", "value", "unit", "floor", "ratio", "target", "met", "commit", "at")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on the value or on its ratio to the floor."""

    of: Literal["value", "ratio"]
    sign: Literal["<=", ">="]
    bound: float

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.bound:g}"

    def is_met(self, value: float, ratio: float | None) -> bool:
        """Whether it holds; a ratio without a floor never does."""
        seen = value if self.of == "value" else ratio
        if seen is None:
            return False
        return seen <= self.bound if self.sign == "<=" else seen >= self.bound


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `floor` has the unit of `value`; `target` None means it is only told."""

    work: str
    size: int
    value: float
    unit: str
    floor: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """The value over its floor."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the target holds; None without one."""
        return None if self.target is None else self.target.is_met(self.value, self.ratio)

    def as_line(self) -> str:
        """The JSON object of this figure."""
        body = asdict(self) | {
            "value": _short(self.value),
            "floor": _short(self.floor),
            "ratio": _short(self.ratio),
            "target": None if self.target is None else str(self.target),
            "met": self.met,
            "commit": commit(),
            "at": timezone.now().isoformat(timespec="seconds"),
        }
        return json.dumps({name: body[name] for name in ORDER}, ensure_ascii=False)


def tell(result: Result, path: Path) -> None:
    """Print a figure and keep it."""
    line = result.as_line()
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@cache
def commit() -> str:
    """The commit measured; a plus when files differ from it."""
    head = _git("rev-parse", "--short=10", "HEAD")
    if not head:
        return "unknown"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench")
    return head + ("+" if changed else "")


def _git(*words: str) -> str:
    told = subprocess.run(  # noqa: S603  (fixed words of our own)
        ["git", "-C", str(ROOT), *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()


def _short(number: float | None) -> float | None:
    """Four figures: more would be noise."""
    return None if number is None else float(f"{number:.4g}")
