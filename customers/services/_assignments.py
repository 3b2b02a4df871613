"""Who answers for a customer: the row of R-19 and who may stand in it."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.identity.choices import Duty
from crm.identity.models import Department, Post, User
from customers.errors import NotManager
from customers.models import Customer, ManagerAssignment


def manager_post(organisation_id: int, user_id: int) -> Post | None:
    """The live post in which a person is an account manager of the organisation."""
    return (
        Post.objects.held_by(user_id, timezone.localdate())
        .filter(duty=Duty.AM, department__organisation_id=organisation_id, user__is_active=True)
        .order_by("pk")
        .first()
    )


def ensure_manager(organisation_id: int, user_id: int) -> Post:
    """The manager's post. Raises NotManager. Rules: R-9, R-29."""
    post = manager_post(organisation_id, user_id)
    if post is None:
        raise NotManager(_("所选人员不是在岗的客户经理"), field="manager")
    return post


def department_of(organisation_id: int, key: int | None, field: str) -> Department | None:
    """A live department of the organisation by key, None for none. Raises ValidationError."""
    if key is None:
        return None
    row: Department | None = Department.objects.filter(
        pk=key, organisation_id=organisation_id, is_live=True
    ).first()
    if row is None:
        raise ValidationError({field: _("请选择本单位的部门")})
    return row


def open_assignment(
    customer: Customer, manager: User, *, reason: str, proposer: User, approver: User | None = None
) -> ManagerAssignment:
    """Begin a term. The one before must be closed: a constraint holds it (R-19)."""
    return ManagerAssignment.objects.create(
        customer=customer,
        manager=manager,
        reason=reason,
        proposer=proposer,
        approver=approver,
    )


def close_assignment(customer: Customer) -> None:
    """End the running term, if any (R-19)."""
    ManagerAssignment.objects.filter(customer=customer, ends_at__isnull=True).update(
        ends_at=timezone.now()
    )
