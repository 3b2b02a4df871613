"""The search box: who is found by a text, in every scope, beside one customer by his code.

Measured is the whole call of the gate: rights, choice of the way, statements; `.sql` is what it
asks of customers alone, sent beside the statement of that one customer. The texts are parts of what
the person's own customers are called, taken at random, so common ones come often.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from bench.customers import ensure_customers
from bench.database import mark, marked
from bench.reads import FEW, ROUNDS, TRIAL, Call, send, statements_of
from bench.results import Result, Target
from bench.setting import Setting
from bench.timing import say, take_turns
from bench.works.list_page import codes_of, one_by_code
from crm.identity.access import forget_rights
from crm.identity.models import User
from customers.access.search import Span, search_keys
from customers.models import Customer
from customers.services.search_statistics import refresh_search_statistics

SAMPLES: Final = 100
TABLE: Final = "customers_customer"
LOOKED_AT: Final = "phone-whole"
"""Finds nobody for people who see telephones masked."""
SOON: Final = Target("value", "<=", 20)
AT_ONCE: Final = Target("value", "<=", 5)
Text = Callable[[Customer, random.Random], str]


def _part(text: str, length: int, chance: random.Random) -> str:
    begin = chance.randrange(max(1, len(text) - length + 1))
    return text[begin : begin + length]


def _of_name(length: int) -> Text:
    return lambda row, chance: _part(row.name_folded, length, chance)


KINDS: Final[dict[str, tuple[Text, Target]]] = {
    **{f"name-{length}": (_of_name(length), SOON) for length in (2, 3, 4, 6)},
    "pinyin-3": (lambda row, chance: _part(row.pinyin, 3, chance), SOON),
    "pinyin-4": (lambda row, chance: _part(row.pinyin, 4, chance), SOON),
    "phone-tail": (lambda row, _chance: row.mobile[-4:], AT_ONCE),
    "phone-whole": (lambda row, _chance: row.mobile, AT_ONCE),
    "code-start": (lambda row, chance: row.code[: chance.randint(6, 13)], AT_ONCE),
    "code": (lambda row, _chance: row.code, AT_ONCE),
    "credit-code": (lambda row, _chance: row.credit_code, AT_ONCE),
}


def measure(setting: Setting) -> Iterator[Result]:
    """p95 with the target, p50 beside it, for each kind of text and each scope."""
    ensure_customers(setting.world, setting.size)
    ensure_statistics(setting.size)
    world = setting.world
    ones = [partial(one_by_code, code) for code in codes_of(setting.size)]
    people = {"manager": world.managers, "department": [world.head], "company": [world.company]}
    for scope, users in people.items():
        for kind, (text, target) in KINDS.items():
            if kind == LOOKED_AT and scope != "manager":
                continue
            calls = _calls(users, text, SAMPLES if setting.size >= TRIAL else FEW)
            yield from _measured(f"search.{scope}.{kind}", setting.size, calls, ones, target)


def ensure_statistics(size: int) -> None:
    """Count tokens and scopes of what was loaded, as every night does."""
    if marked("statistics") != marked("customers"):
        say(f"  {refresh_search_statistics()} tokens are common")
        mark("statistics", str(size))


def _measured(
    work: str,
    size: int,
    calls: Sequence[Call],
    ones: Sequence[Call],
    target: Target,
) -> Iterator[Result]:
    one_sql = [statements_of(call, TABLE) for call in ones]
    found_sql = [statements_of(call, TABLE) for call in calls]
    one, found, one_sent, found_sent = take_turns(
        lambda n: ones[n % len(ones)](),
        lambda n: calls[n % len(calls)](),
        lambda n: send(one_sql[n % len(ones)]),
        lambda n: send(found_sql[n % len(calls)]),
        rounds=ROUNDS if size >= TRIAL else FEW,
    )
    yield Result(f"{work}.p95", size, found.p95, "ms", one.p95, target)
    yield Result(f"{work}.p50", size, found.p50, "ms", one.p50)
    yield Result(f"{work}.sql.p95", size, found_sent.p95, "ms", one_sent.p95, target)
    yield Result(f"{work}.sql.p50", size, found_sent.p50, "ms", one_sent.p50)


def _calls(users: list[User], text: Text, samples: int) -> list[Call]:
    """Texts from rows of the person's own scope, so that somebody is always found."""
    chance = random.Random(3)  # noqa: S311  (test data)
    calls: list[Call] = []
    for number in range(samples):
        user = users[number % len(users)]
        typed = ""
        while not typed:
            typed = text(_row_of(user, chance), chance)
        asked = partial(_ask, user, typed)
        if not asked():
            raise RuntimeError(f"{typed} finds nobody")
        calls.append(asked)
    return calls


def _row_of(user: User, chance: random.Random) -> Customer:
    rows = Customer.objects.living().filter(organisation_id=user.organisation_id, secrecy=0)
    name = user.username.removeprefix("bench-").partition("-")[0]
    if name == "manager":
        rows = rows.filter(manager=user)
    elif name == "head":
        rows = rows.filter(department__parent=user.department)
    first, last = (Customer.objects.order_by(way).values_list("pk")[0][0] for way in ("pk", "-pk"))
    found = rows.filter(pk__gte=chance.randint(first, last)).order_by("pk").first()
    return found or rows.order_by("pk")[0]


def _ask(user: User, text: str) -> int:
    forget_rights(user)  # as a request would come
    return len(search_keys(user, text, Span()).ids)
