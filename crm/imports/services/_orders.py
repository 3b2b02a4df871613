"""What commit and undo share: the import behind a job, in whose name, and its end."""

from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.models import JobRun
from crm.identity.models import User
from crm.imports.errors import WrongStage
from crm.imports.kinds import Kind, Order
from crm.imports.models import ImportBatch


def batch_of(run: JobRun) -> ImportBatch:
    """The import behind a job."""
    row: ImportBatch = ImportBatch.objects.select_related(
        "organisation", "created_by__organisation", "released_by__organisation"
    ).get(pk=run.arguments["batch"])
    return row


def order_of(batch: ImportBatch) -> Order:
    """In whose name the rows are written."""
    return Order(batch.organisation, batch.created_by, releaser_of(batch), batch.number)


def releaser_of(batch: ImportBatch) -> User:
    if batch.released_by is None:
        raise WrongStage(_("该导入尚未放行"))
    return batch.released_by


def end_batch(batch: ImportBatch, status: str, counts: dict[str, Any]) -> None:
    """Write the end of an import beside its counts."""
    ImportBatch.objects.filter(pk=batch.pk).update(
        status=status, counts=counts, ended_at=timezone.now(), version=batch.version + 1
    )


def lost_columns(batch: ImportBatch, kind: Kind, barred: Collection[str]) -> str:
    """Names of the columns among `barred` that the import would write, mapped or typed anew."""
    wanted = {*batch.mapping, *(name for cells in batch.mends.values() for name in cells)}
    return "、".join(
        column.label for column in kind.columns if column.field in barred and column.field in wanted
    )
