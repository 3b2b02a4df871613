"""Bytes and rows are kept in step: orphans go, losses are told (RF-65, B260)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import structlog
from django.db import transaction

from archive import storage
from archive.models import StoredFile

logger = structlog.get_logger(__name__)
ORPHAN_SECONDS: Final = 3600
BATCH: Final = 1000


def sweep_orphans(*, seconds: int = ORPHAN_SECONDS) -> int:
    """Take away bytes no row names, once they are older than an hour; returns how many went.

    A transaction that failed after writing leaves such bytes. Each is removed under its lock and
    looked up again, so an upload of the same bytes in this moment keeps them. Rules: D14, RF-65.
    """
    gone = 0
    for batch in _batches(storage.aged_digests(seconds=seconds)):
        named = set(StoredFile.objects.filter(sha256__in=batch).values_list("sha256", flat=True))
        gone += sum(_remove_orphan(sha256) for sha256 in batch if sha256 not in named)
    if gone:
        logger.info("orphans_swept", count=gone)
    return gone


@transaction.atomic
def _remove_orphan(sha256: str) -> bool:
    if not storage.lock_digest(sha256, wait=False):
        return False
    if StoredFile.objects.filter(sha256=sha256).exists():
        return False
    storage.remove(sha256)
    return True


def verify_files() -> int:
    """Read every kept digest once and report what is missing or damaged; returns how many.

    Rules: B260 of the corpus, domain 6.5.
    """
    lost = 0
    digests = StoredFile.objects.order_by("sha256").values_list("sha256", flat=True).distinct()
    for sha256 in digests.iterator():
        if storage.read(sha256) is None:
            lost += 1
            logger.error("file_lost", sha256=sha256)
    return lost


def _batches(digests: Iterable[str]) -> Iterator[list[str]]:
    rows = iter(digests)
    while batch := list(islice(rows, BATCH)):
        yield batch
