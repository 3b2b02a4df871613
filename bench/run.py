"""Runs the works one after another. Loaded once Django is there."""

import argparse
import os
import sys
import traceback

from bench import database
from bench.results import tell
from bench.setting import Setting, Unmeasured
from bench.timing import say
from bench.works import WORKS
from bench.world import find_world


def show() -> int:
    """Name the works."""
    for work in WORKS:
        sys.stdout.write(f"{work.name:<16}{work.says}\n")
    return 0


def names() -> frozenset[str]:
    """What may follow --only."""
    return frozenset(work.name for work in WORKS)


def run(place: database.Place, asked: argparse.Namespace) -> int:
    """Measure what was asked for and tell every figure; 1 when a work could not be measured."""
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    say(f"{asked.size:,} customers in {place.name}; load of the machine {load}")
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        say("THE MACHINE IS BUSY: these figures are not to be compared with others")
    database.prepare_schema()
    setting = Setting(place=place, size=asked.size, world=find_world(), only=frozenset(asked.only))
    failed = 0
    for work in WORKS:
        if asked.only and work.name not in asked.only:
            continue
        say(f"{work.name}: {work.says}")
        try:
            for result in work.measure(setting):
                tell(result, asked.results)
        except Unmeasured as reason:
            say(f"{work.name} NOT MEASURED: {reason}")
            failed += 1
        except Exception:  # noqa: BLE001  (one broken work must not cost the others their run)
            say(f"{work.name} BROKE:\n{traceback.format_exc()}")
            failed += 1
    return 1 if failed else 0
