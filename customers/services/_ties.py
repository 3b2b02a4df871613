"""What every service of units, members and relations does first: hold the ends, ask the gates."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import NotFound
from crm.identity.models import User
from customers.access import customers_for, units_for
from customers.choices import CustomerPerm
from customers.errors import WrongState
from customers.models import Customer

AHEAD: Final = timedelta(days=366)


def hold_customers(ids: Iterable[int]) -> dict[int, Customer]:
    """The rows at the ends of a tie, locked by key (rule 7). Raises NotFound."""
    wanted = set(ids)
    rows = Customer.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    found = {row.pk: row for row in rows}
    if found.keys() != wanted:
        raise NotFound
    return found


def lock_units(organisation_id: int) -> None:
    """Hold the organisation's tree of units until the transaction ends; after its customers.

    The triggers hold it too, for whoever writes without this service. Rules: R-43.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_lock_units(%s)", [organisation_id])


def ensure_tied(own: Customer, other: Customer, perm: CustomerPerm, *, by: User) -> None:
    """Refuse a tie whose first end the right does not reach or whose second end is not seen.

    Raises NotFound, WrongState.
    """
    if not units_for(by, perm).filter(pk=own.pk).exists():
        raise NotFound
    if not customers_for(by, CustomerPerm.VIEW).filter(pk=other.pk).exists():
        raise NotFound
    ensure_living(own, other)


def ensure_living(*rows: Customer) -> None:
    """A cancelled archive is tied to nothing new (B-18). Raises WrongState."""
    for row in rows:
        if row.is_cancelled:
            raise WrongState(_("%(name)s 已注销，不能再建立关系") % {"name": row.name})


def day_or_today(day: date | None, field: str) -> date:
    """The day a tie begins or ends; at most a year ahead. Raises ValidationError."""
    chosen = day or timezone.localdate()
    if chosen > timezone.localdate() + AHEAD:
        raise ValidationError({field: _("日期最迟为一年以内，请核对年份")})
    return chosen


def ensure_reason(reason: str) -> None:
    """Raises ValidationError."""
    if not reason.strip():
        raise ValidationError({"reason": _("请填写原因")})
