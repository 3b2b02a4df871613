"""Where bytes lie: under their own digest, in the default storage, behind no public URL (D14).

Written to a name of its own, forced to disk, then renamed: a name that exists is whole. Bytes are
written before the row that names them; a transaction that fails leaves bytes without a row, which
the sweeper takes away, never a row without bytes.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import connection

FOLDER: Final = "content"
PART: Final = ".part"


def digest_of(content: bytes) -> str:
    """The name of these bytes."""
    return hashlib.sha256(content).hexdigest()


def path_of(sha256: str) -> str:
    """Where bytes of that digest lie, relative to the storage."""
    return f"{FOLDER}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def lock_digest(sha256: str, *, wait: bool = True) -> bool:
    """Hold a digest until the running transaction ends; without `wait`, say whether it was free.

    Between looking for the bytes and committing the row that names them nobody may sweep.
    """
    key = int.from_bytes(bytes.fromhex(sha256[:16]), signed=True)
    lock = "SELECT pg_advisory_xact_lock(%s)"
    if not wait:
        lock = "SELECT pg_try_advisory_xact_lock(%s)"
    with connection.cursor() as cursor:
        cursor.execute(lock, [key])
        return wait or bool(cursor.fetchone()[0])


def put(content: bytes) -> str:
    """Keep these bytes; returns their digest. The same bytes twice are kept once.

    The caller holds `lock_digest` of it, so that the sweeper cannot take them away in between.
    """
    sha256 = digest_of(content)
    storage = storages["default"]
    if isinstance(storage, FileSystemStorage):
        _put_on_disk(Path(storage.path(path_of(sha256))), content)
    elif not storage.exists(path_of(sha256)):
        storage.save(path_of(sha256), ContentFile(content))
    return sha256


def _put_on_disk(target: Path, content: bytes) -> None:
    if target.is_file() and target.stat().st_size == len(content):
        os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(f".{uuid.uuid4().hex}{PART}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(sha256: str) -> bytes | None:
    """The bytes, or None when they are gone or damaged (B260)."""
    try:
        with storages["default"].open(path_of(sha256), "rb") as file:
            content = bytes(file.read())
    except OSError:
        return None
    return content if digest_of(content) == sha256 else None


def is_there(sha256: str) -> bool:
    """Whether something lies under that digest; `read` also proves it."""
    return storages["default"].exists(path_of(sha256))


def remove(sha256: str) -> None:
    """Take bytes away. Only the sweeper calls it, under the lock."""
    storages["default"].delete(path_of(sha256))


def aged_digests(*, seconds: int) -> Iterator[str]:
    """Digests of everything that has lain untouched for that long; half-written parts go at once.

    Walks the folders one by one, so a million files never stand in memory together.
    """
    storage = storages["default"]
    limit = time.time() - seconds
    for folder in _leaves(storage):
        for name in storage.listdir(folder)[1]:
            path = f"{folder}/{name}"
            # A writer may rename its part between listing and asking.
            with suppress(OSError):
                if storage.get_modified_time(path).timestamp() > limit:
                    continue
                if name.endswith(PART):
                    storage.delete(path)
                else:
                    yield name


def _leaves(storage: Storage) -> Iterator[str]:
    with suppress(FileNotFoundError):
        for first in sorted(storage.listdir(FOLDER)[0]):
            for second in sorted(storage.listdir(f"{FOLDER}/{first}")[0]):
                yield f"{FOLDER}/{first}/{second}"
