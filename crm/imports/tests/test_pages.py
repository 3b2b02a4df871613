"""The wizard's pages as people and programs meet them (UX-49 to UX-54)."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook

from crm.core.models import AccessLog, JobRun
from crm.identity.choices import Duty
from crm.imports import store
from crm.imports.models import ImportBatch, ImportMapping
from crm.imports.services.running import run_import
from crm.imports.tests.office import BRANCH, FIRMS, HEAD, Bureau, Office, workbook
from crm.outbox.models import Message
from logistics.importing import LOGISTICS
from logistics.models import LogisticsFirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Office()


def book(*rows, header=FIRMS):
    return workbook(header, rows, "物流公司")


def upload(client, content, name="物流公司.xlsx", kind="logistics"):
    file = SimpleUploadedFile(name, content)
    return client.post(f"/imports/new/{kind}/", {"file": file})


def columns(header=FIRMS):
    places = {f"column_{c.field}": -1 for c in LOGISTICS.columns}
    for column in LOGISTICS.columns:
        if column.label in header:
            places[f"column_{column.field}"] = header.index(column.label)
    return places


def mapped(client, batch, **more):
    data = {"sheet": batch.sheet, **columns(batch.header), **more}
    return client.post(f"/imports/{batch.pk}/map/", data)


def brought(client, *rows):
    upload(client, book(*rows))
    batch = ImportBatch.objects.latest("pk")
    mapped(client, batch)
    batch.refresh_from_db()
    return batch


def step(client, batch, name, **more):
    batch.refresh_from_db()
    return client.post(f"/imports/{batch.pk}/{name}/", {"version": batch.version, **more})


def wrong(row):
    line = list(row)
    line[4] = ""
    return line


def test_from_upload_to_release_by_another_and_on_in_the_background(client, office):
    """Upload, map, check, release by a second person, progress, result (UX-51, UX-53)."""
    client.force_login(office.clerk)
    answer = upload(client, book(HEAD, wrong(BRANCH)))
    batch = ImportBatch.objects.get()
    assert answer.url == f"/imports/{batch.pk}/map/"
    assert "对应列" in client.get(answer.url).content.decode()
    assert mapped(client, batch).url == f"/imports/{batch.pk}/"
    page = client.get(f"/imports/{batch.pk}/").content.decode()
    assert 'name="cell-3-address"' in page
    assert "请填写此项" in page
    assert not LogisticsFirm.objects.exists()
    step(client, batch, "submit")
    assert step(client, batch, "release").status_code == 200
    batch.refresh_from_db()
    assert batch.status == "submitted"
    client.force_login(office.second)
    assert step(client, batch, "release").status_code == 302
    batch.refresh_from_db()
    page = client.get(f"/imports/{batch.pk}/").content.decode()
    assert f'hx-get="/imports/{batch.pk}/progress/"' in page
    run_import(job=batch.job_id, kind=LOGISTICS)
    assert client.get(f"/imports/{batch.pk}/progress/")["HX-Refresh"] == "true"
    assert LogisticsFirm.objects.get().name == HEAD[1]
    assert Message.objects.get(topic="imports.done").notices.count() == 2


def test_ux52_the_error_workbook_is_mended_and_uploaded_again(client, office):
    first = gone_in(client, office, book(HEAD, wrong(BRANCH)))
    client.force_login(office.clerk)
    content = client.get(f"/imports/{first.pk}/errors.xlsx").getvalue()
    sheet = load_workbook(io.BytesIO(content))["物流公司"]
    lines = [[cell.value for cell in row] for row in sheet]
    assert lines[0] == [*FIRMS, "错误说明"]
    assert (lines[1][1], lines[1][-1]) == ("金达莱-延安", "地址：请填写此项")
    assert sheet["E2"].fill.start_color.rgb == "FFF4C7C3"
    assert sheet["D2"].fill.fill_type is None
    assert len(lines) == 2
    assert AccessLog.objects.filter(kind="export", object_key=str(first.pk)).exists()
    lines[1][4] = "延安货运站42号"
    again = gone_in(client, office, workbook(lines[0], lines[1:], "物流公司"))
    assert (again.rows_right, again.rows_wrong, again.status) == (1, 0, "done")
    names = LogisticsFirm.objects.order_by("kind").values_list("name", "parent__name")
    assert list(names) == [("金达莱-延安", HEAD[1]), (HEAD[1], None)]


def gone_in(client, office, content):
    """Through the pages to the end, by two people."""
    client.force_login(office.clerk)
    upload(client, content)
    batch = ImportBatch.objects.latest("pk")
    mapped(client, batch)
    step(client, batch, "submit")
    client.force_login(office.second)
    step(client, batch, "release")
    batch.refresh_from_db()
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    return batch


def test_ux49_columns_are_remembered_for_a_header_like_this(client, office):
    client.force_login(office.clerk)
    header = ["类型", *FIRMS[1:]]
    upload(client, book(HEAD, header=header))
    batch = ImportBatch.objects.get()
    assert "kind" not in batch.mapping
    assert mapped(client, batch).status_code == 200
    assert mapped(client, batch, column_kind="0").status_code == 302
    assert ImportMapping.objects.get().user == office.clerk
    upload(client, book(HEAD, header=header))
    again = ImportBatch.objects.latest("pk")
    assert again.mapping == {c.field: at for at, c in enumerate(LOGISTICS.columns)}


def test_one_column_serves_one_field(client, office):
    client.force_login(office.clerk)
    upload(client, book(HEAD))
    batch = ImportBatch.objects.get()
    answer = mapped(client, batch, column_city="1")
    assert answer.status_code == 200
    assert "该列已对应" in answer.content.decode()


def test_ux50_mending_in_place_checks_again_and_filters_errors(client, office):
    client.force_login(office.clerk)
    batch = brought(client, HEAD, wrong(BRANCH))
    answer = step(client, batch, "cells", **{"cell-3-address": "延安货运站42号"})
    assert answer.status_code == 302
    batch.refresh_from_db()
    assert (batch.rows_right, batch.rows_wrong) == (2, 0)
    assert "没有需要看的行" in client.get(f"/imports/{batch.pk}/").content.decode()
    stale = client.post(f"/imports/{batch.pk}/cells/", {"version": 1, "cell-2-city": "西安"})
    assert "没有办成" in stale.content.decode()
    batch.refresh_from_db()
    assert batch.mends == {"3": {"address": "延安货运站42号"}}


def test_ux50_errors_alone_or_with_what_is_odd(client, office):
    client.force_login(office.clerk)
    odd = [*HEAD[:5], "４５４２１４", *HEAD[6:]]
    batch = brought(client, odd, wrong(BRANCH))
    errors = client.get(f"/imports/{batch.pk}/").context["shown"]
    assert [(row.number, len(row.cells)) for row in errors] == [(3, 1)]
    everything = client.get(f"/imports/{batch.pk}/?all=1").context["shown"]
    assert [row.number for row in everything] == [2, 3]
    assert client.get(f"/imports/{batch.pk}/?x=1").status_code == 404


def test_b206_b238_a_bad_file_is_refused_in_plain_words_and_leaves_nothing(client, office):
    client.force_login(office.clerk)
    for content, name in ((b"", "a.xlsx"), (b"PK\x03\x04", "a.xlsx"), (b"x", "a.exe")):
        answer = upload(client, content, name=name)
        assert answer.status_code == 200
        assert "错误" in answer.content.decode()
    assert not ImportBatch.objects.exists()
    upload(client, book(HEAD), name="客户<script>" + "长" * 300 + ".xlsx")
    batch = ImportBatch.objects.get()
    assert len(batch.file_name) <= 120
    assert "<script>" not in client.get(f"/imports/{batch.pk}/map/").content.decode()[2000:4000]


def test_b220_a_csv_in_gb18030_is_read(client, office):
    client.force_login(office.clerk)
    text = "\r\n".join(",".join(row) for row in (FIRMS, HEAD))
    upload(client, text.encode("gb18030"), name="物流.csv")
    batch = ImportBatch.objects.get()
    mapped(client, batch, encoding="")
    batch.refresh_from_db()
    assert (batch.rows_right, batch.rows_wrong) == (1, 0)


def test_rf48_the_same_bytes_again_are_told_on_the_mapping_page(client, office):
    client.force_login(office.clerk)
    batch = brought(client, HEAD)
    step(client, batch, "submit")
    client.force_login(office.second)
    step(client, batch, "release")
    batch.refresh_from_db()
    run_import(job=batch.job_id, kind=LOGISTICS)
    client.force_login(office.clerk)
    content = book(HEAD)
    ImportBatch.objects.update(sha256=__import__("hashlib").sha256(content).hexdigest())
    upload(client, content)
    again = ImportBatch.objects.latest("pk")
    assert "已经导入过" in client.get(f"/imports/{again.pk}/map/").content.decode()


def test_strangers_and_colleagues_without_the_right_find_nothing(client, office):
    client.force_login(office.clerk)
    batch = brought(client, HEAD)
    stranger = Bureau()
    for person in (office.keeper, office.manager, stranger.net, Office().clerk):
        client.force_login(person)
        for path in ("", "map/", "progress/", "errors.xlsx"):
            assert client.get(f"/imports/{batch.pk}/{path}").status_code in (403, 404)
        for act in ("submit", "release", "return", "cells", "cancel", "resume", "undo"):
            assert step(client, batch, act).status_code in (403, 404)
    batch.refresh_from_db()
    assert batch.status == "checked"
    client.force_login(office.keeper)
    assert client.get("/imports/new/logistics/").status_code == 403
    assert client.get("/imports/new/retailers/").status_code == 403
    assert client.get("/imports/new/nothing/").status_code == 404


def test_a_return_tells_the_uploader_why(client, office):
    client.force_login(office.clerk)
    batch = brought(client, HEAD)
    step(client, batch, "submit")
    client.force_login(office.second)
    step(client, batch, "return", note="请补电话")
    batch.refresh_from_db()
    assert (batch.status, batch.note) == ("checked", "请补电话")
    message = Message.objects.get(topic="imports.returned")
    assert message.notices.get().person == office.clerk


def test_the_history_lists_who_what_and_how_many(client, office, django_assert_max_num_queries):
    client.force_login(office.clerk)
    for _time in range(3):
        brought(client, HEAD, wrong(BRANCH))
    with django_assert_max_num_queries(12):
        page = client.get("/imports/").content.decode()
    assert page.count("1 / 2") == 3
    batch = ImportBatch.objects.first()
    with django_assert_max_num_queries(14):
        client.get(f"/imports/{batch.pk}/")
    client.force_login(office.manager)
    assert batch.number not in client.get("/imports/").content.decode()
    client.force_login(Bureau().manager)
    assert "没有您可以导入的类别" in client.get("/imports/").content.decode()
    client.force_login(office.person(Duty.GM))
    assert client.get("/imports/").status_code == 403


def test_the_uploaded_copy_lies_sealed(client, office, settings):
    client.force_login(office.clerk)
    content = book(HEAD)
    upload(client, content)
    (path,) = [p for p in settings.MEDIA_ROOT.rglob("*") if p.is_file()]
    assert path.name == ImportBatch.objects.get().sha256
    assert b"PK\x03\x04" not in path.read_bytes()
    assert json.dumps(ImportBatch.objects.get().header)


@pytest.fixture
def short(monkeypatch):
    """A page waits for two rows at most."""
    monkeypatch.setattr("crm.imports.services.checking.AT_ONCE", 2)
    monkeypatch.setattr("crm.imports.examine.CHUNK", 2)


def test_ux51_a_long_file_is_checked_in_the_background_with_progress(client, office, short):
    client.force_login(office.clerk)
    batch = brought(client, HEAD, wrong(BRANCH), BRANCH)
    assert (batch.status, batch.rows.count()) == ("checking", 0)
    page = client.get(f"/imports/{batch.pk}/").content.decode()
    assert f'hx-get="/imports/{batch.pk}/progress/"' in page
    assert "取消检查" in page
    assert f"/imports/{batch.pk}/submit/" not in page
    assert mapped(client, batch).status_code == 200, "it is not open while a worker has it"
    piece = client.get(f"/imports/{batch.pk}/progress/")
    assert "正在检查" in piece.content.decode()
    assert "HX-Refresh" not in piece
    assert run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    assert (batch.status, batch.rows_right, batch.rows_wrong) == ("checked", 1, 2)
    assert (batch.job.status, batch.job.done, batch.job.total) == ("done", 3, 3)
    assert client.get(f"/imports/{batch.pk}/progress/")["HX-Refresh"] == "true"
    step(
        client, batch, "cells", **{"cell-3-address": "延安货运站1号", "cell-3-name": "金达莱-榆林"}
    )
    batch.refresh_from_db()
    assert batch.status == "checking", "what was typed is checked in the background too"
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    assert (batch.status, batch.rows_right, batch.rows_wrong) == ("checked", 2, 1)


def test_a_check_that_died_begins_anew_and_a_cancelled_one_leaves_it_open(client, office, short):
    client.force_login(office.clerk)
    batch = brought(client, HEAD, wrong(BRANCH), BRANCH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crm.imports.services.background.Check.conclude", out_of_memory)
        with pytest.raises(MemoryError):
            run_import(job=batch.job_id, kind=LOGISTICS)
    assert batch.rows.count() == 3, "chunks are kept as they come"
    JobRun.objects.filter(pk=batch.job_id).update(lease_until=timezone.now())
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    assert (batch.status, batch.rows.count(), batch.rows_total) == ("checked", 3, 3)
    assert mapped(client, batch).url == f"/imports/{batch.pk}/"
    assert client.post(f"/imports/{batch.pk}/cancel/").status_code == 302
    batch.refresh_from_db()
    assert batch.status == "uploaded"
    assert run_import(job=batch.job_id, kind=LOGISTICS) is False
    batch.refresh_from_db()
    assert (batch.status, batch.job.status) == ("uploaded", "cancelled")


def test_a_copy_that_is_gone_gives_the_import_back_with_the_reason(client, office, short):
    client.force_login(office.clerk)
    batch = brought(client, HEAD, wrong(BRANCH), BRANCH)
    store.remove(batch.sha256)
    run_import(job=batch.job_id, kind=LOGISTICS)
    batch.refresh_from_db()
    assert (batch.status, batch.job.status) == ("uploaded", "failed")
    assert "请重新上传" in batch.note


def out_of_memory(_check):
    raise MemoryError
