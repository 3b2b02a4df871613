"""What goes wrong is told in plain Chinese, with a number and a way back (UX-71, SEC-41)."""

import re

import pytest
from django.contrib.auth import middleware
from django.db import OperationalError
from django.test import Client

from crm.core.request import current_request
from crm.identity.tests.doors import log_in
from crm.identity.tests.factories import ApiClientFactory, UserFactory, bearer
from crm.tests.broken import CANARY
from customers.tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.tests.broken")]
INSIDES = re.compile(r"Traceback|Error\b|Exception|psycopg|File &quot;|\.py\b|DETAIL|10\.1\.2\.3")


@pytest.fixture
def quiet():
    """A browser that shows what the person sees instead of raising."""
    return Client(raise_request_exception=False)


def assert_honest(answer, status, words):
    """Status, words, the number that stands in the log, a way back; nothing of our insides."""
    body = answer.content.decode()
    assert answer.status_code == status, body
    assert words in body
    assert answer["X-Request-ID"] == current_request().request_id
    assert answer["X-Request-ID"] in body
    assert 'lang="zh-Hans"' in body
    assert re.search(r'<a [^>]*href="/', body), "no way back"
    assert_silent(answer)


def assert_silent(answer):
    body = answer.content.decode()
    assert CANARY not in body
    assert not INSIDES.search(body), INSIDES.search(body)


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("bug", 500, "系统出错了"),
        ("constraint", 500, "系统出错了"),
        ("away", 503, "暂时无法服务"),
        ("closed", 503, "暂时无法服务"),
        ("denied", 403, "没有权限"),
        ("forbidden", 403, "您没有办理此项业务的权限"),
        ("missing", 404, "没有找到"),
        ("stale", 409, "该记录已被他人修改"),
        ("running", 409, "相同的请求正在处理"),
        ("large", 413, "文件超过 20 MB"),
    ],
)
def test_a_page_says_what_happened_and_nothing_else(quiet, what, status, words):
    quiet.force_login(UserFactory())
    answer = quiet.get(f"/broken/{what}/")
    assert_honest(answer, status, words)
    assert answer.get("Retry-After") == {"away": "10", "closed": "10", "running": "5"}.get(what)


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("bug", 500, "error"),
        ("constraint", 500, "error"),
        ("away", 503, "unavailable"),
        ("closed", 503, "unavailable"),
        ("forbidden", 403, "forbidden"),
        ("missing", 404, "not_found"),
        ("stale", 409, "stale_version"),
        ("running", 409, "still_running"),
        ("large", 413, "too_large"),
    ],
)
def test_the_api_says_it_in_its_own_shape(quiet, what, status, code):
    token = bearer(ApiClientFactory(scopes=["customer.v"]))
    answer = quiet.get(f"/api/v1/broken/{what}/", headers=token)
    assert answer.status_code == status
    told = answer.json()
    assert set(told) == {"code", "message", "errors", "request_id"}
    assert told["code"] == code
    assert re.search("[\u4e00-\u9fff]", told["message"])
    assert told["request_id"] == answer["X-Request-ID"]
    assert_silent(answer)


def test_an_unknown_address_and_a_foreign_row_are_told_alike(quiet):
    """Trust finding 9."""
    quiet.force_login(UserFactory())
    foreign = CustomerFactory()
    bodies = []
    for path in (f"/customers/{foreign.pk}/", "/customers/99999999/"):
        answer = quiet.get(path)
        assert_honest(answer, 404, "没有找到")
        body = answer.content.decode().replace(answer["X-Request-ID"], "")
        bodies.append(re.sub(r'(?<=")\w{64}(?=")', "token", body))
    assert bodies[0] == bodies[1].replace("99999999", str(foreign.pk))
    assert_honest(quiet.get("/nowhere/"), 404, "这个地址没有内容")


def test_a_stranger_is_told_too(quiet):
    """Nobody is logged in: the page still stands, without names and counts."""
    assert_honest(quiet.get("/broken/missing/"), 404, "没有找到")
    assert_honest(quiet.get("/broken/bug/"), 500, "系统出错了")
    assert_honest(quiet.get("/accounts/login/", headers={"Host": "evil.cn"}), 400, "请求有误")


def test_a_page_that_was_open_too_long_says_to_reload():
    """B152."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory())
    assert_honest(strict.post("/customers/register/", {"name": "x"}), 403, "页面已过期")


def test_a_body_far_too_large_is_told_before_it_is_read(quiet):
    """B242: 413."""
    quiet.force_login(UserFactory())
    answer = quiet.post("/files/", headers={"Content-Length": str(2**30)})
    assert_honest(answer, 413, "文件太大")


def test_too_many_wrong_passwords_are_told_as_a_pause(quiet, settings):
    """429 with words, not with the library's page."""
    settings.AXES_ENABLED = True
    user = UserFactory()
    answers = [
        log_in(quiet, user, "Wrong-Mima-2026") for _try in range(settings.AXES_FAILURE_LIMIT)
    ]
    assert_honest(answers[-1], 429, "账号暂时锁定")
    assert_honest(log_in(quiet, user), 429, "请十分钟后再试")


def test_too_many_calls_are_told_with_the_time_to_wait(quiet):
    for _call in range(20):
        assert quiet.get("/api/v1/customers/").status_code == 401
    answer = quiet.get("/api/v1/customers/")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["code"] == "throttled"
    assert_silent(answer)


def test_a_database_that_goes_away_before_any_view_is_a_503_too(quiet, monkeypatch):
    """RF-60: the middleware that asks who it is meets the trouble first."""

    def lost(_request):
        raise OperationalError("server closed the connection 10.1.2.3")

    quiet.force_login(UserFactory())
    monkeypatch.setattr(middleware, "get_user", lost)
    for path in ("/", "/customers/", "/admin/"):
        answer = quiet.get(path)
        assert_honest(answer, 503, "暂时无法服务")
        assert answer["Retry-After"] == "10"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_the_number_is_ours_whatever_the_caller_sends(quiet):
    answer = quiet.get("/nowhere/", headers={"X-Request-ID": "0000000000000000"})
    assert re.fullmatch(r"[0-9a-f]{16}", answer["X-Request-ID"])
    assert answer["X-Request-ID"] != "0" * 16
