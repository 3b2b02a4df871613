"""Pages of files, and the bytes themselves (SEC-15; corpus I)."""

import re
import uuid

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive import storage
from archive.choices import ArchivePerm, ItemClass
from archive.models import StoredFile
from archive.services import lock_files
from archive.tests import samples
from archive.tests.factories import StoredFileFactory
from archive.uploads import MAX_REQUEST
from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty, Profile
from crm.identity.models import RoleRight
from customers.tests.factories import Bureau

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("archive.tests.urls"),
    pytest.mark.usefixtures("disk"),
]


@pytest.fixture
def repair(db):
    return Bureau(Profile.REPAIR)


@pytest.fixture
def manager(repair):
    return repair.person(Duty.AM, name="唐超")


@pytest.fixture
def archivist(repair):
    return repair.person(Duty.ARC, name="资料员")


@pytest.fixture
def colleague(repair):
    return repair.person(Duty.AM, name="袁宇")


@pytest.fixture
def customer(repair, manager):
    return repair.customer(manager, name="陕西省电信有限公司延安分公司")


@pytest.fixture
def file(manager, customer):
    return StoredFileFactory(
        uploaded_by=manager, customer=customer, name="营业执照𠮷.pdf", content=samples.PDF
    )


def url(name, file):
    return reverse(f"archive:{name}", args=[file.public_id])


def test_b250_b253_a_file_is_saved_under_its_chinese_name(client, manager, file):
    client.force_login(manager)
    response = client.get(url("download", file))
    assert (response.status_code, response.content) == (200, samples.PDF)
    assert response["Content-Type"] == "application/pdf"
    assert (
        "filename*=UTF-8''%E8%90%A5%E4%B8%9A%E6%89%A7%E7%85%A7%F0%A0%AE%B7.pdf"
        in (response["Content-Disposition"])
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"
    part = client.get(url("download", file), headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"%PDF")
    many = ",".join(f"{n}-" for n in range(1000))
    assert client.get(url("download", file), headers={"Range": f"bytes={many}"}).status_code == 200
    assert client.get(url("download", file), headers={"Range": "bytes=99999-"}).status_code == 416


def test_b29_a_download_is_one_line_in_the_access_log(client, manager, customer, file):
    client.force_login(manager)
    client.get(url("download", file))
    (line,) = AccessLog.objects.filter(kind=AccessKind.DOWNLOAD)
    assert (line.user_id, line.customer_id, line.ip) == (manager.pk, customer.pk, "127.0.0.1")


def test_the_url_tells_neither_path_nor_digest(manager, file):
    assert file.sha256 not in url("download", file)
    assert str(file.pk) != str(file.public_id)


@pytest.mark.parametrize("name", ["file", "download", "replace", "void"])
def test_b251_a_foreign_file_and_one_that_never_was_are_the_same_404(client, colleague, file, name):
    client.force_login(colleague)
    foreign = client.get(url(name, file))
    never = client.get(reverse(f"archive:{name}", args=[uuid.uuid4()]))
    assert (foreign.status_code, never.status_code) == (404, 404)
    texts = [
        re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"|/files/[\w-]{36}/', "", response.text).replace(
            response["X-Request-ID"], ""
        )
        for response in (foreign, never)
    ]
    assert texts[0] == texts[1]
    assert not AccessLog.objects.filter(kind=AccessKind.DOWNLOAD).exists()


def test_b251_an_old_link_is_404_once_the_right_is_lost(client, manager, colleague, customer, file):
    client.force_login(manager)
    assert client.get(url("download", file)).status_code == 200
    customer.manager = colleague
    customer.save()
    assert client.get(url("download", file)).status_code == 404


def test_without_logging_in_there_is_only_the_log_in_page(client, file):
    response = client.get(url("download", file))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_b260_missing_bytes_are_told_with_an_incident_number(client, manager, file):
    storage.remove(file.sha256)
    client.force_login(manager)
    response = client.get(url("download", file))
    assert response.status_code == 500
    assert "文件内容暂时无法读取" in response.text
    assert response["X-Request-ID"] in response.text
    assert not AccessLog.objects.filter(kind=AccessKind.DOWNLOAD).exists()


def test_the_page_of_a_file_says_what_it_is_and_offers_what_is_allowed(
    client, manager, archivist, customer, file
):
    client.force_login(manager)
    page = client.get(url("file", file)).text
    for said in ("营业执照𠮷.pdf", "证照", "未扫描", "30 年", file.sha256, customer.name):
        assert said in page
    assert url("download", file) in page
    assert url("void", file) not in page
    client.force_login(archivist)
    assert url("void", file) in client.get(url("file", file)).text


def test_a_file_is_handed_in_for_a_customer(client, manager, customer):
    client.force_login(manager)
    add = reverse("archive:customer-file-add", args=[customer.pk])
    assert 'enctype="multipart/form-data"' in client.get(add).text
    response = client.post(
        add,
        {
            "upload": samples.upload(samples.image(), "门头照片.jpg", "image/jpeg"),
            "item_class": ItemClass.CERTIFICATE,
            "secrecy": "0",
        },
    )
    listed = reverse("archive:customer-files", args=[customer.pk])
    assert response["Location"] == listed
    (file,) = StoredFile.objects.all()
    assert (file.name, file.uploaded_by) == ("门头照片.jpg", manager)
    page = client.get(listed).text
    assert "门头照片.jpg" in page
    assert url("file", file) in page


