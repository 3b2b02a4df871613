"""Where allauth meets our rules: no sign-up, our password service, sealed second factors."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from crm.core.request import client_ip
from crm.identity.access import duties_of
from crm.identity.choices import ADMINISTRATORS, UserKind
from crm.identity.middleware import start_clock
from crm.identity.models import User
from crm.identity.password_policy import expiry_warning
from crm.identity.services.passwords import set_password
from crm.identity.services.second_factor import open_secret, seal_secret
from crm.identity.services.sessions import close_session, open_session

logger = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, *_request: HttpRequest) -> bool:
        """Accounts are made by the system administrator alone (R-77)."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "0.0.0.0"  # noqa: S104 - a key for brakes, nothing listens

    def set_password(self, user: User, password: str) -> None:
        keep = context.request.session.session_key
        set_password(user=user, password=password, by=user, keep_session=keep)

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        if user.kind == UserKind.SYSTEM:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        start_clock(request)
        open_session(user=user, session_key=str(request.session.session_key), ip=client_ip(request))
        logger.info("logged_in", user_id=user.pk)

    def logout(self, request: HttpRequest) -> None:
        key = request.session.session_key
        super().logout(request)
        close_session(session_key=key)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        if warning := expiry_warning(user, now=timezone.now()):
            messages.warning(request, warning)
        return response

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail of allauth's own: what people must hear goes through the outbox."""


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return seal_secret(text=text)

    def decrypt(self, encrypted_text: str) -> str:
        return open_secret(stored=encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The three administrators cannot switch their second factor off (trust 2.1)."""
        return duties_of(authenticator.user).isdisjoint(ADMINISTRATORS)
