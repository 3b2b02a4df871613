"""Who signs which steps and who reads which cases: the whole rule of sight of this room.

A queue is a desk: organisation, duty and department (or a kind of department, or anywhere). A
person works on the desks of all his live posts. A request reads them once; whoever signs is asked
for them anew under the case's lock (`is_signer`), so a right that ended a moment ago signs nothing
(RF-03).
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from crm.approvals.formulas import desks_of_post
from crm.approvals.models import (
    Case,
    CaseQuerySet,
    Copy,
    CopyQuerySet,
    Decision,
    DecisionQuerySet,
    Phrase,
    Step,
    StepQuerySet,
)
from crm.core.errors import NotFound
from crm.core.prepared import Prepared
from crm.identity.access import posts_of
from crm.identity.models import Post, PostQuerySet, User, UserQuerySet

Desk = tuple[int, str, str]
"""Organisation, duty, desk: one queue, one index range."""


def desks_of(user: User) -> list[Desk]:
    """The queues this person works on today, by his live posts."""
    found = [
        (post.organisation_id, post.duty, desk)
        for post in posts_of(user)
        for desk in desks_of_post(post.department_id, post.department_kind)
    ]
    return list(dict.fromkeys(found))


def signable_by(user: User) -> StepQuerySet:
    """Waiting steps nothing forbids this person but, perhaps, his posts.

    Own cases are left out (T-71, PM-22), and steps beside one he has signed (PM-23).
    """
    return (
        Step.objects.waiting()
        .exclude(case__filler_ids__contains=[user.pk])
        .exclude(case__beside_ids__contains=[user.pk])
    )


def steps_for(user: User) -> StepQuerySet:
    """The gate of the queue: what this person may sign now. Lists take `queue_page` (D9)."""
    return signable_by(user).at_desks(desks_of(user))


def posts_at(step: Step) -> PostQuerySet:
    """The live posts whose holders work on the step's desk."""
    posts: PostQuerySet = Post.objects.live(timezone.localdate()).filter(
        _at_desk(step), department__organisation_id=step.organisation_id
    )
    return posts


def signers_of(step: Step, filler_ids: Sequence[int]) -> UserQuerySet:
    """Who may sign the step today: active holders of its post, without those who filled it in."""
    people: UserQuerySet = User.objects.acting()
    held = posts_at(step).filter(user=OuterRef("pk"))
    return people.filter(Exists(held)).exclude(pk__in=filler_ids)


def is_signer(user: User, step: Step, filler_ids: Sequence[int]) -> bool:
    """Whether this person is among `signers_of`, asked anew from his own posts."""
    if user.pk in filler_ids:
        return False
    held = _HELD.rows(user.pk, timezone.localdate(), step.duty, step.organisation_id)
    return any(step.desk in desks_of_post(department, kind) for department, kind in held)


_HELD: Final = Prepared(
    lambda user_id, day, duty, organisation_id: (
        Post.objects.held_by(user_id, day)
        .filter(duty=duty, department__organisation_id=organisation_id, user__is_active=True)
        .values_list("department_id", "department__kind")
    ),
    -1,
    date.min,
    "DUTY",
    -2,
)
"""Where a person who acts holds a duty in an organisation today."""


def signer_ids(steps: Sequence[Step], filler_ids: Sequence[int]) -> list[list[int]]:
    """The keys of `signers_of` for each of several steps."""
    return [_signer_ids(step, filler_ids) for step in steps]


def _signer_ids(step: Step, filler_ids: Sequence[int]) -> list[int]:
    today, home = timezone.localdate(), step.organisation_id
    if step.department_id is not None:
        rows = _IN_DEPARTMENT.rows(today, step.duty, step.department_id, home)
    elif step.department_kind:
        rows = _IN_KIND.rows(today, step.duty, step.department_kind, home)
    else:
        rows = _ANYWHERE.rows(today, step.duty, home)
    return [pk for (pk,) in rows if pk not in filler_ids]


def _holders(step: Step, day: date) -> "QuerySet[Post, tuple[int]]":
    posts = Post.objects.live(day).filter(_at_desk(step), user__is_active=True)
    inside = posts.filter(department__organisation_id=step.organisation_id)
    held: QuerySet[Post, tuple[int]] = inside.order_by("user_id").values_list("user_id").distinct()
    return held


