import signal
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from crm.demo.seed import seed_people
from crm.demo.sources import Sources, sources_in
from crm.demo.story.director import play_net_entry
from crm.demo.systems import Wiring, connect_systems, reader_token
from crm.outbox.services import deliver_due
from crm.places import SetupError, var, write_private

PAUSE: Final = 0.1


class Command(BaseCommand):
    help = (
        "Play a story through HTTP only, on a database of its own: `story net-entry --rows 20`. "
        "`prepare` and `courier` are the stage's own processes."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("play", choices=["net-entry", "prepare", "courier"])
        parser.add_argument("--rows", type=int, default=3)
        parser.add_argument("--data", type=Path, help="folder with the workbooks of an office")
        parser.add_argument("--json", action="store_true", help="one JSON object a step")
        parser.add_argument("--kedang", default="http://127.0.0.1:8000")
        parser.add_argument("--neighbours-port", type=int, default=settings.KEDANG_NEIGHBOURS_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        sources = sources_in(options["data"], near=settings.BASE_DIR)
        match options["play"]:
            case "prepare":
                _prepare(sources, Wiring(options["kedang"], options["neighbours_port"]))
            case "courier":
                _carry_messages()
            case _:
                self._play(sources, options)

    def _play(self, sources: Sources, options: dict[str, Any]) -> None:
        try:
            went_well = play_net_entry(
                sources=sources, rows=options["rows"], as_json=options["json"], say=self._say
            )
        except SetupError as problem:
            raise CommandError(str(problem)) from problem
        if not went_well:
            raise CommandError("the story went another way than expected", returncode=1)

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def _prepare(sources: Sources, wiring: Wiring) -> None:
    """An empty database becomes a bureau with people and systems, and no form yet."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("load_reference", verbosity=0)
    with transaction.atomic():
        office = seed_people(sources=sources).office
        connect_systems(sys=office.sys, sec=office.sec, wiring=wiring)
        token = reader_token(sys=office.sys, sec=office.sec)
    write_private(var() / "checker.token", token)


def _carry_messages() -> None:
    """What the worker does with the outbox, without a broker between."""
    going = [True]

    def end(_sign: int, _frame: FrameType | None) -> None:
        going.clear()

    signal.signal(signal.SIGTERM, end)
    while going:
        deliver_due(seconds=5)
        time.sleep(PAUSE)
