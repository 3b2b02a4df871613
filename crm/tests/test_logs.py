"""What the log says and what it must never say (SEC-33, SEC-40; corpus B115, B116)."""

import io
import json
import logging
import re

import pytest
import structlog
from django.test import Client

from crm.core.logs import LOGGING
from crm.identity.choices import DepartmentKind, Duty, Profile, UserKind
from crm.identity.tests.doors import prove
from crm.identity.tests.factories import (
    PASSWORD,
    ApiClientFactory,
    DepartmentFactory,
    OrganisationFactory,
    UserFactory,
    bearer,
)
from crm.tests.broken import CANARY
from customers.models import Customer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.tests.broken")]
NAME, PERSON = "金丝雀机械有限公司", "欧阳金雀"
MOBILE, PHONE = "13987654321", "029-87654321"
IDENTITY, CREDIT = "11010519491231002X", "91350100M000100Y43"
SECRETS = (NAME, PERSON, MOBILE, PHONE, IDENTITY, CREDIT, CANARY, PASSWORD, "Wrong-Mima-2026")


@pytest.fixture
def written():
    """The lines as they leave the house: the real formatter on a handler of our own."""
    sheet = io.StringIO()
    handler = logging.StreamHandler(sheet)
    form = LOGGING["formatters"]["json"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=form["processor"], foreign_pre_chain=form["foreign_pre_chain"]
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: sheet.getvalue().splitlines()
    root.removeHandler(handler)


@pytest.fixture
def company(db):
    home = OrganisationFactory(profile=Profile.REPAIR)
    return DepartmentFactory(parent=home, kind=DepartmentKind.MARKET)


@pytest.fixture
def manager(company):
    return UserFactory(duty=Duty.AM, department=company)


@pytest.fixture
def system(company):
    return ApiClientFactory(
        user=UserFactory(kind=UserKind.SYSTEM, department=company.organisation),
        scopes=["customer.v", "customer.c", "customer.h", "contact.v"],
    )


def browse(manager):
    """A working day: registers, looks, searches, reveals, mistypes, meets a bug."""
    browser = Client(raise_request_exception=False)
    wrong = {"login": manager.username, "password": "Wrong-Mima-2026"}
    assert browser.post("/accounts/login/", wrong).status_code == 200
    right = {"login": manager.username, "password": PASSWORD}
    assert browser.post("/accounts/login/", right).status_code == 302
    form = {
        "name": NAME,
        "province": "610000",
        "city": "610100",
        "customer_type": "traditional",
        "temporal_class": "current",
        "lifecycle": "new",
        "document_format": "standard",
        "credit_code": CREDIT,
        "phone": PHONE,
        "contact_name": PERSON,
        "contact_mobile": MOBILE,
    }
    assert browser.post("/customers/register/", form).status_code == 302
    assert browser.post("/customers/register/", form).status_code == 200  # exists already
    customer = Customer.objects.get()
    contact = customer.contacts.get()
    assert prove(browser).status_code == 302
    reveal = f"/customers/contacts/{contact.pk}/reveal/mobile/"
    shown = browser.post(reveal, {"reason": f"核对 {MOBILE}"})
    assert MOBILE in shown.content.decode()
    for query in (NAME, MOBILE, IDENTITY, PERSON):
        browser.get("/customers/", {"q": query})
        browser.get("/customers/duplicates/", {"name": query, "mobile": MOBILE})
        browser.get("/nowhere/", {"q": query})
    draft = json.dumps({"name": NAME, "contact_mobile": MOBILE})
    browser.post("/drafts/customer-register/new/", draft, content_type="application/json")
    assert browser.get(f"/customers/{customer.pk}/").status_code == 200
    for what in ("bug", "constraint", "away", "denied"):
        assert browser.get(f"/broken/{what}/", {"q": IDENTITY}).status_code >= 403
    browser.post("/accounts/logout/")
    return customer


def call(customer, token):
    """The same by API, right and wrong."""
    outside = Client(raise_request_exception=False)
    body = {"name": NAME, "identity_no": IDENTITY, "mobile": MOBILE}
    for headers in (token, {}, {"Authorization": f"Token kd_{MOBILE}"}):
        outside.get(f"/api/v1/customers/{customer.code}/", headers=headers)
        outside.get("/api/v1/customers/", {"q": PERSON, "mobile": MOBILE}, headers=headers)
        outside.post("/api/v1/customers/", body, content_type="application/json", headers=headers)
        outside.get("/api/v1/broken/constraint/", headers=headers)


@pytest.mark.slow
def test_a_working_day_leaves_no_name_number_or_token_in_the_log(written, manager, system):
    """SEC-33: scanned for canaries, in whatever spelling."""
    token = bearer(system)
    customer = browse(manager)
    call(customer, token)
    lines = written()
    text = "\n".join(lines)
    assert len(lines) > 30
    assert "/customers/register/" in text  # the log is the real one
    for secret in (*SECRETS, token["Authorization"].removeprefix("Token ")):
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
        assert secret.encode().hex() not in text
    assert "%E9%87%91%E4%B8%9D" not in text
    assert "sessionid" not in text


def test_negative_control_the_scan_sees_a_name_that_is_logged(written):
    structlog.get_logger("crm.test").info("registered", name=NAME)
    logging.getLogger("crm.test").warning("registered %s", PERSON)
    text = "\n".join(written())
    assert NAME in text
    assert PERSON in text


def test_an_error_is_logged_by_kind_and_place_without_its_words(written):
    browser = Client(raise_request_exception=False)
    answer = browser.get("/broken/constraint/")
    lines = [json.loads(line) for line in written()]
    found = [line for line in lines if line.get("error") == "IntegrityError"]
    assert found
    assert {line["request_id"] for line in found} == {answer["X-Request-ID"]}
    assert any(re.match(r"crm/tests/broken\.py:\d+ get", step) for step in found[0]["trace"])
    assert CANARY not in "\n".join(written())


def test_a_failed_job_is_logged_by_its_name_without_its_words(written):
    """Celery quotes the error and the arguments in its own message."""
    told = {"name": "outbox.deliver", "id": "1", "exc": CANARY, "args": CANARY}
    try:
        raise ValueError(CANARY)
    except ValueError:
        logger = logging.getLogger("celery.app.trace")
        logger.exception("Task %(name)s raised: %(exc)s", told, extra={"data": told})
    (line,) = written()
    assert json.loads(line)["event"] == "task_failed: outbox.deliver"
    assert json.loads(line)["error"] == "ValueError"
    assert CANARY not in line


@pytest.mark.parametrize(
    "value",
    [
        "张三\r\n2026-01-01 INFO login ok user=admin",
        '张三"}\n{"event": "logged_in", "user_id": 1}',
        "\x1b[2J\x1b]0;pwn\x07",
        "张三\u2028换行\u2029又一行\x85再一行",
        "\x9b2J\x7f\x00\x08",
    ],
)
def test_a_value_stays_one_line_and_moves_no_terminal(written, value):
    """B115, B116: through our logger, the libraries' and a header."""
    structlog.get_logger("crm.test").info("seen", agent=value)
    logging.getLogger("django.request").warning("Not Found: %s", value)
    lines = written()
    assert len(lines) == 2
    assert json.loads(lines[0])["agent"] == value
    assert json.loads(lines[1])["event"] == f"Not Found: {value}"
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", "".join(lines))


def test_a_caller_cannot_write_lines_by_his_headers(written, client):
    evil = 'x\r\n{"event": "logged_in"}\x1b[2J'
    client.get("/nowhere/", HTTP_USER_AGENT=evil, HTTP_X_CORRELATION_ID=evil)
    client.get("/nowhere/%0d%0a%7b%22event%22%7d%1b%5b2J/")
    for line in written():
        assert isinstance(json.loads(line), dict)
        assert not re.search("[\x00-\x1f\x7f-\x9f]", line)


def test_the_address_in_the_log_is_the_true_one(written, client):
    """B272: the library would take what the caller says."""
    headers = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.2"}
    client.get("/customers/", REMOTE_ADDR="203.0.113.9", headers=headers)
    told = [json.loads(line) for line in written()]
    assert {line["ip"] for line in told if "ip" in line} == {"203.0.113.9"}
