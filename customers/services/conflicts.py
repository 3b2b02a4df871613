"""Two people brought in the same customer: keep the case, and let the general manager decide."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden
from crm.core.history import save_as
from crm.core.numbers import Series, take_number
from crm.identity.choices import Duty
from crm.identity.models import User
from crm.identity.selectors import holders_of
from crm.outbox.choices import Topic
from crm.outbox.services import publish
from customers.choices import ConflictStatus, TimelineKind
from customers.errors import WrongState
from customers.models import Conflict, Customer
from customers.services.managers import transfer_customer
from customers.services.marks import add_timeline


@transaction.atomic
def record_conflict(
    *, customer: Customer, typed_name: str, matched: str, by: User
) -> Conflict | None:
    """Keep that `by` tried to register a customer somebody recorded first; tell the general
    manager. Asked twice it is one open case; None when the case was open already.

    Rules: R-10, R-11, RF-09.
    """
    conflict = Conflict(
        number=f"GS{timezone.localdate():%Y}{take_number(Series.CONFLICT):06d}",
        organisation_id=customer.organisation_id,
        customer=customer,
        newcomer=by,
        typed_name=typed_name[:200],
        matched=matched,
    )
    try:
        with transaction.atomic():
            save_as(conflict, by=by, reason=_("登记时与已有档案重复"), expected=None)
    except (ValidationError, IntegrityError):
        if not Conflict.objects.open().filter(customer=customer, newcomer=by).exists():
            raise
        return None
    publish(
        topic=Topic.CUSTOMER_CONFLICT,
        key=conflict.number,
        payload={"conflict": conflict.number, "customer": customer.code},
        organisation_id=customer.organisation_id,
        customer=customer.pk,
        people=_general_managers(customer.organisation_id),
        values={"name": customer.name, "code": customer.code, "customer_id": customer.pk},
    )
    return conflict


@transaction.atomic
def decide_conflict(*, conflict: Conflict, winner: User, reason: str, by: User) -> Conflict:
    """Settle whose customer it is: the first recorder's, or by the general manager's word the
    newcomer's, who then takes over.

    Raises Forbidden, WrongState, ValidationError, NotManager. Rules: R-10, R-11, domain 5.6 (2).
    """
    row = Conflict.objects.select_for_update(of=("self",)).get(pk=conflict.pk)
    if by.pk not in _general_managers(row.organisation_id):
        raise Forbidden(_("归属冲突由总经理裁定"))
    if row.status != ConflictStatus.OPEN:
        raise WrongState(_("该冲突已经裁定"))
    customer = row.customer
    if winner.pk not in (row.newcomer_id, customer.manager_id):
        raise ValidationError({"winner": _("只能在先记录者与后登记人之间裁定")})
    if not reason.strip():
        raise ValidationError({"reason": _("请填写裁定理由")})
    row.status, row.winner, row.reason = ConflictStatus.DECIDED, winner, reason
    row.decided_by, row.decided_at = by, timezone.now()
    save_as(row, by=by, reason=reason, expected=None)
    if winner.pk != customer.manager_id:
        transfer_customer(customer=customer, manager=winner, reason=reason, by=by)
    add_timeline(
        customer=customer,
        kind=TimelineKind.CONFLICT,
        values={"conflict": row.number, "winner": winner.get_username()},
        by=by,
    )
    return row


def _general_managers(organisation_id: int) -> list[int]:
    return [user.pk for user in holders_of(Duty.GM, organisation_id=organisation_id)]
