"""The queue and the sign page on a telephone, 360 × 640, in a real browser (UX-46).

Pages are rendered first and then served from memory: no server. Static files come from the tree.
"""

import shutil
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import sync_playwright

from crm.approvals.choices import CaseKind, Verdict
from crm.approvals.models import Step
from crm.approvals.services import resubmit_case, save_phrase
from crm.approvals.tests.factories import Bureau, a_proposal, sign, step_of
from crm.identity.choices import Duty

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db,
    pytest.mark.urls("crm.approvals.tests.urls"),
]
HOME = "http://kedang.test"
STATIC = settings.BASE_DIR / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FINGER = 44
SMALL = """
  [...document.querySelectorAll("main .btn, main .phrase, main textarea")]
    .map(node => [node.textContent.trim(), node.getBoundingClientRect().height])
    .filter(([, height]) => height < %d)
"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
AXE = "axe.run(document, {resultTypes: ['violations']})"


@pytest.fixture
def pages():
    """Path → HTML of what the delivery centre, a colleague and the applicant open."""
    bureau = Bureau()
    case = bureau.open(by=bureau.manager)
    sign(case, Duty.CSC, bureau.service, opinion="资料齐全")
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="送货线路不对,请核对")
    resubmit_case(case=case, proposal=a_proposal(shop_name="便民二店"), by=bureau.manager)
    sign(case, Duty.CSC, bureau.service, opinion="同意")
    late = bureau.open()
    Step.objects.filter(case=late).exclude(due_at=None).update(
        due_at=timezone.now() - timedelta(days=1)
    )
    bureau.open(CaseKind.LICENCE, by=bureau.officer)
    save_phrase(text="资料齐全,同意", by=bureau.delivery)
    save_phrase(text="送货线路已核对", by=bureau.delivery)
    step = step_of(case, Duty.DC)
    wanted = [
        (bureau.delivery, "/approvals/"),
        (bureau.delivery, "/approvals/decided/"),
        (bureau.delivery, f"/approvals/steps/{step.pk}/"),
        (bureau.delivery, "/approvals/phrases/"),
        (bureau.manager, "/approvals/started/"),
        (bureau.manager, f"/approvals/cases/{case.number}/"),
    ]
    return {path: _rendered(person, path) for person, path in wanted}


def _rendered(person, path):
    client = Client()
    client.force_login(person)
    return client.get(path).content.decode()


@pytest.fixture
def phone(pages):
    """A telephone that knows these pages; `phone.say` collects what its console says."""
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = browser.new_context(
            viewport={"width": 360, "height": 640}, locale="zh-CN", has_touch=True
        )
        page = context.new_page()
        page.route("**/*", lambda route: _answer(route, pages))
        yield page
        browser.close()


def _answer(route, pages):
    path = route.request.url.removeprefix(HOME).partition("?")[0]
    file = STATIC / path.removeprefix("/static/")
    if path in pages:
        route.fulfill(body=pages[path], content_type="text/html; charset=utf-8")
    elif path.startswith("/static/") and file.is_file():
        route.fulfill(path=file, content_type=TYPES.get(file.suffix, "text/plain"))
    else:
        route.fulfill(status=404, body="")


def the_step(pages):
    return next(path for path in pages if "/steps/" in path)


def test_every_page_fits_a_telephone_and_is_fit_for_a_finger(pages, phone):
    """No sideways scroll, 44 px to press, nothing serious for axe."""
    wrong = {}
    for path in pages:
        phone.goto(HOME + path)
        phone.evaluate((STATIC / "vendor" / "axe-core" / "axe.min.js").read_text())
        found = [
            (violation["id"], violation["nodes"][0]["html"])
            for violation in phone.evaluate(AXE)["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        found += phone.evaluate(SMALL % FINGER)
        if phone.evaluate(SIDEWAYS) > 0:
            found.append("sideways scroll")
        if found:
            wrong[path] = found
    assert wrong == {}


def test_the_actions_of_the_sign_page_stay_under_the_thumb(pages, phone):
    """Trust 3.2: at the foot of the screen, at the top of the page and while one writes."""
    phone.goto(HOME + the_step(pages))
    for scroll in (lambda: None, phone.get_by_label("审批意见").scroll_into_view_if_needed):
        scroll()
        for name in ("同意", "退回"):
            box = phone.get_by_role("button", name=name, exact=True).bounding_box()
            assert box["y"] > 480
            assert box["y"] + box["height"] <= 640


def test_one_tap_sends_verdict_opinion_and_what_was_seen(pages, phone):
    phone.goto(HOME + the_step(pages))
    digest = phone.locator("input[name=digest]").input_value()
    phone.get_by_label("审批意见").fill("线路不对")
    with phone.expect_request("**/sign/") as sent:
        phone.get_by_role("button", name="退回", exact=True).tap()
    fields = parse_qs(sent.value.post_data)
    assert (fields["verdict"], fields["opinion"], fields["digest"]) == (
        ["return"],
        ["线路不对"],
        [digest],
    )


def test_a_phrase_is_put_into_the_opinion_by_one_tap(pages, phone):
    """UX-42."""
    phone.goto(HOME + the_step(pages))
    phone.get_by_role("button", name="资料齐全,同意").tap()
    assert phone.get_by_label("审批意见").input_value() == "资料齐全,同意"
