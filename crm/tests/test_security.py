"""The frame of every answer: headers, hosts, addresses, redirects, methods (SEC-12, SEC-37)."""

import re

import pytest
from django.conf import settings
from django.utils.http import urlencode

from crm.core.request import client_ip
from crm.identity.tests.doors import log_in, prove
from crm.identity.tests.factories import PASSWORD, UserFactory, bearer
from crm.tests.personas import World
from crm.tests.test_permissions import PERSONAS, address, enter, lines, written

pytestmark = pytest.mark.django_db
SELF_ONLY = {
    "default-src 'self'",
    "script-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "connect-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "style-src 'self'",
}
SWAGGER_ONLY = "style-src 'self' 'unsafe-inline'"
FILE_ONLY = {"default-src 'none'", "frame-ancestors 'none'", "sandbox"}
ELSEWHERE = ("https://evil.cn", "//evil.cn", "\\\\evil.cn", "https:evil.cn", "/\t/evil.cn")
ELSEWHERE += ("javascript:alert(1)", "/\\evil.cn", "https://testserver@evil.cn/")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S|<style|\sstyle=|\son[a-z]+=\"|javascript:")


def policy_of(answer):
    return {part.strip() for part in answer["Content-Security-Policy"].split(";")}


def policy_for(line, answer):
    """Swagger's page styles itself; a file that is no page may do nothing at all (SEC-12)."""
    if line.name == "api-docs":
        return SELF_ONLY - {"style-src 'self'"} | {SWAGGER_ONLY}
    kind = answer.get("Content-Type", "").partition(";")[0]
    return SELF_ONLY if kind in ("", "text/html", "application/json") else FILE_ONLY


def assert_framed(where, answer, expected=SELF_ONLY):
    """SEC-12 on one answer, whatever its status."""
    assert policy_of(answer) in (expected, SELF_ONLY), where
    assert answer["X-Frame-Options"] == "DENY", where
    assert answer["X-Content-Type-Options"] == "nosniff", where
    assert answer["Referrer-Policy"] == "same-origin", where
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert re.fullmatch(r"[0-9a-f]{16}", answer["X-Request-ID"]), where
    assert not answer.has_header("Server"), where
    assert not answer.has_header("X-Powered-By"), where
    assert "no-store" in answer["Cache-Control"], where


def reachable():
    """Every route that somebody may look at, and who: one person for each status it has."""
    table = written()
    for line in lines():
        taken = {}
        for who in PERSONAS:
            taken.setdefault(table[line.name, who], who)
        yield from ((line, who) for who in taken.values())


@pytest.mark.slow
def test_every_page_of_every_kind_carries_the_security_headers(client):
    world = World()
    for line, who in reachable():
        client.logout()
        headers = enter(client, world, who)
        answer = client.get(address(world, line), headers=headers)
        where = (line.route, who, answer.status_code)
        is_page = answer.get("Content-Type", "").startswith("text/html")
        assert_framed(where, answer, policy_for(line, answer))
        if is_page and line.name != "api-docs":
            assert not INLINE.search(answer.content.decode()), where


@pytest.mark.slow
def test_the_libraries_pages_carry_them_too(client):
    world = World()
    client.force_login(world.people["sys"], backend=settings.AUTHENTICATION_BACKENDS[1])
    for path in ("/admin/", "/admin/identity/department/", "/accounts/2fa/", "/nowhere/"):
        assert_framed(path, client.get(path))
    client.logout()
    for path in ("/accounts/login/", "/admin/", "/nowhere/", "/api/v1/nowhere/"):
        assert_framed(path, client.get(path))


def test_an_answer_made_before_any_view_carries_them_too(client):
    """A body far too large, a strange host."""
    large = client.post("/files/", headers={"Content-Length": str(2**30)})
    assert large.status_code == 413
    assert policy_of(large) == SELF_ONLY
    assert large["X-Request-ID"] in large.content.decode()


def test_static_files_are_not_sniffed(client):
    (settings.STATIC_ROOT / "probe.css").write_text("a { color: red }")
    answer = client.get("/static/probe.css")
    assert answer.status_code == 200
    assert answer["X-Content-Type-Options"] == "nosniff"
    answer.close()


# --- who calls


