"""One pass over a file: cells checked, rows staged, what only the whole file could tell at the end.

The page and the worker both walk it, in one transaction or chunk by chunk.
"""

from collections.abc import Iterator, Mapping, Sequence

from psycopg2.extras import Json

from crm.core.sheets import SheetRefused
from crm.imports.choices import BatchStatus, RowState
from crm.imports.errors import FileRefused
from crm.imports.examine import Examined, Source, ensure_columns, examine
from crm.imports.kinds import Draft, Kind
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.reading import source_of, typed_cells
from crm.imports.report import Report, titles_of
from crm.imports.services._staging import insert_rows, shown_cells, update_rows


class Check:
    """Stage the rows of an import anew; what was staged before goes first.

    Raises FileRefused, FileGone.
    """

    def __init__(self, batch: ImportBatch, kind: Kind, new_people: Sequence[str] | None) -> None:
        self._batch = batch
        self._kind = kind
        source = source_of(batch, kind, mapping=batch.mapping)
        self._source = choose_people(batch, source, new_people)
        self.told = Examined()
        self._report = Report(source.sheet.name, titles_of(kind, source))
        self._mends = typed_cells(batch)
        ImportRow.objects.filter(batch=batch).delete()

    def chunks(self) -> Iterator[list[Draft]]:
        """Checked rows, chunk by chunk."""
        try:
            yield from examine(
                self._kind,
                self._source,
                organisation=self._batch.organisation,
                told=self.told,
                mends=self._mends,
                by=self._batch.created_by,
            )
        except SheetRefused as refusal:
            raise FileRefused(refusal.message) from refusal

    def take(self, drafts: Sequence[Draft]) -> None:
        """Stage one chunk."""
        insert_rows(self._batch, self._kind, drafts)
        for draft in drafts:
            self._report.count(draft)

    def conclude(self) -> None:
        """After the last chunk: the import is checked."""
        _settle(self._batch, self.told, self._report)
        _show(self._batch, self._kind, self._source, self._mends)
        _count(self._batch, self.told, self._report)


def choose_people(batch: ImportBatch, source: Source, chosen: Sequence[str] | None) -> Source:
    """The source with those of its people who are to be made; kept in the import."""
    if chosen is not None:
        batch.new_people = sorted(set(chosen) & set(source.people))
    elif not batch.rows_total and batch.status != BatchStatus.CHECKING:
        batch.new_people = sorted(source.people)
    people = {name: source.people[name] for name in batch.new_people if name in source.people}
    return Source(source.sheet, source.match, people, source.sheets)


def refuse_lost(kind: Kind, source: Source) -> None:
    """Say at once that a column is missing (B223). Raises FileRefused."""
    try:
        ensure_columns(kind, source.match)
    except SheetRefused as refusal:
        raise FileRefused(refusal.message) from refusal


def _settle(batch: ImportBatch, told: Examined, report: Report) -> None:
    """Bring in what only the whole file could tell."""
    for number, problems in told.late.items():
        report.wrong.setdefault(number, []).extend(problems)
    touched = list(ImportRow.objects.filter(batch=batch, number__in={*told.late, *told.links}))
    for line in touched:
        line.links |= told.links.get(line.number, {})
        if late := told.late.get(line.number):
            line.errors += [list(problem) for problem in late]
            line.state = RowState.WRONG
    columns = (("links", "jsonb"), ("errors", "jsonb"), ("state", "text"))
    update_rows(
        columns, ((line.pk, Json(line.links), Json(line.errors), line.state) for line in touched)
    )


def _show(
    batch: ImportBatch, kind: Kind, source: Source, mends: Mapping[int, Mapping[str, str]]
) -> None:
    """Keep what stands in the cells of rows that people must look at."""
    wanted = {
        line.number: line
        for line in ImportRow.objects.filter(batch=batch).exclude(errors=[], doubts=[])
    }
    if not wanted:
        return
    for found in source.sheet.rows:
        if line := wanted.get(found.number):
            typed = mends.get(found.number, {})
            line.shown = shown_cells(kind, found.values, source.match.columns, typed)
    update_rows((("shown", "jsonb"),), ((line.pk, Json(line.shown)) for line in wanted.values()))


def _count(batch: ImportBatch, told: Examined, report: Report) -> None:
    report.rows = told.rows
    batch.rows_total, batch.rows_wrong = told.rows, len(report.wrong)
    batch.rows_right = told.rows - len(report.wrong)
    batch.warnings = report.as_json()["warnings"]
    batch.status, batch.version = BatchStatus.CHECKED, batch.version + 1
    batch.counts = {}
    batch.save()
