"""Who sees and touches which registration forms: the whole rule on one page (trust 4.3)."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache, reduce
from operator import or_
from typing import Final

from django.db.models import Q
from django.utils import timezone

from crm.approvals.access import get_step
from crm.approvals.models import Step
from crm.core.access import fetch
from crm.core.errors import Forbidden, NotFound
from crm.core.policy import Perm
from crm.identity.access import Cell, may, rights_of, subtree_ids
from crm.identity.choices import IdentityPerm, Scope
from crm.identity.models import User
from onboarding.choices import AFTER_LICENCE, ENDED, LICENCE_REVIEW, OnboardingPerm, Stage
from onboarding.models import InboundMessage, RegistrationForm, RegistrationFormQuerySet

_SEEING: Final[tuple[Perm, ...]] = (
    OnboardingPerm.VIEW,
    OnboardingPerm.LICENCE_VIEW,
    OnboardingPerm.LICENCE_CREATE,
    OnboardingPerm.LICENCE_APPROVE,
    OnboardingPerm.LICENCE_EXECUTE,
    OnboardingPerm.SALES_VIEW,
    OnboardingPerm.WORK_VIEW,
)
"""Any of these cells shows a form in its scope: the sheet is one, its two blocks go together."""
_AFTER: Final = (
    OnboardingPerm.SALES_VIEW,
    OnboardingPerm.SALES_APPROVE,
    OnboardingPerm.WORK_VIEW,
)
EXPORT: Final = IdentityPerm.EXPORT
_KEPT: Final = timedelta(days=90)
_EVERY: Final = Q(pk__isnull=False)
"""All forms of the organisation. Not an empty Q: that one counts as no way at all."""


def forms_for(user: User, perm: Perm) -> RegistrationFormQuerySet:
    """The one gate to registration forms. Always inside the person's organisation."""
    if not user.is_active or user.organisation_id is None:
        return RegistrationForm.objects.none()
    perms = _SEEING if perm == OnboardingPerm.VIEW else (perm,)
    below = cache(subtree_ids)
    cells = [(p, cell) for p in perms for cell in rights_of(user, p)]
    ways = [way for p, cell in cells if (way := _reach(user, p, cell, below))]
    if not ways:
        return RegistrationForm.objects.none()
    inside = RegistrationForm.objects.filter(organisation=user.organisation)
    return inside.filter(reduce(or_, ways))


def get_form(user: User, perm: Perm, number: str) -> RegistrationForm:
    """One form by its number. Raises NotFound, Forbidden."""
    return fetch(forms_for, user, perm, see=OnboardingPerm.VIEW, number=number)


def forms_to_export(user: User) -> RegistrationFormQuerySet:
    """Forms a person may take out as a file: all he sees, or of these his own. Raises Forbidden."""
    cells = [cell for cell in rights_of(user, EXPORT) if not cell.fieldset]
    if not cells:
        raise Forbidden
    rows = forms_for(user, OnboardingPerm.VIEW)
    if any(cell.scope is Scope.ALL for cell in cells):
        return rows
    return rows.filter(Q(manager=user) | Q(started_by=user))


def may_export_forms(user: User) -> bool:
    """Whether the list becomes a file for this person at all."""
    return any(not cell.fieldset for cell in rights_of(user, EXPORT))


def may_start(user: User) -> bool:
    """Whether the person may open a registration form: officer or customer manager (T-31)."""
    return may(user, OnboardingPerm.LICENCE_CREATE) or may(user, OnboardingPerm.CREATE)


def ensure_may_start(user: User) -> None:
    """Raises Forbidden for everybody else."""
    if not may_start(user):
        raise Forbidden


def get_signable_form(user: User, pk: int) -> tuple[Step, RegistrationForm]:
    """The gate of the sign page: a step of a case I may read, with its form; else NotFound.

    Whether it can be signed *now* is asked under the lock (409 已由 X 处理).
    """
    step = get_step(user, pk)
    form = RegistrationForm.objects.filter(
        Q(licence_case_id=step.case_id) | Q(sales_case_id=step.case_id)
    ).first()
    if form is None:
        raise NotFound
    return step, form


def ensure_client_may(user: User, perm: OnboardingPerm) -> None:
    """An outside system reports only what its token names. Raises Forbidden."""
    if not may(user, perm):
        raise Forbidden


def form_reported_on(user: User, perm: OnboardingPerm, number: str) -> RegistrationForm | None:
    """The form an outside system speaks of, in its organisation, or None."""
    if not may(user, perm):
        return None
    return RegistrationForm.objects.filter(
        organisation_id=user.organisation_id, number=number
    ).first()


def inbound_for(user: User, system: str, serial: str) -> InboundMessage | None:
    """What was said to the same system and serial number before."""
    return InboundMessage.objects.filter(
        organisation_id=user.organisation_id or 0, system=system, serial=serial
    ).first()


def _reach(user: User, perm: Perm, cell: Cell, below: Callable[[int], list[int]]) -> Q | None:
    match cell.scope:
        case Scope.ALL | Scope.CLIENT:
            return _part(perm)
        case Scope.OWN:
            return Q(manager=user) | Q(started_by=user)
        case Scope.AREA | Scope.TEAM:
            return Q(area_id__in=below(cell.department_id)) & _part(perm)
        case Scope.TASK if perm != OnboardingPerm.VIEW:
            # Whose task it is, the rights on the two blocks say; the sheet alone says nothing.
            after = Q(stage__in=AFTER_LICENCE) if perm == OnboardingPerm.LICENCE_VIEW else Q()
            recent = ~Q(stage__in=ENDED) | Q(stage_since__gte=timezone.now() - _KEPT)
            return _part(perm) & after & recent
        case _:
            return None


def _part(perm: Perm) -> Q:
    """Which forms a right on one block speaks of: nobody reads a stage that is not his yet."""
    if perm in _AFTER:
        return Q(stage__in=AFTER_LICENCE)
    if perm == OnboardingPerm.LICENCE_EXECUTE:
        return ~Q(stage__in=[Stage.DRAFT, *LICENCE_REVIEW])
    return _EVERY
