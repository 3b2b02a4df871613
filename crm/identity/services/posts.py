"""Posts: proposed by one, confirmed by another, ended at once (PM-20, PM-21, PM-32)."""

from datetime import date
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.identity.access import ensure_may, forget_rights
from crm.identity.choices import ADMINISTRATORS, Duty, IdentityPerm
from crm.identity.errors import AlreadyDone, DutiesExclude, LastHolder, NotOurs, SamePerson
from crm.identity.models import Department, Post, User

logger = structlog.get_logger(__name__)
NEVER_EMPTY: Final = (Duty.SEC, Duty.AUD, Duty.GM)
"""Duties whose last holder stays (PM-32)."""


@transaction.atomic
def propose_post(
    *,
    user: User,
    department: Department,
    duty: Duty,
    starts_on: date,
    ends_on: date | None = None,
    by: User,
) -> Post:
    """Propose that a person holds a duty; nothing opens before it is confirmed.

    Raises SamePerson for oneself, DutiesExclude, NotOurs, ValidationError.
    Rules: PM-20, PM-21, R-77, B274, B275.
    """
    ensure_may(by, IdentityPerm.RIGHTS_GRANT)
    _refuse_own(user, by)
    if {user.organisation_id, department.organisation_id} != {by.organisation_id}:
        raise NotOurs(_("只能办理本单位的人员和部门"))
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if ends_on is not None and ends_on < starts_on:
        # Before the trigger that keeps the administrators apart makes a range of them.
        raise ValidationError({"ends_on": _("截止日期不能早于起始日期")})
    if clash := _clash(user, duty, starts_on, ends_on):
        raise DutiesExclude(clash, field="duty")
    post = Post(
        user=user,
        department=department,
        duty=duty,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_by=by,
    )
    save_as(post, by=by, reason=_("提出岗位"), expected=None)
    return post


@transaction.atomic
def confirm_post(*, post: Post, by: User) -> Post:
    """Confirm a proposed post; it counts from the next request on.

    The confirmer is neither the proposer nor the holder, so a grant to a security administrator
    always needs a second one. Raises SamePerson, AlreadyDone. Rules: PM-21, PM-20, RF-11.
    """
    ensure_may(by, IdentityPerm.RIGHTS_CONFIRM)
    row = Post.objects.select_for_update(of=("self",)).get(pk=post.pk)
    if row.confirmed_at or row.ended_at:
        raise AlreadyDone(_("该岗位已确认或已终止"))
    _refuse_own(row.user, by)
    if row.granted_by_id == by.pk:
        raise SamePerson(_("提出岗位与确认岗位不能是同一人"))
    row.confirmed_by, row.confirmed_at = by, timezone.now()
    fields = ["confirmed_by", "confirmed_at"]
    save_as(row, by=by, reason=_("确认岗位"), expected=None, fields=fields)
    forget_rights(row.user)
    return row


@transaction.atomic
def end_post(*, post: Post, reason: str, by: User) -> Post:
    """End a post at once, or turn down a proposed one.

    Raises LastHolder, AlreadyDone. Rules: RF-11, PM-32.
    """
    ensure_may(by, IdentityPerm.RIGHTS_GRANT)
    lock_duties(organisation_id=post.user.organisation_id)
    row = Post.objects.select_for_update(of=("self",)).get(pk=post.pk)
    if row.ended_at:
        raise AlreadyDone(_("该岗位已终止"))
    if row.confirmed_at:
        ensure_others_hold(posts=[row])
    close_post(post=row, reason=reason, by=by)
    return row


def close_post(*, post: Post, reason: str, by: User) -> None:
    """Write the end of a locked post; `end_post` and `disable_person` have asked the rules.

    Rules: RF-11, PM-30.
    """
    today = timezone.localdate()
    post.ended_at = timezone.now()
    if post.ends_on is None or post.ends_on > today:
        post.ends_on = max(post.starts_on, today)
    save_as(post, by=by, reason=reason, expected=None, fields=["ended_at", "ends_on"])
    forget_rights(post.user)


def lock_duties(*, organisation_id: int | None) -> None:
    """Let one end of posts at a time run in an organisation, without holding up anything else.

    Rules: PM-32.
    """
    Department.objects.select_for_update(of=("self",), no_key=True).filter(
        pk=organisation_id
    ).first()


def ensure_others_hold(*, posts: list[Post]) -> None:
    """Refuse when somebody's end would leave a duty of PM-32 without an active holder.

    `lock_duties` was called before any post was locked, so two ends at the same moment see each
    other. Raises LastHolder. Rules: PM-32.
    """
    today = timezone.localdate()
    for post in posts:
        if post.duty not in NEVER_EMPTY:
            continue
        others = (
            Post.objects.live(today)
            .filter(duty=post.duty, user__organisation_id=post.user.organisation_id)
            .filter(user__is_active=True)
            .exclude(user_id=post.user_id)
        )
        if not others.exists():
            raise LastHolder(
                _("本单位最后一名%(duty)s不能停用或终止岗位") % {"duty": Duty(post.duty).label}
            )


def _refuse_own(user: User, by: User) -> None:
    if user.pk == by.pk:
        logger.warning("self_grant_refused", user_id=by.pk)
        raise SamePerson(_("不能为本人授予或确认岗位"))


def _clash(user: User, duty: str, starts_on: date, ends_on: date | None) -> str:
    """What PM-20 says against the duty beside the person's open posts, or nothing."""
    open_posts = Post.objects.filter(user=user, ended_at__isnull=True).exclude(duty=duty)
    held = [
        post
        for post in open_posts
        if (post.ends_on is None or post.ends_on >= starts_on)
        and (ends_on is None or post.starts_on <= ends_on)
    ]
    if not any(duty in ADMINISTRATORS or post.duty in ADMINISTRATORS for post in held):
        return ""
    return _("系统管理员、安全管理员、审计员三者不能由同一人兼任，也不能兼任业务岗位")
