"""The error workbook: what did not go in, with the reason, ready to be mended (UX-52)."""

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from crm.core.models import AccessKind
from crm.core.services.access_log import log_access
from crm.core.sheets import MarkedRow, Table, write_marked_sheet
from crm.core.text import BadCell
from crm.identity.models import User
from crm.imports.access import ensure_may_import
from crm.imports.examine import Source
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.reading import source_of, typed_cells

REASON: Final = "错误说明"
_PEOPLE: Final = ("姓名", "岗位", "职务", "移动电话", "性别", "家庭住址", "邮政编码")


def error_workbook(*, batch: ImportBatch, kind: Kind, by: User) -> bytes:
    """The rows that are not in, as they stood in the file with what was mended since, wrong cells
    coloured and named in a last column; the people of the file come along.

    Raises FileGone, Forbidden. Rules: UX-52, SEC-39.
    """
    ensure_may_import(by, kind)
    kind = kind.fitted(batch.organisation)
    log_access(kind=AccessKind.EXPORT, row=batch, by=by, reason=REASON)
    source = source_of(batch, kind, mapping=batch.mapping)
    out = io.BytesIO()
    header = [*(title for title in source.sheet.header if title != REASON), REASON]
    write_marked_sheet(
        out,
        header,
        _rows(batch, kind, source),
        title=source.sheet.name,
        extra=_people(kind, source),
    )
    return out.getvalue()


def _rows(batch: ImportBatch, kind: Kind, source: Source) -> Iterator[MarkedRow]:
    wrong = {row.number: row.errors for row in ImportRow.objects.filter(batch=batch).wrong()}
    places, typed = source.match.columns, typed_cells(batch)
    kept = [at for at, title in enumerate(source.sheet.header) if title != REASON]
    for row in source.sheet.rows:
        if row.number not in wrong:
            continue
        values: list[Any] = [_plain(value) for value in row.values]
        for name, text in typed.get(row.number, {}).items():
            if name in places:
                values[places[name]] = text
        bad = {places[name] for name, _code, _text in wrong[row.number] if name in places}
        told = _words(kind, wrong[row.number])
        line = [*(values[at] for at in kept), told]
        yield MarkedRow(line, frozenset(kept.index(at) for at in bad if at in kept))


def _plain(value: Any) -> Any:
    return "" if isinstance(value, BadCell) else value


def _words(kind: Kind, problems: Sequence[Sequence[str]]) -> str:
    labels = {column.field: column.label for column in kind.columns}
    return "；".join(
        _("%(column)s：%(message)s") % {"column": labels.get(name, name), "message": message}
        for name, _code, message in problems
    )


def _people(kind: Kind, source: Source) -> list[Table]:
    if not source.people:
        return []
    lines = [
        (one.name, one.duty, one.position, one.mobile, one.sex, one.address, one.postcode)
        for people in source.people.values()
        for one in people
    ]
    return [Table(kind.people_sheet, _PEOPLE, lines)]
