"""Measure the house: `make bench`, or `python -m bench --only list-page --size 20000`."""

import argparse
import importlib
import os
import sys
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"

import django

from bench import database
from bench.results import RESULTS
from crm.launch import ensure_keys
from crm.places import SetupError

SMALLEST = 10_000


def main(words: list[str]) -> int:
    """Open the database, load Django, run the works; 1 when a work could not be measured."""
    parser = _parser()
    asked = parser.parse_args(words)
    if asked.size < SMALLEST:
        parser.error(f"below {SMALLEST:,} customers a manager has no full page")
    place = database.find_place(asked.database)
    ensure_keys()
    os.environ["DATABASE_URL"] = place.owner
    django.setup()
    runner = importlib.import_module("bench.run")
    if asked.list:
        return int(runner.show())
    if strange := set(asked.only) - runner.names():
        parser.error(f"no such work: {', '.join(sorted(strange))}")
    try:
        database.open_database(place, fresh=asked.fresh)
        return int(runner.run(place, asked))
    finally:
        if asked.drop:
            database.drop_database(place)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="WORK", help="one work")
    parser.add_argument("--list", action="store_true", help="name the works and end")
    parser.add_argument("--size", type=int, default=1_000_000, help="customers, closed cases")
    parser.add_argument("--fresh", action="store_true", help="make the database anew")
    parser.add_argument("--drop", action="store_true", help="drop the database at the end")
    parser.add_argument("--database", default=database.NAME, metavar="NAME")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as trouble:
        sys.exit(f"{trouble}")
