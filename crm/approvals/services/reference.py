"""The routes of document 000, as a bureau gets them at first (design part 10)."""

import csv
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.db import transaction

from crm.approvals.choices import CaseKind
from crm.approvals.models import Route, RouteStep
from crm.approvals.services.routes import publish_route

if TYPE_CHECKING:
    from crm.identity.models import Department

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "routes.csv"


@transaction.atomic
def load_routes(*, organisation: "Department") -> int:
    """Give an organisation the routes it has no version of; returns how many were made.

    What the bureau published or drafted itself stays. Rules: T-33, T-43, T-44, T-73, T-76.
    """
    made = 0
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for kind, steps in groupby(rows, key=lambda row: row["kind"]):
        if Route.objects.filter(organisation=organisation, kind=kind).exists():
            continue
        route = Route.objects.create(
            organisation=organisation, kind=kind, name=str(CaseKind(kind).label)
        )
        RouteStep.objects.bulk_create(_step(route, row) for row in steps)
        publish_route(route=route, by=None)
        made += 1
    return made


def _step(route: Route, row: dict[str, str]) -> RouteStep:
    return RouteStep(
        route=route,
        stage=int(row["stage"]),
        name=row["name"],
        duty=row["duty"],
        department_kind=row["department_kind"],
        sla_days=int(row["sla_days"]),
        may_return=row["may_return"] == "1",
        may_refuse=row["may_refuse"] == "1",
    )
