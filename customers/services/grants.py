"""Share one customer with one person or group by name, with an end date (R-77, D9)."""

from datetime import date, timedelta

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.identity.models import User
from customers.choices import GrantLevel, TimelineKind
from customers.models import Customer, CustomerGrant, CustomerGroupGrant
from customers.services.marks import add_timeline


@transaction.atomic
def grant_customer(
    *,
    customer: Customer,
    person: User,
    level: GrantLevel,
    ends_on: date,
    reason: str,
    by: User,
) -> CustomerGrant:
    """Share a customer with a colleague until a day; it widens his scope, never his duties.

    Raises ValidationError: himself, another organisation, no reason, a day that is gone.
    Rules: R-77, trust 4.2.
    """
    _check(ends_on, reason)
    if person.pk == by.pk:
        raise ValidationError({"person": _("不能给自己授权")})
    if person.organisation_id != customer.organisation_id:
        raise ValidationError({"person": _("只能授权给本单位人员")})
    grant, _created = CustomerGrant.objects.update_or_create(
        user=person,
        permission=_permission(level),
        content_object=customer,
        defaults=_dated(ends_on, reason, by),
    )
    _tell(customer, person.get_username(), level, ends_on, by)
    return grant


@transaction.atomic
def grant_customer_to_group(
    *,
    customer: Customer,
    group: Group,
    level: GrantLevel,
    ends_on: date,
    reason: str,
    by: User,
) -> CustomerGroupGrant:
    """Share a customer with a group; members of other organisations get nothing by it.

    Raises ValidationError. Rules: R-77, trust 4.2.
    """
    _check(ends_on, reason)
    grant, _created = CustomerGroupGrant.objects.update_or_create(
        group=group,
        permission=_permission(level),
        content_object=customer,
        defaults=_dated(ends_on, reason, by),
    )
    _tell(customer, group.name, level, ends_on, by)
    return grant


@transaction.atomic
def revoke_grant(*, grant: CustomerGrant | CustomerGroupGrant, by: User) -> None:
    """End a share today; the row stays to show that it was there. Rules: R-77, PM-30."""
    yesterday = timezone.localdate() - timedelta(days=1)
    grant.ends_on = min(grant.ends_on or yesterday, yesterday)
    grant.save(update_fields=["ends_on"])
    add_timeline(
        customer=grant.content_object,
        kind=TimelineKind.SHARED,
        values={"ended": True, "to": _who(grant)},
        by=by,
    )


def _who(grant: CustomerGrant | CustomerGroupGrant) -> str:
    return grant.user.get_username() if isinstance(grant, CustomerGrant) else grant.group.name


def _check(ends_on: date, reason: str) -> None:
    if ends_on < timezone.localdate():
        raise ValidationError({"ends_on": _("截止日期不能早于今天")})
    if not reason.strip():
        raise ValidationError({"reason": _("请填写授权原因")})


def _permission(level: GrantLevel) -> Permission:
    return Permission.objects.get(content_type__app_label="customers", codename=level)


def _dated(ends_on: date, reason: str, by: User) -> dict[str, object]:
    return {
        "ends_on": ends_on,
        "reason": reason,
        "granted_by": by,
        "granted_at": timezone.now(),
    }


def _tell(customer: Customer, to: str, level: GrantLevel, ends_on: date, by: User) -> None:
    add_timeline(
        customer=customer,
        kind=TimelineKind.SHARED,
        values={"to": to, "level": level, "until": ends_on.isoformat()},
        by=by,
    )
