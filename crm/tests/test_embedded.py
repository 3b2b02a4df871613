"""The built-in PostgreSQL (D1): every way it is started, killed, found again and ended."""

import encodings.idna  # noqa: F401  (an ordinary user's child could not load it later)
import json
import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from crm import embedded, postgres
from crm.places import SetupError

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(120)]
WHO = ["root", "ordinary"] if os.geteuid() == 0 else ["ordinary"]
ORDINARY = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


@pytest.fixture(params=WHO)
def who(request, place):
    """Root, or an ordinary user in a folder of his own."""
    if request.param == "ordinary" and os.geteuid() == 0:
        place.mkdir()
        os.chown(place, ORDINARY.pw_uid, ORDINARY.pw_gid)
    return request.param


def become(name):
    if name == "ordinary" and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(ORDINARY.pw_gid)
        os.setuid(ORDINARY.pw_uid)


def run_as(who, *calls, side_by_side=False):
    """Call functions in fresh processes of that person; return their results."""
    with ProcessPoolExecutor(
        max_workers=len(calls) if side_by_side else 1,
        mp_context=multiprocessing.get_context("fork"),
        initializer=become,
        initargs=[who],
    ) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def ask(url, query, *values):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def owner_url():
    return embedded.url("owner")


def modes_above(folder):
    return {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.parents)}


def servers_of(folder):
    """Pids of every process whose command line names the folder."""
    needle = os.fsencode(str(folder / "pg"))
    return [
        entry.parent.name
        for entry in Path("/proc").glob("[0-9]*/cmdline")
        if needle in _read_or_nothing(entry)
    ]


def _read_or_nothing(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_first_start_gives_a_working_database_and_powerless_roles(place, who):
    [owner, app] = run_as(who, owner_url, embedded.url)

    shown = {
        name: ask(owner, f"SHOW {name}")[0][0]
        for name in ("server_encoding", "max_connections", "listen_addresses")
    }
    assert shown == {
        "server_encoding": "UTF8",
        "max_connections": "120",
        "listen_addresses": "127.0.0.1",
    }
    assert ask(owner, "SELECT datlocprovider, datlocale FROM pg_database WHERE datname='kedang'")
    assert ask(owner, "SELECT current_user")[0][0] == "kedang_owner"
    assert ask(app, "SELECT current_user")[0][0] == "kedang_app"
    rights = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname=current_user"
    assert ask(owner, rights) == [(False, True, False)]
    assert ask(app, rights) == [(False, False, False)]
    assert stat.S_IMODE((place / "database.json").stat().st_mode) == 0o600
    assert (place / "pg").stat().st_uid != 0


def test_a_wrong_password_is_refused(place, who):
    [url] = run_as(who, embedded.url)
    guessed = url.replace(url.split(":")[2].split("@")[0], "guessed")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(guessed)


@pytest.mark.parametrize("database", ["kedang", "test_walls"])
def test_the_app_role_writes_rows_but_never_changes_the_shape(place, database):
    owner, app = owner_url(), embedded.url()
    if database != "kedang":
        ask(owner, f"CREATE DATABASE {database}")
        owner, app = (url.removesuffix("kedang") + database for url in (owner, app))
    ask(owner, "CREATE TABLE paper (id serial PRIMARY KEY, word text)")

    ask(app, "INSERT INTO paper (word) VALUES ('客档')")
    ask(app, "UPDATE paper SET word = '客户'")
    assert ask(app, "SELECT * FROM paper") == [(1, "客户")]
    for forbidden in (
        "CREATE TABLE mine (id int)",
        "ALTER TABLE paper ADD COLUMN mine int",
        "DROP TABLE paper",
        "TRUNCATE paper",
        "SET session_replication_role = replica",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(app, forbidden)
    assert ask(app, "SELECT * FROM paper") == [(1, "客户")]
    ask(owner, "SET session_replication_role = replica")


def test_a_second_start_finds_the_first_and_is_quick(place, who):
    assert run_as(who, embedded.start) == [True]
    first = postgres.find_server()

    assert run_as(who, embedded.start) == [False]
    begin = time.monotonic()
    run_as(who, embedded.url)
    assert time.monotonic() - begin < 1
    assert postgres.find_server() == first


def test_two_processes_that_start_at_once_give_one_server(place, who):
    told = run_as(who, *[embedded.start] * 3, side_by_side=True)

    assert sorted(told) == [False, False, True]
    assert len(set(servers_of(place))) == 1


def test_after_a_crash_it_comes_back_at_the_same_port_with_every_committed_row(place, who):
    [url] = run_as(who, owner_url)
    ask(url, "CREATE TABLE paper (word text)")
    ask(url, "INSERT INTO paper VALUES ('kept')")
    first = postgres.find_server()
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: not servers_of(place))
    assert (place / "pg" / "postmaster.pid").exists()

    assert run_as(who, embedded.start) == [True]

    second = postgres.find_server()
    assert second.pid != first.pid
    assert second.port == first.port
    assert ask(url, "SELECT word FROM paper") == [("kept",)]


def test_a_pid_that_belongs_to_somebody_else_by_now_is_not_believed(place, who):
    run_as(who, embedded.start)
    server = postgres.find_server()
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not servers_of(place))
    user = ORDINARY.pw_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["/bin/sleep", "60"], user=user) as stranger:
        pid_file = place / "pg" / "postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace(str(server.pid), str(stranger.pid)))

        assert run_as(who, embedded.is_running) == [False]
        assert run_as(who, embedded.stop) == [False]
        assert run_as(who, embedded.start) == [True]
        assert stranger.poll() is None
        stranger.kill()


