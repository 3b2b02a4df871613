"""What a signature reads of its case, in two statements that are put together once."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery

from crm.approvals.models import Case, Round, RouteStep, Step
from crm.core.prepared import Prepared, columns_of, from_row


@dataclass(frozen=True, slots=True)
class Locked:
    """A case under its lock. `digest` is that of the present round's content."""

    case: Case
    digest: str | None
    one_signature_per_person: bool


def lock_case(pk: int) -> Locked:
    """Lock a case and read with it what a signature is checked against. Raises Case.DoesNotExist.

    The digest is of the statement's own moment: when another transaction opened a new round while
    this one waited for the lock, it is None, which no signer has seen either.
    """
    for *row, digest, is_once in _CASE.rows(pk):
        return Locked(from_row(Case, row), digest, is_once)
    raise Case.DoesNotExist


def steps_of_round(case: Case) -> list[Step]:
    """The steps of the present round in their order."""
    return [from_row(Step, row) for row in _STEPS.rows(case.pk, case.round)]


def steps_of_route(route_id: int) -> list[RouteStep]:
    """The steps of a route in their order."""
    return [from_row(RouteStep, row) for row in _ROUTE.rows(route_id)]


def _case(pk: int) -> "QuerySet[Case, tuple[Any, ...]]":
    content = Round.objects.filter(case=OuterRef("pk"), number=OuterRef("round"))
    rows: QuerySet[Case, tuple[Any, ...]] = (
        Case.objects.select_for_update(of=("self",))
        .filter(pk=pk)
        .values_list(
            *columns_of(Case),
            Subquery(content.values("digest")),
            "route__one_signature_per_person",
        )
    )
    return rows


_CASE: Final = Prepared(_case, -1)
_STEPS: Final = Prepared(
    lambda case_id, number: (
        Step.objects.filter(case_id=case_id, round=number)
        .order_by("stage", "pk")
        .values_list(*columns_of(Step))
    ),
    -1,
    32_001,
)
_ROUTE: Final = Prepared(
    lambda route_id: (
        RouteStep.objects.filter(route_id=route_id)
        .order_by("stage", "pk")
        .values_list(*columns_of(RouteStep))
    ),
    -1,
)
