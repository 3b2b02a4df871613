"""What a password must be: two policies to choose from, and no return to the last five (trust 2.1).

`cn_mlps3` (default) follows 等保三级: twelve characters, three of four kinds, ninety days. `asvs`
asks for length alone and never expires. Both know the blocklists.
"""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth.hashers import check_password, is_password_usable
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from crm.identity.models import User

STRICT: Final = "cn_mlps3"
SHORTEST: Final = 12
LONGEST: Final = 128
KINDS_WANTED: Final = 3
REMEMBERED: Final = 5
LIFE: Final = timedelta(days=90)
WARNING: Final = timedelta(days=7)
OUR_WORDS: Final = frozenset(
    (
        *("kedang", "kehudang", "dangan", "yancao", "yancaoju", "tobacco", "ruiji", "telecom"),
        *("admin", "administrator", "guanliyuan", "password", "passwd", "mima"),
        *("qwerty", "qwertyuiop", "welcome", "changeme", "test"),
    )
)
_KINDS: Final = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")


class PolicyValidator:
    """Length, kinds of characters and words everybody tries first. Rules: SEC-18, B261, B265."""

    def validate(self, password: str, user: "User | None" = None) -> None:
        if not SHORTEST <= len(password) <= LONGEST:
            words = {"least": SHORTEST, "most": LONGEST, "count": len(password)}
            raise ValidationError(
                _("密码应为 %(least)d 至 %(most)d 个字，现为 %(count)d 个字") % words,
                code="password_length",
            )
        if len(set(password)) < 4:
            raise ValidationError(_("密码中不同的字符太少"), code="password_simple")
        if _is_strict() and sum(bool(re.search(kind, password)) for kind in _KINDS) < KINDS_WANTED:
            raise ValidationError(
                _("密码须含大写字母、小写字母、数字、其他符号四类中的至少三类"),
                code="password_kinds",
            )
        if _letters(password) in _own_words(user):
            raise ValidationError(_("密码只是本单位常用词加上数字或符号"), code="password_common")

    def get_help_text(self) -> str:
        if _is_strict():
            return _("至少 12 个字，大写、小写、数字、其他符号四类中至少三类")
        return _("至少 12 个字")


class HistoryValidator:
    """The present and the last five passwords are not taken again. Rules: trust 2.1, R-75."""

    def validate(self, password: str, user: Any = None) -> None:
        if user is None or user.pk is None:
            return
        former = user.former_passwords.order_by("-set_at", "-pk").values_list("password", flat=True)
        for stored in {user.password, *former[:REMEMBERED]}:
            if is_password_usable(stored) and check_password(password, stored):
                raise ValidationError(
                    _("不能使用最近 %(count)d 次用过的密码") % {"count": REMEMBERED},
                    code="password_used",
                )

    def get_help_text(self) -> str:
        return _("不能与最近五次用过的密码相同")


def expires_at(user: "User") -> datetime | None:
    """When the person's password must be renewed; None under a policy without expiry."""
    if not _is_strict() or user.password_changed_at is None:
        return None
    return user.password_changed_at + LIFE


def is_expired(user: "User", *, now: datetime) -> bool:
    """Whether the password is older than the policy allows (R-79)."""
    end = expires_at(user)
    return end is not None and end <= now


def expiry_warning(user: "User", *, now: datetime) -> str:
    """A sentence in the last seven days, else nothing."""
    end = expires_at(user)
    if end is None or not now < end <= now + WARNING:
        return ""
    days = (end - now).days + 1
    return ngettext(
        "密码将在 %(days)d 天内到期，请及时修改", "密码将在 %(days)d 天内到期，请及时修改", days
    ) % {"days": days}


def _is_strict() -> bool:
    return bool(settings.KEDANG_PASSWORD_POLICY == STRICT)


def _letters(password: str) -> str:
    return re.sub(r"[^a-z\u4e00-\u9fff]", "", password.lower())


def _own_words(user: "User | None") -> set[str]:
    words = {*OUR_WORDS, "客档", "烟草", "密码"}
    if user is not None:
        words |= {_letters(user.username), _letters(user.name)}
    return words - {""}
