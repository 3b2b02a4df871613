"""The frame around the pages: which entry is marked, and the demo's people on the log-in page."""

import re
from copy import deepcopy

import pytest
from django.test import Client
from django.urls import reverse

from crm.approvals.models import Step
from crm.demo import bureau
from crm.demo.staff import PASSWORD
from crm.identity.choices import Duty
from crm.identity.tests.factories import OrganisationFactory, UserFactory
from onboarding.tests.factories import Town

pytestmark = pytest.mark.django_db
MARKED = re.compile(r'<a[^>]*href="([^"]+)"[^>]*aria-current="page"')


def marked(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return MARKED.findall(answer.content.decode())


def test_signing_is_the_approval_centres_and_the_form_is_the_entrys():
    """UX-47: who came from his queue stays there in mind, though the page is the form's room's."""
    town = Town()
    form = town.in_review()
    client = Client()
    client.force_login(town.service, backend="django.contrib.auth.backends.ModelBackend")
    step = Step.objects.get(case=form.sales_case, duty=Duty.CSC)
    queue, forms = reverse("approvals:queue"), reverse("onboarding:list")
    sign = reverse("onboarding:sign", args=[step.pk])
    assert sign.startswith(forms)
    assert queue in marked(client, sign)
    assert forms not in marked(client, sign)
    sheet = reverse("onboarding:form", args=[form.number])
    assert forms in marked(client, sheet)
    assert queue not in marked(client, sheet)


@pytest.fixture
def people(settings):
    """The demo's bureau with one of its people, and the table mounted as settings mount it."""
    settings.TEMPLATES = deepcopy(settings.TEMPLATES)
    settings.TEMPLATES[0]["OPTIONS"]["context_processors"].append("crm.demo.door.demo_table")
    organisation = OrganisationFactory(name=bureau.NAME, code=bureau.CODE)
    UserFactory(username="manager1", name="李经理", duty=Duty.AM, department=organisation)


def test_with_the_demo_the_log_in_page_names_its_people(client, settings, people):
    """D15."""
    settings.KEDANG_DEMO = True
    text = client.get("/accounts/login/").content.decode()
    assert re.search(r">manager1</td>\s*<td>李经理</td>\s*<td>客户经理</td>", text)
    assert (bureau.NAME in text, PASSWORD in text) == (True, True)
    assert "officer1" not in text


def test_without_the_demo_the_log_in_page_names_nobody(client, settings, people):
    """D15: even if the table were mounted by mistake."""
    settings.KEDANG_DEMO = False
    text = client.get("/accounts/login/").content.decode()
    assert ("manager1" in text, PASSWORD in text, "演示账号" in text) == (False, False, False)


def test_the_table_stands_on_the_log_in_page_alone(client, settings, people):
    settings.KEDANG_DEMO = True
    assert PASSWORD not in client.get("/accounts/activate/").content.decode()
