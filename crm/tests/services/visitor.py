"""A browser of few words: one person, her cookies, and how long each answer took.

It stands where the proxy stands: it speaks plain HTTP and says that the person came by HTTPS.
"""

import http.client
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from crm.identity.tests.factories import PASSWORD

NAME = "kedang.test"


@dataclass
class Answer:
    status: int
    headers: dict
    body: str
    seconds: float

    @property
    def location(self):
        return self.headers.get("Location", "")


class Visitor:
    def __init__(self, port):
        self.port, self.cookies = port, {}

    def ask(self, method, path, data=None, headers=None, timeout=30):
        body = urlencode(data, doseq=True) if isinstance(data, dict) else data
        sent = self._headers(method) | (headers or {})
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        begin = time.monotonic()
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            text = answer.read().decode(errors="replace")
            self._keep(answer.headers.get_all("Set-Cookie") or [])
            return Answer(answer.status, dict(answer.headers), text, time.monotonic() - begin)
        finally:
            link.close()

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, data, **more):
        return self.ask("POST", path, data, **more)

    def _headers(self, method):
        sent = {
            "Host": NAME,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "198.51.100.7",
            "Referer": f"https://{NAME}/",
            "Accept-Language": "zh-CN",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if method == "POST":
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["X-CSRFToken"] = self.cookies.get("__Host-csrf", "")
        return sent

    def _keep(self, lines):
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def is_live(self):
        try:
            return self.get("/healthz/live", timeout=3).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def log_in(self, username):
        self.get("/accounts/login/")
        answer = self.post("/accounts/login/", {"login": username, "password": PASSWORD})
        assert answer.status == 302, answer.body[:2000]
        return self

    # --- what people do

    def sign(self, step):
        """A signature as the sign page sends it."""
        data = {"verdict": "approve", "opinion": "", "digest": step["digest"]}
        return self.post(f"/forms/steps/{step['pk']}/sign/", data)

    def register(self, name):
        """A new customer of the repair company."""
        data = {
            "name": name,
            "province": "610000",
            "city": "610100",
            "customer_type": "traditional",
            "temporal_class": "current",
            "lifecycle": "new",
            "document_format": "standard",
            "contact_name": "王建国",
            "contact_mobile": "13891234567",
        }
        return self.post("/customers/register/", data)
