"""Change who answers for a customer, and his first contact (R-14 to R-19, C-70)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import DomainError, Forbidden
from crm.core.history import save_as
from crm.identity.models import User
from crm.outbox.choices import Topic
from crm.outbox.services import publish
from customers.access import get_customer
from customers.choices import CustomerPerm, TimelineKind
from customers.errors import WrongState
from customers.models import Customer, ManagerAssignment
from customers.services._assignments import close_assignment, ensure_manager, open_assignment
from customers.services.marks import add_timeline

SLICE = 500


@transaction.atomic
def transfer_customer(
    *, customer: Customer, manager: User | None, reason: str, by: User, form: str = ""
) -> Customer:
    """Give a customer to another manager, or to nobody; the old term ends, a new one begins.

    The department follows the new manager's post. Whoever saved as the old manager after this
    commits gets 404 (RF-10). Raises NotManager, ValidationError. Rules: R-11, R-18, R-19.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("请填写变更原因")})
    row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    if manager is not None and manager.pk == row.manager_id:
        raise ValidationError({"manager": _("该客户已由此人负责")})
    row.manager = manager
    if manager is not None:
        row.department = ensure_manager(row.organisation_id, manager.pk).department
    save_as(row, by=by, reason=reason, expected=None, fields=["manager", "department"], form=form)
    close_assignment(row)
    if manager is not None:
        open_assignment(row, manager, reason=reason[:300], proposer=by, approver=by)
    _announce(row, manager, by=by)
    return row


def hand_over_customers(*, manager: User, successor: User | None, reason: str, by: User) -> int:
    """Take every customer from a manager who leaves; without a successor they wait unassigned.

    Commits in slices and may be called again until it returns 0, so it survives a crash in the
    middle. Rules: C-70, R-16, PM-30, domain 5.6 (7).
    """
    moved = 0
    while True:
        with transaction.atomic():
            rows = list(
                Customer.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(manager=manager)
                .order_by("pk")[:SLICE]
            )
            for row in rows:
                transfer_customer(customer=row, manager=successor, reason=reason, by=by)
        moved += len(rows)
        if len(rows) < SLICE:
            return moved


@transaction.atomic
def record_first_contact(*, customer: Customer, by: User) -> ManagerAssignment:
    """The manager says that he has been in touch with the customer who was given to him.

    Said once, by himself; late is better than never, and stays to be read in the term. Raises
    Forbidden for anybody else, WrongState when nothing is waited for. Rules: R-14, domain 5.6 (4).
    """
    terms = ManagerAssignment.objects.select_for_update(of=("self",))
    term = terms.filter(customer=customer, ends_at__isnull=True).first()
    if term is None or term.manager_id != by.pk:
        raise Forbidden(_("只有在任的客户经理可以登记首次联系"))
    if term.contact_due_at is None:
        raise WrongState(_("该客户无须登记首次联系，或已登记"))
    term.contacted_at = timezone.now()
    term.save(update_fields=["contacted_at"])
    add_timeline(customer=customer, kind=TimelineKind.FIRST_CONTACT, by=by)
    return term


def _announce(row: Customer, manager: User | None, *, by: User) -> None:
    name = str(manager) if manager is not None else _("无")
    add_timeline(customer=row, kind=TimelineKind.MANAGER_CHANGED, values={"manager": name}, by=by)
    publish(
        topic=Topic.MANAGER_CHANGED,
        key=f"{row.code}:{row.version}",
        payload={"customer": row.code, "version": row.version},
        organisation_id=row.organisation_id,
        customer=row.pk,
        people=[manager.pk] if manager is not None and manager.pk != by.pk else [],
        values={
            "name": row.name,
            "code": row.code,
            "manager": name,
            "customer_id": row.pk,
        },
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """One customer of many that stayed as it was, and why."""

    pk: int
    reason: str


def transfer_customers(
    *, keys: Sequence[int], manager: User, reason: str, by: User
) -> list[Refused]:
    """Give many customers to one manager, each in a transaction of its own; says who stayed.

    What `by` may no longer decide on is refused row by row. Rules: R-15, R-16, R-18, R-19.
    """
    refused = []
    for pk in keys:
        try:
            with transaction.atomic():
                row = get_customer(by, CustomerPerm.DECIDE, pk)
                transfer_customer(customer=row, manager=manager, reason=reason, by=by)
        except ValidationError as invalid:
            refused.append(Refused(pk, " ".join(invalid.messages)))
        except DomainError as refusal:
            refused.append(Refused(pk, refusal.message))
    return refused
