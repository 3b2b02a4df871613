"""Which addresses a webhook may call (trust corpus K, B280 to B283).

The shape is checked when an endpoint is registered and again before each call; the address only
then, after the one look-up whose answer is also what we connect to, so that a name cannot point
elsewhere between check and use.
"""

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from crm.outbox.errors import BadTarget

Address = IPv4Address | IPv6Address
PORTS: Final = {"http": 80, "https": 443}
LONGEST: Final = 500
FIRST_FREE_PORT: Final = 1024
SERVICE_PORTS: Final = frozenset(
    {1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 6379, 6443}
    | {8500, 9042, 9092, 9200, 9300, 10250, 11211, 27017}
)
"""Databases, brokers and consoles, which must not be talked to by way of a webhook (B283)."""
_PRINTABLE: Final = re.compile(r"[!-~]+")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CARRIERS: Final = tuple(
    IPv6Network(text)
    for text in (
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
    )
)
"""IPv6 addresses that carry an IPv4 address inside."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart and found fit in shape; `literal` when it names an address itself."""

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None = None


def check_url(url: str) -> Target:
    """Take `url` apart. Raises BadTarget for every shape we do not call."""
    if len(url) > LONGEST or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise BadTarget(_("地址只能用可见的英文字符，不超过 500 个"), field="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise BadTarget(_("地址格式不正确"), field="url") from problem
    if parts.scheme not in PORTS:
        raise BadTarget(_("只能使用 http 或 https 地址"), field="url")
    if "@" in parts.netloc or parts.fragment:
        raise BadTarget(_("地址中不能含有用户名、密码或 # 片段"), field="url")
    host, literal = _host(parts)
    if literal is not None and not is_allowed(literal):
        raise BadTarget(_("不能呼叫内部网络地址"), field="url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, _port(parts.scheme, port), path, literal)


def is_allowed(address: Address) -> bool:
    """A public address, or one inside the networks the operator listed."""
    networks = map(ip_network, settings.KEDANG_WEBHOOK_NETWORKS)
    if any(address.version == network.version and address in network for network in networks):
        return True
    if isinstance(address, IPv6Address) and any(address in carrier for carrier in _CARRIERS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def look_up(target: Target, *, seconds: float) -> list[tuple[int, Any]]:
    """(family, socket address) pairs to connect to; all of them checked.

    Raises BadTarget when any is inside: a name with one public and one private address is a trick.
    Raises OSError (TimeoutError too) when the name is not found.
    """
    found = _resolve(target, seconds)
    for _family, address in found:
        if not is_allowed(ip_address(address[0])):
            raise BadTarget(_("不能呼叫内部网络地址"), field="url")
    return found


def _resolve(target: Target, seconds: float) -> list[tuple[int, Any]]:
    """getaddrinfo knows no time-out, so it runs beside us and may be left behind."""
    answers: SimpleQueue[list[tuple[int, Any]] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answers.put([(row[0], row[4]) for row in rows])
        except OSError as problem:
            answers.put(problem)

    threading.Thread(target=ask, daemon=True, name="outbox-lookup").start()
    try:
        answer = answers.get(timeout=max(seconds, 0.001))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _host(parts: SplitResult) -> tuple[str, Address | None]:
    """The host, and the address when it is one in its one accepted spelling (B280)."""
    host = parts.hostname or ""
    if "[" in parts.netloc:
        return host, _literal(host, IPv6Address)
    if _NUMERIC.fullmatch(host.rpartition(".")[2]):
        return host, _literal(host, IPv4Address)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise BadTarget(_("主机名不正确"), field="url")
    return host, None


def _literal(host: str, kind: type[IPv4Address] | type[IPv6Address]) -> Address:
    try:
        address = kind(host)
    except ValueError as problem:
        raise BadTarget(_("IP 地址请用标准写法"), field="url") from problem
    if str(address) != host:
        raise BadTarget(_("IP 地址请用标准写法"), field="url")
    return address


def _port(scheme: str, port: int | None) -> int:
    if port is None or port in PORTS.values():
        return PORTS[scheme] if port is None else port
    if port < FIRST_FREE_PORT or port in SERVICE_PORTS:
        raise BadTarget(_("端口 %(port)d 不能使用") % {"port": port}, field="url")
    return port
