"""A database, web server, courier and neighbours that live as long as one story."""

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psycopg2
from psycopg2 import sql

from crm.neighbours.config import HOST
from crm.places import SetupError
from crm.processes import end_groups, spawn

PATIENCE: Final = 60.0
_FORGET: Final = ("SECRET_KEY", "KEDANG_KEYRING", "REDIS_URL", "KEDANG_TEST_DB")
MANAGE: Final = (sys.executable, "manage.py")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays: addresses, the checker's token, and how long it took to build."""

    base_url: str
    neighbours: str
    token: str
    seconds: float


@contextmanager
def built_stage(data: Path | None) -> Iterator[Stage]:
    """Build everything, and take it all down again whatever happens. Raises SetupError."""
    begin = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="kedang-story-"))
    leaders: list[int] = []
    with scratch_database() as address:
        try:
            crew = _Crew(folder, address, leaders)
            web, other = free_port(), free_port()
            told = ["--kedang", f"http://{HOST}:{web}", "--neighbours-port", str(other)]
            crew.run("prepare", "story", "prepare", *told, *_folder(data))
            crew.start("web", sys.executable, "-m", *_gunicorn(web).split())
            crew.start("courier", *MANAGE, "story", "courier")
            crew.start("neighbours", *MANAGE, "neighbours", "--port", str(other), "--delay", "0.05")
            for port, path in ((web, "/healthz/live"), (other, "/")):
                _await(f"http://{HOST}:{port}{path}", folder)
            token = (folder / "var" / "checker.token").read_text()
            yield Stage(
                f"http://{HOST}:{web}", f"http://{HOST}:{other}", token, time.monotonic() - begin
            )
        finally:
            end_groups(leaders, seconds=10)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_database() -> Iterator[str]:
    """An empty database on the server of DATABASE_URL, dropped at the end; its address."""
    owner = os.environ["DATABASE_URL"]
    name = f"kedang_story_{os.getpid()}"
    _execute(owner, "CREATE DATABASE {}", name)
    try:
        parts = urlsplit(owner)
        yield urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))
    finally:
        _execute(owner, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class _Crew:
    """Starts processes with the story's own environment; what they say lies in one folder."""

    def __init__(self, folder: Path, address: str, leaders: list[int]) -> None:
        self._folder, self._leaders = folder, leaders
        self._env = {name: value for name, value in os.environ.items() if name not in _FORGET}
        self._env |= {
            "DATABASE_URL": address,
            "DJANGO_SETTINGS_MODULE": "crm.settings.dev",
            "KEDANG_DEMO": "1",
            "KEDANG_VAR": str(folder / "var"),
            "KEDANG_WEBHOOK_NETWORKS": "127.0.0.0/8",
        }
        (folder / "var").mkdir(mode=0o700)

    def start(self, name: str, *command: str) -> None:
        """Begin a process that lives until the story ends."""
        log = self._folder / f"{name}.log"
        self._leaders.append(spawn(command, env=self._env, log=log).pid)

    def run(self, name: str, *words: str) -> None:
        """Run a command of manage.py to its end. Raises SetupError with its last words."""
        log = self._folder / f"{name}.log"
        process = spawn([*MANAGE, *words], env=self._env, log=log)
        self._leaders.append(process.pid)
        if process.wait() != 0:
            raise SetupError(f"the stage cannot be built:\n{_last_words(log)}")


def _gunicorn(port: int) -> str:
    return (
        f"gunicorn crm.wsgi --bind {HOST}:{port} --worker-class gthread --workers 1 --threads 8"
        " --timeout 60 --graceful-timeout 2 --no-control-socket"
    )


def _folder(data: Path | None) -> list[str]:
    return ["--data", str(data)] if data else []


def _await(address: str, folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urlopen(address, timeout=2) as answer:  # noqa: S310  (our own http address)
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    words = "\n".join(_last_words(log) for log in sorted(folder.glob("*.log")))
    raise SetupError(f"{address} does not answer:\n{words}")


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def _execute(address: str, statement: str, name: str) -> None:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
    finally:
        connection.close()
