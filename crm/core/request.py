"""Facts of the running request: its id, the caller's address, what it has asked already."""

import ipaddress
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.conf import settings
from django.http import HttpRequest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the frame knows of the caller. `ip` is None outside a request.

    `answers` is there while a request runs that only reads, see `once`.
    """

    request_id: str = ""
    ip: str | None = None
    answers: dict[Hashable, Any] | None = None


_NOBODY: Final = Seen()
_seen: ContextVar[Seen] = ContextVar("kedang_seen", default=_NOBODY)


def current_request() -> Seen:
    """The running request's facts, or empty ones in jobs and commands."""
    return _seen.get()


def remember_request(seen: Seen) -> None:
    """Called once per request by RequestIdMiddleware."""
    _seen.set(seen)


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """The answer to a question that several parts of one page ask, from the first of them.

    Kept for one GET or HEAD, which changes nothing that is asked here. A request that writes, a
    job or a test asks the database each time.
    """
    answers = _seen.get().answers
    if answers is None:
        return ask()
    if key not in answers:
        answers[key] = ask()
    found: T = answers[key]
    return found


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address; forwarded headers count only behind known proxies (SEC-37, B272).

    Each proxy appends whom it spoke to, so the address counts from the right: what stands further
    left was sent by the caller himself. A request that passed fewer proxies came from inside.
    """
    direct = request.META.get("REMOTE_ADDR") or None
    count = settings.KEDANG_PROXY_COUNT
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if not count or len(told) < count:
        return direct
    try:
        return str(ipaddress.ip_address(told[-count].strip()))
    except ValueError:
        return direct
