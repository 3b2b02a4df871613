"""The queue of one busy person among very many closed cases: the read, and the whole page."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from django.urls import reverse

from bench.closed_cases import ensure_cases
from bench.reads import ROUNDS, Reads, deep_place, measured_reads
from bench.results import Result
from bench.server import running_site
from bench.setting import Setting
from bench.works.pages import measured_page
from crm.approvals.access import steps_for
from crm.approvals.models import Step
from crm.approvals.selectors import queue_page
from crm.core.paging import SIZE, token_of
from crm.identity.models import User

SAMPLES: Final = 20


def measure(setting: Setting) -> Iterator[Result]:
    """First and deep pages by key, beside one step with its case by its key."""
    ensure_cases(setting.world, setting.size)
    user = setting.world.signers["delivery"]
    waiting = list(steps_for(user).order_by("pk").values_list("pk", flat=True)[:5000])
    ones = [partial(_one, key) for key in random.Random(1).choices(waiting, k=ROUNDS)]  # noqa: S311
    for depth in ("first", "deep"):
        tokens = [_token(user, number) if depth == "deep" else "" for number in range(SAMPLES)]
        pages = [_page(user, token) for token in tokens]
        reads = Reads("approvals_step", pages, ones)
        yield from measured_reads(f"queue-page.{depth}", setting.size, reads)
    with running_site(setting.place) as site:
        paths = [reverse("approvals:queue")]
        yield from measured_page("queue-page.whole", setting.size, site, paths, user)


def _one(key: int) -> Step:
    return Step.objects.select_related("case", "case__opened_by").get(pk=key)


def _page(user: User, token: str) -> Callable[[], object]:
    asked = partial(queue_page, user, token=token)
    if len(asked().rows) != SIZE:
        raise RuntimeError("a page that is not full measures nothing")
    return asked


def _token(user: User, number: int) -> str:
    """A key in the last half of the queue, never on its last page."""
    steps = steps_for(user).order_by("due_at", "pk")
    count = steps.count()
    place = deep_place(count, number)
    return token_of(steps.values_list("due_at", "pk")[place])