_DAY, _HOME, _PLACE, _DUTY, _KIND = date.min, -1, -2, "DUTY", "KIND"
_IN_DEPARTMENT: Final = Prepared(
    lambda day, duty, place, home: _holders(
        Step(duty=duty, department_id=place, organisation_id=home), day
    ),
    *(_DAY, _DUTY, _PLACE, _HOME),
)
_IN_KIND: Final = Prepared(
    lambda day, duty, kind, home: _holders(
        Step(duty=duty, department_kind=kind, organisation_id=home), day
    ),
    *(_DAY, _DUTY, _KIND, _HOME),
)
_ANYWHERE: Final = Prepared(
    lambda day, duty, home: _holders(Step(duty=duty, organisation_id=home), day),
    *(_DAY, _DUTY, _HOME),
)
"""The holders of a duty in a department, in departments of a kind, anywhere in the organisation."""


def _at_desk(step: Step) -> Q:
    """Posts that work on the step's desk, whatever the organisation."""
    if step.department_id is not None:
        return Q(duty=step.duty, department=step.department_id)
    if step.department_kind:
        return Q(duty=step.duty, department__kind=step.department_kind)
    return Q(duty=step.duty)


def cases_for(user: User) -> CaseQuerySet:
    """The gate of one case: signed, to be signed, filled in or copied; alive or closed 90 days.

    For one row and for checks; the lists of the tabs have gates of their own.
    """
    if not user.is_active:
        return Case.objects.none()
    at_desk = Step.objects.at_desks(desks_of(user)).filter(case=OuterRef("pk"))
    signed = Decision.objects.by_user(user.pk).filter(case=OuterRef("pk"))
    copied = Copy.objects.filter(user=user, case=OuterRef("pk"))
    took_part = (
        Q(filler_ids__contains=[user.pk])
        | Q(Exists(at_desk))
        | Q(Exists(signed))
        | Q(Exists(copied))
    )
    return Case.objects.readable(timezone.localdate()).filter(took_part)


def get_case(user: User, number: str) -> Case:
    """One case through the gate. Raises NotFound."""
    case = (
        cases_for(user)
        .filter(number=number)
        .select_related("route", "organisation", "opened_by", "closed_by")
        .first()
    )
    if case is None:
        raise NotFound
    return case


def get_step(user: User, pk: int) -> Step:
    """Any step of a case this person may read. Raises NotFound.

    Whether it can be signed *now* is asked by `record_decision` under the lock.
    """
    step = (
        Step.objects.filter(pk=pk, case__in=cases_for(user).values("pk"))
        .select_related(
            "case", "case__route", "case__organisation", "case__opened_by", "department"
        )
        .first()
    )
    if step is None:
        raise NotFound
    return step


def decisions_for(user: User) -> DecisionQuerySet:
    """What this person has signed (已审批), as long as the case is readable."""
    if not user.is_active:
        return Decision.objects.none()
    readable = Case.objects.readable(timezone.localdate()).filter(pk=OuterRef("case"))
    return Decision.objects.by_user(user.pk).filter(Exists(readable))


def started_for(user: User) -> CaseQuerySet:
    """What this person has started (我发起)."""
    if not user.is_active:
        return Case.objects.none()
    return Case.objects.readable(timezone.localdate()).filter(opened_by=user)


def copies_for(user: User) -> CopyQuerySet:
    """What was copied to this person (抄送我)."""
    if not user.is_active:
        return Copy.objects.none()
    readable = Case.objects.readable(timezone.localdate()).filter(pk=OuterRef("case"))
    return Copy.objects.filter(Exists(readable), user=user)


def phrases_for(user: User) -> QuerySet[Phrase]:
    """A person's own saved opinions."""
    return Phrase.objects.filter(user=user)


def get_phrase(user: User, pk: int) -> Phrase:
    """One of the person's own phrases. Raises NotFound."""
    phrase = phrases_for(user).filter(pk=pk).first()
    if phrase is None:
        raise NotFound
    return phrase
