import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.demo.seed import seed_demo
from crm.demo.sources import sources_in
from crm.demo.systems import Wiring


class Command(BaseCommand):
    help = (
        "Fill an empty installation with a believable bureau and company. Only with KEDANG_DEMO=1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, help="folder with the workbooks of an office")
        parser.add_argument("--kedang", default="http://127.0.0.1:8000", help="our own address")
        parser.add_argument("--neighbours-port", type=int, default=settings.KEDANG_NEIGHBOURS_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KEDANG_DEMO:
            raise CommandError("demo data exists only with KEDANG_DEMO=1")
        begin, cpu = time.monotonic(), time.process_time()
        sources = sources_in(options["data"], near=settings.BASE_DIR)
        wiring = Wiring(base_url=options["kedang"], port=options["neighbours_port"])
        made = seed_demo(sources=sources, wiring=wiring)
        said = (
            ", ".join(f"{count} {name}" for name, count in made.items()) or "nothing: it is there"
        )
        if options["verbosity"]:
            self.stdout.write(
                f"seeded from {sources.name}: {said}; {time.monotonic() - begin:.1f} s, "
                f"{time.process_time() - cpu:.1f} s of it our own work"
            )
