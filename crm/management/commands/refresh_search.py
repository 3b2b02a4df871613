from typing import Any

from django.core.management.base import BaseCommand

from customers.services.search_statistics import refresh_search_statistics


class Command(BaseCommand):
    help = "Count search tokens and scopes anew, as every night does. Run it after a large load."

    def handle(self, *args: Any, **options: Any) -> None:
        found = refresh_search_statistics()
        if options["verbosity"]:
            self.stdout.write(f"tokens kept: {found}")
