"""The gate behind the log-in: idle and absolute limits, forced change, forced second factor."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.identity.password_policy import is_expired
from crm.identity.selectors import has_second_factor, idle_seconds, is_administrator

if TYPE_CHECKING:
    from crm.identity.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]
SINCE: Final = "kedang_since"
SEEN: Final = "kedang_seen"
FACTOR: Final = "kedang_factor"
_MINUTE: Final = 60

_ALWAYS: Final = frozenset({"account_logout", "set_language", "live", "ready"})
_FOR_PASSWORD: Final = _ALWAYS | {"account_change_password"}
_FOR_FACTOR: Final = _ALWAYS | {
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}


def start_clock(request: HttpRequest) -> None:
    """Both limits count from the log-in."""
    request.session[SINCE] = request.session[SEEN] = int(time.time())


class SessionGateMiddleware:
    """Looks at every request of a logged-in person before any view does (SEC-23, R-67, trust 2.1).

    It writes nothing but the session's own marks, those at most once a minute; a page that asks in
    the background (header X-Kedang-Background) does not keep the session alive.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        return (
            self._log_out_late(request) or self._send_first(request) or self.get_response(request)
        )

    def _log_out_late(self, request: HttpRequest) -> HttpResponse | None:
        now, session, user = int(time.time()), request.session, cast("User", request.user)
        since, seen = session.get(SINCE, now), session.get(SEEN, now)
        late = now - seen >= idle_seconds(user) or now - since >= settings.KEDANG_SESSION_SECONDS
        if late:
            return _log_out(request)
        quiet = "X-Kedang-Background" in request.headers
        if SINCE not in session or (not quiet and now - seen >= _MINUTE):
            session[SINCE], session[SEEN] = since, now
        return None

    def _send_first(self, request: HttpRequest) -> HttpResponse | None:
        """To the change page or the second factor's set-up, whatever was asked for."""
        user, name = cast("User", request.user), _url_name(request)
        if user.must_change_password or is_expired(user, now=timezone.now()):
            return None if name in _FOR_PASSWORD else redirect("account_change_password")
        if not is_administrator(user) or FACTOR in request.session:
            return None
        if has_second_factor(user):
            request.session[FACTOR] = True
            return None
        return None if name in _FOR_FACTOR else redirect("mfa_activate_totp")


def _url_name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


def _log_out(request: HttpRequest) -> HttpResponse:
    get_adapter().logout(request)
    messages.info(request, _("长时间没有操作或登录已满 12 小时，请重新登录；草稿已保留"))
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
