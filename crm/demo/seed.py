"""The whole demo in one transaction: all of it is there, or none."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from crm.demo.bureau import CODE, Bureau, draw_lines, found_bureau
from crm.demo.company import seed_operator, seed_repair
from crm.demo.logins import is_seeded
from crm.demo.retail import seed_retailers
from crm.demo.sources import Sources
from crm.demo.systems import SCOPES, Wiring, connect_systems, register_systems
from crm.identity.models import User
from crm.neighbours.config import config_file, webhook_url
from crm.outbox.models import Endpoint
from customers.services.facets import fold_facets, score_managers


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each; rows that are not sound are left out."""

    retailers: int = 200
    units: int = 200
    firms: int = 20
    subscribers: int = 51


FULL: Final = Size()


def seed_demo(*, sources: Sources, wiring: Wiring, size: Size = FULL) -> dict[str, int]:
    """Three organisations with people, customers and forms at every stage; what was made.

    A second call makes nothing, but mends the way to the neighbours, should it be broken. The
    endpoints come last: what was published before them is not sent, so no seeded form moves by
    itself.
    """
    if is_seeded():
        if not _is_connected(wiring):
            with transaction.atomic():
                reconnect(wiring=wiring)
        return {}
    with transaction.atomic():
        bureau = seed_people(sources=sources)
        records = sources.retailers(size.retailers)
        draw_lines(bureau, records)
        made = seed_retailers(bureau, records)
        made |= seed_repair(sources, units=size.units, firms=size.firms)
        made |= seed_operator(sources, subscribers=size.subscribers)
        fold_facets()
        score_managers()
        connect_systems(sys=bureau.office.sys, sec=bureau.office.sec, wiring=wiring)
        _ask_worker_once()
    return made


def seed_people(*, sources: Sources) -> Bureau:
    """The bureau and its systems without a single form: where a story begins."""
    bureau = found_bureau(sources)
    register_systems(bureau.office)
    return bureau


def _ask_worker_once() -> None:
    """A thousand events ask the worker to deliver a thousand times at commit; once is enough."""
    asked = transaction.get_connection().run_on_commit
    once = {str(getattr(entry[1], "args", entry[1])): entry for entry in asked}
    asked[:] = once.values()


def _is_connected(wiring: Wiring) -> bool:
    """Whether the neighbours' file is there and the endpoints still lead to their port."""
    expected = {webhook_url(system, port=wiring.port) for system in SCOPES}
    live = Endpoint.objects.live().filter(organisation__code=CODE)
    return (wiring.file or config_file()).exists() and expected == set(
        live.values_list("url", flat=True)
    )


def reconnect(*, wiring: Wiring) -> None:
    """New tokens and secrets for the neighbours: the old ones were shown once and are lost."""
    connect_systems(
        sys=User.objects.get(username="sysadmin"),
        sec=User.objects.get(username="secadmin"),
        wiring=wiring,
    )
