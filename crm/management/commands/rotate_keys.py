from typing import Any

from django.core.management.base import BaseCommand

from crm.core import keyring
from crm.core.services.key_rotation import rotate_keys
from crm.identity.services.second_factor import reseal_second_factors


class Command(BaseCommand):
    help = "Seal every live sensitive value anew under the ring's active key. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        rows, factors = rotate_keys(), reseal_second_factors()
        self.stdout.write(
            f"{rows} rows and {factors} second factors now stand under key {keyring.ring().active}"
        )
