"""Firms and delivery lines as files (UX-05, UX-10, B298)."""

import io

import pytest
from openpyxl import load_workbook

from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty
from crm.identity.tests.factories import PASSWORD
from logistics.tests.conftest import person
from logistics.tests.factories import DeliveryRouteFactory, HeadOfficeFactory

pytestmark = pytest.mark.django_db
CANARY = "金丝雀"


def enter(client, user):
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def rows_of(answer):
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames[1] == "导出说明"
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def test_the_clerk_takes_the_firms_of_the_list_and_no_others(client, company, clerk):
    """R-45: filtered as shown, of the own company, on record."""
    HeadOfficeFactory(organisation=company, name="=金达莱物流有限公司", short_name="金达莱")
    HeadOfficeFactory(organisation=company, short_name="停用的", is_live=False)
    HeadOfficeFactory(name=CANARY + "物流有限公司", short_name=CANARY)
    enter(client, clerk)
    offer = client.get("/logistics/firms/export/?state=live").context["offer"]
    assert (offer.rows, len(offer.columns), list(offer.asked)) == (1, 9, ["状态：启用"])
    rows = rows_of(client.post("/logistics/firms/export/?state=live"))
    assert [row[0] for row in rows] == ["名称", "=金达莱物流有限公司"]
    log = AccessLog.objects.get(kind=AccessKind.EXPORT)
    assert (log.object_type, log.object_key) == ("logistics.logisticsfirm", "1")
    assert log.reason == "状态：启用"


def test_the_distribution_centre_takes_lines_but_no_firms(client, company):
    """T-39, trust 4.3: export.e of DC is the route list."""
    DeliveryRouteFactory(organisation=company, name="川口1线", weekdays="13")
    enter(client, person(company, Duty.DC, "配送员"))
    assert client.get("/logistics/firms/export/").status_code == 403
    assert "/logistics/firms/export/" not in client.get("/logistics/?view=none").text
    assert "/logistics/routes/export/" in client.get("/logistics/routes/").text
    rows = rows_of(client.post("/logistics/routes/export/"))
    assert rows[1][1:] == ["川口1线", "周一、周三", "启用"]


def test_who_only_looks_takes_nothing(client, company, manager):
    """A manager's right to export is on his own rows; firms belong to the whole company."""
    HeadOfficeFactory(organisation=company)
    enter(client, manager)
    for path in ("/logistics/firms/export/", "/logistics/routes/export/"):
        assert client.get(path).status_code == 403
        assert client.post(path).status_code == 403
    assert not AccessLog.objects.exists()


def test_an_export_of_firms_understands_only_what_the_list_does(client, clerk):
    """B190."""
    enter(client, clerk)
    assert client.get("/logistics/firms/export/?organisation=1").status_code == 404


def test_a_view_of_the_firms_is_kept_and_opens_by_itself(client, company, clerk):
    """UX-05."""
    HeadOfficeFactory(organisation=company, short_name="停用的", is_live=False)
    enter(client, clerk)
    card = {"list_name": "firms", "title": "停用", "query": "state=ended", "default": "owner"}
    saved = client.post("/views/new/", card)
    view = clerk.saved_views.get()
    assert saved.url == f"/logistics/?state=ended&view={view.pk}"
    assert client.get("/logistics/").url == f"/views/{view.pk}/"
    assert "停用" in client.get(saved.url).text
    assert client.get("/logistics/?view=none").status_code == 200
