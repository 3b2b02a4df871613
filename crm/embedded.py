"""The PostgreSQL that comes with the package, for a machine that has none (D1).

Runs before Django loads, so standard library and psycopg2 only. Everything lies under `var/`:

    var/pg/              the data, never owned by root
    var/database.json    passwords and port, 0600
    var/database.lock    two processes that start at once give one server
    var/log/postgresql.log

The server runs until `make stop` or the supervisor ends it by its pid.
"""

import json
import os
import pwd
import secrets
import sys
from dataclasses import asdict, dataclass, field
from typing import Literal

import psycopg2
from psycopg2 import sql

from crm import postgres
from crm.places import ROOT, SetupError, locked, not_yours, var, write_private
from crm.postgres import HOST, SUPERUSER

Role = Literal["app", "owner"]
DATABASE = "kedang"
ROLES: dict[Role, str] = {"owner": "kedang_owner", "app": "kedang_app"}


@dataclass(slots=True)
class State:
    """What must be remembered between two starts."""

    passwords: dict[str, str] = field(default_factory=dict)
    port: int = 0  # kept, so that a program that is still running finds the server again
    ready: bool = False


def url(role: Role = "app") -> str:
    """Return the database's address, starting the built-in one when nobody named another."""
    if given := os.environ.get("DATABASE_URL", ""):
        return os.environ.get("DATABASE_OWNER_URL", given) if role == "owner" else given
    if not is_running():
        start()
    state = _read_state()
    return f"postgres://{ROLES[role]}:{state.passwords[ROLES[role]]}@{HOST}:{state.port}/{DATABASE}"


def is_running() -> bool:
    """Whether the server runs, is set up and answers."""
    postgres.check_path()
    server = postgres.find_server()
    return bool(server and server.ready and _read_state().ready and postgres.answers(server.port))


def start() -> bool:
    """Make the server run; tell whether this call started it."""
    postgres.check_path()
    account = postgres.choose_account()
    postgres.prepare_folder(account)
    with locked(var() / "database.lock"):
        if is_running():
            return False
        postgres.clear_leftover()
        state = _read_state()
        if not (postgres.data_folder() / "PG_VERSION").exists():
            state = State(passwords={name: secrets.token_urlsafe(24) for name in ROLES.values()})
            state.passwords[SUPERUSER] = postgres.make_cluster(account)
            _write_state(state)
        state.port = postgres.launch(account, wanted=state.port)
        _write_state(state)
        if not state.ready:
            _make_roles(state)
        _hand_over(account)
    return True


def stop(*, seconds: float = 30) -> bool:
    """End the server by its pid; tell whether one ran. Open connections are cut."""
    postgres.check_path()
    return postgres.end_server(seconds=seconds)


def _read_state() -> State:
    path = var() / "database.json"
    try:
        return State(**json.loads(path.read_text()))
    except FileNotFoundError:
        return State()
    except PermissionError as error:
        raise not_yours(path) from error


def _write_state(state: State) -> None:
    write_private(var() / "database.json", json.dumps(asdict(state)))


def _hand_over(account: pwd.struct_passwd | None) -> None:
    """When root started it for the project's owner, let the owner start it next time."""
    if account is not None and account.pw_uid == ROOT.stat().st_uid:
        for name in ("database.json", "database.lock", "log", "log/postgresql.log"):
            os.chown(var() / name, account.pw_uid, account.pw_gid)


def _make_roles(state: State) -> None:
    """Roles, rights and database; may run again after having been cut short."""
    _execute(state, "template1", [*_role_statements(state), *_RIGHTS])
    if not _execute(state, "template1", [_FIND_DATABASE]):
        _execute(state, "template1", [f"CREATE DATABASE {DATABASE} OWNER kedang_owner"])
    _execute(state, DATABASE, _DATABASE_RIGHTS)
    state.ready = True
    _write_state(state)


def _role_statements(state: State) -> list[sql.Composable]:
    known = {name for (name,) in _execute(state, "template1", ["SELECT rolname FROM pg_roles"])}
    return [
        sql.SQL("{verb} ROLE {name} LOGIN {power} PASSWORD {word}").format(
            verb=sql.SQL("ALTER" if name in known else "CREATE"),
            name=sql.Identifier(name),
            power=sql.SQL("CREATEDB" if role == "owner" else "NOCREATEDB"),
            word=sql.Literal(state.passwords[name]),
        )
        for role, name in ROLES.items()
    ]


# The owner's tables are open to the program, their shape is not. In template1 first, so that
# test databases are born with the same walls.
_BY_DEFAULT = "ALTER DEFAULT PRIVILEGES FOR ROLE kedang_owner"
_RIGHTS = [
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO kedang_app",
    f"{_BY_DEFAULT} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kedang_app",
    f"{_BY_DEFAULT} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO kedang_app",
    # Only the test runner's flush uses it, to empty tables that refuse to be emptied.
    "GRANT SET ON PARAMETER session_replication_role TO kedang_owner",
]
_FIND_DATABASE = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608
_DATABASE_RIGHTS = [
    f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
    f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO kedang_app",
]


def _execute(
    state: State, database: str, statements: list[str] | list[str | sql.Composable]
) -> list[tuple[str]]:
    connection = psycopg2.connect(
        host=HOST,
        port=state.port,
        dbname=database,
        user=SUPERUSER,
        password=state.passwords[SUPERUSER],
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


# --- command line


def main(words: list[str]) -> int:
    """Do what the command line asks and say it in one line."""
    known = {"url": _say_url, "start": _say_start, "stop": _say_stop, "status": _say_status}
    if not words or words[0] not in known:
        sys.stderr.write("Usage: python -m crm.embedded url [owner|app] | start | stop | status\n")
        return 2
    try:
        sys.stdout.write(known[words[0]](words[1:]) + "\n")
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _say_url(words: list[str]) -> str:
    return url("owner" if words == ["owner"] else "app")


def _say_start(_words: list[str]) -> str:
    if os.environ.get("DATABASE_URL"):
        return "DATABASE_URL is set: there is nothing to start."
    return "The database has been started." if start() else "The database is running already."


def _say_stop(_words: list[str]) -> str:
    return "The database has been stopped." if stop() else "The database is not running."


def _say_status(_words: list[str]) -> str:
    postgres.check_path()
    server = postgres.find_server()
    if server is None:
        return "The database is not running."
    return f"The database runs as process {server.pid} on {HOST}:{server.port}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