@pytest.mark.parametrize(
    ("proxies", "told", "believed"),
    [
        (0, None, "203.0.113.9"),
        (0, "127.0.0.1", "203.0.113.9"),
        (1, None, "203.0.113.9"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        (1, "127.0.0.1,10.0.0.1, 198.51.100.7", "198.51.100.7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "nonsense", "203.0.113.9"),
        (1, "198.51.100.7, ", "203.0.113.9"),
        (2, "198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "127.0.0.1, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "203.0.113.9"),
    ],
)
def test_an_address_is_believed_only_from_the_known_proxies(settings, rf, proxies, told, believed):
    """B272, SEC-37: what the caller himself put in front never counts."""
    settings.KEDANG_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": told} if told else {}
    request = rf.get("/", REMOTE_ADDR="203.0.113.9", headers=headers)
    assert client_ip(request) == believed


def test_no_other_header_names_the_caller(settings, rf):
    for count in (0, 1):
        settings.KEDANG_PROXY_COUNT = count
        names = ("X-Real-IP", "Forwarded", "Client-IP", "True-Client-IP", "CF-Connecting-IP")
        request = rf.get("/", REMOTE_ADDR="203.0.113.9", headers=dict.fromkeys(names, "127.0.0.1"))
        assert client_ip(request) == "203.0.113.9"


# --- hosts


@pytest.mark.parametrize("host", ["evil.cn", "testserver.evil.cn", "testserver:80@evil.cn", "a b"])
def test_a_strange_host_is_refused(client, host):
    """B173: nothing is built from it."""
    answer = client.get("/accounts/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.content.decode()
    assert "请求有误" in answer.content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.cn"},
        {"X-Original-URL": "/admin/"},
        {"X-Rewrite-URL": "/admin/"},
        {"X-Forwarded-Prefix": "/evil"},
        {"Forwarded": "host=evil.cn"},
    ],
)
def test_headers_that_would_move_the_address_are_ignored(client, headers):
    answer = client.get("/customers/", headers=headers)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/customers/"


# --- where one is sent


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_nobody_is_sent_elsewhere(client, elsewhere):
    """B271: after log-in, after proving oneself, after choosing a language."""
    user = UserFactory()
    answers = [log_in(client, user, QUERY_STRING=urlencode({"next": elsewhere}))]
    client.logout()
    data = {"login": user.username, "password": PASSWORD, "next": elsewhere}
    answers.append(client.post("/accounts/login/", data))
    answers.append(
        client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": elsewhere})
    )
    answers.append(client.post("/i18n/setlang/", {"language": "en", "next": elsewhere}))
    answers.append(client.post("/accounts/logout/", {"next": elsewhere}))
    for answer in answers:
        assert answer.status_code in (204, 302), answer.content
        assert answer.get("Location", "/") in ("/", "/accounts/login/"), answer["Location"]


def test_one_is_sent_back_to_where_one_wanted_to_go(client):
    user = UserFactory()
    answer = client.post(
        "/accounts/login/",
        {"login": user.username, "password": PASSWORD, "next": "/customers/"},
    )
    assert answer["Location"] == "/customers/"
    assert prove(client).status_code == 302


# --- methods


@pytest.mark.slow
def test_a_method_cannot_be_smuggled_in(client):
    """A POST stays a POST, a GET a GET, whatever a header or a field says."""
    world = World()
    client.force_login(world.people["repair_manager"], backend=settings.AUTHENTICATION_BACKENDS[1])
    for override in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        answer = client.post("/customers/", {"_method": "GET"}, headers={override: "GET"})
        assert answer.status_code == 405
        read = client.get("/inbox/?_method=POST", headers={override: "POST"})
        assert read.status_code in (200, 404)  # an unknown parameter is refused, not obeyed
    code, token = world.customer.code, bearer(world.system)
    answer = client.post(
        f"/api/v1/customers/{code}/",
        {"_method": "PATCH"},
        content_type="application/json",
        headers=token | {"X-HTTP-Method-Override": "PATCH"},
    )
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    world.customer.refresh_from_db()
    assert world.customer.version == 1


@pytest.mark.slow
def test_options_tells_methods_and_no_fields(client):
    """B182."""
    world = World()
    token = bearer(world.system)
    for line in lines():
        if not line.route.startswith("/api/v1/") or line.name in ("api-docs", "api-schema"):
            continue
        answer = client.options(address(world, line), headers=token)
        assert answer.status_code == 204, line.route
        assert answer.content == b"", line.route
        assert set(answer["Allow"].split(", ")) == {*line.rules, "OPTIONS"}, line.route
    client.force_login(world.people["repair_manager"], backend=settings.AUTHENTICATION_BACKENDS[1])
    page = client.options("/customers/register/")
    assert page.status_code == 405
    assert page.content == b""


@pytest.mark.slow
def test_trace_and_strange_methods_are_not_served(client):
    world = World()
    client.force_login(world.people["repair_manager"], backend=settings.AUTHENTICATION_BACKENDS[1])
    for method in ("TRACE", "CONNECT", "PROPFIND", "LOCK"):
        assert client.generic(method, "/customers/").status_code == 405, method
