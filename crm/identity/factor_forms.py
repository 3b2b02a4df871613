"""The second factor: wrong codes count like wrong passwords, a code works once (B262, B268)."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factor
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError

_USED_FOR = 120
"""Seconds a code stays used: longer than the window in which the clock would take it again."""


class _Braked(factor.BaseAuthenticateForm):
    """allauth's own brake is off (libs G4), so axes counts these attempts too."""

    def clean_code(self) -> str:
        credentials = {"username": self.user.get_username()}
        request: Any = context.request
        if settings.AXES_ENABLED and not AxesProxyHandler.is_allowed(request, credentials):
            request.axes_locked_out = True
            raise get_adapter().validation_error("incorrect_code")
        try:
            code = super().clean_code()
            self._use_once(code)
        except ValidationError:
            if settings.AXES_ENABLED:
                AxesProxyHandler.user_login_failed(type(self), credentials, request)
            raise
        return code

    def _use_once(self, code: str) -> None:
        key = f"kedang.factor.{self.user.pk}.{''.join(code.split())}"
        if not cache.add(key, 1, timeout=_USED_FOR):
            raise get_adapter().validation_error("incorrect_code")


class AuthenticateForm(_Braked, factor.AuthenticateForm):
    pass


class ReauthenticateForm(_Braked, factor.ReauthenticateForm):
    pass
