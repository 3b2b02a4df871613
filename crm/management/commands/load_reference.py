from typing import Any

from django.core.management.base import BaseCommand

from crm.reference import load_reference


class Command(BaseCommand):
    help = "Load or renew reference data: regions, rights, field rules, dictionaries. Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in load_reference().items():
            if options["verbosity"]:
                self.stdout.write(f"{name}: {count}")
