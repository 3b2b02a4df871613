"""From the uploader to a second person, who releases the import or gives it back (D13)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import StaleVersion
from crm.core.services.jobs import start_job
from crm.identity.models import User
from crm.imports.access import ensure_may_import, ensure_may_release
from crm.imports.choices import BatchStatus
from crm.imports.errors import NothingToImport, SecondPersonReleases, WrongStage
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch
from crm.imports.selectors import releasers_of
from crm.outbox.choices import Topic
from crm.outbox.services import publish


@transaction.atomic
def submit_batch(*, batch: ImportBatch, kind: Kind, expected: int, by: User) -> ImportBatch:
    """Hand a checked file to a second person; rows that are wrong stay out.

    Raises StaleVersion, WrongStage, NothingToImport, Forbidden. Rules: D13, UX-51; corpus B232.
    """
    ensure_may_import(by, kind)
    row = _locked(batch, expected)
    if row.status != BatchStatus.CHECKED:
        raise WrongStage(_("请先检查文件，再提交放行"))
    if not row.rows_right:
        raise NothingToImport(_("没有可导入的行，请先改正"))
    row.status, row.submitted_at = BatchStatus.SUBMITTED, timezone.now()
    row.version += 1
    row.save()
    publish(
        topic=Topic.IMPORT_WAITING,
        key=f"{row.number}:{row.version}",
        payload={"import": row.number, "rows": row.rows_right},
        people=releasers_of(row, kind),
        values=_words(row) | {"who": str(row.created_by)},
    )
    return row


@transaction.atomic
def release_batch(*, batch: ImportBatch, kind: Kind, expected: int, by: User) -> ImportBatch:
    """Release an import: it starts in the background. Twice is once.

    Raises SecondPersonReleases for the uploader, StaleVersion, WrongStage, Forbidden.
    Rules: D13, PM-20, UX-51, UX-53; corpus B232, B233.
    """
    ensure_may_release(by, kind)
    row = _locked(batch, None)
    if row.status in (BatchStatus.RUNNING, BatchStatus.DONE) and row.released_by_id == by.pk:
        return row
    if row.version != expected:
        raise StaleVersion(current=row.version)
    if row.status != BatchStatus.SUBMITTED:
        raise WrongStage(_("该导入不在待放行状态"))
    if by.pk == row.created_by_id:
        raise SecondPersonReleases(_("上传与放行不能是同一人，请由另一位有导入权限的同事放行"))
    row.released_by, row.released_at = by, timezone.now()
    row.status, row.version = BatchStatus.RUNNING, row.version + 1
    row.job = start_job(
        kind=kind.task,
        key=row.number,
        arguments={"batch": row.pk, "act": "commit"},
        by=row.created_by,
        total=row.rows_right,
    )
    row.save()
    return row


@transaction.atomic
def return_batch(
    *, batch: ImportBatch, kind: Kind, expected: int, note: str, by: User
) -> ImportBatch:
    """Give an import back to its uploader: by the second person with a word, or by himself.

    Raises StaleVersion, WrongStage, Forbidden. Rules: D13.
    """
    ensure_may_import(by, kind)
    row = _locked(batch, expected)
    if row.status != BatchStatus.SUBMITTED:
        raise WrongStage(_("该导入不在待放行状态"))
    row.status, row.note = BatchStatus.CHECKED, note.strip()[:300]
    row.version += 1
    row.save()
    if by.pk != row.created_by_id:
        publish(
            topic=Topic.IMPORT_RETURNED,
            key=f"{row.number}:{row.version}",
            payload={"import": row.number},
            people=[row.created_by_id],
            values=_words(row) | {"reason": row.note or "—"},
        )
    return row


def _words(row: ImportBatch) -> dict[str, object]:
    return {
        "number": row.number,
        "file": row.file_name,
        "rows": row.rows_right,
        "batch_id": row.pk,
    }


def _locked(batch: ImportBatch, expected: int | None) -> ImportBatch:
    row = (
        ImportBatch.objects.select_for_update(of=("self",))
        .select_related("organisation", "created_by")
        .get(pk=batch.pk)
    )
    if expected is not None and row.version != expected:
        raise StaleVersion(current=row.version)
    return row
