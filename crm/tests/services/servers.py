"""Redis and PostgreSQL of our own, on free ports, ended by their own process numbers."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from crm import postgres, processes
from crm.places import ROOT

HOST = "127.0.0.1"


def free_port():
    with socket.create_server((HOST, 0)) as probe:
        return probe.getsockname()[1]


def wait_for(what, *, seconds, every=0.1, why=""):
    """What `what` returns as soon as it is true; otherwise the test fails and says for what."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"not within {seconds} s: {why or what.__name__}"
        time.sleep(every)
    return found


def run(*command, **more):
    """What a program prints; when it fails, the test fails with its words."""
    done = subprocess.run(  # noqa: S603  (our own commands)
        command, capture_output=True, text=True, check=False, timeout=900, **more
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


class Redis:
    """A broker and cache that remembers nothing over its death."""

    def __init__(self, folder):
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed"
        self.folder, self.port, self.process = folder, free_port(), None
        self.command = [program, "--port", str(self.port), "--bind", HOST, "--dir", str(folder)]
        self.command += ["--save", "", "--appendonly", "no"]
        self.url = f"redis://{HOST}:{self.port}/0"

    @property
    def client(self):
        return redis.Redis(host=HOST, port=self.port, socket_timeout=2, socket_connect_timeout=2)

    def answers(self):
        try:
            with self.client as client:
                return client.ping()
        except redis.RedisError:
            return False

    def start(self):
        self.process = processes.spawn(self.command, env=os.environ, log=self.folder / "redis.log")
        wait_for(self.answers, seconds=20)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=10)

    def freeze(self):
        """It keeps its port and takes connections, but never says a word."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def has_a_listening_worker(self):
        with self.client as client:
            return any(row["cmd"] == "brpop" for row in client.client_list())

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()


class BorrowedServer:
    """An own database on the server that DATABASE_URL names."""

    def __init__(self):
        self.base = os.environ["DATABASE_URL"]
        self.name = f"kedang_services_{os.getpid()}_{free_port()}"
        parts = urlsplit(self.base)
        self.url = self.owner_url = urlunsplit(parts._replace(path=f"/{self.name}"))

    def _order(self, statement):
        connection = psycopg2.connect(self.base)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def start(self):
        self._order(f'CREATE DATABASE "{self.name}"')

    def dump(self, path):
        """Everything in it, as text, for another server to take in."""
        program = postgres.programs() / "pg_dump"
        run(program, "--no-owner", "--no-privileges", "--file", path, self.url)
        # Some makers' servers keep options of their own on columns, which no other one knows.
        path.write_text(
            re.sub(r"(?m)^ALTER TABLE .* ALTER COLUMN .* SET \(.*\);$", "", path.read_text())
        )

    def end(self):
        self._order(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class OwnServer:
    """The built-in PostgreSQL in a folder of its own, to be stopped and crashed at will."""

    def __init__(self, folder):
        self.folder = folder / "var"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "KEDANG"))}
        self.environment = kept | {"KEDANG_VAR": str(self.folder)}
        self.url = self.owner_url = ""

    def _say(self, *words):
        command = [sys.executable, "-m", "crm.embedded", *words]
        return run(*command, cwd=ROOT, env=self.environment)

    def start(self):
        """First start or a later one: the port stays, so the addresses stay."""
        self._say("start")
        if not self.url:
            self.url, self.owner_url = self._say("url", "app"), self._say("url", "owner")

    def restore(self, path):
        program = postgres.programs() / "psql"
        run(program, "--quiet", "-v", "ON_ERROR_STOP=1", "--file", path, self.owner_url)

    def stop(self):
        self._say("stop")

    def crash(self):
        """What `pg_ctl stop -m immediate` does: no checkpoint, no good-bye."""
        pid = int((self.folder / "pg" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        wait_for(lambda: not self.answers(), seconds=20, why="the server is gone")

    def answers(self):
        try:
            psycopg2.connect(self.owner_url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def end(self):
        self._say("stop")
