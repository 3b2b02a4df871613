"""Files that show certificates: linked, carried on, let go, seen within rights (B-51, B-52)."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InternalError, transaction

from archive.access import scans_for
from archive.choices import ArchivePerm
from archive.models import CertificateScan
from archive.services import link_scan, replace_file, unlink_scan
from archive.tests import samples
from archive.tests.factories import StoredFileFactory
from crm.core.errors import NotFound, StaleVersion
from crm.identity.choices import Duty, Profile, Secrecy
from customers.models import TimelineEntry
from customers.tests.browser import enter, text_of
from customers.tests.factories import Bureau
from customers.tests.factories_boss import CertificateFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("archive.tests.urls"),
    pytest.mark.usefixtures("disk"),
]


@pytest.fixture
def boss(db):
    return Bureau(Profile.BOSS)


@pytest.fixture
def keeper(boss):
    return boss.person(Duty.ARC, name="麦永康")


@pytest.fixture
def customer(boss):
    return boss.customer(name="黄娟", customer_kind="person")


@pytest.fixture
def paper(customer):
    return CertificateFactory(customer=customer)


@pytest.fixture
def file(keeper, customer):
    return StoredFileFactory(uploaded_by=keeper, customer=customer, name="身份证正面.pdf")


@pytest.fixture
def scan(paper, file, keeper):
    return link_scan(certificate=paper, file=file, by=keeper)


def test_a_file_shows_a_certificate_once(paper, file, keeper, scan):
    """B-52, PM-08: history says who; the timeline names no file."""
    assert (scan.version, scan.history.get().history_user) == (1, keeper)
    event = TimelineEntry.objects.get(kind="scan_linked")
    assert event.values == {"scan": scan.pk, "text": "居民身份证"}
    with pytest.raises(ValidationError, match="该文件已关联此证件"):
        link_scan(certificate=paper, file=file, by=keeper)


def test_a_file_of_another_customer_shows_nothing(boss, paper, keeper):
    """The trigger speaks, whoever writes."""
    other = StoredFileFactory(uploaded_by=keeper, customer=boss.customer(name="杜桂"))
    with pytest.raises(ValidationError, match="须在该证件所属客户的电子档案中"):
        link_scan(certificate=paper, file=other, by=keeper)


def test_it_is_let_go_with_a_reason_and_never_deleted(scan, keeper):
    """B-18, RF-07."""
    with pytest.raises(StaleVersion):
        unlink_scan(scan=scan, expected=9, reason="错", by=keeper)
    with pytest.raises(ValidationError):
        unlink_scan(scan=scan, expected=1, reason=" ", by=keeper)
    assert not unlink_scan(scan=scan, expected=1, reason="传错了", by=keeper).is_live
    with pytest.raises(NotFound):
        unlink_scan(scan=scan, expected=2, reason="再来", by=keeper)
    with pytest.raises(InternalError, match="不能删除"), transaction.atomic():
        CertificateScan.objects.get().delete()


def test_a_new_version_shows_what_the_old_one_showed(scan, file, keeper):
    """B256: the old one stays linked and is not shown beside it."""
    upload = SimpleUploadedFile("身份证.pdf", samples.PDF, content_type="application/pdf")
    new = replace_file(file=file, upload=upload, by=keeper)
    assert [one.file for one in scans_for(keeper, ArchivePerm.VIEW)] == [new]
    assert CertificateScan.objects.live().count() == 2


def test_both_pages_show_the_link(keeper, customer, paper, file, scan):
    """B-51: the tab of certificates loads its part, the page of the file names the certificate."""
    client = enter(keeper)
    url = f"/files/customers/{customer.pk}/certificates/"
    assert f'hx-get="{url}"' in text_of(client.get(f"/customers/{customer.pk}/certificates/"))
    part = client.get(url, headers={"HX-Request": "true"})
    whole = client.get(url)
    for answer in (part, whole):
        assert file.name in text_of(answer)
    assert "<html" not in text_of(part)
    assert "<html" in text_of(whole)
    body = text_of(client.get(f"/files/{file.public_id}/"))
    assert "证件扫描件：居民身份证（客户本人）" in body


def test_a_file_is_linked_and_let_go_by_the_forms(keeper, boss, customer, paper, file):
    """Only files of the customer are offered."""
    other = StoredFileFactory(uploaded_by=keeper, customer=boss.customer(name="杜桂"))
    client = enter(keeper)
    url = f"/files/certificates/{paper.pk}/link/"
    assert file.name in text_of(client.get(url))
    assert client.post(url, {"file": other.pk}).status_code == 200
    assert client.post(url, {"file": file.pk})["Location"].endswith("/certificates/")
    scan = CertificateScan.objects.get()
    away = f"/files/scans/{scan.pk}/unlink/"
    assert client.post(away, {"reason": "", "version": 1}).status_code == 200
    assert client.post(away, {"reason": "传错了", "version": 1}).status_code == 302
    scan.refresh_from_db()
    assert (scan.is_live, scan.version) == (False, 2)


def test_who_may_not_see_the_file_reads_nothing_of_it(boss, keeper, customer, paper, file):
    """B-19, trust 4.3: a secret file is neither named nor linked; a stranger finds no page."""
    secret = StoredFileFactory(
        uploaded_by=keeper, customer=customer, name="机密件.pdf", secrecy=Secrecy.SECRET
    )
    CertificateScan(certificate=paper, file=secret).save()
    client = enter(boss.person(Duty.MVP))
    body = text_of(client.get(f"/files/customers/{customer.pk}/certificates/"))
    assert "机密件" not in body
    assert "关联扫描件" not in body
    assert client.get(f"/files/certificates/{paper.pk}/link/").status_code == 403
    with pytest.raises(NotFound):
        link_scan(certificate=paper, file=file, by=boss.person(Duty.MVP))
    strange = Bureau(Profile.REPAIR)
    other = enter(strange.person(Duty.ARC))
    assert other.get(f"/files/customers/{customer.pk}/certificates/").status_code == 404
    assert other.get(f"/files/certificates/{paper.pk}/link/").status_code == 404
