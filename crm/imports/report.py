"""What a check says of a file, for people and programs: errors by cell, warnings once a kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from crm.identity.models import Department
from crm.imports.examine import Examined, Source, examine, open_source
from crm.imports.kinds import Draft, Kind, Problem

MOST_NAMED: Final = 200
"""So many rows a warning names."""


@dataclass(slots=True)
class Doubted:
    """One kind of warning in the whole file: how often, on which rows, where first."""

    first: Problem
    row: int
    rows: list[int] = field(default_factory=list)
    count: int = 0


@dataclass(slots=True)
class Report:
    """Counts, every wrong cell, and one entry for each kind of warning."""

    sheet: str
    titles: Mapping[str, tuple[str, str]]
    rows: int = 0
    ok: int = 0
    wrong: dict[int, list[Problem]] = field(default_factory=dict)
    doubts: dict[str, Doubted] = field(default_factory=dict)

    def count(self, draft: Draft) -> None:
        """Take in one row."""
        if draft.errors:
            self.wrong.setdefault(draft.number, []).extend(draft.errors)
        for problem in draft.warnings:
            told = self.doubts.setdefault(problem.code, Doubted(problem, draft.number))
            told.count += 1
            if len(told.rows) < MOST_NAMED:
                told.rows.append(draft.number)

    def as_json(self) -> dict[str, Any]:
        """The shape `import_sheet --check --json` prints."""
        errors = [
            self._line(number, problem)
            for number in sorted(self.wrong)
            for problem in self.wrong[number]
        ]
        warnings = [
            self._line(told.row, told.first) | {"rows": told.rows, "count": told.count}
            for _code, told in sorted(self.doubts.items())
        ]
        return {"rows": self.rows, "ok": self.ok, "errors": errors, "warnings": warnings}

    def _line(self, row: int, problem: Problem) -> dict[str, Any]:
        title, letter = self.titles.get(problem.column, (problem.column, ""))
        return {
            "sheet": self.sheet,
            "row": row,
            "column": title,
            "cell": f"{letter}{row}" if letter else "",
            "code": problem.code,
            "message": problem.message,
        }


def titles_of(kind: Kind, source: Source) -> dict[str, tuple[str, str]]:
    """Field → (title as it stands in the file, letter of its column)."""
    found = {column.field: (column.label, "") for column in kind.columns}
    for name, at in source.match.columns.items():
        found[name] = (source.sheet.header[at] or found[name][0], letter_of(at))
    return found


def letter_of(place: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters, rest = "", place + 1
    while rest:
        rest, mark = divmod(rest - 1, 26)
        letters = chr(65 + mark) + letters
    return letters


def check_file(
    kind: Kind, file: BinaryIO, *, file_name: str, organisation: Department, sheet: str = ""
) -> tuple[Report, list[Draft]]:
    """Check a whole file and write nothing: the report and the rows that are right.

    Raises SheetRefused.
    """
    kind = kind.fitted(organisation)
    source = open_source(kind, file, file_name=file_name, sheet=sheet)
    told = Examined()
    report = Report(source.sheet.name, titles_of(kind, source))
    good: list[Draft] = []
    for drafts in examine(kind, source, organisation=organisation, told=told):
        for draft in drafts:
            report.count(draft)
        good += [draft for draft in drafts if not draft.errors]
    for number, problems in told.late.items():
        report.wrong.setdefault(number, []).extend(problems)
    report.rows = told.rows
    right = [draft for draft in good if draft.number not in told.late]
    for draft in right:
        draft.links |= told.links.get(draft.number, {})
    report.ok = len(right)
    return report, right


def named(problems: Iterable[Problem]) -> list[list[str]]:
    """Problems as they are staged."""
    return [list(problem) for problem in problems]
