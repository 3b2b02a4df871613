"""The bench's own database: made on the server of DATABASE_URL or on the built-in one.

It is kept between runs, with a mark for everything that was loaded whole. A mark made by other
migrations is worth nothing: the database is then made anew.
"""

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.core.management import call_command
from django.db import connection
from psycopg2.sql import SQL, Identifier

from crm import embedded
from crm.places import ROOT

NAME = "kedang_bench"
_MARKS = "CREATE TABLE IF NOT EXISTS bench_mark (name text PRIMARY KEY, value text NOT NULL)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bench works: as owner, as the site would, and the server's usual database."""

    name: str
    owner: str
    app: str
    server: str


def find_place(name: str) -> Place:
    """The addresses of the bench's database; starts the built-in server when nobody named one."""
    owner, app = embedded.url("owner"), embedded.url("app")
    return Place(name, owner=_at(owner, name), app=_at(app, name), server=owner)


def _at(address: str, name: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, parts.fragment))


def open_database(place: Place, *, fresh: bool) -> None:
    """See that the database is there and fit, before Django's first question."""
    if fresh or not _is_current(place):
        drop_database(place)
        _on_server(place, "CREATE DATABASE {}")
        # What the built-in server has for all: its disks, like all of today's, do not turn.
        _on_server(place, "ALTER DATABASE {} SET random_page_cost = 1.1")


def prepare_schema() -> None:
    """Tables and reference data."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("load_reference", verbosity=0, stdout=io.StringIO())
    with connection.cursor() as cursor:
        cursor.execute(_MARKS)
    mark_schema()


def mark_schema(*, whole: bool = True) -> None:
    """Note that all tables stand with their indexes and constraints, or that they do not."""
    mark("schema", _schema() if whole else "")


def drop_database(place: Place) -> None:
    """Drop it; connections of a run that was cut short go with it."""
    _on_server(place, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def mark(name: str, value: str) -> None:
    """Note that something was loaded whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_mark (name, value) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
            [name, value],
        )


def marked(name: str) -> str:
    """What was noted under the name; empty for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM bench_mark WHERE name = %s", [name])
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def _is_current(place: Place) -> bool:
    try:
        reached = psycopg2.connect(place.owner)
    except psycopg2.OperationalError:
        return False
    try:
        with reached.cursor() as cursor:
            cursor.execute("SELECT value FROM bench_mark WHERE name = 'schema'")
            found = cursor.fetchone()
            return bool(found) and found[0] == _schema()
    except psycopg2.errors.UndefinedTable:
        return False
    finally:
        reached.close()


@cache
def _schema() -> str:
    """A digest of all migrations."""
    digest = hashlib.sha256()
    for pattern in ("*/migrations/[0-9]*.py", "crm/*/migrations/[0-9]*.py"):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _on_server(place: Place, statement: str) -> None:
    server = psycopg2.connect(place.server)
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            cursor.execute(SQL(statement).format(Identifier(place.name)))
    finally:
        server.close()
