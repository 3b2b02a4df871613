"""So many calls a client. Apart from `crm.core.api`: DRF imports it while it loads."""

from typing import TYPE_CHECKING

from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from crm.core.request import current_request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class ClientThrottle(SimpleRateThrottle):
    """So many calls a client; callers without a token are counted by address."""

    scope = "client"

    def __init__(self) -> None:
        super().__init__()
        self.cache = caches["throttle"]

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        user = request.user
        who = f"u{user.pk}" if user.is_authenticated else f"a{current_request().ip}"
        return f"throttle:{who}"
