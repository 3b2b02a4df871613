"""Passwords and activation codes: set, ask for a change, let in for the first time (trust 2.1)."""

import secrets
from datetime import timedelta
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden
from crm.identity.access import ensure_may
from crm.identity.choices import IdentityPerm
from crm.identity.errors import AlreadyDone, CodeRefused, SamePerson
from crm.identity.models import ActivationCode, PasswordRecord, User
from crm.identity.password_policy import REMEMBERED
from crm.identity.services.sessions import end_sessions

FIRST_CODE_LIFE: Final = timedelta(hours=72)
RESET_CODE_LIFE: Final = timedelta(minutes=30)
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@transaction.atomic
def set_password(*, user: User, password: str, by: User, keep_session: str | None = None) -> None:
    """Set the person's own password under the policy; his other sessions end.

    Nobody sets another's password: a reset issues a code. Raises Forbidden, ValidationError.
    Rules: trust 2.1, R-75, R-77, B269.
    """
    if user.pk != by.pk:
        raise Forbidden(_("密码只能由本人设置"))
    validate_password(password, user)
    now = timezone.now()
    if user.has_usable_password():
        PasswordRecord.objects.create(user=user, password=user.password, set_at=now)
    user.set_password(password)
    user.password_changed_at, user.must_change_password = now, False
    user.save(update_fields=["password", "password_changed_at", "must_change_password"])
    stale = user.former_passwords.order_by("-set_at", "-pk").values_list("pk", flat=True)
    PasswordRecord.objects.filter(pk__in=list(stale[REMEMBERED:])).delete()
    end_sessions(user=user, keep=keep_session)


@transaction.atomic
def require_change(*, user: User, by: User) -> None:
    """Let the person reach nothing but the change page until the password is new.

    Rules: R-67, R-79.
    """
    ensure_may(by, IdentityPerm.PEOPLE_CONFIRM)
    user.must_change_password = True
    user.save(update_fields=["must_change_password"])


@transaction.atomic
def issue_code(*, user: User, by: User | None, life: timedelta = FIRST_CODE_LIFE) -> str:
    """Make an activation code and return it clear, this once; a former code is void.

    Called by the services that let people in; the account has no password until it is used.
    Rules: trust 2.1, B266.
    """
    clear = "-".join("".join(secrets.choice(_LETTERS) for _i in range(4)) for _j in range(3))
    ActivationCode.objects.update_or_create(
        user=user,
        defaults={
            "digest": _digest(clear),
            "expires_at": timezone.now() + life,
            "used_at": None,
            "issued_by": by,
        },
    )
    return clear


@transaction.atomic
def reset_password(*, user: User, by: User) -> str:
    """Void the password, end all sessions and return a code good for thirty minutes.

    The second factor stays. Raises SamePerson, AlreadyDone. Rules: SEC-21, B269, B-60.
    """
    ensure_may(by, IdentityPerm.PEOPLE_CONFIRM)
    if user.pk == by.pk:
        raise SamePerson(_("本人请用修改密码；重置须由另一位安全管理员办理"))
    if not user.is_active:
        raise AlreadyDone(_("账号未启用"))
    if user.has_usable_password():
        PasswordRecord.objects.create(user=user, password=user.password, set_at=timezone.now())
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user=user)
    return issue_code(user=user, by=by, life=RESET_CODE_LIFE)


def activate_account(*, username: str, code: str, password: str) -> User:
    """Use a code once, within its time, and set the first password. The person then logs in.

    Wrong name, wrong code, used, too old, account off: one and the same refusal. The code stays
    good when only the password was not. Raises CodeRefused, ValidationError. Rules: B266, SEC-21.
    """
    with transaction.atomic():
        row = (
            ActivationCode.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(user__username=username.strip())
            .first()
        )
        digest = _digest(code.strip().upper())
        if row is None or not constant_time_compare(row.digest, digest) or not _is_good(row):
            raise CodeRefused(_("用户名或激活码不正确，或激活码已使用、已过期"))
        set_password(user=row.user, password=password, by=row.user)
        row.used_at = timezone.now()
        row.save(update_fields=["used_at"])
        return row.user


def _is_good(row: ActivationCode) -> bool:
    return row.used_at is None and row.expires_at > timezone.now() and row.user.is_active


def _digest(clear: str) -> str:
    return salted_hmac("identity.activation", clear, algorithm="sha256").hexdigest()