def test_it_outlives_the_sigkill_of_whoever_started_it(place):
    code = "import time; from crm import embedded; print(embedded.start(), flush=True)"
    parent = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", f"{code}; time.sleep(60)"],
        cwd=embedded.ROOT,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert parent.stdout.readline() == b"True\n"
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    assert embedded.is_running()
    assert embedded.start() is False
    assert ask(embedded.url(), "SELECT 1") == [(1,)]


def test_a_full_stop_leaves_no_process_and_loses_nothing(place, who):
    [url] = run_as(who, owner_url)
    ask(url, "CREATE TABLE paper (word text)")
    open_connection = psycopg2.connect(url)  # a fast shutdown does not wait for it

    assert run_as(who, embedded.stop) == [True]

    open_connection.close()
    assert servers_of(place) == []
    assert not (place / "pg" / "postmaster.pid").exists()
    assert run_as(who, embedded.stop) == [False]
    run_as(who, embedded.start)
    assert ask(url, "SELECT * FROM paper") == []


def test_another_program_on_its_port_moves_it_to_a_free_one(place, who):
    [url] = run_as(who, owner_url)
    port = postgres.find_server().port
    run_as(who, embedded.stop)
    with socket.create_server(("127.0.0.1", port)):
        [moved] = run_as(who, owner_url)

    assert moved != url
    assert postgres.find_server().port != port
    assert ask(moved, "SELECT 1") == [(1,)]


def test_a_first_start_cut_short_is_finished_by_the_next(place, who):
    run_as(who, embedded.start)
    run_as(who, embedded.stop)
    state = json.loads((place / "database.json").read_text())
    (place / "database.json").write_text(json.dumps(state | {"ready": False}))
    shutil.copytree(place / "pg", place / "pg.new")  # what an interrupted initdb leaves

    [url] = run_as(who, embedded.url)

    assert ask(url, "SELECT 1") == [(1,)]
    assert json.loads((place / "database.json").read_text())["ready"] is True


def test_a_running_server_without_its_roles_is_not_taken_for_ready(place):
    embedded.start()
    state = json.loads((place / "database.json").read_text())
    (place / "database.json").write_text(json.dumps(state | {"ready": False}))

    assert embedded.is_running() is False
    assert ask(embedded.url(), "SELECT 1") == [(1,)]
    assert embedded.is_running() is True


