"""Fixtures of the archive's tests: a disk of one's own, a server that must stay unasked."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import override_settings


@pytest.fixture
def disk(tmp_path):
    """An empty place for files; the default storage is made anew for it."""
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield tmp_path / "files"


@dataclass
class Unasked:
    """A listening server and what was asked of it."""

    url: str
    asked: list = field(default_factory=list)


@pytest.fixture
def live_server_closed():
    """A server on 127.0.0.1 that writes down every request."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Unasked(f"http://127.0.0.1:{server.server_port}", asked)
    server.shutdown()
    server.server_close()
    thread.join()
