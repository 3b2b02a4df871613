"""Customers as a file: the rows one may take out, masked as one may see them, on record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise

from crm.core.exports import ExportSheet
from crm.core.services.access_log import MOST_ROWS, ensure_may_leave, log_export
from crm.identity.models import User
from customers.access import Eyes
from customers.choices import CustomerPerm
from customers.models import Customer
from customers.selectors.columns import Column
from customers.selectors.listing import row_views
from customers.selectors.selection import Chosen, chosen_keys, rows_in_order


@transaction.atomic
def export_customers(
    *, chosen: Chosen, columns: Sequence[Column], asked: Sequence[str], by: User
) -> ExportSheet:
    """Read what `chosen` holds now and `by` may take out, cell by cell as `by` sees it; log it.

    Raises ApprovalNeeded above the limit, TooManyExports. Rules: T-5, R-2, B-151, SEC-39, PM-26.
    """
    keys = chosen_keys(by, CustomerPerm.EXPORT, chosen, most=MOST_ROWS)
    ensure_may_leave(rows=len(keys))
    eyes = Eyes(by)
    seen = [row for row in rows_in_order(keys) if _is_seen(eyes, row)]
    rows = [[_plain(cell.value) for cell in view.cells] for view in row_views(seen, columns, eyes)]
    log = log_export(
        list_name=Customer._meta.label_lower,
        rows=len(rows),
        columns=[column.rule for column in columns],
        asked="；".join(asked),
        by=by,
    )
    header = [str(column.label) for column in columns]
    return ExportSheet(str(Customer._meta.verbose_name), header, rows, log, by, asked)


def _is_seen(eyes: Eyes, row: Customer) -> bool:
    sight = eyes.on(row)
    return sight.is_whole or bool(sight.fieldsets)


def _plain(value: Any) -> Any:
    """A moment as its day, a word in the reader's language; text stays text."""
    if isinstance(value, datetime):
        return timezone.localtime(value).date()
    return str(value) if isinstance(value, Promise) else value
