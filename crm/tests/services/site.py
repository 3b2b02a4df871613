"""A whole installation under production's settings: database, Redis, web, worker, beat."""

import base64
import json
import os
import secrets
import sys

import psycopg2

from crm import processes
from crm.places import ROOT
from crm.tests.services.servers import HOST, Redis, free_port, run, wait_for
from crm.tests.services.visitor import NAME, Visitor

SETTINGS = "crm.tests.services.settings"
TIMES = 200 if os.environ.get("KEDANG_SOAK") == "1" else 20
"""Writes in a row: so many for the long proof, so many in CI."""
_OURS = ("DATABASE", "KEDANG", "REDIS", "DJANGO", "SECRET", "ALLOWED", "COV_", "PYTEST", "PROMETH")


class Site:
    """Its processes end with the test, each by its number."""

    def __init__(self, folder, database):
        self.folder, self.database = folder, database
        self.redis = Redis(folder)
        self.port = free_port()
        self.running = {}
        self.told = {}

    @property
    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        return kept | {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DATABASE_URL": self.database.url,
            "DATABASE_OWNER_URL": self.database.owner_url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": self.word,
            "KEDANG_KEYRING": str(self.folder / "keyring.json"),
            "KEDANG_VAR": str(self.folder / "run"),
            "KEDANG_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "KEDANG_PROXY_COUNT": "1",
            "ALLOWED_HOSTS": NAME,
        }

    def build(self, **facts):
        """Servers up, schema and reference data in, a bureau and a company seeded."""
        self._open()
        self.word = secrets.token_urlsafe(64)
        key, blind = (base64.b64encode(secrets.token_bytes(32)).decode() for _key in "ab")
        ring = {"active": "k1", "keys": {"k1": key}, "blind": blind}
        (self.folder / "keyring.json").write_text(json.dumps(ring))
        self.told = json.loads(self.run_module("seed", json.dumps(facts)))
        self.database.dump(self.folder / "seeded.sql")

    def copy(self, other):
        """The same beginning and the same keys as another installation: it takes a moment only."""
        self._open()
        self.word, self.told = other.word, other.told
        ring = (other.folder / "keyring.json").read_text()
        (self.folder / "keyring.json").write_text(ring)
        self.database.restore(other.folder / "seeded.sql")

    def _open(self):
        (self.folder / "run" / "static").mkdir(parents=True)
        self.database.start()
        self.redis.start()

    def run_module(self, name, *words):
        """What one of our own modules prints, run inside this installation."""
        said = run(*self._module(name, *words), cwd=ROOT, env=self.environment)
        return said.splitlines()[-1]

    def start_module(self, name, *words):
        """The same beside us; its process."""
        log = self.folder / f"{name}.log"
        child = processes.spawn(self._module(name, *words), env=self.environment, log=log)
        self.running[f"{name} {child.pid}"] = child
        return child

    def _module(self, name, *words):
        return [sys.executable, "-m", f"crm.tests.services.{name}", *words]

    # --- processes

    def start_web(self):
        server = f"gunicorn crm.wsgi --bind {HOST}:{self.port} --worker-class gthread --workers 1"
        more = "--threads 4 --timeout 60 --graceful-timeout 5 --no-control-socket"
        self._start("web", f"{server} {more}")
        wait_for(lambda: self.visitor().is_live(), seconds=60, why="the web server")

    def start_worker(self):
        more = "--concurrency 1 --without-gossip --without-mingle -I crm.tests.services.tasks"
        self._start("worker", f"celery -A crm worker {more}")
        wait_for(self.redis.has_a_listening_worker, seconds=60)

    def start_beat(self):
        schedule = self.folder / "run" / "beat-schedule"
        self._start("beat", f"celery -A crm beat -s {schedule}")

    def _start(self, name, words):
        command = [sys.executable, "-m", *words.split()]
        log = self.folder / f"{name}.log"
        self.running[name] = processes.spawn(command, env=self.environment, log=log)

    def stop(self, name):
        child = self.running.pop(name)
        processes.end_groups([child.pid], seconds=8)
        child.wait(timeout=10)

    def pids(self):
        return {name: child.pid for name, child in self.running.items() if child.poll() is None}

    def end(self):
        for name in list(self.running):
            self.stop(name)
        self.redis.end()
        self.database.end()

    # --- looking

    def visitor(self):
        return Visitor(self.port)

    def rows(self, query, *values):
        """Straight from the database, past all code of ours."""
        connection = psycopg2.connect(self.database.owner_url, connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall()
        finally:
            connection.close()

    def count(self, query, *values):
        return self.rows(query, *values)[0][0]

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")
