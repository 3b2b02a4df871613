"""Production starts only when it is fit for it, and says by name what is missing (D15)."""

import base64
import json
import os
import secrets
import subprocess
import sys

import pytest

from crm.places import ROOT

pytestmark = pytest.mark.slow
COOKIES = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
far = Client().get("/customers/", headers={"host": "kedang.test"})
page = Client().get("/accounts/login/", headers={"host": "kedang.test"}, secure=True)
print(json.dumps({
    "sent_to": [far.status_code, far["Location"]],
    "csrf": page.cookies[settings.CSRF_COOKIE_NAME].OutputString(),
    "hsts": page["Strict-Transport-Security"],
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE,
                settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE,
                settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN],
    "debug": settings.DEBUG,
    "hashers": settings.PASSWORD_HASHERS[0].rpartition(".")[2],
}))
"""


@pytest.fixture
def outside(tmp_path):
    """An environment as .env.example asks for."""
    key, blind = (base64.b64encode(secrets.token_bytes(32)).decode() for _key in "ab")
    ring = tmp_path / "keyring.json"
    ring.write_text(json.dumps({"active": "k1", "keys": {"k1": key}, "blind": blind}))
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "crm.settings.prod",
        "DATABASE_URL": "postgres://kedang@127.0.0.1:1/none",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "KEDANG_KEYRING": str(ring),
        "ALLOWED_HOSTS": "kedang.test",
        "KEDANG_VAR": str(tmp_path),
    }


def python(environment, *words):
    return subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_djangos_own_check_for_deployment_finds_nothing(outside):
    done = python(outside, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DEBUG", "1", "DEBUG is set"),
        ("KEDANG_DEMO", "1", "KEDANG_DEMO is set"),
        ("SECRET_KEY", "too-short", "SECRET_KEY is shorter"),
        ("SECRET_KEY", "ab" * 30, "SECRET_KEY is too plain"),
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("CSRF_TRUSTED_ORIGINS", "http://kedang.test", "CSRF_TRUSTED_ORIGINS may name"),
        ("DATABASE_URL", "postgres://a:PASSWORD@127.0.0.1:1/none", "DATABASE_URL still has"),
        ("DATABASE_URL", None, "DATABASE_URL is not set"),
        ("KEDANG_KEYRING", None, "KEDANG_KEYRING is not set"),
        ("KEDANG_KEYRING", str(ROOT / "crm/core/tests/keyring.json"), "KEDANG_KEYRING names"),
        ("ALLOWED_HOSTS", "kedang.test,*", "ALLOWED_HOSTS may not contain"),
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS is not set"),
    ],
)
def test_what_is_fit_for_a_demonstration_only_stops_the_start_by_name(outside, name, value, told):
    environment = {key: text for key, text in outside.items() if key != name}
    if value is not None:
        environment[name] = value
    done = python(environment, "-c", "import crm.settings.prod")
    assert done.returncode != 0
    assert told in done.stderr.splitlines()[-1]


def test_negative_control_with_everything_set_it_starts(outside):
    assert python(outside, "-c", "import crm.settings.prod").returncode == 0


def test_cookies_go_by_https_only_and_stay_with_this_host(outside):
    """SEC-12: `__Host-`, Secure, HttpOnly, SameSite; HSTS; no page by plain HTTP."""
    environment = outside | {"DJANGO_SETTINGS_MODULE": "crm.tests.services.settings"}
    done = python(environment, "-c", COOKIES)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["sent_to"] == [301, "https://kedang.test/customers/"]
    assert told["csrf"].startswith("__Host-csrf=")
    assert "; Secure" in told["csrf"]
    assert "; Path=/" in told["csrf"]
    assert "; SameSite=Lax" in told["csrf"]
    assert "Domain" not in told["csrf"]
    assert told["session"] == ["__Host-session", True, True, "Lax", "/", None]
    assert told["hsts"] == "max-age=31536000; includeSubDomains; preload"
    assert told["debug"] is False
    assert told["hashers"] == "Argon2PasswordHasher"
