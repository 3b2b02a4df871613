"""Posts one signed event to one outside system; knows no database."""

import io
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final

from crm.outbox.channels.targets import Target, check_url, look_up
from crm.outbox.errors import BadTarget
from crm.outbox.formulas import SIGNATURE_HEADER, sign

BODY_CAP: Final = 64 * 1024
_BUSY: Final = frozenset({429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Call:
    """All that a call needs, read before it starts. `secret` is never printed (B286)."""

    url: str
    secret: str
    seconds: float
    event: str
    topic: str
    delivery: str
    body: bytes

    def __repr__(self) -> str:
        return f"Call({self.delivery} → {self.url})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. `is_down` says that the receiver, not the message, is the trouble."""

    is_taken: bool
    error: str = ""
    is_down: bool = False


def send(call: Call) -> Answer:
    """Post the event; whatever happens outside comes back as an answer, within `call.seconds`.

    Only 2xx counts as taken; redirects are not followed. Rules: RF-43, B184, B280 to B284.
    """
    deadline = time.monotonic() + call.seconds
    try:
        status = _post(check_url(call.url), call, deadline)
    except TimeoutError:
        return Answer(is_taken=False, error="timeout", is_down=True)
    except BadTarget as refused:
        return Answer(is_taken=False, error=f"bad target: {refused.message}", is_down=True)
    except (OSError, HTTPException) as problem:
        return Answer(is_taken=False, error=type(problem).__name__, is_down=True)
    if 200 <= status < 300:
        return Answer(is_taken=True)
    return Answer(is_taken=False, error=f"HTTP {status}", is_down=status in _BUSY)


def _post(target: Target, call: Call, deadline: float) -> int:
    with closing(_connect(target, deadline)) as sock:
        channel = HTTPConnection(target.host, target.port)
        channel.sock = sock
        sock.settimeout(_left(deadline))
        channel.request("POST", target.path, call.body, _headers(call))
        answer = HTTPResponse(_Watched(sock, deadline), method="POST")  # type: ignore[arg-type]
        with closing(answer):
            answer.begin()
            if len(answer.read(BODY_CAP + 1)) > BODY_CAP:
                raise HTTPException("the answer is too long")
            return answer.status


def _headers(call: Call) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Kedang-Outbox/1",
        "Connection": "close",
        "X-Kedang-Event": call.event,
        "X-Kedang-Topic": call.topic,
        "X-Kedang-Delivery": call.delivery,
        SIGNATURE_HEADER: sign(call.secret, call.body, now=int(time.time())),
    }


def _connect(target: Target, deadline: float) -> socket.socket:
    """Connect to one of the checked addresses: the name is not looked up again (B281)."""
    problem: OSError = OSError("no address")
    for family, address in look_up(target, seconds=_left(deadline)):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
            return _secured(sock, target) if target.scheme == "https" else sock
        except OSError as failed:
            sock.close()
            problem = failed
    raise problem


def _secured(sock: socket.socket, target: Target) -> socket.socket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)


def _left(deadline: float) -> float:
    """Seconds until the call as a whole must be over. Raises TimeoutError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Watched(io.RawIOBase):
    """Reads from a socket against one deadline, so that an answer in drips ends too (B284)."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, *_mode: Any) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)
