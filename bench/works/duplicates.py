"""The duplicate check at registration: who may be the same as a name with a small mistake in it."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.customers import ensure_customers
from bench.reads import FEW, ROUNDS, TRIAL
from bench.results import Result, Target
from bench.setting import Setting
from bench.timing import take_turns
from bench.works.list_page import codes_of, one_by_code
from bench.works.search import ensure_statistics
from customers.models import Customer
from customers.selectors.duplicates import Typed, hits_for

SAMPLES: Final = 200
SOON: Final = Target("value", "<=", 15)
SURE: Final = Target("value", ">=", 0.95)


def measure(setting: Setting) -> Iterator[Result]:
    """p95 and p50 of the question, and how often the original is among the first ten."""
    ensure_customers(setting.world, setting.size)
    ensure_statistics(setting.size)
    chance = random.Random(11)  # noqa: S311  (test data)
    home = setting.world.bureau.pk
    samples = SAMPLES if setting.size >= TRIAL else FEW
    asked = [(row.pk, mistyped(row.name, chance)) for row in _rows(home, chance, samples)]
    calls = [partial(_ask, home, name) for _pk, name in asked]
    ones = [partial(one_by_code, code) for code in codes_of(setting.size)]
    one, check = take_turns(
        lambda n: ones[n % len(ones)](),
        lambda n: calls[n % len(calls)](),
        rounds=ROUNDS if setting.size >= TRIAL else FEW,
    )
    told = sum(pk in _ask(home, name) for pk, name in asked)
    yield Result("duplicate-check.p95", setting.size, check.p95, "ms", one.p95, SOON)
    yield Result("duplicate-check.p50", setting.size, check.p50, "ms", one.p50)
    yield Result("duplicate-check.recall", setting.size, told / len(asked), "share", None, SURE)


def mistyped(name: str, chance: random.Random) -> str:
    """One sign left out, doubled or swapped with its neighbour; or the whole in other width."""
    place = chance.randrange(len(name) - 1)
    return chance.choice(
        [
            name[:place] + name[place + 1 :],
            name[:place] + name[place] + name[place:],
            name[:place] + name[place + 1] + name[place] + name[place + 2 :],
            f"{name[:2]}（{name[2:4]}）{name[4:]}",
        ]
    )


def _rows(home: int, chance: random.Random, samples: int) -> list[Customer]:
    """Customers whose name nobody else bears: of ten shops of one name none is the original."""
    first, last = (Customer.objects.order_by(way).values_list("pk")[0][0] for way in ("pk", "-pk"))
    found: list[Customer] = []
    while len(found) < samples:
        row = (
            Customer.objects.living().filter(pk__gte=chance.randint(first, last)).order_by("pk")[0]
        )
        same = Customer.objects.filter(organisation_id=home, name_folded=row.name_folded)
        if row.organisation_id == home and len(row.name) > 5 and same[:2].count() == 1:
            found.append(row)
    return found


def _ask(home: int, name: str) -> set[int]:
    return {hit.customer.pk for hit in hits_for(home, Typed(name=name), unique_names=False)}
