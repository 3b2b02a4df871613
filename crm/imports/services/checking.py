"""Upload, mapping, check and mending: nothing but staging is written here (UX-49 to UX-51)."""

import hashlib
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden, StaleVersion
from crm.core.services.jobs import start_job
from crm.core.sheets import SheetRefused, header_key
from crm.identity.models import User
from crm.imports import store
from crm.imports.access import barred_for, ensure_may_import
from crm.imports.choices import BatchStatus
from crm.imports.errors import ColumnsBarred, FileRefused, WrongStage
from crm.imports.examine import Source, open_source
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch, ImportMapping
from crm.imports.reading import source_of
from crm.imports.sealing import sealed_text
from crm.imports.services._checks import Check, choose_people, refuse_lost
from crm.imports.services._orders import lost_columns

MOST_NAME: Final = 120
AT_ONCE: Final = 5_000
"""So many rows are checked while the page waits: about a second."""


@transaction.atomic
def open_batch(*, kind: Kind, file_name: str, content: bytes, by: User) -> ImportBatch:
    """Keep an uploaded file and open its import; titles are matched, or taken as remembered.

    Raises FileRefused, Forbidden. Rules: D12, UX-49, RF-48; corpus B206 to B228, B238.
    """
    ensure_may_import(by, kind)
    if by.organisation is None:
        raise Forbidden
    kind = kind.fitted(by.organisation)
    name = _clean_name(file_name)
    try:
        source = open_source(kind, io.BytesIO(content), file_name=name)
    except SheetRefused as refusal:
        raise FileRefused(refusal.message) from refusal
    batch = ImportBatch(
        organisation=by.organisation,
        kind=kind.code,
        file_name=name,
        sha256=store.put(content),
        created_by=by,
    )
    _take_source(batch, source)
    batch.mapping = _remembered(batch, by) or dict(source.match.columns)
    batch.save()
    return batch


@transaction.atomic
def prepare_batch(
    *,
    batch: ImportBatch,
    kind: Kind,
    sheet: str,
    encoding: str,
    mapping: Mapping[str, int] | None,
    by: User,
) -> ImportBatch:
    """Choose sheet and encoding, and say which column is which; remembered for the next file with
    this header. A change of sheet or encoding matches the titles anew.

    Raises FileRefused, FileGone, WrongStage, ColumnsBarred.
    Rules: UX-49, PM-08; corpus B220, B223, B235, B241.
    """
    ensure_may_import(by, kind)
    row = _locked(batch)
    kind = kind.fitted(row.organisation)
    moved = (sheet, encoding) != (row.sheet, row.encoding)
    row.sheet, row.encoding = sheet, encoding
    source = source_of(row, kind, mapping=None if moved else mapping)
    _take_source(row, source)
    if moved or mapping is None:
        row.mapping = _remembered(row, by) or dict(source.match.columns)
    else:
        row.mapping = dict(mapping)
        _ensure_writable(row, kind, by)
        ImportMapping.objects.update_or_create(
            user=by,
            kind=row.kind,
            header_key=_key_of(row.header),
            defaults={"mapping": row.mapping, "used_at": timezone.now()},
        )
    row.status, row.version = BatchStatus.UPLOADED, row.version + 1
    row.save()
    return row


@transaction.atomic
def check_batch(
    *, batch: ImportBatch, kind: Kind, by: User, new_people: Sequence[str] | None = None
) -> ImportBatch:
    """Check every row and stage them all anew; no governed row is touched.

    `new_people` are the names of the people sheet to be made without log-in; None takes all.
    Raises FileRefused, FileGone, WrongStage, ColumnsBarred.
    Rules: D13, UX-50, UX-51; corpus B229, B230, B235.
    """
    ensure_may_import(by, kind)
    row = _locked(batch)
    kind = kind.fitted(row.organisation)
    _ensure_writable(row, kind, by)
    check = Check(row, kind, new_people)
    for drafts in check.chunks():
        check.take(drafts)
    check.conclude()
    return row


@transaction.atomic
def start_check(
    *, batch: ImportBatch, kind: Kind, by: User, new_people: Sequence[str] | None = None
) -> ImportBatch:
    """Check a short file here and now, a long one in the background: no page waits for it.

    Raises as `check_batch`. Rules: UX-50, UX-51, RF-47.
    """
    ensure_may_import(by, kind)
    row = _locked(batch)
    kind = kind.fitted(row.organisation)
    _ensure_writable(row, kind, by)
    source = source_of(row, kind, mapping=row.mapping)
    rows = source.sheet.last_row - source.sheet.header_row
    if rows <= AT_ONCE:
        return check_batch(batch=row, kind=kind, by=by, new_people=new_people)
    refuse_lost(kind, source)
    choose_people(row, source, new_people)
    row.status, row.note, row.version = BatchStatus.CHECKING, "", row.version + 1
    row.job = start_job(
        kind=kind.task,
        key=f"{row.number}-check-{row.version}",
        arguments={"batch": row.pk, "act": "check"},
        by=by,
        total=rows,
    )
    row.save()
    return row


@transaction.atomic
def mend_cells(
    *,
    batch: ImportBatch,
    kind: Kind,
    cells: Mapping[tuple[int, str], str],
    expected: int,
    by: User,
) -> ImportBatch:
    """Take what a person typed into wrong cells, and check the file again.

    The file stays as it was uploaded. Raises StaleVersion, WrongStage. Rules: UX-50, D6, RF-06.
    """
    row = _locked(batch)
    kind = kind.fitted(row.organisation)
    if row.version != expected:
        raise StaleVersion(current=row.version)
    for (number, name), text in cells.items():
        column = kind.column(name)
        if column is None:
            continue
        kept = sealed_text(row, number, name, text) if column.sealed else text
        row.mends.setdefault(str(number), {})[name] = kept
    row.save(update_fields=["mends"])
    return start_check(batch=row, kind=kind, by=by)


def _ensure_writable(batch: ImportBatch, kind: Kind, by: User) -> None:
    """Refuse columns by name whose field may not be written; nothing is left out in silence."""
    if lost := lost_columns(batch, kind, barred_for(batch, kind, by)):
        words = _("您无权写入这些列，请选“（不导入）”：%(columns)s")
        raise ColumnsBarred(words % {"columns": lost})


def _take_source(batch: ImportBatch, source: Source) -> None:
    batch.sheet, batch.header = source.sheet.name, list(source.sheet.header)


def _remembered(batch: ImportBatch, by: User) -> dict[str, Any]:
    found = ImportMapping.objects.filter(
        user=by, kind=batch.kind, header_key=_key_of(batch.header)
    ).first()
    return dict(found.mapping) if found is not None else {}


def _key_of(header: Sequence[str]) -> str:
    text = "\x1f".join(map(header_key, header))
    return hashlib.sha256(text.encode()).hexdigest()


def _clean_name(name: str) -> str:
    """The name as it is shown: no folders, no controls, not too long (B238)."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(mark for mark in plain if unicodedata.category(mark)[0] != "C").strip()
    stem, dot, extension = plain.rpartition(".")
    return f"{stem[: MOST_NAME - 8]}{dot}{extension[:7]}" if dot else plain[:MOST_NAME]


def _locked(batch: ImportBatch) -> ImportBatch:
    row = (
        ImportBatch.objects.select_for_update(of=("self",))
        .select_related("organisation", "created_by__organisation")
        .get(pk=batch.pk)
    )
    if not row.is_open:
        raise WrongStage(_("该导入已提交，不能再修改；如需修改请先退回"))
    return row
