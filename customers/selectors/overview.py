"""What a person's customers are like as a whole: by class, place and manager (T-5, R-13, R-38)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from crm.identity.access import rights_of
from crm.identity.choices import Scope
from crm.identity.models import User
from customers.choices import CustomerPerm
from customers.models import ManagerScore
from customers.selectors.facets import DIMENSIONS, FacetView, facet_views


@dataclass(frozen=True, slots=True)
class ScoreView:
    """One manager's completeness, as of last night."""

    manager: str
    customers: int
    percent: Decimal
    scored_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page; `total` is every customer the person sees."""

    total: int
    facets: list[FacetView]
    scores: list[ScoreView]


def overview_for(user: User, readable: frozenset[str]) -> Overview:
    """Counts of the person's own sight; what he may not filter by, he is not told either."""
    names = [name for name in DIMENSIONS if name in readable]
    people = _people(user) if "manager" in names else {}
    facets = facet_views(user, names, people=people)
    status = next((facet for facet in facets if facet.name == "status"), None)
    return Overview(status.total if status else 0, facets, _scores(user))


def _people(user: User) -> Mapping[str, str]:
    rows = User.objects.filter(organisation_id=user.organisation_id)
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


def _scores(user: User) -> list[ScoreView]:
    """A mean speaks of all of a manager's customers: only to those who see all of them whole.

    That is whoever sees the whole organisation, and each manager of his own.
    """
    cells = [cell for cell in rights_of(user, CustomerPerm.VIEW) if not cell.fieldset]
    scopes = {cell.scope for cell in cells}
    rows = ManagerScore.objects.select_related("manager").order_by("percent", "manager__name")
    if Scope.ALL in scopes:
        rows = rows.filter(manager__organisation_id=user.organisation_id)
    elif Scope.OWN in scopes:
        rows = rows.filter(manager=user)
    else:
        return []
    return [ScoreView(row.manager.name, row.customers, row.percent, row.scored_at) for row in rows]
