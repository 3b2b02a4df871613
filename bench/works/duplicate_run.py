"""The run that looks for duplicates among all names, with copies planted that have one mistake.

The planted rows and what the run writes are rolled back: other works find what was loaded.
"""

import random
import time
from collections.abc import Iterator
from typing import Final

from django.db import connection, transaction

from bench.customers import ensure_customers, total_of
from bench.results import Result, Target
from bench.setting import Setting
from bench.timing import say
from bench.works.duplicates import mistyped
from crm.core.bulk import stage
from customers.models import Customer, DuplicatePair
from customers.services._names import name_columns
from customers.services.duplicate_runs import run_duplicates_now

NAME: Final = "duplicate-run"
SHARE: Final = 20
"""One copy for so many customers."""
SECONDS: Final = 60 / 1_000_000
"""A name."""
SURE: Final = Target("value", ">=", 0.95)
_KEYS: Final = ("name", "name_key_strict", "name_key_loose", "name_folded", "pinyin")
_PLANT: Final = """
INSERT INTO customers_customer ({names})
SELECT {values} FROM {staging} s JOIN customers_customer c ON c.id = s.original
"""


def measure(setting: Setting) -> Iterator[Result]:
    """Seconds over all names, and the share of the planted pairs that were found."""
    ensure_customers(setting.world, setting.size)
    total = total_of(setting.size)
    with transaction.atomic():
        planted = _plant(setting.size, setting.world.bureau.pk)
        say(f"  {len(planted):,} copies with a mistake")
        begin = time.monotonic()
        run = run_duplicates_now(by=None)
        taken = time.monotonic() - begin
        said = run.result if run is not None else {}
        say(f"  {said.get('names', 0):,} names, {said.get('pairs', 0):,} pairs")
        recall = _found(planted) / len(planted)
        transaction.set_rollback(True)
    target = Target("value", "<=", round(SECONDS * total, 1))
    yield Result(NAME, total, taken, "s", None, target)
    yield Result(f"{NAME}.recall", total, recall, "share", None, SURE)


def _plant(size: int, home: int) -> list[tuple[str, str]]:
    """Copies of customers under a name with one mistake; (core of the one, core of the other)."""
    chance = random.Random(13)  # noqa: S311  (test data)
    rows = Customer.objects.living().filter(organisation_id=home, name_folded__regex=r"^.{6}")
    some = list(rows.order_by("pk").values_list("pk", "name", "name_key_loose", "customer_kind"))
    staged = []
    pairs = []
    for number, (pk, name, core, kind) in enumerate(chance.sample(some, size // SHARE)):
        columns = name_columns(mistyped(name, chance), kind)
        tokens = columns["search_tokens"]
        assert isinstance(tokens, list)  # noqa: S101  (for the type checker)
        staged.append((pk, f"{number:014d}", *(columns[key] for key in _KEYS), tokens))
        pairs.append((core, str(columns["name_key_loose"])))
    with connection.cursor() as cursor:  # no facets, no history: all of it is rolled back
        cursor.execute("SET LOCAL session_replication_role = replica")
        columns_of_staging = [("original", "bigint"), ("code", "text")]
        columns_of_staging += [(key, "text") for key in _KEYS]
        staging = stage([*columns_of_staging, ("search_tokens", "integer[]")], staged)
        own = {"code", *_KEYS, "search_tokens"}
        fixed = {"credit_code": "''", "unique_name": "false"}
        fields = Customer._meta.concrete_fields
        names = [str(row.column) for row in fields if not row.primary_key]
        values = [fixed.get(name, f"{'s' if name in own else 'c'}.{name}") for name in names]
        cursor.execute(
            _PLANT.format(names=", ".join(names), values=", ".join(values), staging=staging)
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE customers_customer")
    return pairs


def _found(planted: list[tuple[str, str]]) -> int:
    """Pairs of names that the run told, by the cores of the names."""
    ends = ("first__name_key_loose", "second__name_key_loose")
    told = {frozenset(pair) for pair in DuplicatePair.objects.values_list(*ends)}
    return sum(frozenset(pair) in told for pair in planted)
