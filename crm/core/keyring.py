"""The ring of keys that seals sensitive fields (D6): outside the database, outside git.

The file is JSON: {"active": "k2", "keys": {"k1": base64 of 32 bytes, …}, "blind": base64}.
Old keys stay readable; the blind-index key is its own and is not rotated with the others.
"""

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`keys` maps key id to 32 raw bytes; `active` is the id new values are sealed with."""

    active: str
    keys: dict[str, bytes]
    blind: bytes


@lru_cache(maxsize=4)
def load(path: str) -> KeyRing:
    """Read and check a ring. Raises ImproperlyConfigured with what is wrong."""
    try:
        data = json.loads(Path(path).read_text())
        keys = {name: base64.b64decode(value) for name, value in data["keys"].items()}
        ring = KeyRing(data["active"], keys, base64.b64decode(data["blind"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ImproperlyConfigured(f"key ring {path!r} cannot be read: {problem}") from problem
    if ring.active not in ring.keys or any(len(key) != 32 for key in [*keys.values(), ring.blind]):
        raise ImproperlyConfigured(f"key ring {path!r}: 32-byte keys and a known active key needed")
    return ring


def ring() -> KeyRing:
    """The ring of this installation."""
    return load(settings.KEDANG_KEYRING_FILE)
