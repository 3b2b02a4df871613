import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from crm.core.errors import DomainError
from crm.core.sheets import SheetRefused
from crm.identity.models import Department, User
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch
from crm.imports.report import check_file
from crm.imports.selectors import holders_of, report_of, tally
from crm.imports.services import (
    check_batch,
    open_batch,
    prepare_batch,
    release_batch,
    submit_batch,
)
from crm.imports.services.running import run_import
from crm.kinds import KINDS

BY_CODE: Final[dict[str, Kind]] = {kind.code: kind for kind in KINDS}


class Command(BaseCommand):
    help = (
        "Import a workbook: `import_sheet operators FILE`. --check writes nothing and names every "
        "wrong cell; without it the right rows go in, brought by one holder of the import right "
        "and released by another."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(BY_CODE))
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="only check; write nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--sheet", default="", help="name of the sheet")
        parser.add_argument("--organisation", default="", metavar="CODE")
        parser.add_argument("--by", default="", metavar="USER", help="who brings the file")
        parser.add_argument("--released-by", default="", metavar="USER", help="who releases it")

    def handle(self, *args: Any, **options: Any) -> None:
        kind, path = BY_CODE[options["kind"]], options["file"]
        if not path.is_file():
            raise CommandError(f"no such file: {path}")
        organisation = _organisation(kind, options["organisation"])
        act = _check if options["check"] else _carry_out
        try:
            told = act(kind, path, organisation, options)
        except SheetRefused as refusal:
            raise CommandError(refusal.message) from refusal
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self._say(told)

    def _say(self, told: dict[str, Any]) -> None:
        for line in (*told["errors"], *told["warnings"]):
            where = line["cell"] or f"{line['column']}{line['row']}"
            self.stdout.write(f"{line['sheet']}!{where} {line['column']}: {line['message']}")
        self.stdout.write(f"{told['rows']} rows, {told['ok']} right")
        if result := told.get("result"):
            self.stdout.write(", ".join(f"{name} {count}" for name, count in result.items()))


def _organisation(kind: Kind, code: str) -> Department:
    rows = Department.objects.organisations().filter(profile=kind.profile)
    found: list[Department] = list(rows.filter(code=code) if code else rows)
    if len(found) != 1:
        known = ", ".join(row.code for row in rows) or "none"
        raise CommandError(f"name the organisation with --organisation; there are: {known}")
    return found[0]


def _check(
    kind: Kind, path: Path, organisation: Department, options: dict[str, Any]
) -> dict[str, Any]:
    """Every wrong cell; nothing is written."""
    with path.open("rb") as file:
        report, _good = check_file(
            kind, file, file_name=path.name, organisation=organisation, sheet=options["sheet"]
        )
    return report.as_json()


def _carry_out(
    kind: Kind, path: Path, organisation: Department, options: dict[str, Any]
) -> dict[str, Any]:
    """Bring, submit, release and write, in this process."""
    by, second = _people(kind, organisation, options)
    with transaction.atomic():
        batch = open_batch(kind=kind, file_name=path.name, content=path.read_bytes(), by=by)
        if options["sheet"]:
            batch = prepare_batch(
                batch=batch, kind=kind, sheet=options["sheet"], encoding="", mapping=None, by=by
            )
        batch = check_batch(batch=batch, kind=kind, by=by)
        batch = submit_batch(batch=batch, kind=kind, expected=batch.version, by=by)
        batch = release_batch(batch=batch, kind=kind, expected=batch.version, by=second)
    if batch.job_id is not None:
        run_import(job=batch.job_id, kind=kind)
    batch = ImportBatch.objects.get(pk=batch.pk)
    result = {"import": batch.number, "status": batch.status, **tally(batch)}
    return report_of(batch, kind) | {"result": result}


def _people(kind: Kind, organisation: Department, options: dict[str, Any]) -> tuple[User, User]:
    """Two holders of the import right: those named, else the first two by their posts."""
    people = User.objects.select_related("organisation", "department")
    rows = {row.pk: row for row in people.filter(pk__in=holders_of(organisation.pk, kind))}
    order = [rows[pk] for pk in holders_of(organisation.pk, kind)]
    by = _pick(order, options["by"], None)
    second = _pick(order, options["released_by"], by)
    if by is None or second is None:
        raise CommandError(
            "an import needs two people who hold the import right: one brings it, another releases "
            "it; name them with --by and --released-by, or give a second person the post first"
        )
    return by, second


def _pick(people: list[User], username: str, other: User | None) -> User | None:
    if username:
        return next((one for one in people if one.username == username and one != other), None)
    return next((one for one in people if one != other), None)
