"""Uploaded copies: sealed, under their own digest, below the folder of files (D6, D14).

They hold clear identity numbers inside, so they are encrypted whole; the sweeper takes them away
when their time is over, and losing the key loses them all.
"""

import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from crm.core import keyring

FOLDER: Final = "imports"
_MARK: Final = b"kdi1"
_NONCE: Final = 12


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(content: bytes) -> str:
    """Keep these bytes sealed; their digest. The same bytes twice are kept once."""
    sha256 = digest_of(content)
    storage = storages["default"]
    if read(sha256) is not None:
        return sha256
    if storage.exists(_path(sha256)):
        storage.delete(_path(sha256))
    ring, nonce = keyring.ring(), os.urandom(_NONCE)
    body = AESGCM(ring.keys[ring.active]).encrypt(nonce, content, sha256.encode())
    head = _MARK + ring.active.encode().ljust(16)[:16]
    storage.save(_path(sha256), ContentFile(head + nonce + body))
    return sha256


def read(sha256: str) -> bytes | None:
    """The bytes, or None when they are gone, damaged or their key is lost."""
    storage = storages["default"]
    try:
        with storage.open(_path(sha256), "rb") as file:
            raw = bytes(file.read())
        head, rest = raw[:20], raw[20:]
        key = keyring.ring().keys[head[4:].decode().strip()]
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], sha256.encode())
    except (OSError, KeyError, InvalidTag, ValueError):
        return None


def remove(sha256: str) -> None:
    storages["default"].delete(_path(sha256))


def _path(sha256: str) -> str:
    return f"{FOLDER}/{sha256[:2]}/{sha256}"
