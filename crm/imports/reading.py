"""The uploaded copy of an import, opened again, and what was typed instead of its cells."""

import io
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from crm.core.sheets import SheetRefused
from crm.identity.models import User
from crm.imports import store
from crm.imports.errors import FileGone, FileRefused
from crm.imports.examine import Source, open_source
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch
from crm.imports.sealing import clear_text


def source_of(batch: ImportBatch, kind: Kind, *, mapping: Mapping[str, int] | None) -> Source:
    """The uploaded copy, opened. Raises FileGone, FileRefused."""
    content = store.read(batch.sha256)
    if content is None:
        raise FileGone(_("上传的文件已过保存期，请重新上传"))
    try:
        return open_source(
            kind,
            io.BytesIO(content),
            file_name=batch.file_name,
            sheet=batch.sheet,
            encoding=batch.encoding,
            mapping=mapping,
        )
    except SheetRefused as refusal:
        raise FileRefused(refusal.message) from refusal


def sheets_of(batch: ImportBatch, kind: Kind) -> list[str]:
    """The sheets a person may choose from."""
    return list(source_of(batch, kind, mapping=None).sheets)


def people_offered(batch: ImportBatch, kind: Kind) -> list[str]:
    """Names of the people sheet whom nobody here knows yet."""
    source = source_of(batch, kind, mapping=None)
    known = User.objects.filter(
        organisation_id=batch.organisation_id, is_active=True, name__in=source.people
    )
    return sorted(set(source.people) - set(known.values_list("name", flat=True)))


def typed_cells(batch: ImportBatch) -> dict[int, dict[str, str]]:
    """Mends in clear, by row number."""
    return {
        int(number): dict(_opened(batch, int(number), cells))
        for number, cells in batch.mends.items()
    }


def _opened(batch: ImportBatch, number: int, cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in cells.items():
        clear = clear_text(batch, number, name, text) if text.startswith("kd1:") else text
        yield name, clear
