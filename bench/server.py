"""The site under gunicorn, as `make run` starts it, and what drives it."""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from bench.database import Place
from bench.setting import Unmeasured
from bench.timing import Times, take_turns
from crm import processes
from crm.places import var

WORKERS: Final = 2
START_SECONDS: Final = 90
_RATE: Final = re.compile(r"Requests/sec:\s+([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Site:
    """A running site."""

    port: int

    def times(
        self,
        *pages: Sequence[str],
        headers: Mapping[str, str],
        rounds: int,
    ) -> tuple[Times, ...]:
        """Whole requests to the last byte on one connection; the kinds of pages take turns."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

        def ask(paths: Sequence[str]) -> Callable[[int], object]:
            return lambda n: _read(connection, paths[n % len(paths)], headers)

        try:
            return take_turns(*map(ask, pages), rounds=rounds)
        finally:
            connection.close()

    def body(self, path: str, headers: Mapping[str, str]) -> bytes:
        """One answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return _read(connection, path, headers)
        finally:
            connection.close()

    def rate(self, path: str, token: str, *, seconds: int, connections: int) -> float:
        """Requests a second, by wrk. Any answer but 200 measures nothing."""
        wrk = shutil.which("wrk")
        if wrk is None:
            raise Unmeasured("wrk is missing: apt-get install wrk")
        told = subprocess.run(  # noqa: S603
            [
                *(wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"),
                *("-H", f"Authorization: Token {token}", f"http://127.0.0.1:{self.port}{path}"),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = _RATE.search(told)
        if found is None or "Non-2xx" in told or "Socket errors" in told:
            raise Unmeasured(f"wrk on {path} says:\n{told}")
        return float(found.group(1))


def _read(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> bytes:
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Unmeasured(f"{path} answers {answer.status}: {body[:300]!r}")
    return body


@contextmanager
def running_site(place: Place, *, worker_class: str = "gthread") -> Iterator[Site]:
    """Two web processes on a free port, ended at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    figures = var() / "run" / "bench-prometheus"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    (var() / "log").mkdir(parents=True, exist_ok=True)
    threads = "--threads 4" if worker_class == "gthread" else ""
    words = (
        f"gunicorn crm.wsgi --bind 127.0.0.1:{port} --worker-class {worker_class} {threads}"
        f" --workers {WORKERS} --timeout 60 --graceful-timeout 5 --no-control-socket"
    )
    process = processes.spawn(
        [sys.executable, "-m", *words.split()],
        env={**os.environ, "DATABASE_URL": place.app, "PROMETHEUS_MULTIPROC_DIR": str(figures)},
        log=var() / "log" / "bench-web.log",
    )
    try:
        _wait_until_it_answers(process, port)
        yield Site(port)
    finally:
        processes.end_groups([process.pid], seconds=10)
        process.wait()
        shutil.rmtree(figures, ignore_errors=True)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz/live")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise Unmeasured(f"the site did not start: {var() / 'log' / 'bench-web.log'}")
