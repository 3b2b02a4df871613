"""One person's browser: cookies, tokens, redirects; nothing but HTTP."""

import http.client
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from crm.demo.story.page import Form, Page

SECONDS: Final = 60
HOPS: Final = 5
LOGIN: Final = "/accounts/login/"
Value = str | Sequence[str]


class Unexpected(Exception):
    """The site answered something else than the story says."""


class Browser:
    """Goes to pages, fills forms, presses buttons, as one person."""

    def __init__(self, base_url: str, who: str) -> None:
        self.who = who
        self._host = urlsplit(base_url).netloc
        self._base = base_url
        self._cookies: dict[str, str] = {}

    def log_in(self, username: str, password: str) -> None:
        """Through the log-in page. Raises Unexpected."""
        page = self.get(LOGIN)
        fields = {"login": username, "password": password}
        ended = self.submit(page, LOGIN, fields)
        if ended.path.startswith(LOGIN):
            raise Unexpected(f"{username} cannot log in: {ended.said}")

    def get(self, path: str, *, expect: int = 200) -> Page:
        """Open a page. Raises Unexpected for another status."""
        return self._expect(self._go("GET", path, None), expect)

    def submit(
        self, page: Page, part: str, fields: Mapping[str, Value], *, expect: int = 200
    ) -> Page:
        """Fill the form to `part` on `page` by the words of its choices, and send it."""
        form = page.form_to(part)
        filled = dict(form.fields)
        sent: list[tuple[str, str]] = []
        for name, value in fields.items():
            filled.pop(name, None)
            several = [value] if isinstance(value, str) else value
            sent += [(name, _choice(form, name, one)) for one in several]
        body = urlencode([*filled.items(), *sent])
        return self._expect(self._go("POST", form.action or page.path, body), expect)

    def press(self, path: str, part: str, *, expect: int = 200) -> Page:
        """Open a page and press the button that posts to `part`."""
        return self.submit(self.get(path), part, {}, expect=expect)

    def _expect(self, page: Page, status: int) -> Page:
        if page.status != status:
            raise Unexpected(f"{self.who} at {page.path}: {page.said}, not {status}")
        return page

    def _go(self, method: str, path: str, body: str | None) -> Page:
        for _hop in range(HOPS):
            status, where, html = self._call(method, path, body)
            if where and status in (301, 302, 303):
                parts = urlsplit(urljoin(self._base + path, where))
                path = f"{parts.path}?{parts.query}" if parts.query else parts.path
                method, body = "GET", None
                continue
            return Page(status, urlsplit(path).path, html)
        raise Unexpected(f"{self.who}: {path} leads round and round")

    def _call(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Referer": self._base + path,
            "Accept-Language": "zh-hans",
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection(self._host, timeout=SECONDS)) as line:
            line.request(method, path, body.encode() if body is not None else None, headers)
            answer = line.getresponse()
            html = answer.read().decode(errors="replace")
            for header in answer.headers.get_all("Set-Cookie", []):
                self._keep(header)
            return answer.status, answer.getheader("Location", ""), html

    def _keep(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] == "0" or not morsel.value:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = morsel.value


class Api:
    """A client of the REST API."""

    def __init__(self, base_url: str, token: str) -> None:
        self._host = urlsplit(base_url).netloc
        self._token = token

    def get(self, path: str) -> Any:
        """The JSON at `path`. Raises Unexpected unless 200."""
        headers = {"Authorization": f"Token {self._token}", "Accept": "application/json"}
        with closing(http.client.HTTPConnection(self._host, timeout=SECONDS)) as line:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise Unexpected(f"{path} answers {answer.status}: {body[:300]!r}")
        return json.loads(body)


def _choice(form: Form, name: str, words: str) -> str:
    """The value behind the words of a choice; anything else is typed as it is."""
    known = form.choices.get(name)
    if not known:
        return words
    if words in known.values():
        return words
    for label, value in known.items():
        if label == words or label.endswith(words):
            return value
    raise Unexpected(f"{name} offers {', '.join(list(known)[:12])}, not {words}")
