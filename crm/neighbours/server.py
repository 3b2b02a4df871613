"""The door of the neighbours: webhooks in, faults ordered, the diary read. Local machine only."""

import contextlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from crm.neighbours.config import HOST
from crm.neighbours.faults import BadFault, Fault, Plan
from crm.neighbours.street import Refused, Street
from crm.outbox.formulas import SIGNATURE_HEADER

MOST: Final = 256 * 1024


class Server(ThreadingHTTPServer):
    """One thread a call, so a system in trouble delays no other."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, street: Street, port: int) -> None:
        super().__init__((HOST, port), Door)
        self.street = street

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}"


class Door(BaseHTTPRequestHandler):
    """POST /<system>/ takes an event; /faults and /log are for whoever tests."""

    server: Server
    server_version = "Neighbours/1"
    timeout = 60

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/log":
            after = parse_qs(parts.query).get("after", ["0"])[0]
            number = int(after) if after.isdecimal() else 0
            self._answer(200, self.server.street.diary.entries(number))
        elif parts.path == "/faults":
            self._answer(200, self.server.street.faults.left())
        elif parts.path == "/":
            self._answer(200, {"status": "ok", "systems": list(self.server.street.config.systems)})
        else:
            self._answer(404, {"error": "no such page"})

    def do_DELETE(self) -> None:
        if urlsplit(self.path).path != "/faults":
            self._answer(404, {"error": "no such page"})
            return
        self.server.street.faults.clear()
        self._answer(200, [])

    def do_POST(self) -> None:
        with contextlib.suppress(OSError):  # whoever called has gone away
            path, body = urlsplit(self.path).path, self._body()
            if body is None:
                self._answer(413, {"error": "too long"})
            elif path == "/faults":
                self._order(body)
            else:
                self._webhook(path.strip("/"), body)

    def _order(self, body: bytes) -> None:
        try:
            self.server.street.faults.order(json.loads(body))
        except (BadFault, ValueError) as problem:
            self._answer(400, {"error": str(problem)})
        else:
            self._answer(200, self.server.street.faults.left())

    def _webhook(self, system: str, body: bytes) -> None:
        street = self.server.street
        try:
            event = street.check(system, self.headers.get(SIGNATURE_HEADER, ""), body)
        except Refused as refused:
            self._answer(refused.status, {"error": str(refused)})
            return
        plan = street.fault_at_the_door(system)
        if plan is not None:
            self._fail(system, event, plan)
            return
        first = street.take(system, event)
        street.note_call(system, event, fault="", again=not first)
        self._answer(200, {"taken": True, "repeated": not first})

    def _fail(self, system: str, event: dict[str, Any], plan: Plan) -> None:
        """Spoil the answer as ordered; only a late answer has done the work before."""
        late = plan.fault is Fault.ANSWER_AFTER_TIMEOUT
        again = not (late and self.server.street.take(system, event))
        self.server.street.note_call(system, event, fault=plan.fault, again=late and again)
        time.sleep(plan.seconds)
        match plan.fault:
            case Fault.ERROR:
                self._answer(500, {"error": "as ordered"})
            case Fault.GARBAGE:
                self.wfile.write(b"\x00\xff<html>not http</html>\r\n\r\n")
            case Fault.ANSWER_AFTER_TIMEOUT:
                self._answer(200, {"taken": True, "repeated": again})
            case _:
                pass  # no answer at all
        self.close_connection = True

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST:
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, body: Any) -> None:
        sent = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *said: Any) -> None:
        """The diary keeps what matters."""
