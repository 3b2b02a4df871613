"""Who sees and keeps logistics firms and delivery routes: the whole rule of sight of this room.

Both belong to one organisation; trust 4.3 knows only whole-organisation rights on them. Whoever
may not change sees what is in use and what is not, since customers still point at it.
"""

from dataclasses import dataclass

from crm.core.access import fetch
from crm.core.errors import Forbidden
from crm.identity.access import post_departments, rights_of, subtree_ids
from crm.identity.choices import DepartmentKind, IdentityPerm, Scope
from crm.identity.models import Department, DepartmentQuerySet, User
from logistics.choices import LogisticsPerm
from logistics.models import (
    DeliveryRoute,
    DeliveryRouteQuerySet,
    LogisticsFirm,
    LogisticsFirmQuerySet,
)

ROUTE_LIST = "route_list"
_WHOLE = (Scope.ALL, Scope.CLIENT)


def home_of(user: User) -> int:
    """The organisation whose firms and routes a person keeps. Raises Forbidden without one."""
    if user.organisation_id is None:
        raise Forbidden
    return int(user.organisation_id)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a right to keep firms goes: the whole organisation, or the firms of some offices."""

    is_whole: bool
    offices: frozenset[int]


def reach_of(user: User, perm: LogisticsPerm) -> Reach:
    """The company's clerk keeps every firm, an office's assistant those of his own office.

    Both hold the duty of the clerk; where the post stands decides. Looking is not narrowed.
    Rules: R-48, domain 6.6 (8).
    """
    posts = {cell.department_id for cell in rights_of(user, perm) if cell.scope in _WHOLE}
    if not posts or perm == LogisticsPerm.VIEW:
        return Reach(bool(posts), frozenset())
    offices = set(
        Department.objects.filter(pk__in=posts, kind=DepartmentKind.OFFICE).values_list(
            "pk", flat=True
        )
    )
    below = {pk for office in offices for pk in subtree_ids(office)}
    return Reach(bool(posts - offices), frozenset(below))


def office_of(user: User, perm: LogisticsPerm) -> int | None:
    """The office that a firm recorded by this person belongs to; None for the company's own."""
    reach = reach_of(user, perm)
    own = [pk for pk in post_departments(user) if pk in reach.offices]
    return own[0] if own and not reach.is_whole else None


def firms_for(user: User, perm: LogisticsPerm) -> LogisticsFirmQuerySet:
    """The gate of logistics firms: those of the person's own organisation, or office (R-48)."""
    reach = reach_of(user, perm)
    home = LogisticsFirm.objects.filter(organisation_id=user.organisation_id)
    if reach.is_whole:
        return home
    return home.filter(office_id__in=reach.offices)


def offices_for(user: User) -> DepartmentQuerySet:
    """The offices a firm may be given to: all live ones of the organisation, by its clerk only."""
    if not reach_of(user, LogisticsPerm.UPDATE).is_whole:
        none: DepartmentQuerySet = Department.objects.none()
        return none
    home: DepartmentQuerySet = Department.objects.filter(
        organisation_id=user.organisation_id, is_live=True
    )
    offices: DepartmentQuerySet = home.filter(kind=DepartmentKind.OFFICE)
    ordered: DepartmentQuerySet = offices.order_by("name", "pk")
    return ordered


def routes_for(user: User, perm: LogisticsPerm) -> DeliveryRouteQuerySet:
    """The gate of delivery routes: those of the person's own organisation (T-39)."""
    if not reach_of(user, perm).is_whole:
        return DeliveryRoute.objects.none()
    return DeliveryRoute.objects.filter(organisation_id=user.organisation_id)


def may_export_firms(user: User) -> bool:
    """A list of the whole organisation: a right to take out one's own rows is too narrow."""
    cells = rights_of(user, IdentityPerm.EXPORT)
    return any(cell.scope in _WHOLE and not cell.fieldset for cell in cells)


def may_export_routes(user: User) -> bool:
    """The same of delivery lines; the distribution centre's right is on these alone."""
    cells = rights_of(user, IdentityPerm.EXPORT)
    return any(cell.scope in _WHOLE and cell.fieldset in ("", ROUTE_LIST) for cell in cells)


def firms_to_export(user: User) -> LogisticsFirmQuerySet:
    """Firms a person may take out as a file. Raises Forbidden."""
    if not may_export_firms(user):
        raise Forbidden
    return firms_for(user, LogisticsPerm.VIEW)


def routes_to_export(user: User) -> DeliveryRouteQuerySet:
    """Delivery lines a person may take out as a file. Raises Forbidden."""
    if not may_export_routes(user):
        raise Forbidden
    return routes_for(user, LogisticsPerm.VIEW)


def get_firm(user: User, perm: LogisticsPerm, pk: int) -> LogisticsFirm:
    """One firm through the gate. Raises NotFound, Forbidden."""
    return fetch(firms_for, user, perm, see=LogisticsPerm.VIEW, pk=pk)


def get_route(user: User, perm: LogisticsPerm, pk: int) -> DeliveryRoute:
    """One route through the gate. Raises NotFound, Forbidden."""
    return fetch(routes_for, user, perm, see=LogisticsPerm.VIEW, pk=pk)
