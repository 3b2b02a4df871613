import signal
import threading
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.neighbours.config import config_file, read_config
from crm.neighbours.server import Server
from crm.neighbours.street import DELAY, Street
from crm.places import SetupError


class Command(BaseCommand):
    help = (
        "Play ZM, EM, CRM, the order centre and the bank over HTTP, for demo, story and tests. "
        'Faults: POST /faults {"system", "fault", "count", "seconds"}; what happened: GET /log.'
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.KEDANG_NEIGHBOURS_PORT)
        parser.add_argument("--config", type=Path, help="default: var/neighbours.json")
        parser.add_argument("--kedang", default="", help="Kedang's address, instead of the file's")
        parser.add_argument("--delay", type=float, default=DELAY, help="seconds before a report")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            config = read_config(options["config"] or config_file())
        except SetupError as problem:
            raise CommandError(str(problem)) from problem
        if options["kedang"]:
            config = replace(config, base_url=options["kedang"].rstrip("/"))
        try:
            server = Server(Street(config, delay=options["delay"]), options["port"])
        except OSError as problem:
            raise CommandError(f"port {options['port']} cannot be used: {problem}") from problem
        _end_on_signal(server)
        self.stdout.write(f"neighbours listen on {server.address}, report to {config.base_url}")
        self.stdout.flush()
        with server:
            server.serve_forever(poll_interval=0.2)


def _end_on_signal(server: Server) -> None:
    """SIGTERM ends the loop; `shutdown` must not be called from the thread that serves."""

    def end(_sign: int, _frame: Any) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    if threading.current_thread() is threading.main_thread():
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, end)
