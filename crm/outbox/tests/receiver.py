"""A real receiver on 127.0.0.1, on its own port, that behaves as badly as it is told to."""

import contextlib
import json
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crm.outbox.formulas import SIGNATURE_HEADER, verify_signature


@dataclass
class Receiver:
    """What an outside system keeps: every call, and each event once (by its id)."""

    secret: str = ""
    plan: deque = field(default_factory=deque)
    calls: list = field(default_factory=list)
    events: dict = field(default_factory=dict)
    refused: int = 0
    open_now: Counter = field(default_factory=Counter)
    most_open: int = 0
    doubles: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""
    pause: float = 0.0

    def begin(self, event):
        with self.lock:
            self.open_now[event] += 1
            self.most_open = max(self.most_open, sum(self.open_now.values()))
            self.doubles += self.open_now[event] > 1

    def end(self, event):
        with self.lock:
            self.open_now[event] -= 1

    def take(self, headers, body):
        """True when the call is genuine; its event counts once however often it comes."""
        header = headers.get(SIGNATURE_HEADER, "")
        genuine = verify_signature(self.secret, header, body, now=int(time.time()))
        with self.lock:
            if not genuine:
                self.refused += 1
                return False
            told = json.loads(body)
            self.calls.append((headers["X-Kedang-Event"], headers["X-Kedang-Delivery"]))
            self.events.setdefault(told["id"], told)
        return True

    @property
    def keys(self):
        return [told["key"] for told in self.events.values()]


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self):
        receiver = self.receiver
        event = self.headers["X-Kedang-Event"]
        receiver.begin(event)
        try:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.lock:
                step = receiver.plan.popleft() if receiver.plan else "ok"
            time.sleep(receiver.pause)
            with contextlib.suppress(OSError):
                getattr(self, f"play_{step}")(body)
        finally:
            receiver.end(event)
            self.close_connection = True

    def play_ok(self, body):
        self.send_response(200 if self.receiver.take(self.headers, body) else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def play_500(self, body):
        self.send_error(500)

    def play_redirect(self, body):
        self.send_response(302)
        self.send_header("Location", self.receiver.url)
        self.end_headers()

    def play_timeout(self, body):
        time.sleep(1.3)

    def play_late(self, body):
        """Takes the event, but its 200 comes when nobody waits any more."""
        self.receiver.take(self.headers, body)
        time.sleep(1.3)
        self.send_response(200)
        self.end_headers()

    def play_garbage(self, body):
        self.wfile.write(b"\x00\xff<html>not http</html>\r\n\r\n")

    def play_hang_up(self, body):
        self.connection.close()

    def play_drip(self, body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _second in range(15):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def play_huge(self, body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        for _block in range(1024):
            self.wfile.write(b"x" * 1024)

    def log_message(self, *_said):
        """Quiet."""


@contextlib.contextmanager
def receiving():
    """A running receiver; its thread ends with the test."""
    receiver = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
