"""Every kind of page, both themes, desktop and telephone: nothing for axe, no sideways scroll.

`KEDANG_PICTURES=folder pytest …` keeps a picture of each, for looking at.
"""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from crm.tests.e2e.desk import DESKTOP, PHONE
from crm.tests.e2e.gallery import Gallery

pytestmark = pytest.mark.e2e
AXE = (settings.BASE_DIR / "static" / "vendor" / "axe-core" / "axe.min.js").read_text()
FINDINGS = """
  async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .map(found => `${found.id}: ${found.nodes[0].html.slice(0, 200)}`)
"""
PICTURES = os.environ.get("KEDANG_PICTURES", "")


@pytest.fixture
def gallery(transactional_db):
    return Gallery()


def look_at(desk, pages):
    """What is wrong with these pages; `pages` are name → address or (address, status)."""
    wrong = {}
    for name, wanted in pages.items():
        path, status = wanted if isinstance(wanted, tuple) else (wanted, 200)
        desk.go(path, status)
        if found := examined(desk, name):
            wrong[name] = found
    return wrong


def examined(desk, name):
    """The page that is open, in both themes and both sizes."""
    page, found = desk.page, []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for place, size in (("desktop", DESKTOP), ("phone", PHONE)):
            page.set_viewport_size(size)
            if (wide := desk.wider_than_the_screen()) > 0:
                found.append(f"{place}: {wide} px too wide")
            if PICTURES:
                file = Path(PICTURES) / f"{name}-{place}-{theme}.png"
                page.screenshot(path=file, full_page=True)
        page.set_viewport_size(DESKTOP)
        page.evaluate(AXE)
        found += [f"{theme}: {line}" for line in page.evaluate(FINDINGS)]
    return found


def test_the_door(seat):
    pages = {
        "login": "/accounts/login/",
        "activate": "/accounts/activate/",
    }
    assert look_at(seat(), pages) == {}


def test_pages_of_a_manager(seat, gallery):
    pk = gallery.customer.pk
    pages = {
        "home": "/",
        "customers": "/customers/",
        "customers-overview": "/customers/overview/",
        "view-new": "/views/new/?list_name=customers&query=status=normal",
        "customers-no-match": "/customers/?q=没有这样的客户",
        "customer": f"/customers/{pk}/",
        "contacts": f"/customers/{pk}/contacts/",
        "timeline": f"/customers/{pk}/timeline/",
        "history": f"/customers/{pk}/history/",
        "forms": f"/customers/{pk}/forms/",
        "edit": f"/customers/{pk}/edit/",
        "contact-add": f"/customers/{pk}/contacts/add/",
        "register": "/customers/register/",
        "inbox": "/inbox/",
        "help": "/help/",
        "drafts": "/drafts/",
        "not-found": ("/customers/999999/", 404),
        "factor": "/accounts/2fa/",
        "password": "/accounts/password/change/",
        "firms": "/logistics/",
    }
    desk = seat(gallery.manager)
    wrong = look_at(desk, pages)
    desk.go("/customers/register/")
    desk.press("建档")
    assert desk.page.locator("[data-error-summary]").is_visible()
    if found := examined(desk, "register-errors"):
        wrong["register-errors"] = found
    assert wrong == {}


def test_pages_of_a_manager_without_customers(seat, gallery):
    """The empty states (UX-12)."""
    pages = {"home-empty": "/", "customers-empty": "/customers/", "inbox-empty": "/inbox/"}
    assert look_at(seat(gallery.people["repair_colleague"]), pages) == {}


def test_pages_of_a_director(seat, gallery):
    pages = {
        "transfer": f"/customers/{gallery.customer.pk}/transfer/",
        "conflicts": "/customers/conflicts/",
        "customers-director": "/customers/?temporal=current",
        "files": f"/files/customers/{gallery.customer.pk}/",
    }
    assert look_at(seat(gallery.people["repair_gm"]), pages) == {}


def test_pages_of_the_registration_flow(seat, gallery):
    town, number = gallery.town, gallery.form.number
    wrong = look_at(seat(town.officer), {"flow-start": "/forms/start/", "flow-list": "/forms/"})
    desk = seat(town.manager)
    wrong |= look_at(desk, {"flow-review": f"/forms/{number}/", "flow-inbox": "/inbox/"})
    form = gallery.carry_on()
    pages = {
        "flow-ready": f"/forms/{number}/",
        "flow-customers": "/customers/",
        "flow-customer": f"/customers/{form.customer_id}/",
        "flow-bank": f"/customers/{form.customer_id}/bank/",
    }
    assert wrong | look_at(desk, pages) == {}


def test_pages_of_a_signer(seat, gallery):
    desk = seat(gallery.town.squad_leader)
    case = gallery.late.licence_case.number
    pages = {
        "flow-home": "/",
        "queue": "/approvals/",
        "decided": "/approvals/decided/",
        "phrases": "/approvals/phrases/",
        "case": f"/approvals/cases/{case}/",
        "sign": reverse("onboarding:sign", args=[gallery.step_of_squad().pk]),
    }
    assert look_at(desk, pages) == {}


def test_pages_of_the_administrators(seat, gallery):
    desk = seat()
    desk.log_in(gallery.people["sys"], gallery.secret)
    pages = {
        "people": "/people/",
        "person": f"/people/{gallery.people['no_post'].pk}/",
        "person-new": "/people/new/",
        "clients": "/clients/",
        "admin": "/admin/",
    }
    assert look_at(desk, pages) == {}
