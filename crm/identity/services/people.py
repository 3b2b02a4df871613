"""People come and go: registered by one, confirmed by another, switched off whole (PM-30)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from axes.utils import reset as reset_attempts
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import get_token_model

from crm.core.history import save_as
from crm.core.text import CheckFailed, clean_person_name
from crm.identity.access import ensure_may, forget_rights
from crm.identity.choices import Duty, IdentityPerm, Secrecy, UserKind
from crm.identity.errors import AlreadyDone, NotOurs, SamePerson
from crm.identity.models import Department, Post, User
from crm.identity.services.passwords import issue_code
from crm.identity.services.posts import close_post, ensure_others_hold, lock_duties
from crm.identity.services.sessions import end_sessions

USERNAME: Final = re.compile(r"[a-z][a-z0-9._-]{2,29}")


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What the system administrator writes down about a person."""

    username: str
    name: str
    department: Department
    mobile: str = ""
    email: str = ""
    clearance: int = Secrecy.NORMAL
    kind: UserKind = UserKind.STAFF


@transaction.atomic
def register_person(*, card: PersonCard, by: User) -> User:
    """Make an account that cannot be used before somebody else confirmed it.

    Raises ValidationError, NotOurs. Rules: PM-21, R-77, D9b.
    """
    ensure_may(by, IdentityPerm.PEOPLE_CREATE)
    _ensure_ours(card.department, by)
    _ensure_username(card.username)
    if User.objects.filter(username__iexact=card.username).exists():
        raise ValidationError({"username": _("已有相同的用户名")})
    person = User(
        username=card.username,
        kind=card.kind,
        organisation_id=card.department.organisation_id,
        is_active=False,
        created_by=by,
    )
    person.set_unusable_password()
    _write_card(person, card)
    person.full_clean(exclude=["password"])
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as clash:
        raise ValidationError({"username": _("已有相同的用户名")}) from clash
    return person


@transaction.atomic
def edit_person(*, person: User, card: PersonCard, by: User) -> User:
    """Correct the card of a person; user name and rights stay. Rules: PM-21."""
    ensure_may(by, IdentityPerm.PEOPLE_UPDATE)
    row = _locked(person, by)
    _ensure_ours(card.department, by)
    _write_card(row, card)
    row.full_clean(exclude=["password"])
    row.save(update_fields=["name", "department", "mobile", "email", "clearance"])
    return row


@transaction.atomic
def confirm_person(*, person: User, by: User) -> str:
    """Open an account that another registered; returns the activation code, clear, this once.

    Raises SamePerson, AlreadyDone. Rules: PM-21, trust 2.1, B266.
    """
    ensure_may(by, IdentityPerm.PEOPLE_CONFIRM)
    row = _locked(person, by)
    if row.confirmed_at is not None or row.left_on is not None:
        raise AlreadyDone(_("该账号已确认或已停用"))
    if by.pk in {row.created_by_id, row.pk}:
        raise SamePerson(_("建立账号与确认账号不能是同一人"))
    row.confirmed_by, row.confirmed_at = by, timezone.now()
    row.is_active, row.must_change_password = True, True
    row.save(update_fields=["confirmed_by", "confirmed_at", "is_active", "must_change_password"])
    return issue_code(user=row, by=by)


@transaction.atomic
def disable_person(*, person: User, reason: str, by: User, left_on: date | None = None) -> User:
    """Switch a person off: account, sessions, tokens, posts and groups end in one transaction.

    The page goes through `customers.services.leaving`, where his shares end with them. His
    open steps stay in their pools: they belong to the duty, not to him. Raises LastHolder,
    SamePerson, AlreadyDone. Rules: PM-30, PM-32, RF-11, B269.
    """
    ensure_may(by, IdentityPerm.PEOPLE_DISABLE)
    lock_duties(organisation_id=by.organisation_id)
    row = _locked(person, by)
    if row.pk == by.pk:
        raise SamePerson(_("不能停用本人的账号"))
    if row.left_on is not None:
        raise AlreadyDone(_("该账号已停用"))
    posts = list(
        Post.objects.filter(user=row, ended_at__isnull=True).select_for_update(of=("self",))
    )
    ensure_others_hold(posts=[post for post in posts if post.confirmed_at and row.is_active])
    for post in posts:
        close_post(post=post, reason=reason, by=by)
    row.is_active, row.left_on = False, left_on or timezone.localdate()
    row.save(update_fields=["is_active", "left_on"])
    get_token_model().objects.filter(user=row).delete()
    row.groups.clear()
    end_sessions(user=row)
    forget_rights(row)
    return row


@transaction.atomic
def reactivate_person(*, person: User, by: User) -> User:
    """Propose that a disabled person returns; a security administrator confirms as for a new one.

    Posts do not come back. Raises AlreadyDone. Rules: PM-21.
    """
    ensure_may(by, IdentityPerm.PEOPLE_CREATE)
    row = _locked(person, by)
    if row.left_on is None:
        raise AlreadyDone(_("该账号没有停用"))
    row.left_on, row.confirmed_at, row.confirmed_by, row.created_by = None, None, None, by
    row.set_unusable_password()
    row.save(update_fields=["left_on", "confirmed_at", "confirmed_by", "created_by", "password"])
    return row


def unlock_person(*, person: User, by: User) -> int:
    """Let a person try again who is locked out after wrong passwords. Rules: SEC-17, B262."""
    ensure_may(by, IdentityPerm.PEOPLE_CONFIRM)
    _ensure_ours(person, by)
    return int(reset_attempts(username=person.username))


@transaction.atomic
def install_administrator(*, username: str, name: str, duty: Duty, organisation: Department) -> str:
    """The first SYS, SEC or AUD of an organisation, by the installer; returns the code, clear.

    Refused once the organisation has one: from then on PM-21 holds. Rules: SEC-19, PM-20.
    """
    held = Post.objects.filter(duty=duty, user__organisation=organisation, ended_at__isnull=True)
    if held.exists():
        raise AlreadyDone(_("本单位已有%(duty)s") % {"duty": duty.label})
    _ensure_username(username)
    now = timezone.now()
    person = User(
        username=username,
        name=name,
        organisation=organisation,
        department=organisation,
        is_active=True,
        confirmed_at=now,
    )
    person.set_unusable_password()
    person.full_clean(exclude=["password"])
    person.save()
    post = Post(
        user=person,
        department=organisation,
        duty=duty,
        starts_on=timezone.localdate(),
        confirmed_at=now,
    )
    save_as(post, by=person, reason=_("安装时设立"), expected=None)
    return issue_code(user=person, by=None)


def _ensure_username(username: str) -> None:
    if not USERNAME.fullmatch(username):
        words = _("用户名为 3 至 30 位小写字母、数字和 . _ -，以字母开头")
        raise ValidationError({"username": words})


def _locked(person: User, by: User) -> User:
    row = User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    _ensure_ours(row, by)
    return row


def _ensure_ours(row: User | Department, by: User) -> None:
    if row.organisation_id is None or row.organisation_id != by.organisation_id:
        raise NotOurs(_("只能办理本单位的人员和部门"))


def _write_card(person: User, card: PersonCard) -> None:
    try:
        person.name = clean_person_name(card.name, 60, required=True)
    except CheckFailed as wrong:
        raise ValidationError({"name": wrong.message}, code=wrong.code) from wrong
    person.department = card.department
    person.mobile, person.email = card.mobile.strip(), card.email.strip()
    person.clearance = card.clearance
