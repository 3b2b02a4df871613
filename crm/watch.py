"""The processes of one supervised group while they run: started, watched, ended (D3)."""

import http.client
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from crm import embedded, postgres, processes
from crm.places import ROOT, SetupError, var, write_private

_STARTING = "starting"
PATIENCE = 7.5  # Celery's warm end takes up to 6; with the database's end it stays under 10
LONGEST_PAUSE = 30.0
CALM = 60.0  # a child that ran this long starts again at once
DATABASE_EVERY = 3.0


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """What runs together. Tests make small ones of their own."""

    children: list[Child]
    before: list[str] = field(default_factory=list)  # runs to its end first; its output comes last
    ready: str = ""  # asked until it answers 200
    address: str = ""
    database: bool = False  # the built-in one is ours to start, watch and end


@dataclass(slots=True)
class Life:
    """One child's present process and its luck so far."""

    process: subprocess.Popen[bytes]
    since: float
    falls: int = 0
    again_at: float | None = None


class Watch:
    """Holds the group's processes while it runs."""

    def __init__(self, group: Group, environment: dict[str, str]) -> None:
        self.group = group
        self.environment = environment
        self.lives: dict[str, Life] = {}
        self.closing_words = ""
        self.announced = not group.ready
        self.begin = self.database_asked = time.monotonic()

    def start(self) -> None:
        """Database, preparation, children."""
        _check_port(self.group.ready)
        if self.group.database:
            _start_database()
        if self.group.before:
            say("Preparing:")
            told = subprocess.run(  # noqa: S603
                self.group.before,
                cwd=ROOT,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # Ctrl-C is for us
            )
            self.closing_words = told.stdout
        if self.group.database:
            self.environment["DATABASE_URL"] = embedded.url("app")
        for child in self.group.children:
            self.lives[child.name] = Life(self._spawn(child), since=time.monotonic())

    def forever(self) -> NoReturn:
        """Watch until a signal raises Ended."""
        while True:
            for child in self.group.children:
                self._look_after(child)
            self._look_after_database()
            self._announce()
            time.sleep(0.2)

    def end(self) -> None:
        """End all children, then the database if it is the group's."""
        leaders = [life.process.pid for life in self.lives.values()]
        processes.end_groups(leaders, seconds=PATIENCE)
        for name, life in self.lives.items():
            life.process.poll()
            pid_file(name).unlink(missing_ok=True)
        if self.group.database and _database_is_ours():
            embedded.stop(seconds=1.5)
            _database_mark().unlink(missing_ok=True)

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        env = self.environment | child.env
        process = processes.spawn(child.command, env=env, log=log_of(child.name))
        processes.remember(pid_file(child.name), process.pid)
        return process

    def _look_after(self, child: Child) -> None:
        life, now = self.lives[child.name], time.monotonic()
        code = life.process.poll()
        if code is None:
            return
        if life.again_at is None:
            processes.end_groups([life.process.pid], seconds=1)  # what it left behind
            life.falls = 0 if now - life.since > CALM else life.falls + 1
            pause = min(LONGEST_PAUSE, 2.0 ** (life.falls - 1)) if life.falls else 0.0
            life.again_at = now + pause
            say(
                f"{child.name} ended (code {code}) and starts again in {pause:.0f} s. "
                f"Why: {log_of(child.name)}"
            )
        if now >= life.again_at:
            life.process, life.since, life.again_at = self._spawn(child), now, None

    def _look_after_database(self) -> None:
        now = time.monotonic()
        if not self.group.database or now - self.database_asked < DATABASE_EVERY:
            return
        self.database_asked = now
        if embedded.is_running():
            return
        say(f"The database ended and starts again. Why: {var() / 'log' / 'postgresql.log'}")
        try:
            _start_database()
        except SetupError as error:
            say(f"{error}")
        else:
            self._follow(embedded.url("app"))

    def _follow(self, address: str) -> None:
        """Start the children anew if the database had to move to another port."""
        if address != self.environment["DATABASE_URL"]:
            self.environment["DATABASE_URL"] = address
            for life in self.lives.values():
                life.process.terminate()

    def _announce(self) -> None:
        if self.announced or not _answers_well(self.group.ready):
            return
        self.announced = True
        say(self.closing_words.rstrip())
        say(
            f"Kedang is ready after {time.monotonic() - self.begin:.0f} s: {self.group.address}\n"
            "Ctrl-C or `make stop` ends it."
        )


def _check_port(address: str) -> None:
    """Refuse to start where another program would answer in our place."""
    port = urlsplit(address).port
    if port and postgres.answers(port):
        raise SetupError(
            f"another program uses port {port}. End it, or choose another port: "
            "`make run KEDANG_PORT=8001`."
        )


def _answers_well(address: str) -> bool:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=3)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# --- the database, if it is the group's


def _database_mark() -> Path:
    return run_folder() / "database.started"


def _start_database() -> None:
    """Start the database and remember, beyond our own death, that it was started for the group.

    The mark stands before the server does: a signal in between must not leave it behind.
    """
    if embedded.is_running():
        return
    write_private(_database_mark(), _STARTING)
    is_ours, server = embedded.start(), postgres.find_server()
    if is_ours and server is not None:
        write_private(_database_mark(), str(server.pid))
    else:
        _database_mark().unlink(missing_ok=True)


def _database_is_ours() -> bool:
    server = postgres.find_server()
    mark = _database_mark()
    if server is None or not mark.exists():
        return False
    return mark.read_text() in (_STARTING, str(server.pid))


# --- places


def run_folder() -> Path:
    """Where pids are noted."""
    return var() / "run"


def pid_file(name: str) -> Path:
    """Where a child's pid is noted."""
    return run_folder() / f"{name}.pid"


def log_of(name: str) -> Path:
    """Where a child's output goes."""
    return var() / "log" / f"{name}.log"


def say(text: str) -> None:
    """One line for the person at the terminal."""
    if text:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
