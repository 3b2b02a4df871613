"""Uploaded copies do not stay for ever (trust 2.5)."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from crm.imports import store
from crm.imports.models import ImportBatch, ImportRow

KEPT: Final = timedelta(days=30)


def sweep_uploads(*, limit: int = 200) -> int:
    """Remove copies and staged values of imports that ended, or were left lying, a month ago.

    The batch itself with who, counts and fingerprint stays, and so do the records for the undo.
    Rules: UX-54, trust 2.5.
    """
    edge = timezone.now() - KEPT
    old = ImportBatch.objects.filter(created_at__lt=edge).exclude(header=[])
    taken = 0
    for batch in old.order_by("pk")[:limit]:
        younger = ImportBatch.objects.filter(sha256=batch.sha256, created_at__gte=edge)
        if not younger.exists():
            store.remove(batch.sha256)
        ImportRow.objects.filter(batch=batch).update(values={}, shown={})
        ImportBatch.objects.filter(pk=batch.pk).update(header=[], mends={})
        taken += 1
    return taken
