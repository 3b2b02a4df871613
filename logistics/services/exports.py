"""Firms and delivery lines as files: the rows of the list, on record."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from crm.core.exports import ExportSheet
from crm.core.services.access_log import MOST_ROWS, ensure_may_leave, log_export
from crm.identity.models import User
from logistics.access import firms_to_export, routes_to_export
from logistics.models import DeliveryRoute, LogisticsFirm
from logistics.selectors import FIRM_COLUMNS, ROUTE_COLUMNS, firm_cells, route_cells


@transaction.atomic
def export_firms(*, filters: Mapping[str, str], asked: Sequence[str], by: User) -> ExportSheet:
    """The firms of the list, one row each. Raises Forbidden, ApprovalNeeded. Rules: R-45, R-2."""
    rows = firms_to_export(by).matching(**filters).order_by("short_name", "-kind", "name", "pk")
    found = list(rows[: MOST_ROWS + 1])
    ensure_may_leave(rows=len(found))
    name = LogisticsFirm._meta.label_lower
    columns = list(FIRM_COLUMNS)
    log = log_export(
        list_name=name, rows=len(found), columns=columns, asked="；".join(asked), by=by
    )
    header = [str(label) for label in FIRM_COLUMNS.values()]
    title = str(LogisticsFirm._meta.verbose_name)
    return ExportSheet(title, header, [firm_cells(row) for row in found], log, by, asked)


@transaction.atomic
def export_routes(*, filters: Mapping[str, str], asked: Sequence[str], by: User) -> ExportSheet:
    """The delivery lines of the list. Raises Forbidden, ApprovalNeeded. Rules: T-39, R-2."""
    found = list(routes_to_export(by).matching(**filters).order_by("code")[: MOST_ROWS + 1])
    ensure_may_leave(rows=len(found))
    name = DeliveryRoute._meta.label_lower
    columns = list(ROUTE_COLUMNS)
    log = log_export(
        list_name=name, rows=len(found), columns=columns, asked="；".join(asked), by=by
    )
    header = [str(label) for label in ROUTE_COLUMNS.values()]
    title = str(DeliveryRoute._meta.verbose_name)
    return ExportSheet(title, header, [route_cells(row) for row in found], log, by, asked)
