"""The list as a file: what is in it, what is not, who hears of it (trust corpus G and L)."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import load_workbook

from crm.core.models import AccessKind, AccessLog
from crm.core.services import access_log
from crm.identity.choices import Duty, Profile
from customers.choices import GrantLevel
from customers.tests.browser import enter, text_of
from customers.tests.factories import (
    Bureau,
    CustomerFactory,
    CustomerGrantFactory,
    RetailProfileFactory,
)

pytestmark = pytest.mark.django_db
EXPORT = "/customers/export/"
CANARY = "金丝雀专用客户"


def book_of(response):
    assert response.status_code == 200
    assert response["Content-Type"].endswith("spreadsheetml.sheet")
    return b"".join(response.streaming_content)


def sheets_of(data):
    book = load_workbook(io.BytesIO(data))
    return [[list(row) for row in page.iter_rows(values_only=True)] for page in book]


def show(client, *keys):
    """Choose the columns of the list, as the chooser sends them."""
    assert client.post("/lists/customers/look/", {"columns": keys}).status_code == 302


def taken(person, query=""):
    """The rows of the file without its header."""
    return sheets_of(book_of(enter(person, again=True).post(f"{EXPORT}{query}")))[0][1:]


def test_the_file_holds_what_the_list_shows_in_its_order_and_columns(repair, manager):
    """T-5, UX-10."""
    repair.customer(manager, name="延安电信", temporal_class="past")
    repair.customer(manager, name="宝鸡移动", temporal_class="past")
    repair.customer(manager, name="西安联通", temporal_class="current")
    client = enter(manager, again=True)
    show(client, "code", "name", "temporal", "created")
    offer = client.get(f"{EXPORT}?temporal=past&sort=-name").context["offer"]
    assert (offer.rows, len(offer.columns), offer.needs_approval) == (2, 4, False)
    data = sheets_of(book_of(client.post(f"{EXPORT}?temporal=past&sort=-name")))
    assert data[0][0] == ["客户代码", "客户名称", "客户时态", "建档时间"]
    assert [row[1] for row in data[0][1:]] == ["延安电信", "宝鸡移动"]
    assert data[0][1][3].date() == date.today()  # noqa: DTZ011  (the wall clock of the office)
    mark = {row[0]: row[1] for row in data[1][1:]}
    log = AccessLog.objects.get(kind=AccessKind.EXPORT)
    assert mark["导出人"] == f"唐超（{manager.username}）"
    assert mark["筛选条件"] == "客户时态：曾经"
    assert (mark["行数"], mark["列数"]) == (2, 4)
    assert mark["访问日志编号"] == f"DC{log.pk:010d}"
    assert (log.user_id, log.object_type, log.object_key) == (
        manager.pk,
        "customers.customer",
        "2",
    )
    assert log.fields == [
        "customer.code",
        "customer.name",
        "customer.temporal_class",
        "customer.created_at",
    ]


def test_signs_of_a_formula_are_only_text_and_numbers_of_ids_stay_whole(repair, manager):
    """B290, B292, B304: a string cell, unchanged; no repair, no formula part."""
    odd = '=HYPERLINK("http://x","y")'
    row = repair.customer(manager, name=odd, phone="+8613800138000", address="@SUM(A1)")
    client = enter(manager, again=True)
    show(client, "code", "name", "phone", "address")
    data = book_of(client.post(EXPORT))
    page = load_workbook(io.BytesIO(data)).worksheets[0]
    cells = {cell.value: cell.data_type for cell in page[2]}
    assert cells == {row.code: "s", odd: "s", "+8613800138000": "s", "@SUM(A1)": "s"}
    parts = zipfile.ZipFile(io.BytesIO(data))
    assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()


def test_the_name_time_and_number_stand_on_every_sheet(repair, manager, customer):
    """B298: at the foot of each page, beside the sheet of its own."""
    book = load_workbook(io.BytesIO(book_of(enter(manager, again=True).post(EXPORT))))
    number = f"DC{AccessLog.objects.get(kind=AccessKind.EXPORT).pk:010d}"
    assert book.sheetnames == ["客户", "导出说明"]
    for page in book:
        assert page.oddFooter.center.text.startswith("唐超 ")
        assert page.oddFooter.center.text.endswith(number)


def test_nothing_of_a_colleague_and_of_another_company_is_in_the_file(repair, manager, colleague):
    """Trust 4.6 gate 3: the file is unpacked and searched."""
    repair.customer(manager, name="延安电信")
    repair.customer(colleague, name=CANARY, address=CANARY)
    CustomerFactory(name=CANARY)
    parts = zipfile.ZipFile(io.BytesIO(book_of(enter(manager, again=True).post(EXPORT))))
    text = "".join(parts.read(name).decode() for name in parts.namelist())
    assert "延安电信" in text
    assert CANARY not in text


def test_what_is_masked_on_the_page_is_masked_in_the_file(tobacco):
    """B299: the officer's neighbour who only looks takes no telephone number away."""
    clerk = tobacco.person(Duty.CSC)
    tobacco.customer(name="何记烟酒", mobile="13891234567")
    client = enter(clerk, again=True)
    show(client, "code", "name", "mobile")
    assert client.get(EXPORT).context["offer"].masked == ["移动电话"]
    data = book_of(client.post(EXPORT))
    assert sheets_of(data)[0][1][2] == "138****4567"
    assert b"13891234567" not in data


def test_what_is_only_shared_to_look_at_is_left_out_and_said(repair, manager, colleague):
    shared = repair.customer(colleague, name=CANARY)
    repair.customer(manager, name="延安电信")
    CustomerGrantFactory(user=manager, content_object=shared, level=GrantLevel.VIEW)
    page = enter(manager, again=True).get(EXPORT)
    assert (page.context["offer"].rows, page.context["offer"].left_out) == (1, 1)
    assert "有 1 条您只能查看、不能导出" in text_of(page)
    assert [row[1] for row in taken(manager)] == ["延安电信"]


