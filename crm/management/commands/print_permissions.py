from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from crm.policy import printed

PAGE = Path("docs") / "permissions.md"


class Command(BaseCommand):
    help = "Write docs/permissions.md from the rules on the views."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / PAGE).write_text(printed())
        self.stdout.write(f"wrote {PAGE}")
