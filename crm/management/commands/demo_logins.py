from typing import Any

from django.core.management.base import BaseCommand

from crm.demo.logins import table_of_logins


class Command(BaseCommand):
    help = "Print the demo's log-ins and the administrators' TOTP secret; nothing outside the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        table = table_of_logins()
        if table:
            self.stdout.write(table)
