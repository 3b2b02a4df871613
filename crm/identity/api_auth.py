"""Who calls the API: a live client with a live token, from a network of that token (B155)."""

import ipaddress
from typing import Any

import structlog
from django.core.cache import caches
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from crm.core.request import client_ip
from crm.identity.models import ApiToken, User
from crm.identity.services.clients import SENSITIVE

logger = structlog.get_logger(__name__)
REFUSAL = "令牌无效"


class ClientTokenAuthentication(TokenAuthentication):
    """knox's check of the digest and expiry; then the client, its network and its scopes.

    Whatever is wrong, the answer is the same 401, and an address that goes on without a good
    token is braked: DRF's own throttles come too late for that.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        found = self._found(request)
        if found is None:
            _brake(request)
            if request.headers.get("Authorization"):
                raise AuthenticationFailed(REFUSAL)
            return None
        user, token = found
        user.token_scopes = _scopes_of(token)
        return user, token

    def _found(self, request: Request) -> tuple[User, ApiToken] | None:
        """A live client with a live token from the right place, or None."""
        try:
            found = super().authenticate(request)
        except (AuthenticationFailed, UnicodeError):
            return None
        if found is None:
            return None
        user, token = found
        if not _is_live(user) or not _is_near(token, client_ip(request)):
            logger.info("token_refused", user_id=user.pk)
            return None
        return user, token

    def authenticate_header(self, request: Any) -> str:
        return str(super().authenticate_header(request))


class RefusedThrottle(SimpleRateThrottle):
    """Calls without a good token, by address."""

    scope = "anon"

    def __init__(self) -> None:
        super().__init__()
        self.cache = caches["throttle"]

    def get_cache_key(self, request: Request, *_view: Any) -> str:
        return f"throttle:refused:{client_ip(request)}"


def _brake(request: Request) -> None:
    brake: Any = RefusedThrottle()
    if not brake.allow_request(request, None):
        raise Throttled(wait=brake.wait())


def _is_live(user: User) -> bool:
    client = getattr(user, "api_client", None)
    return client is not None and client.is_live


def _is_near(token: ApiToken, ip: str | None) -> bool:
    if not token.networks:
        return True
    if ip is None:
        return False
    address = ipaddress.ip_address(ip)
    return any(address in ipaddress.ip_network(block) for block in token.networks)


def _scopes_of(token: ApiToken) -> frozenset[str]:
    """Sensitive scopes wait for the second administrator."""
    confirmed = token.confirmed_by_id is not None
    return frozenset(s for s in token.scopes if confirmed or not s.startswith(SENSITIVE))
