"""The second factor: taken off a lost telephone, re-sealed under a new key (SEC-21, SEC-29)."""

from typing import Final

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core import keyring
from crm.core.sealed import decrypt, encrypt, key_id_of
from crm.identity.access import ensure_may
from crm.identity.choices import IdentityPerm
from crm.identity.errors import NotOurs, SamePerson
from crm.identity.models import User
from crm.identity.services.sessions import end_sessions

AAD: Final = b"allauth.mfa.authenticator"
_SEALED: Final = ("secret", "seed")


def seal_secret(*, text: str) -> str:
    """A TOTP secret or recovery seed as it is stored. Rules: SEC-29."""
    return encrypt(text, aad=AAD)


def open_secret(*, stored: str) -> str:
    """Counterpart of `seal_secret`. Raises SealBroken. Rules: SEC-29."""
    return decrypt(stored, aad=AAD)


@transaction.atomic
def reset_second_factor(*, user: User, by: User) -> int:
    """Take all second factors off an account, at the person's request; his sessions end.

    An administrator must set up a new one at the next log-in. Raises SamePerson, NotOurs.
    Rules: SEC-21, PM-21.
    """
    ensure_may(by, IdentityPerm.PEOPLE_CONFIRM)
    if user.pk == by.pk:
        raise SamePerson(_("本人的两步验证须由另一位安全管理员重置"))
    if user.organisation_id != by.organisation_id:
        raise NotOurs(_("只能办理本单位的人员和部门"))
    count, _models = Authenticator.objects.filter(user_id=user.pk).delete()
    end_sessions(user=user)
    return count


@transaction.atomic
def reseal_second_factors() -> int:
    """Seal every stored secret under the active key, beside `rotate_keys`. Rules: SEC-29."""
    active, changed = keyring.ring().active, 0
    for row in Authenticator.objects.select_for_update():
        stale = {
            name: row.data[name]
            for name in _SEALED
            if name in row.data and key_id_of(row.data[name]) != active
        }
        if stale:
            row.data |= {
                name: seal_secret(text=open_secret(stored=text)) for name, text in stale.items()
            }
            row.save(update_fields=["data"])
            changed += 1
    return changed
