from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.services.duplicate_runs import run_duplicates_now


class Command(BaseCommand):
    help = (
        "Look for duplicates among all names, as every Sunday night does, and wait for the end. "
        "Pairs that somebody marked as not the same stay out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        run = run_duplicates_now(by=None)
        if run is None:
            raise CommandError("a worker has a run in hand: wait for its end")
        if options["verbosity"]:
            self.stdout.write(f"names: {run.result['names']}, pairs: {run.result['pairs']}")
