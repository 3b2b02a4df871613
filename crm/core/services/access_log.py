"""Write down who looked (R-2, B-29, SEC-39)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import ApprovalNeeded, TooManyExports
from crm.core.models import AccessKind, AccessLog
from crm.core.request import current_request

if TYPE_CHECKING:
    from crm.identity.models import User

logger = structlog.get_logger(__name__)
MOST_ROWS: Final = 1000
"""What may leave in one file without approval (trust 2.6)."""
FILES_A_DAY: Final = 50
_LOCK: Final = 0x6578706F


def log_access(
    *,
    kind: AccessKind,
    row: models.Model,
    by: "User",
    customer_id: int | None = None,
    fields: Sequence[str] = (),
    reason: str = "",
) -> AccessLog:
    """Record that `by` looked at, exported, printed or downloaded `row`.

    `fields` are names, never values. Rules: R-2, B-29, B-151, SEC-39.
    """
    seen = current_request()
    return AccessLog.objects.create(
        kind=kind,
        user_id=by.pk,
        username=by.get_username(),
        object_type=row._meta.label_lower,
        object_key=str(row.pk),
        customer_id=customer_id,
        fields=list(fields),
        reason=reason,
        ip=seen.ip,
        request_id=seen.request_id,
    )


def log_denial(*, user: "User", perm: str, key: str) -> None:
    """Record an act refused on a row the person may see. Rules: SEC-39, trust 4.6 gate 9."""
    seen = current_request()
    AccessLog.objects.create(
        kind=AccessKind.DENIED,
        user_id=user.pk,
        username=user.get_username(),
        object_type=perm,
        object_key=key[:80],
        ip=seen.ip,
        request_id=seen.request_id,
    )
    logger.info("denied", perm=perm, user_id=user.pk)


def log_print(*, row: models.Model, by: "User", customer_id: int | None = None) -> None:
    """Record that `by` printed `row`. Rules: B-151, R-2."""
    log_access(kind=AccessKind.PRINT, row=row, by=by, customer_id=customer_id)


@transaction.atomic
def log_export(
    *, list_name: str, rows: int, columns: Sequence[str], asked: str, by: "User"
) -> AccessLog:
    """Record that `by` takes `rows` rows of a list out as a file; its number goes on the file.

    `columns` are names, never values. Raises ApprovalNeeded for more rows than may leave without
    approval, TooManyExports for more files than one needs in a day.
    Rules: R-2, B-151, SEC-09, SEC-39, PM-26.
    """
    ensure_may_leave(rows=rows)
    _let_one_count(by)
    since = timezone.now() - timedelta(days=1)
    taken = AccessLog.objects.filter(kind=AccessKind.EXPORT, user_id=by.pk, at__gte=since)
    if taken.count() >= FILES_A_DAY:
        raise TooManyExports(_("24 小时内的导出次数已达上限，请明天再试"))
    return _write(AccessKind.EXPORT, list_name, str(rows), by=by, fields=columns, reason=asked)


def _let_one_count(by: "User") -> None:
    """One person's files are counted one after the other, or two would both be the last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, by.pk % 2**31])


def ensure_may_leave(*, rows: int) -> None:
    """Refuse a file above the limit. Raises ApprovalNeeded. Rules: PM-26."""
    if rows > MOST_ROWS:
        raise ApprovalNeeded(
            _("一次最多导出 %(most)s 行；更多须经审批，审批导出尚未开通，请先缩小筛选范围")
            % {"most": MOST_ROWS}
        )


def log_mismatch(*, perm: str, asked: int, found: int, by: "User") -> AccessLog:
    """Record that a list of ids held rows `by` does not reach: they were left out.

    Rules: SEC-39.
    """
    logger.info("ids_dropped", perm=perm, asked=asked, found=found, user_id=by.pk)
    told = _("提交 %(asked)s 条，可办理 %(found)s 条") % {"asked": asked, "found": found}
    return _write(AccessKind.DENIED, perm, f"{found}/{asked}", by=by, reason=told)


def _write(
    kind: AccessKind,
    object_type: str,
    key: str,
    *,
    by: "User",
    fields: Sequence[str] = (),
    reason: str = "",
) -> AccessLog:
    seen = current_request()
    return AccessLog.objects.create(
        kind=kind,
        user_id=by.pk,
        username=by.get_username(),
        object_type=object_type,
        object_key=key,
        fields=list(fields),
        reason=reason[:300],
        ip=seen.ip,
        request_id=seen.request_id,
    )