REFUSED = [
    (samples.SVG, "图.svg", "image/svg+xml", "只接受"),
    (samples.xlsx(), "x.png", "image/png", "扩展名与内容不一致"),
    (samples.xlsx(), "x.xlsx", "image/png", "类型与内容不一致"),
    (samples.huge_png(), "大.png", "image/png", "万像素"),
    (b"", "空.pdf", "application/pdf", "空"),
]


@pytest.mark.parametrize(("content", "name", "declared", "said"), REFUSED)
def test_b242_b245_b259_a_refused_upload_says_why_at_its_field(
    client, manager, customer, content, name, declared, said
):
    client.force_login(manager)
    response = client.post(
        reverse("archive:customer-file-add", args=[customer.pk]),
        {
            "upload": samples.upload(content, name, declared),
            "item_class": ItemClass.OTHER,
            "secrecy": "0",
        },
    )
    assert response.status_code == 200
    assert said in "".join(response.context["form"].errors["upload"])
    assert StoredFile.objects.count() == 0


def test_nobody_marks_a_file_higher_than_he_may_see(client, manager, customer):
    client.force_login(manager)
    response = client.post(
        reverse("archive:customer-file-add", args=[customer.pk]),
        {"upload": samples.upload(samples.PDF, "a.pdf"), "item_class": "other", "secrecy": "2"},
    )
    assert "secrecy" in response.context["form"].errors
    assert StoredFile.objects.count() == 0


def test_finance_may_look_but_hands_nothing_in(client, repair, customer):
    client.force_login(repair.person(Duty.FIN))
    response = client.get(reverse("archive:customer-file-add", args=[customer.pk]))
    assert response.status_code == 403


def test_b256_a_new_version_is_shown_beside_the_old_one(client, manager, file):
    client.force_login(manager)
    response = client.post(
        url("replace", file), {"upload": samples.upload(samples.image("PNG"), "新.png")}
    )
    new = StoredFile.objects.get(replaces=file)
    assert response["Location"] == url("file", new)
    old_page = client.get(url("file", file)).text
    assert "旧版本" in old_page
    assert url("file", new) in old_page
    assert url("replace", file) not in old_page


def test_b257_a_file_of_an_approved_form_is_not_voided(client, archivist, file):
    file.links.create(case_number="SP1", linked_by=file.uploaded_by)
    lock_files(case_number="SP1", by=archivist)
    client.force_login(archivist)
    response = client.post(url("void", file), {"reason": "传错"})
    assert "不能作废" in response.text
    file.refresh_from_db()
    assert file.voided_at is None


def test_a_file_is_voided_with_a_reason(client, archivist, customer, file):
    client.force_login(archivist)
    assert "reason" in client.post(url("void", file), {"reason": " "}).context["form"].errors
    response = client.post(url("void", file), {"reason": "传错客户"})
    assert response["Location"] == reverse("archive:customer-files", args=[customer.pk])
    assert client.get(url("file", file)).status_code == 404


def test_after_voiding_without_the_customer_in_sight_the_way_is_home(client, archivist, file):
    RoleRight.objects.filter(duty=Duty.ARC, object="customer", action="v").delete()
    client.force_login(archivist)
    assert client.post(url("void", file), {"reason": "传错"})["Location"] == reverse("home")
    file.refresh_from_db()
    assert file.voided_by == archivist


def test_a_reason_with_hidden_marks_is_refused(client, archivist, file):
    client.force_login(archivist)
    response = client.post(url("void", file), {"reason": "传\u202e错"})
    assert "reason" in response.context["form"].errors
    file.refresh_from_db()
    assert file.voided_at is None


def test_the_tab_pages_by_key_and_its_queries_do_not_grow(client, manager, customer, file):
    client.force_login(manager)
    listed = reverse("archive:customer-files", args=[customer.pk])
    client.get(listed)
    with CaptureQueriesContext(connection) as with_one:
        client.get(listed)
    for number in range(54):
        content = b"%%PDF-%d %%%%EOF" % number
        StoredFileFactory(uploaded_by=manager, customer=customer, content=content)
    with CaptureQueriesContext(connection) as with_many:
        page = client.get(listed)
    assert len(with_many) == len(with_one) <= 24  # most of them are the head of the dossier
    assert "共 55 条" in page.text
    more = client.get(listed + page.context["next_url"])
    assert len(more.context["page"].rows) == 5
    assert client.get(listed, {"strange": "1"}).status_code == 404


def test_b242_a_request_that_says_it_is_2_gib_is_refused_before_it_is_read(client, settings):
    settings.MIDDLEWARE = ["archive.uploads.UploadLimitMiddleware", *settings.MIDDLEWARE]
    client.handler.load_middleware()
    add = reverse("archive:customer-file-add", args=[1])
    for declared, status in ((2 * 1024**3, 413), (MAX_REQUEST + 1, 413), (MAX_REQUEST, 302)):
        response = client.generic("POST", add, b"", CONTENT_LENGTH=str(declared))
        assert response.status_code == status


def test_a_right_to_look_is_no_right_to_take(client, repair, customer, file, monkeypatch):
    """A representative sees the list of papers of his area and downloads none."""
    representative = repair.person(Duty.REP)
    customer.area = representative.department
    customer.save()
    client.force_login(representative)
    assert client.get(url("file", file)).status_code == 200
    assert client.get(url("download", file)).status_code == 403
    assert AccessLog.objects.get(kind=AccessKind.DENIED).object_type == ArchivePerm.DOWNLOAD


def test_pages_are_readable_in_english_too(client, manager, file):
    client.force_login(manager)
    with override_settings(LANGUAGE_CODE="en"):
        assert client.get(url("file", file), headers={"Accept-Language": "en"}).status_code == 200