def test_a_very_deep_folder_is_no_hindrance(house, place, monkeypatch):
    deep = house.joinpath(*["a folder with ‘quotes’, $HOME and 空格"] * 8)
    monkeypatch.setenv("KEDANG_VAR", str(deep))
    assert len(os.fsencode(deep)) > 300

    assert ask(embedded.url(), "SELECT 1") == [(1,)]
    assert embedded.stop() is True


def test_a_path_beyond_what_postgresql_can_take_is_said_in_plain_words(house, place, monkeypatch):
    monkeypatch.setenv("KEDANG_VAR", str(house.joinpath(*["d" * 200] * 5)))

    with pytest.raises(SetupError, match=r"longer than PostgreSQL can take .* KEDANG_VAR"):
        embedded.start()

    assert list(house.iterdir()) == []


def test_a_folder_the_account_cannot_reach_is_named_with_the_ways_out(house, who, monkeypatch):
    shut = house / "shut"
    shut.mkdir(mode=0o700 if os.geteuid() == 0 else 0o500)
    monkeypatch.setenv("KEDANG_VAR", str(shut / "var"))
    before = modes_above(shut)

    with pytest.raises(SetupError) as refusal:
        run_as(who, embedded.start)

    assert str(shut) in str(refusal.value)
    assert "DATABASE_URL" in str(refusal.value)
    if who == "root":
        assert "as 'nobody'" in str(refusal.value)
        assert "run as an ordinary user" in str(refusal.value)
    assert modes_above(shut) == before
    assert servers_of(shut / "var") == []
    monkeypatch.setenv("KEDANG_VAR", str(house / "var"))


if os.geteuid() == 0:  # it takes two accounts

    def test_what_root_started_tells_an_ordinary_user_whose_it_is(place):
        embedded.start()
        with pytest.raises(SetupError, match="run it as that account again"):
            run_as("ordinary", embedded.url)


def test_no_mode_outside_var_changes(house, place, who):
    outside = {*house.parents, house, embedded.ROOT, postgres.programs()}
    before = {path: path.stat().st_mode for path in outside}

    run_as(who, embedded.start, embedded.url, embedded.stop)

    assert {path: path.stat().st_mode for path in outside} == before
    assert [path.name for path in house.iterdir()] == ["var"]


def test_its_log_keeps_nothing_of_what_people_typed(place):
    url = owner_url()
    ask(url, "CREATE TABLE card (number text UNIQUE)")
    for _twice in range(2):
        with pytest.raises(psycopg2.errors.UniqueViolation):
            ask(url, "INSERT INTO card VALUES ('610103199001011234'), ('610103199001011234')")

    log = (place / "log" / "postgresql.log").read_text()
    assert "card_number_key" in log
    assert "610103199001011234" not in log


def test_a_named_database_is_taken_as_it_is(place, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://else/where")
    assert embedded.url() == embedded.url("owner") == "postgres://else/where"
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://else/owner")
    assert embedded.url() == "postgres://else/where"
    assert embedded.url("owner") == "postgres://else/owner"
    assert not place.exists()


def test_the_command_line_says_what_it_did(place, capsys, monkeypatch):
    said = [
        (words, embedded.main(words), capsys.readouterr().out)
        for words in (["status"], ["start"], ["start"], ["url", "owner"], ["stop"], ["stop"])
    ]
    assert [(code, out.partition("@")[0][:23]) for _, code, out in said] == [
        (0, "The database is not run"),
        (0, "The database has been s"),
        (0, "The database is running"),
        (0, "postgres://kedang_owner"),
        (0, "The database has been s"),
        (0, "The database is not run"),
    ]
    assert embedded.main(["dance"]) == 2
    assert "Usage" in capsys.readouterr().err
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("KEDANG_VAR", "/" + "d" * 1000)
        assert embedded.main(["start"]) == 1
    assert "longer than PostgreSQL can take" in capsys.readouterr().err


def wait_until(done, seconds=10):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
