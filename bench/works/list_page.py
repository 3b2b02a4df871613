"""One page of the customer list in every scope, first and deep, beside one row by its code.

Two figures a page: the whole call of the gate (rights, statements, fifty objects) beside one object
with the same relations by its code; and the page's own statements beside that object's.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from bench.customers import ensure_customers
from bench.reads import ROUNDS, Reads, deep_place, measured_reads
from bench.results import Result
from bench.setting import Setting
from bench.world import World
from crm.core.paging import SIZE, token_of
from crm.identity.access import forget_rights
from crm.identity.models import User
from customers.access import customers_page
from customers.choices import CustomerPerm
from customers.models import Customer

SAMPLES: Final = 20


def measure(setting: Setting) -> Iterator[Result]:
    """p50 and p95 of first and deep pages for manager, area, department tree and company."""
    ensure_customers(setting.world, setting.size)
    ones = [partial(one_by_code, code) for code in codes_of(setting.size)]
    for scope, people in _people(setting.world).items():
        for depth in ("first", "deep"):
            pages = [_page(people[n % len(people)], depth, n) for n in range(SAMPLES)]
            yield from measured_reads(
                f"list-page.{scope}.{depth}", setting.size, Reads("customers_customer", pages, ones)
            )


def _people(world: World) -> dict[str, list[User]]:
    return {
        "manager": world.managers[:SAMPLES],
        "area": [world.squad_leader],
        "department": [world.head],
        "company": [world.company],
    }


def one_by_code(code: str) -> Customer:
    """The floor: one customer with the relations of a list row."""
    return Customer.objects.for_list().get(code=code)


def _page(user: User, depth: str, number: int) -> Callable[[], object]:
    asked = partial(_ask, user, _deep_key(user, number) if depth == "deep" else "")
    if (rows := asked()) != SIZE:
        raise RuntimeError(f"a page of {rows} rows measures nothing")
    return asked


def _ask(user: User, after: str) -> int:
    forget_rights(user)  # as a request would come
    return len(customers_page(user, CustomerPerm.VIEW, after=after).rows)


def _deep_key(user: User, number: int) -> str:
    """A token somewhere in the last half of what the person sees, never on the last page."""
    seen = _scope_of(user)
    count = seen.count()
    place = deep_place(count, number)
    return token_of([seen.order_by("code").values_list("code", flat=True)[place]])


def _scope_of(user: User) -> Any:
    """The rows of the person by one column each: counted here, never in what is measured."""
    rows = Customer.objects.filter(secrecy=0, organisation_id=user.organisation_id)
    name = user.username.removeprefix("bench-").partition("-")[0]
    if name == "manager":
        return rows.filter(manager=user)
    if name == "squad_leader":
        return rows.filter(area=user.department)
    if name == "head":
        return rows.filter(department__parent=user.department)
    return rows


def codes_of(size: int) -> list[str]:
    """Codes of customers from everywhere."""
    step = max(1, size // ROUNDS)
    picked = Customer.objects.filter(organisation__code="bench").order_by("pk")
    return list(picked.values_list("code", flat=True)[: step * ROUNDS : step])
