"""Sensitive fields at rest (D6): AES-256-GCM, bound to model, field and row.

A sealed attribute always holds *ciphertext*: nothing is decrypted by loading a row, so nothing
leaks by showing one. `seal` writes, `unseal` reads, both by name and on purpose. There is no
state on the field object (libs G1). Stored form: `kd1:<key id>:<base64 of nonce + ciphertext>`.
"""

import base64
import hashlib
import hmac
import os
from functools import cache
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import FieldError
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core import keyring

PREFIX: Final = "kd1:"
NONCE: Final = 12


class SealBroken(ValueError):
    """A ciphertext that belongs elsewhere, was changed, or whose key is gone."""


class SealedTextField(models.TextField):
    """A column that takes ciphertext only; looking it up is refused, except for emptiness."""

    description = _("密封文本")

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value and not str(value).startswith(PREFIX):
            raise FieldError(f"{self.name}: clear text may not be stored; call seal()")
        return value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in {"isnull", "exact"}:
            raise FieldError(f"{self.name}: a sealed field cannot be searched; use its blind index")
        return super().get_lookup(lookup_name)


def aad_of(row: models.Model, field: str) -> bytes:
    """What binds a ciphertext to its place: model, field and the row's `seal_id`.

    A history row speaks for the live model it remembers, so its ciphertext stays readable.
    """
    model = getattr(type(row), "instance_type", type(row))
    return f"{model._meta.label_lower}.{field}.{row.seal_id}".encode()  # type: ignore[attr-defined]


def encrypt(clear: str, *, aad: bytes) -> str:
    """Seal `clear` under the active key. Empty text stays empty."""
    if not clear:
        return ""
    ring = keyring.ring()
    nonce = os.urandom(NONCE)
    body = AESGCM(ring.keys[ring.active]).encrypt(nonce, clear.encode(), aad)
    return f"{PREFIX}{ring.active}:{base64.b64encode(nonce + body).decode()}"


def decrypt(stored: str, *, aad: bytes) -> str:
    """Open a ciphertext. Raises SealBroken."""
    if not stored:
        return ""
    try:
        key_id, body = stored.removeprefix(PREFIX).split(":", 1)
        raw = base64.b64decode(body)
        return AESGCM(keyring.ring().keys[key_id]).decrypt(raw[:NONCE], raw[NONCE:], aad).decode()
    except (InvalidTag, KeyError, ValueError) as problem:
        raise SealBroken("the sealed value does not belong here or its key is missing") from problem


def seal(row: models.Model, field: str, clear: str) -> None:
    """Put `clear` into `row.field` as ciphertext, with `<field>_last4` and `<field>_index` where
    the model has them.

    Rules: D6, T-67.
    """
    setattr(row, field, encrypt(clear, aad=aad_of(row, field)) if clear else "")
    names = _names_of(type(row))
    if f"{field}_last4" in names:
        setattr(row, f"{field}_last4", clear[-4:])
    if f"{field}_index" in names:
        setattr(row, f"{field}_index", blind_index(clear))


@cache
def _names_of(model: type[models.Model]) -> frozenset[str]:
    return frozenset(field.name for field in model._meta.concrete_fields)


def unseal(row: models.Model, field: str) -> str:
    """The clear value of `row.field`. Whoever shows it writes the access log. Raises SealBroken."""
    return decrypt(getattr(row, field), aad=aad_of(row, field))


def blind_index(clear: str) -> str:
    """Equality without clear text: HMAC-SHA256 under its own key; empty stays empty."""
    if not clear:
        return ""
    return hmac.new(keyring.ring().blind, clear.encode(), hashlib.sha256).hexdigest()


def key_id_of(stored: str) -> str:
    """Which key a ciphertext was sealed with, or an empty string."""
    return stored.split(":", 2)[1] if stored.startswith(PREFIX) else ""


def sealed_fields(model: type[models.Model]) -> list[str]:
    """Names of the sealed columns of `model`."""
    return [f.name for f in model._meta.concrete_fields if isinstance(f, SealedTextField)]
