"""Files are handed out: read whole, proved, and written down (SEC-15, SEC-39)."""

from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from archive import storage
from archive.errors import FileLost
from archive.models import StoredFile
from crm.core.models import AccessKind
from crm.core.request import current_request
from crm.core.services.access_log import log_access

if TYPE_CHECKING:
    from crm.identity.models import User

logger = structlog.get_logger(__name__)


@transaction.atomic
def open_file(*, file: StoredFile, by: "User") -> bytes:
    """The bytes of a file, for a person a gate let through; who took them is kept.

    Raises FileLost when they are missing or damaged: the incident is logged under the request's
    id, which the page shows. Rules: R-2, B-29, B260 of the corpus.
    """
    content = storage.read(file.sha256)
    if content is None:
        logger.error("file_lost", file=str(file.public_id), request_id=current_request().request_id)
        raise FileLost
    log_access(
        kind=AccessKind.DOWNLOAD,
        row=file,
        by=by,
        customer_id=file.links.filter(customer__isnull=False)
        .order_by("pk")
        .values_list("customer_id", flat=True)
        .first(),
    )
    return content