@pytest.mark.parametrize("duty", [Duty.MC, Duty.MVP, Duty.GM, Duty.FIN, Duty.TM, Duty.SYS])
def test_who_has_no_right_to_export_gets_no_file_and_no_button(repair, customer, duty):
    person = repair.person(duty)
    client = enter(person, again=duty != Duty.SYS)
    if duty != Duty.SYS:
        assert EXPORT not in text_of(client.get("/customers/"))
        assert client.get(EXPORT).status_code == 403
        assert client.post(EXPORT).status_code == 403
    assert not AccessLog.objects.filter(kind=AccessKind.EXPORT).exists()


def test_an_export_asks_for_the_password_again(manager, customer):
    """SEC-25."""
    for answer in (enter(manager).get(EXPORT), enter(manager).post(EXPORT)):
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/reauthenticate/")
    assert not AccessLog.objects.exists()


def test_more_rows_than_may_leave_need_an_approval_that_is_named(repair, manager, monkeypatch):
    """B295: told before starting, refused when sent all the same, nothing logged as taken."""
    for module in ("crm.core.services.access_log", "customers.selectors.selection"):
        monkeypatch.setattr(f"{module}.MOST_ROWS", 2)
    monkeypatch.setattr("customers.services.exports.MOST_ROWS", 2)
    monkeypatch.setattr("crm.core.exports.MOST_ROWS", 2)
    CustomerFactory.create_batch(3, department=repair.market, manager=manager, created_by=manager)
    client = enter(manager, again=True)
    page = client.get(EXPORT)
    assert page.context["offer"].needs_approval
    assert "需要审批" in text_of(page)
    assert '<form method="post" data-again>' not in text_of(page)
    refused = client.post(EXPORT)
    assert refused.status_code == 403
    assert "审批" in text_of(refused)
    assert not AccessLog.objects.filter(kind=AccessKind.EXPORT).exists()


def test_the_number_of_files_in_a_day_has_an_end(manager, customer, monkeypatch):
    """SEC-09."""
    monkeypatch.setattr(access_log, "FILES_A_DAY", 1)
    client = enter(manager, again=True)
    assert book_of(client.post(EXPORT))
    assert client.post(EXPORT).status_code == 429
    assert AccessLog.objects.filter(kind=AccessKind.EXPORT).count() == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?ids=1", 404),
        ("?user__password__startswith=p", 404),
        ("?_connector=OR", 404),
        ("?sort=remark", 400),
        ("?selection=forged", 400),
        ("?status=1%20OR%201=1", 400),
    ],
)
def test_an_export_understands_only_what_the_list_does(manager, customer, query, status):
    """B190, B191, B203 on the export's own parameters."""
    client = enter(manager, again=True)
    assert client.get(f"{EXPORT}{query}").status_code == status
    assert client.post(f"{EXPORT}{query}").status_code == status
    assert not AccessLog.objects.filter(kind=AccessKind.EXPORT).exists()


def test_every_field_of_the_registration_form_is_a_column(tobacco):
    """T-3, T-4, T-5: with the words of the code tables, dates as dates, sealed numbers never."""
    row = tobacco.customer(name="何记烟酒")
    RetailProfileFactory(
        customer=row,
        order_mode="online",
        licence_valid_to=date(2030, 1, 31),
        identity_no="11010519491231002X",
    )
    tobacco.customer(name="无证客户")
    keys = ["order_mode", "licence_no", "licence_valid_to", "store_name", "business_premises"]
    client = enter(tobacco.person(Duty.NET), again=True)
    show(client, "code", "name", *keys)
    data = book_of(client.post(EXPORT))
    first, second = sheets_of(data)[0][1:]
    by_label = dict(zip(sheets_of(data)[0][0], first, strict=True))
    assert by_label["许可证有效期至"].date() == date(2030, 1, 31)
    assert by_label["店铺名称"] == "何记烟酒"
    assert by_label["经营场所"] == "西安市雁塔区小寨东路1号"
    assert second[2:] == [None] * 5
    assert b"11010519491231002X" not in data
    chosen = {choice["key"] for choice in client.get("/customers/").context["chooser"]["columns"]}
    assert {"legal_representative", "customer_level", "delivery_route", "market_type"} <= chosen


def test_a_repair_company_is_offered_no_column_of_a_shop(repair, manager, customer):
    chosen = {c["key"] for c in enter(manager).get("/customers/").context["chooser"]["columns"]}
    assert "licence_no" not in chosen
    assert "customer_class" in chosen


def test_an_order_by_what_is_masked_is_refused(db):
    """B203: a name that comes masked may not be sorted by, since the order tells it."""
    boss = Bureau(Profile.BOSS)
    row = boss.customer(name="张三丰")
    looker = boss.person(Duty.MC)
    client = enter(looker)
    assert row.name not in text_of(client.get("/customers/"))
    assert client.get("/customers/?sort=name").status_code == 400
    labels = {str(h["label"]): h["url"] for h in client.get("/customers/").context["headings"]}
    assert labels["客户名称"] == ""
    assert labels["客户代码"] != ""


@pytest.mark.parametrize(
    "query", ["lifecycle=new", "created_from=2020-01-01", "business_format=x", "sort=created"]
)
def test_a_filter_by_what_one_does_not_read_is_refused(tobacco, query):
    """A hit tells the value as well as the cell: the distribution centre asks in vain."""
    tobacco.customer()
    answer = enter(tobacco.person(Duty.DC)).get(f"/customers/?{query}")
    assert answer.status_code == 400
