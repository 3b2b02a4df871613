"""Walking through the log-in as a person does: password, then the telephone's code."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from django.core.cache import cache

from crm.identity.tests.factories import PASSWORD


def give_totp(user):
    """Set a second factor up and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def totp_of(user):
    """The secret of the person's second factor, set up when there is none."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return decrypt(row.data["secret"]) if row else give_totp(user)


def code_now(secret, steps=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def log_in(client, user, password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": user.username, "password": password}, **more)


def prove(client, password=PASSWORD):
    """Give the password again, as a page with step-up asks."""
    return client.post("/accounts/reauthenticate/", {"password": password})


def log_in_with_code(client, user, secret):
    cache.clear()
    log_in(client, user)
    return client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
