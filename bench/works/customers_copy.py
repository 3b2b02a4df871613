"""Customers by COPY: staging, then rows and history by the set-based path (D13)."""

from collections.abc import Iterator
from typing import Final

from bench.customers import load_customers, plain_copy, total_of
from bench.database import marked
from bench.results import Result, Target
from bench.setting import Setting
from bench.timing import say

NAME: Final = "customers-copy"


def measure(setting: Setting) -> Iterator[Result]:
    """Seconds for all rows; the target is that of a million. Kept rows are not loaded again."""
    if NAME not in setting.only and marked("customers") == str(setting.size):
        say("  kept from an earlier run; --fresh or --only customers-copy loads them again")
        return
    taken = load_customers(setting.world, setting.size)
    limit = Target("value", "<=", 180 * max(setting.size, 100_000) / 1_000_000)
    plain, total = plain_copy(setting.size), total_of(setting.size)
    yield Result(NAME, setting.size, taken, "s", plain, limit)
    yield Result(f"{NAME}.rate", setting.size, total / taken, "rows/s", total / plain)
