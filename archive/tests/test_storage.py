"""Bytes on disk (D14; RF-65, B260)."""

import os
import stat
import time

import pytest
from django.core.files.storage import InMemoryStorage

from archive import storage

SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_d14_bytes_lie_under_their_own_digest(disk):
    assert storage.put(b"abc") == SHA
    (file,) = [path for path in disk.rglob("*") if path.is_file()]
    assert file.relative_to(disk).as_posix() == f"content/ba/78/{SHA}"
    assert storage.read(SHA) == b"abc"
    assert storage.is_there(SHA)


def test_the_same_bytes_twice_are_one_file_and_count_as_fresh(disk):
    storage.put(b"abc")
    (file,) = [path for path in disk.rglob("*") if path.is_file()]
    os.utime(file, (1, 1))
    storage.put(b"abc")
    assert [path for path in disk.rglob("*") if path.is_file()] == [file]
    assert file.stat().st_mtime > time.time() - 60


def test_nobody_else_on_the_machine_reads_a_file(disk):
    storage.put(b"abc")
    (file,) = [path for path in disk.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_b260_missing_and_damaged_bytes_read_as_none(disk):
    storage.put(b"abc")
    (file,) = [path for path in disk.rglob("*") if path.is_file()]
    file.write_bytes(b"abd")
    assert storage.read(SHA) is None
    file.unlink()
    assert storage.read(SHA) is None
    assert not storage.is_there(SHA)


def test_damaged_bytes_of_another_length_are_written_again(disk):
    storage.put(b"abc")
    (file,) = [path for path in disk.rglob("*") if path.is_file()]
    file.write_bytes(b"")
    storage.put(b"abc")
    assert storage.read(SHA) == b"abc"


def test_a_write_that_fails_leaves_nothing_behind(disk, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.put(b"abc")
    assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_only_what_has_lain_for_a_while_is_offered_and_old_parts_go(disk):
    storage.put(b"abc")
    storage.put(b"young")
    (file,) = disk.rglob(SHA)
    os.utime(file, (1, 1))
    part = file.with_name(".half.part")
    part.write_bytes(b"x")
    os.utime(part, (1, 1))
    assert list(storage.aged_digests(seconds=3600)) == [SHA]
    assert not part.exists()


def test_an_empty_store_offers_nothing(disk):
    assert list(storage.aged_digests(seconds=0)) == []


def test_another_storage_keeps_the_same_promise(monkeypatch):
    memory = InMemoryStorage()
    monkeypatch.setattr(storage, "storages", {"default": memory})
    assert storage.put(b"abc") == storage.put(b"abc") == SHA
    assert memory.listdir("content/ba/78") == ([], [SHA])
    assert storage.read(SHA) == b"abc"
    storage.remove(SHA)
    assert storage.read(SHA) is None
