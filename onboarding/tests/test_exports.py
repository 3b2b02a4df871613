"""Registration forms as a file (UX-05, UX-10)."""

import io

import pytest
from openpyxl import load_workbook

from crm.core.models import AccessKind, AccessLog
from crm.identity.tests.factories import PASSWORD
from onboarding.tests.factories import Town

pytestmark = pytest.mark.django_db
EXPORT = "/forms/export/"


@pytest.fixture
def town():
    return Town()


def enter(client, user):
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def rows_of(answer):
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def test_a_manager_takes_his_own_forms_and_no_colleagues(client, town):
    """T-7: his list as a file; export is a right on his own rows (trust 4.3)."""
    form = town.in_review()
    enter(client, town.manager)
    assert client.get(f"{EXPORT}?stage={form.stage}").context["offer"].rows == 1
    rows = rows_of(client.post(f"{EXPORT}?stage={form.stage}"))
    assert rows[1][:2] == [form.number, form.store_name]
    log = AccessLog.objects.get(kind=AccessKind.EXPORT)
    assert (log.object_type, log.object_key) == ("onboarding.registrationform", "1")
    enter(client, town.colleague)
    page = client.get(EXPORT)
    assert page.context["offer"].rows == 0
    assert form.store_name not in page.text


def test_a_form_of_an_earlier_stage_is_in_nobodys_file_whose_turn_has_not_come(client, town):
    """Trust finding 9, on the file."""
    town.start()
    enter(client, town.network)
    assert len(rows_of(client.post(EXPORT))) == 1


@pytest.mark.parametrize("who", ["officer", "squad_leader", "deputy"])
def test_who_has_no_right_to_export_gets_no_file_and_no_button(client, town, who):
    town.in_review()
    enter(client, getattr(town, who))
    assert EXPORT not in client.get("/forms/").text
    assert client.post(EXPORT).status_code == 403
    assert not AccessLog.objects.filter(kind=AccessKind.EXPORT).exists()


def test_a_view_of_the_forms_opens_with_its_stage(client, town):
    """UX-05."""
    form = town.in_review()
    enter(client, town.manager)
    card = {"list_name": "forms", "title": "会签中", "query": f"stage={form.stage}"}
    page = client.get(client.post("/views/new/", card).url)
    assert page.context["views"].active.title == "会签中"
    assert form.number in page.text
