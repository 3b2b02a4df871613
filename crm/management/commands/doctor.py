import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from crm.doctor import examine_all


class Command(BaseCommand):
    help = "Is this installation fit to work? One line a check with its mend; exit 1 when not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine_all()
        if options["json"]:
            rows = [asdict(finding) for finding in findings]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            for one in findings:
                mend = _("；处理：%(mend)s") % {"mend": one.mend} if one.mend else ""
                self.stdout.write(f"{'✔' if one.fit else '✘'} {one.title}：{one.text}{mend}")
        if not all(finding.fit for finding in findings):
            sys.exit(1)
