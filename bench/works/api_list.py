"""The API's list of fifty under gunicorn, driven by wrk, beside a view that sends the same rows."""

import json
from collections.abc import Iterator
from typing import Final

from django.urls import reverse

from bench.customers import ensure_customers
from bench.results import Result, Target
from bench.server import Site, running_site
from bench.setting import Setting, Unmeasured
from bench.urls import FLOOR
from bench.world import issue_token

ROUNDS: Final = 3
SECONDS: Final = 5
CONNECTIONS: Final = 4
ENOUGH: Final = Target("ratio", ">=", 0.6)


def measure(setting: Setting) -> Iterator[Result]:
    """Requests a second, both in turns. One request at a time a process: no worker idles while
    another has all the connections.
    """
    ensure_customers(setting.world, setting.size)
    token = issue_token(setting.world)
    work = reverse("api-customers")
    with running_site(setting.place, worker_class="sync") as site:
        floor = f"{FLOOR}?fields={','.join(_same_rows(site, work, token))}"
        rates: dict[str, list[float]] = {work: [], floor: []}
        for path in (work, floor):
            site.rate(path, token, seconds=1, connections=CONNECTIONS)
        for _round in range(ROUNDS):
            for path, taken in rates.items():
                taken.append(site.rate(path, token, seconds=SECONDS, connections=CONNECTIONS))
    value, beside = (sum(taken) / ROUNDS for taken in rates.values())
    yield Result("api-list", setting.size, value, "requests/s", beside, ENOUGH)


def _same_rows(site: Site, path: str, token: str) -> list[str]:
    """The fields of the API's rows; the floor must send those very rows."""
    headers = {"Authorization": f"Token {token}"}
    rows = json.loads(site.body(path, headers))["results"]
    fields = list(rows[0])
    beside = json.loads(site.body(f"{FLOOR}?fields={','.join(fields)}", headers))["results"]
    if [row["code"] for row in rows] != [row["code"] for row in beside]:
        raise Unmeasured("the floor sends other rows than the API")
    return fields
