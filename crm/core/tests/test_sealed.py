"""Sealed fields (D6): bound to their place, never shown by accident, rotated."""

import json
import threading
import uuid
from pathlib import Path

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from crm.core import keyring
from crm.core.models import Draft
from crm.core.sealed import (
    SealBroken,
    blind_index,
    decrypt,
    encrypt,
    key_id_of,
    seal,
    sealed_fields,
    unseal,
)
from crm.core.services.key_rotation import rotate_keys
from crm.identity.tests.factories import UserFactory

NUMBER = "610602197902150000"


def draft(owner, clear=NUMBER, form="f"):
    row = Draft(owner=owner, form=form, saved_at=timezone.now())
    seal(row, "content", clear)
    row.save()
    return row


@pytest.mark.django_db
def test_a_loaded_row_holds_ciphertext_and_opens_only_on_purpose():
    row = Draft.objects.get(pk=draft(UserFactory()).pk)
    assert NUMBER not in row.content
    assert row.content.startswith("kd1:k1:")
    assert unseal(row, "content") == NUMBER


@pytest.mark.django_db
def test_a_ciphertext_moved_to_another_row_is_refused():
    owner = UserFactory()
    mine, other = draft(owner), draft(owner, "other", form="g")
    other.content = mine.content
    with pytest.raises(SealBroken):
        unseal(other, "content")


def test_a_ciphertext_of_another_field_is_refused():
    stored = encrypt(NUMBER, aad=b"customers.contact.identity_no.1")
    with pytest.raises(SealBroken):
        decrypt(stored, aad=b"customers.contact.account_no.1")


@pytest.mark.parametrize("stored", ["kd1:k9:AAAA", "kd1:k1:!!!", "plain", "kd1:k1:"])
def test_a_broken_ciphertext_is_refused_by_name(stored):
    with pytest.raises(SealBroken):
        decrypt(stored, aad=b"a")


@pytest.mark.django_db
def test_clear_text_cannot_reach_the_column():
    row = draft(UserFactory())
    row.content = NUMBER
    with pytest.raises(FieldError, match="clear text"), transaction.atomic():
        row.save()
    assert unseal(Draft.objects.get(pk=row.pk), "content") == NUMBER


@pytest.mark.django_db
def test_a_sealed_field_cannot_be_searched():
    with pytest.raises(FieldError, match="blind index"):
        Draft.objects.filter(content__contains="6106").exists()


def test_the_blind_index_is_equal_for_equal_values_and_tells_nothing_else():
    assert blind_index(NUMBER) == blind_index(NUMBER) != blind_index(NUMBER[:-1])
    assert len(blind_index(NUMBER)) == 64
    assert blind_index("") == ""


def test_the_same_value_twice_gives_two_ciphertexts():
    assert encrypt(NUMBER, aad=b"a") != encrypt(NUMBER, aad=b"a")


def test_threads_sealing_and_opening_together_always_get_their_own_value():
    """libs G1: the field object holds no state that one thread could leave for another."""
    wrong = []

    def work(n):
        row = Draft(seal_id=uuid.uuid4())
        for turn in range(200):
            clear = f"{n}-{turn}"
            seal(row, "content", clear)
            if unseal(row, "content") != clear:
                wrong.append(clear)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.django_db
def test_rotation_reseals_every_live_row_and_is_done_once(settings, tmp_path):
    owner = UserFactory()
    rows = [draft(owner, f"值{n}", form=f"f{n}") for n in range(7)]
    ring = json.loads(Path(settings.KEDANG_KEYRING_FILE).read_text())
    ring["active"] = "k0"
    (tmp_path / "ring.json").write_text(json.dumps(ring))
    settings.KEDANG_KEYRING_FILE = str(tmp_path / "ring.json")
    assert rotate_keys(batch=3) == 7
    assert rotate_keys(batch=3) == 0
    for n, row in enumerate(rows):
        row.refresh_from_db()
        assert (key_id_of(row.content), unseal(row, "content")) == ("k0", f"值{n}")


def test_every_sealed_model_is_found():
    assert sealed_fields(Draft) == ["content"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"active": "k1", "keys": {"k1": "AAAA"}, "blind": "AAAA"}',
        '{"active": "x", "keys": {}}',
    ],
)
def test_a_key_ring_that_is_not_fit_stops_the_start(text, tmp_path):
    file = tmp_path / "ring.json"
    file.write_text(text)
    with pytest.raises(ImproperlyConfigured):
        keyring.load(str(file))
