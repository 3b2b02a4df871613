"""Red and black lists: enter, end, make void (B-22)."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.core.selectors import dictionary
from crm.identity.models import User
from customers.boss_values import NewListEntry, cleaned_service
from customers.choices import CustomerPerm, TimelineKind
from customers.domains import ListColour, ListObject
from customers.errors import WrongState
from customers.models import BillingAccount, Customer, ListEntry, Subscription
from customers.selectors.services import SUBTYPES
from customers.services._operated import lock_operated, lock_row
from customers.services.marks import add_timeline


@transaction.atomic
def enter_list(*, customer: Customer, data: NewListEntry, by: User) -> ListEntry:
    """Put a customer, one of his accounts or users on a list, from a day on.

    Two entries of one colour never overlap: the constraint says so in a race too.
    Raises NotFound, ValidationError. Rules: B-22.
    """
    owner = lock_operated(customer, CustomerPerm.LISTED_CREATE, by=by)
    values = cleaned_service("listed", data)
    target = values.pop("target")
    _ensure_subtype(owner, data)
    values["starts_on"] = data.starts_on or timezone.localdate()
    row = ListEntry(
        customer=owner,
        department=by.department or owner.organisation,
        **_objects(owner, data.object_type, target),
        **values,
    )
    save_as(row, by=by, reason=data.reason, expected=None)
    _tell(row, TimelineKind.LISTED, by=by)
    return row


@transaction.atomic
def end_list_entry(*, entry: ListEntry, expected: int, reason: str, by: User) -> ListEntry:
    """Take an object off a list as of today; an entry that begins today or later becomes void.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-22, B-18.
    """
    row = lock_row(entry, CustomerPerm.LISTED_END, expected, by=by)
    today = timezone.localdate()
    if row.is_void or (row.ends_on is not None and row.ends_on < today):
        raise WrongState(_("该记录已失效"))
    if not reason.strip():
        raise ValidationError({"reason": _("请填写移出原因")})
    if row.starts_on >= today:
        row.is_void = True
    else:
        row.ends_on = today - timedelta(days=1)
    save_as(row, by=by, reason=reason, expected=None, fields=["ends_on", "is_void"])
    _tell(row, TimelineKind.UNLISTED, by=by)
    return row


def _ensure_subtype(customer: Customer, data: NewListEntry) -> None:
    if data.colour not in ListColour.values:
        raise ValidationError({"colour": _("请选择名单")})
    kind = SUBTYPES[ListColour(data.colour)]
    if data.subtype not in dict(dictionary(kind, organisation_id=customer.organisation_id)):
        raise ValidationError({"subtype": _("请选择该名单的子类")})


def _objects(customer: Customer, object_type: str, target: int | None) -> dict[str, Any]:
    """The linked row of the entry, which must be that customer's. Raises ValidationError."""
    if object_type == ListObject.CUSTOMER:
        return {}
    if object_type == ListObject.ACCOUNT:
        account = BillingAccount.objects.filter(customer=customer, pk=target or 0).first()
        if account is not None:
            return {"account": account}
    elif object_type == ListObject.USER:
        user = Subscription.objects.filter(customer=customer, pk=target or 0).first()
        if user is not None:
            return {"subscription": user}
    raise ValidationError({"target": _("请选择该客户的帐户或用户")})


def _tell(row: ListEntry, kind: TimelineKind, *, by: User) -> None:
    text = row.get_colour_display()
    add_timeline(customer=row.customer, kind=kind, values={"entry": row.pk, "text": text}, by=by)
