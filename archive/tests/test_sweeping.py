"""Bytes and rows in step (RF-65, B260)."""

import os

import pytest
from django.db import connection

from archive import storage, tasks
from archive.services import sweep_orphans, verify_files
from archive.tests import samples
from archive.tests.factories import StoredFileFactory

pytestmark = pytest.mark.django_db


def aged(disk):
    for path in disk.rglob("*"):
        if path.is_file():
            os.utime(path, (1, 1))


def test_rf65_bytes_without_a_row_go_after_an_hour_and_named_ones_stay(disk):
    file = StoredFileFactory()
    orphan = storage.put(b"orphan")
    assert sweep_orphans() == 0
    aged(disk)
    assert sweep_orphans() == 1
    assert not storage.is_there(orphan)
    assert storage.read(file.sha256) == samples.PDF
    assert tasks.sweep_orphans() == 0


def test_a_voided_file_keeps_its_bytes(disk):
    file = StoredFileFactory()
    file.voided_by, file.voided_at = file.uploaded_by, file.uploaded_at
    file.save()
    aged(disk)
    assert sweep_orphans() == 0


def test_an_upload_of_the_same_bytes_in_this_moment_keeps_them(disk, monkeypatch):
    """The row appears between the sweeper's list and its lock."""
    orphan = storage.put(samples.PDF)
    aged(disk)
    plain = storage.lock_digest

    def somebody_uploads(sha256, *, wait=True):
        StoredFileFactory()
        aged(disk)
        return plain(sha256, wait=wait)

    monkeypatch.setattr(storage, "lock_digest", somebody_uploads)
    assert sweep_orphans() == 0
    assert storage.is_there(orphan)


def test_a_digest_somebody_holds_is_left_alone(disk, monkeypatch):
    orphan = storage.put(b"orphan")
    aged(disk)
    monkeypatch.setattr(storage, "lock_digest", lambda sha256, *, wait=True: False)
    assert sweep_orphans() == 0
    assert storage.is_there(orphan)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_the_lock_is_one_between_two_connections(disk):
    sha256 = storage.digest_of(b"x")
    other = connection.copy()
    key = int.from_bytes(bytes.fromhex(sha256[:16]), signed=True)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        assert storage.lock_digest(sha256, wait=False) is False
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
        assert storage.lock_digest(sha256, wait=False) is True
    finally:
        other.close()


def test_b260_verify_counts_what_is_missing_or_damaged(disk):
    StoredFileFactory(content=samples.PDF + b"1\n%%EOF")
    gone, spoilt = StoredFileFactory(), StoredFileFactory(content=b"%PDF-2 %%EOF")
    assert verify_files() == 0
    storage.remove(gone.sha256)
    (path,) = disk.rglob(spoilt.sha256)
    path.write_bytes(b"spoilt")
    assert verify_files() == 2
    assert tasks.verify_files() == 2
