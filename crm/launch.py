"""What every door does before Django loads: name the settings, the database and the keys (D1)."""

import base64
import json
import os
import secrets
import sys

from crm import embedded
from crm.places import SetupError, locked, var, write_private

DEVELOPMENT = "crm.settings.dev"


def prepare(role: embedded.Role = "app") -> None:
    """Fill the environment that settings read. Whatever is set already stands.

    Production names everything itself; there is no built-in database and no made-up key there.
    """
    settings = os.environ.setdefault("DJANGO_SETTINGS_MODULE", DEVELOPMENT)
    if settings.endswith(".prod"):
        if role == "owner" and (owner := os.environ.get("DATABASE_OWNER_URL")):
            os.environ["DATABASE_URL"] = owner
        ensure_broker()
        return
    try:
        os.environ["DATABASE_URL"] = embedded.url(role)
        if settings == DEVELOPMENT:
            ensure_keys()
            ensure_broker()
    except SetupError as error:
        sys.exit(f"{error}")


def ensure_keys() -> None:
    """Make this installation's keys once, and tell settings where they are (D3, D6)."""
    var().mkdir(parents=True, exist_ok=True)
    word, ring = var() / "secret_key", var() / "keyring.json"
    with locked(var() / "keys.lock"):
        if not word.exists():
            write_private(word, secrets.token_urlsafe(64))
        if not ring.exists():
            fresh = {"active": "k1", "keys": {"k1": _key()}, "blind": _key()}
            write_private(ring, json.dumps(fresh))
    os.environ.setdefault("SECRET_KEY", word.read_text())
    os.environ.setdefault("KEDANG_KEYRING", str(ring))


def ensure_broker() -> None:
    """Make the folders through which processes talk where there is no Redis (D2)."""
    if not os.environ.get("REDIS_URL"):
        for name in ("queue", "control", "processed"):
            (var() / "broker" / name).mkdir(parents=True, exist_ok=True)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
