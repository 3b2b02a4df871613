"""Whole requests for pages, from the browser's side, under gunicorn."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.conf import settings
from django.test import Client
from django.urls import reverse

from bench.customers import ensure_customers
from bench.dossiers import ensure_dossiers
from bench.results import Result, Target
from bench.server import Site, running_site
from bench.setting import Setting
from crm.identity.models import User

ROUNDS: Final = 100
WITHIN: Final = Target("value", "<=", 100)


def measure_list(setting: Setting) -> Iterator[Result]:
    """The list page of a manager, of a department's head and of the company."""
    ensure_customers(setting.world, setting.size)
    world = setting.world
    people = {"manager": world.managers[0], "department": world.head, "company": world.company}
    with running_site(setting.place) as site:
        for scope, user in people.items():
            paths = [reverse("customers:list")]
            yield from measured_page(f"page-list.{scope}", setting.size, site, paths, user)


def measure_customer(setting: Setting) -> Iterator[Result]:
    """The page of one customer with contacts, licence, foreign code and history."""
    ensure_customers(setting.world, setting.size)
    keys = ensure_dossiers(setting.world)
    paths = [reverse("customers:detail", args=[key]) for key in keys]
    with running_site(setting.place) as site:
        yield from measured_page(
            "page-customer", setting.size, site, paths, setting.world.managers[0]
        )


def measured_page(
    work: str, size: int, site: Site, paths: Sequence[str], user: User
) -> Iterator[Result]:
    """The pages in turn with a page of the same frame and session that shows no rows."""
    page, bare = site.times(paths, [reverse("help")], headers=_signed_in(user), rounds=ROUNDS)
    yield Result(f"{work}.p95", size, page.p95, "ms", bare.p95, WITHIN)
    yield Result(f"{work}.p50", size, page.p50, "ms", bare.p50)


def _signed_in(user: User) -> Mapping[str, str]:
    """A browser's headers with a session of the person."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    return {"Cookie": f"{name}={client.cookies[name].value}", "Accept-Language": "zh-hans"}
