"""Delivery routes: what the distribution centre drives on which days (T-39)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.history import save_as
from logistics.access import home_of
from logistics.formulas import weekdays_text
from logistics.models import DeliveryRoute

if TYPE_CHECKING:
    from crm.identity.models import User


@transaction.atomic
def register_route(
    *,
    code: str,
    name: str,
    weekdays: Iterable[str],
    by: "User",
) -> DeliveryRoute:
    """Record a delivery route with its days, in the organisation of `by`.

    Raises ValidationError. Rules: T-4, T-39.
    """
    route = DeliveryRoute(
        organisation_id=home_of(by), code=code, name=name, weekdays=weekdays_text(weekdays)
    )
    save_as(route, by=by, reason=_("登记送货线路"), expected=None)
    return route


@transaction.atomic
def edit_route(
    *,
    route: DeliveryRoute,
    name: str,
    weekdays: Iterable[str],
    is_live: bool,
    expected: int | None,
    by: "User",
) -> DeliveryRoute:
    """Change a route's name, days or use; its code stays, other systems know it.

    Raises StaleVersion, ValidationError. Rules: T-39, RF-07.
    """
    row = DeliveryRoute.objects.select_for_update().get(pk=route.pk)
    row.name = name
    row.weekdays = weekdays_text(weekdays)
    row.is_live = is_live
    save_as(row, by=by, reason=_("修改送货线路"), expected=expected)
    return row
