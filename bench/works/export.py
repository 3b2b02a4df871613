"""Lists as files: the thousand rows that may leave through the service, and very many by the writer
alone, beside csv of the same rows.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from django.db import transaction

from bench.customers import ensure_customers
from bench.results import Result, Target
from bench.setting import Setting
from bench.timing import take_turns
from bench.writing import HEADER, written
from crm.core.exports import ExportSheet, sheet_response
from crm.core.services.access_log import MOST_ROWS
from crm.identity.access import forget_rights
from crm.identity.models import User
from customers.models import Customer
from customers.selectors.listing import COLUMNS
from customers.selectors.selection import Chosen
from customers.services.exports import export_customers

MANY: Final = 100_000
MOST: Final = 1_000_000
ROUNDS: Final = 10
FAST: Final = Target("ratio", "<=", 4)
LEAN: Final = Target("value", "<=", 600)


def measure(setting: Setting) -> Iterator[Result]:
    """The allowed thousand whole; 100,000 rows, and 1,000,000 where the bench is that large."""
    ensure_customers(setting.world, setting.size)
    yield from _allowed(setting.world.keeper)
    for number in (MANY, MOST) if setting.size >= MOST else (min(MANY, setting.size),):
        yield from _many(number)


def _allowed(user: User) -> Iterator[Result]:
    """Gate, masks, log and workbook; the log row is taken back, or the day's limit would end it."""
    rows = Customer.objects.filter(organisation=user.organisation, secrecy=0).order_by("code")
    usual = [column for column in COLUMNS if column.is_locked or column.is_usual]
    chosen = Chosen(ids=tuple(rows.values_list("pk", flat=True)[:MOST_ROWS]))

    def export(_round: int = 0) -> ExportSheet:
        forget_rights(user)  # as a request would come
        with transaction.atomic():
            sheet = export_customers(chosen=chosen, columns=usual, asked=[], by=user)
            transaction.set_rollback(True)
        sheet_response(sheet).close()
        return sheet

    first = export()
    taken, plain = take_turns(export, lambda _n: _csv(first), rounds=ROUNDS, warm_up=2)
    yield Result("export.allowed.p50", len(first.rows), taken.p50, "ms", plain.p50)


def _csv(sheet: ExportSheet) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(sheet.header)
    writer.writerows(sheet.rows)
    return stream.getvalue()


def _many(number: int) -> Iterator[Result]:
    """Each file in a process of its own, in turns; the best of three, for the disk is shared."""
    samples = _samples()
    taken: dict[str, list[tuple[float, float]]] = {"csv": [], "xlsx": []}
    for _round in range(3):
        for kind, each in taken.items():
            each.append(written(kind, samples, number))
    (plain, _held), (seconds, _most) = (min(each) for each in taken.values())
    yield Result("export.writing", number, seconds, "s", plain, FAST)
    peak = max(held for _seconds, held in taken["xlsx"])
    floor = max(held for _seconds, held in taken["csv"])
    yield Result("export.memory", number, peak, "MiB", floor, LEAN)


def _samples() -> Sequence[Sequence[object]]:
    """Rows as an export has them: text, a day, a number."""
    names = (
        *("code", "name", "status", "city__name", "manager__name", "department__name"),
        *("phone", "address"),
    )
    rows = Customer.objects.order_by("pk").values_list(*names)[:MOST_ROWS]
    begin = date(2020, 1, 1)
    made = [
        (*(value or "" for value in row), begin + timedelta(days=place), place)
        for place, row in enumerate(rows)
    ]
    if any(len(row) != len(HEADER) for row in made):
        raise RuntimeError("a sample without its column measures nothing")
    return made
