"""What `make run` does between database and web server, in one process: Django loads once.

Progress goes to standard error; standard output carries the demo log-ins, for the end.
"""

import sys
import time

import django
from django.conf import settings
from django.core.management import call_command

from crm.launch import prepare

STEPS: list[tuple[str, dict[str, object]]] = [
    ("migrate", {"interactive": False, "verbosity": 0}),
    ("createcachetable", {"verbosity": 0}),
    ("load_reference", {"verbosity": 0}),
]
DEMO: list[tuple[str, dict[str, object]]] = [
    ("seed_demo", {"verbosity": 0}),
    ("demo_logins", {}),
]


def main() -> None:
    """Run the steps in order; a failing one ends the start with its own words."""
    prepare("owner")
    django.setup()
    for name, options in STEPS + (DEMO if settings.KEDANG_DEMO else []):
        begin = time.monotonic()
        call_command(name, **options)
        sys.stderr.write(f"  {name}: {time.monotonic() - begin:.1f} s\n")


if __name__ == "__main__":
    main()
