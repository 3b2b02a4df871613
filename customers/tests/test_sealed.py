"""Sealed columns of this room: bound to their place, rotated, safe under threads (D6, SEC-29)."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import FieldError

from crm.core.sealed import SealBroken, blind_index, key_id_of, seal, unseal
from crm.core.services.key_rotation import rotate_keys
from customers.models import BankBinding, Contact, RetailProfile
from customers.tests.factories import (
    ACCOUNT,
    IDENTITY,
    BankBindingFactory,
    ContactFactory,
    RetailProfileFactory,
)

pytestmark = pytest.mark.django_db
SEALED = {
    "contact": (ContactFactory, "identity_no", IDENTITY),
    "retail": (RetailProfileFactory, "identity_no", IDENTITY),
    "account": (BankBindingFactory, "account_no", ACCOUNT),
    "certificate": (BankBindingFactory, "holder_certificate", IDENTITY),
    "agreement": (BankBindingFactory, "agreement_no", "SQ-2026-0001"),
}


@pytest.mark.parametrize("kind", SEALED)
def test_a_sealed_value_is_stored_as_ciphertext_and_reads_back(kind):
    factory, field, clear = SEALED[kind]
    row = factory(**{field: clear})
    row.refresh_from_db()
    assert getattr(row, field).startswith("kd1:")
    assert clear not in str(vars(row))
    assert getattr(row, f"{field}_last4") == clear[-4:]
    assert unseal(row, field) == clear


@pytest.mark.parametrize("kind", SEALED)
def test_a_ciphertext_moved_to_another_row_is_refused(kind):
    factory, field, clear = SEALED[kind]
    one, two = factory(**{field: clear}), factory(**{field: clear})
    type(two)._base_manager.filter(pk=two.pk).update(**{field: getattr(one, field)})
    two.refresh_from_db()
    with pytest.raises(SealBroken):
        unseal(two, field)


def test_a_ciphertext_moved_to_another_field_or_model_is_refused():
    row = BankBindingFactory(holder_certificate=IDENTITY)
    row.agreement_no = row.holder_certificate
    with pytest.raises(SealBroken):
        unseal(row, "agreement_no")
    contact = ContactFactory(seal_id=row.seal_id)
    contact.identity_no = row.holder_certificate
    with pytest.raises(SealBroken):
        unseal(contact, "identity_no")


def test_clear_text_cannot_be_stored_or_searched(customer):
    contact = ContactFactory(customer=customer)
    contact.identity_no = IDENTITY
    with pytest.raises(FieldError):
        contact.save()
    with pytest.raises(FieldError):
        Contact.objects.filter(identity_no__contains="1101").exists()


def test_equality_is_asked_by_the_blind_index():
    shop = RetailProfileFactory(identity_no=IDENTITY)
    RetailProfileFactory(identity_no="61060219790215027X")
    assert RetailProfile.objects.get(identity_no_index=blind_index(IDENTITY)) == shop


def test_history_holds_ciphertext_and_no_blind_index():
    row = BankBindingFactory()
    record = row.history.get()
    assert record.account_no == row.account_no
    assert unseal(record, "account_no") == ACCOUNT
    assert not hasattr(record, "account_no_index")


@pytest.fixture
def second_key(settings, tmp_path):
    """A ring with a fresh active key beside the old one."""
    ring = json.loads(Path(settings.KEDANG_KEYRING_FILE).read_text())
    ring["keys"]["k-new"] = base64.b64encode(b"n" * 32).decode()
    old, ring["active"] = ring["active"], "k-new"
    path = tmp_path / "ring.json"
    path.write_text(json.dumps(ring))
    return old, str(path)


def test_rotation_reseals_live_rows_and_leaves_history_readable(settings, second_key):
    old, path = second_key
    rows = [ContactFactory(identity_no=IDENTITY), RetailProfileFactory(identity_no=IDENTITY)]
    rows += [BankBindingFactory(holder_certificate=IDENTITY) for _n in range(3)]
    index = rows[-1].account_no_index
    settings.KEDANG_KEYRING_FILE = path
    assert rotate_keys(batch=2) == 5
    assert rotate_keys(batch=2) == 0
    for row in rows:
        row.refresh_from_db()
        field = "account_no" if isinstance(row, BankBinding) else "identity_no"
        clear = ACCOUNT if isinstance(row, BankBinding) else IDENTITY
        assert key_id_of(getattr(row, field)) == "k-new"
        assert unseal(row, field) == clear
        assert row.version == 1
        record = row.history.first()
        assert key_id_of(getattr(record, field)) == old
        assert unseal(record, field) == clear
    assert rows[-1].account_no_index == index


def test_threads_never_see_each_others_values(customer):
    """Nothing is kept on the field object, so one thread's value cannot reach another (libs G1)."""

    def work(number):
        row, clear = Contact(customer=customer, name="甲"), f"{number:018d}"
        for _n in range(50):
            seal(row, "identity_no", clear)
            if unseal(row, "identity_no") != clear or row.identity_no_last4 != clear[-4:]:
                return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(32)))
