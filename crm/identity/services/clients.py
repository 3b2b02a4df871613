"""API clients and their tokens: made by SYS, given scopes by SEC (trust 4.3 c)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import get_token_model

from crm.identity.access import ensure_may
from crm.identity.choices import Duty, IdentityPerm, SourceSystem, UserKind
from crm.identity.errors import AlreadyDone, NotOurs, SamePerson
from crm.identity.models import ApiClient, ApiToken, RoleRight, User

LONGEST_LIFE: Final = timedelta(days=365)
SENSITIVE: Final = "sensitive."
"""Scopes that need networks and a second administrator."""


@dataclass(frozen=True, slots=True)
class ClientCard:
    """What is written down about an outside system; `code` becomes its user name `api-<code>`."""

    code: str
    name: str
    system: SourceSystem
    region_prefix: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class TokenWish:
    """What a token may do, from where and for how long."""

    name: str
    scopes: Sequence[str]
    networks: Sequence[str] = field(default_factory=tuple)
    life: timedelta = LONGEST_LIFE


@transaction.atomic
def register_client(*, card: ClientCard, by: User) -> ApiClient:
    """Make an outside system known; without a token it can do nothing.

    Raises ValidationError. Rules: trust 4.3 c, D9b.
    """
    ensure_may(by, IdentityPerm.CLIENTS_CREATE)
    user = User(
        username=f"api-{card.code}",
        name=card.name,
        kind=UserKind.SYSTEM,
        organisation_id=by.organisation_id,
        is_active=True,
        must_change_password=False,
        confirmed_at=timezone.now(),
    )
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    client = ApiClient(
        user=user,
        name=card.name,
        system=card.system,
        region_prefix=card.region_prefix,
        contact=card.contact,
    )
    client.full_clean()
    client.save()
    return client


@transaction.atomic
def disable_client(*, client: ApiClient, by: User) -> ApiClient:
    """Switch an outside system off; all its tokens are gone. Rules: B155, PM-30."""
    ensure_may(by, IdentityPerm.CLIENTS_GRANT)
    row = _locked(client, by)
    row.is_live = False
    row.save(update_fields=["is_live"])
    row.user.is_active = False
    row.user.save(update_fields=["is_active"])
    get_token_model().objects.filter(user=row.user).delete()
    return row


@transaction.atomic
def issue_token(*, client: ApiClient, wish: TokenWish, by: User) -> tuple[ApiToken, str]:
    """Issue a token; the second value is the clear token, shown this once.

    Only scopes that the rights table lists for duty API. A sensitive scope asks for networks and
    works after `confirm_token`. Raises ValidationError, AlreadyDone. Rules: trust 4.3 c, SEC-11.
    """
    ensure_may(by, IdentityPerm.CLIENTS_GRANT)
    row = _locked(client, by)
    if not row.is_live:
        raise AlreadyDone(_("该客户端已停用"))
    scopes = sorted(set(wish.scopes))
    _check(scopes, wish)
    token, clear = get_token_model().objects.create(
        row.user,
        expiry=wish.life,
        name=wish.name,
        scopes=scopes,
        networks=[str(ipaddress.ip_network(text)) for text in wish.networks],
        issued_by=by,
    )
    return token, clear


@transaction.atomic
def confirm_token(*, token: ApiToken, by: User) -> ApiToken:
    """Let the sensitive scopes of a token work; not by whoever issued it.

    Raises SamePerson, AlreadyDone. Rules: SEC-11, trust 4.3 c.
    """
    ensure_may(by, IdentityPerm.CLIENTS_GRANT)
    row = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    _ensure_ours(row.user, by)
    if row.confirmed_by_id is not None:
        raise AlreadyDone(_("该令牌已确认"))
    if row.issued_by_id == by.pk:
        raise SamePerson(_("发放令牌与确认令牌不能是同一人"))
    row.confirmed_by = by
    row.save(update_fields=["confirmed_by"])
    return row


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """Take a token back at once. Rules: B155, trust 4.3 c."""
    ensure_may(by, IdentityPerm.CLIENTS_GRANT)
    _ensure_ours(token.user, by)
    ApiToken.objects.filter(pk=token.pk).delete()


def _check(scopes: list[str], wish: TokenWish) -> None:
    known = RoleRight.objects.filter(duty=Duty.API).values_list("object", "action")
    strange = set(scopes) - {f"{thing}.{action}" for thing, action in known}
    if strange or not scopes:
        words = {"names": ", ".join(sorted(strange)) or _("（空）")}
        raise ValidationError({"scopes": _("不能发放的权限：%(names)s") % words})
    if any(scope.startswith(SENSITIVE) for scope in scopes) and not wish.networks:
        raise ValidationError({"networks": _("含敏感信息的令牌须限定来源网段")})
    if not timedelta() < wish.life <= LONGEST_LIFE:
        raise ValidationError({"life": _("令牌有效期最长 365 天")})
    for text in wish.networks:
        try:
            ipaddress.ip_network(text)
        except ValueError as wrong:
            words = {"text": text}
            raise ValidationError({"networks": _("网段格式错误：%(text)s") % words}) from wrong


def _locked(client: ApiClient, by: User) -> ApiClient:
    row = ApiClient.objects.select_for_update(of=("self",)).select_related("user").get(pk=client.pk)
    _ensure_ours(row.user, by)
    return row


def _ensure_ours(user: User, by: User) -> None:
    if user.organisation_id is None or user.organisation_id != by.organisation_id:
        raise NotOurs(_("只能办理本单位的客户端"))
