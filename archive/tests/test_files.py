"""Files are taken in, linked, replaced, frozen and voided (D14, T-12; corpus I)."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from PIL import Image

from archive import storage
from archive.choices import FileFormat, ItemClass, RetentionClass, ScanStatus
from archive.errors import FileInUse, FileRefused, FileTooLarge, StorageFull
from archive.models import FileLink, StoredFile
from archive.services import (
    attach_file,
    freeze_print,
    lock_files,
    open_file,
    replace_file,
    store_file,
    void_file,
)
from archive.tests import samples
from archive.tests.factories import StoredFileFactory
from crm.core.errors import Forbidden, NotFound
from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty, Profile, Secrecy
from customers.tests.factories import Bureau

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]


@pytest.fixture
def bureau(db):
    return Bureau(Profile.TOBACCO)


@pytest.fixture
def officer(bureau):
    return bureau.person(Duty.NET, name="刘敏")


@pytest.fixture
def customer(bureau):
    return bureau.customer()


def stored(officer, customer, content=samples.PDF, name="登记表.pdf", **kwargs):
    upload = samples.upload(content, name)
    item_class = kwargs.pop("item_class", ItemClass.FORM)
    return store_file(upload=upload, item_class=item_class, customer=customer, by=officer, **kwargs)


def test_d14_an_upload_is_kept_under_its_digest_with_its_class_and_term(officer, customer):
    file = stored(officer, customer, case_number="SP1", secrecy=Secrecy.INTERNAL)
    assert (file.name, file.format, file.size) == ("登记表.pdf", FileFormat.PDF, len(samples.PDF))
    assert (file.item_class, file.retention) == (ItemClass.FORM, RetentionClass.YEARS_30)
    assert (file.secrecy, file.scan) == (Secrecy.INTERNAL, ScanStatus.UNSCANNED)
    assert (file.uploaded_by, file.organisation_id) == (officer, customer.organisation_id)
    assert storage.read(file.sha256) == samples.PDF
    link = file.links.get()
    assert (link.customer, link.case_number, link.locked_at) == (customer, "SP1", None)
    assert file.history.get().history_user == officer


def test_d14_the_same_bytes_of_two_customers_are_two_files_on_one_place(bureau, officer, customer):
    one = stored(officer, customer)
    two = stored(officer, bureau.customer(), name="另一份.pdf")
    assert one.sha256 == two.sha256
    assert one.public_id != two.public_id
    assert [one.name, two.name] == ["登记表.pdf", "另一份.pdf"]


def test_a_term_may_be_said_otherwise(officer, customer):
    file = stored(officer, customer, retention=RetentionClass.PERMANENT)
    assert file.retention == RetentionClass.PERMANENT


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (b"", "空.pdf", FileRefused),
        (samples.SVG, "图.svg", FileRefused),
        (samples.huge_png(), "大.png", FileTooLarge),
        (samples.xlsx(), "x.png", FileRefused),
    ],
)
def test_a_refused_upload_leaves_no_row_and_no_bytes(
    officer, customer, disk, content, name, refusal
):
    with pytest.raises(refusal):
        stored(officer, customer, content, name)
    assert StoredFile.objects.count() == 0
    assert not disk.exists()


def test_b242_a_file_over_the_limit_is_not_read_to_its_end(officer, customer, monkeypatch):
    monkeypatch.setattr("archive.formats.MAX_BYTES", 1024)
    upload = samples.upload(samples.PDF + b" " * 100_000, "大.pdf")
    with pytest.raises(FileTooLarge):
        store_file(upload=upload, item_class=ItemClass.FORM, customer=customer, by=officer)
    assert upload.tell() == 1025


def test_b254_the_place_of_a_photo_is_not_stored(officer, customer):
    file = stored(officer, customer, samples.photo_with_place(), "门头.jpg")
    with Image.open(io.BytesIO(storage.read(file.sha256))) as image:
        assert not image.getexif().get_ifd(0x8825)
    assert file.size == len(storage.read(file.sha256))


def test_a_file_belongs_to_a_customer_or_a_case(officer):
    with pytest.raises(ValidationError, match="客户或审批单"):
        stored(officer, None)
    assert StoredFile.objects.count() == 0
    file = stored(officer, None, case_number="SP7")
    assert file.organisation_id == officer.organisation_id


def test_a_person_without_an_organisation_stores_nothing(officer):
    officer.organisation = None
    with pytest.raises(Forbidden):
        stored(officer, None, case_number="SP7")


def test_rf65_a_full_disk_is_told_and_leaves_no_row(officer, customer, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(StorageFull):
        stored(officer, customer)
    assert StoredFile.objects.count() == 0
    assert FileLink.objects.count() == 0


def test_a_failed_transaction_leaves_bytes_but_no_row(officer, customer):
    with transaction.atomic():
        stored(officer, customer)
        transaction.set_rollback(True)
    assert StoredFile.objects.count() == 0
    assert storage.is_there(storage.digest_of(samples.PDF))


def test_the_same_link_twice_is_one(officer, customer):
    file = stored(officer, customer)
    first = attach_file(file=file, customer=customer, by=officer)
    attach_file(file=file, case_number="SP9", by=officer)
    attach_file(file=file, case_number="SP9", by=officer)
    assert first == file.links.get(case_number="")
    assert file.links.count() == 2


def test_b257_a_file_an_approved_form_rests_on_cannot_be_voided(officer, customer):
    file = stored(officer, customer, case_number="SP1")
    other = stored(officer, customer, case_number="SP2")
    assert lock_files(case_number="SP1", by=officer) == 1
    assert lock_files(case_number="SP1", by=officer) == 0
    with pytest.raises(FileInUse):
        void_file(file=file, reason="传错", by=officer)
    file.refresh_from_db()
    assert file.voided_at is None
    assert not other.links.get().locked_at
    assert file.links.get().locked_by == officer


def test_no_case_number_locks_nothing(officer, customer):
    stored(officer, customer)
    assert lock_files(case_number="", by=officer) == 0
    assert not FileLink.objects.locked().exists()


def test_a_void_file_keeps_its_row_its_bytes_and_the_reason(officer, customer):
    file = stored(officer, customer)
    void_file(file=file, reason="传错客户", by=officer)
    file.refresh_from_db()
    assert (file.voided_by, file.version) == (officer, 2)
    assert file.history.latest().history_change_reason == "传错客户"
    assert storage.is_there(file.sha256)
    with pytest.raises(NotFound):
        void_file(file=file, reason="再次", by=officer)


def test_b256_a_new_version_stands_beside_the_old_one(officer, customer):
    old = stored(officer, customer, case_number="SP1", secrecy=Secrecy.SECRET)
    lock_files(case_number="SP1", by=officer)
    new = replace_file(file=old, upload=samples.upload(samples.image(), "新扫描.jpg"), by=officer)
    old.refresh_from_db()
    assert (new.replaces, old.replaced_by) == (old, new)
    assert (new.secrecy, new.item_class) == (Secrecy.SECRET, ItemClass.FORM)
    assert storage.read(old.sha256) == samples.PDF
    assert old.links.get().locked_at is not None
    (link,) = new.links.all()
    assert (link.customer, link.case_number, link.locked_at) == (customer, "SP1", None)
    assert list(StoredFile.objects.current()) == [new]


def test_b256_a_replaced_or_void_file_is_not_replaced_again(officer, customer):
    old, void = stored(officer, customer), stored(officer, customer)
    replace_file(file=old, upload=samples.upload(samples.PDF, "a.pdf"), by=officer)
    void_file(file=void, reason="传错", by=officer)
    for file in (old, void):
        with pytest.raises(NotFound):
            replace_file(file=file, upload=samples.upload(samples.PDF, "b.pdf"), by=officer)
    assert StoredFile.objects.count() == 3


def test_t12_a_frozen_print_is_locked_and_kept_for_ever(officer, customer):
    file = freeze_print(
        title="客户基础信息登记表 DJ2026000123",
        pdf=samples.PDF,
        customer=customer,
        case_number="SP1",
        by=officer,
    )
    assert file.name == "客户基础信息登记表 DJ2026000123.pdf"
    assert (file.item_class, file.retention) == (ItemClass.PRINT, RetentionClass.PERMANENT)
    assert file.links.get().locked_by == officer
    with pytest.raises(FileInUse):
        void_file(file=file, reason="不要了", by=officer)


def test_a_frozen_print_is_a_pdf(officer, customer):
    with pytest.raises(FileRefused):
        freeze_print(title="表", pdf=samples.HTML, customer=customer, case_number="SP1", by=officer)
    assert StoredFile.objects.count() == 0


def test_b29_whoever_takes_the_bytes_is_written_down(officer, customer):
    file = stored(officer, customer, case_number="SP1")
    assert open_file(file=file, by=officer) == samples.PDF
    line = AccessLog.objects.get()
    assert (line.kind, line.user_id, line.customer_id) == (
        AccessKind.DOWNLOAD,
        officer.pk,
        customer.pk,
    )
    assert (line.object_type, line.object_key) == ("archive.storedfile", str(file.pk))


BROKEN = {
    "sha256_valid": {"sha256": "x" * 64},
    "not_empty": {"size": 0},
    "voided_by_and_at": {"voided_by": "uploaded_by"},
}


@pytest.mark.parametrize(("constraint", "wrong"), BROKEN.items())
def test_the_database_itself_refuses_what_must_never_be_false(constraint, wrong):
    file = StoredFileFactory()
    for field, value in wrong.items():
        setattr(file, field, getattr(file, str(value), value))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        file.save()


def test_the_database_itself_refuses_a_link_to_nowhere_or_twice(customer):
    file = StoredFileFactory(customer=customer)
    who = file.uploaded_by
    with pytest.raises(IntegrityError, match="filelink_once"), transaction.atomic():
        FileLink.objects.create(file=file, customer=customer, linked_by=who)
    with pytest.raises(IntegrityError, match="filelink_somewhere"), transaction.atomic():
        FileLink.objects.create(file=file, linked_by=who)
    with pytest.raises(IntegrityError, match="locked_by_and_at"), transaction.atomic():
        FileLink.objects.create(file=file, case_number="S", linked_by=who, locked_by=who)
