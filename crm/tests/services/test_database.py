"""PostgreSQL away, and PostgreSQL crashing under load (RF-60, RF-61)."""

import json
import re
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import pytest

from crm import policy
from crm.tests.services.servers import wait_for
from crm.tests.services.site import TIMES

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(7200)]
CRASHES = 10 if TIMES > 20 else 2
PEOPLE = 3
WITHOUT_DATABASE = {"live"}
Dark = namedtuple("Dark", "everything live ready form stranger")
INSIDES = re.compile(r"Traceback|psycopg|OperationalError|InterfaceError|File \"|django\.db")
HALF_WRITTEN = """
    SELECT c.code FROM customers_customer c
    WHERE c.name LIKE %s AND NOT (
        EXISTS (SELECT FROM customers_historicalcustomer h WHERE h.id = c.id)
        AND EXISTS (SELECT FROM outbox_message m
                    WHERE m.topic = 'customers.registered' AND m.key = c.code)
        AND EXISTS (SELECT FROM customers_managerassignment a WHERE a.customer_id = c.id)
        AND EXISTS (SELECT FROM customers_contact k WHERE k.customer_id = c.id)
    )
"""


def addresses(site):
    """One address of every route that can be looked at."""
    held = {"int": str(site.told["customer"]), "uuid": "00000000-0000-0000-0000-000000000000"}
    for line in policy.routes():
        if line.name != "metrics" and "(?P" not in line.route and "^" not in line.route:
            found = re.sub(r"<(?:(\w+):)?\w+>", lambda m: held.get(m[1], "x1"), line.route)
            yield line.name, found, "GET" in line.rules


@pytest.fixture
def manager(fragile):
    return fragile.visitor().log_in(fragile.told["manager"])


def ask_everything(fragile, manager):
    """Name and answer of every route: pages as the manager, the API as an outside system."""
    token = {"Authorization": f"Token {fragile.told['token']}"}
    for name, path, is_read in addresses(fragile):
        who, more = manager, {}
        if path.startswith("/api/v1/") and name != "api-docs":
            who, more = fragile.visitor(), {"headers": token}
        yield name, path, who.get(path, **more) if is_read else who.post(path, {}, **more)


def assert_plain(path, answer):
    """503 with words, a number to name, and when to come back; nothing of our insides."""
    assert answer.status == 503, (path, answer.status, answer.body[:300])
    assert answer.headers["Retry-After"] == "10", path
    assert answer.seconds <= 3, path
    assert not INSIDES.search(answer.body), path
    if path.startswith("/api/"):
        told = json.loads(answer.body)
        assert told["code"] == "unavailable", path
        assert "数据库暂时无法连接" in told["message"], path
        assert told["request_id"] == answer.headers["X-Request-ID"], path
    else:
        assert "暂时无法服务" in answer.body, path
        assert answer.headers["X-Request-ID"] in answer.body, path


def in_the_dark(fragile, manager):
    """What people meet while the server is stopped; it runs again afterwards."""
    fragile.database.stop()
    try:
        return Dark(
            everything=list(ask_everything(fragile, manager)),
            live=fragile.visitor().get("/healthz/live"),
            ready=fragile.visitor().get("/healthz/ready"),
            form=manager.register("停电时的客户"),
            stranger=fragile.visitor().get("/customers/"),
        )
    finally:
        fragile.database.start()


def test_with_postgresql_stopped_everything_says_so_and_comes_back_by_itself(
    fragile, manager, record_property
):
    """RF-60."""
    before = fragile.pids()
    dark = in_the_dark(fragile, manager)
    begin = time.monotonic()
    wait_for(lambda: manager.get("/customers/").status == 200, seconds=10, why="the list again")
    record_property("back after seconds", round(time.monotonic() - begin, 1))

    for name, path, answer in dark.everything:
        if name not in WITHOUT_DATABASE | {"ready"}:
            assert_plain(path, answer)
    assert_plain("/customers/register/", dark.form)
    assert dark.live.status == 200
    assert dark.ready.status == 503
    assert json.loads(dark.ready.body)["checks"]["database"] is False
    assert dark.stranger.status in (302, 503)  # the door itself needs no database
    assert fragile.count("SELECT count(*) FROM customers_customer WHERE name = '停电时的客户'") == 0
    assert manager.register("来电后的客户").status == 302
    assert fragile.pids() == before
    record_property("rounds", len(dark.everything))
    record_property("slowest seconds", round(max(a.seconds for _n, _p, a in dark.everything), 2))


class Load:
    """People who register customers without a pause; what was acknowledged is written down."""

    def __init__(self, site, word):
        self.site, self.word = site, word
        self.acknowledged, self.refused, self.others = {}, 0, []
        self.end, self.lock = threading.Event(), threading.Lock()

    def person(self, number, visitor):
        turn = 0
        while not self.end.is_set():
            turn += 1
            name = f"{self.word}{number}号{turn}"
            answer = visitor.register(name)
            with self.lock:
                if answer.status == 302 and answer.location.startswith("/customers/"):
                    self.acknowledged[name] = int(answer.location.strip("/").split("/")[1])
                elif answer.status == 503:
                    self.refused += 1
                else:
                    self.others.append((name, answer.status, answer.location))


def lost(site, acknowledged):
    """Acknowledged customers that are not there, or not under the key that was told."""
    rows = dict(site.rows("SELECT name, id FROM customers_customer"))
    return [name for name, pk in acknowledged.items() if rows.get(name) != pk]


def crash_under(load, fragile):
    """Seconds from the server's return to the next acknowledged write, one for each crash."""
    for _crash in range(CRASHES):
        have = len(load.acknowledged)
        wait_for(lambda n=have: len(load.acknowledged) >= n + 8, seconds=60, why="eight writes")
        fragile.database.crash()
        time.sleep(0.5)
        fragile.database.start()
        begin, have = time.monotonic(), len(load.acknowledged)
        wait_for(lambda n=have: len(load.acknowledged) > n, seconds=10, why="a new write")
        yield time.monotonic() - begin


def test_postgresql_crashing_under_load_loses_and_halves_nothing(fragile, record_property):
    """RF-61: immediate shutdowns while people write; the processes stay the same ones."""
    visitors = [fragile.visitor().log_in(fragile.told["manager"]) for _one in range(PEOPLE)]
    load, before = Load(fragile, "风雨机械"), fragile.pids()
    with ThreadPoolExecutor(PEOPLE) as pool:
        work = [pool.submit(load.person, n, visitor) for n, visitor in enumerate(visitors)]
        try:
            waits = list(crash_under(load, fragile))
        finally:
            load.end.set()
    for future in work:
        future.result()

    assert load.refused >= CRASHES
    assert load.others == []
    assert lost(fragile, load.acknowledged) == []
    assert fragile.rows(HALF_WRITTEN, "风雨机械%") == []
    assert fragile.pids() == before
    record_property("rounds", CRASHES)
    record_property("acknowledged writes", len(load.acknowledged))
    record_property("lost", 0)
    record_property("longest wait for the next write", round(max(waits), 1))


def test_negative_control_the_checks_see_a_lost_and_a_half_written_customer(fragile, manager):
    answer = manager.register("对照机械厂")
    pk = int(answer.location.strip("/").split("/")[1])
    assert lost(fragile, {"对照机械厂": pk, "没有的机械厂": pk + 1}) == ["没有的机械厂"]
    halves = "DELETE FROM outbox_delivery; DELETE FROM outbox_notice;"
    halves += "DELETE FROM outbox_message WHERE topic = 'customers.registered';"
    code = fragile.count("SELECT code FROM customers_customer WHERE id = %s", pk)
    assert fragile.rows(halves + HALF_WRITTEN, "对照机械%") == [(code,)]  # rolled back
    assert fragile.rows(HALF_WRITTEN, "对照机械%") == []


@pytest.fixture
def ticking(fragile):
    """The whole site with its clock."""
    fragile.start_beat()
    yield fragile
    fragile.stop("beat")


def test_after_a_crash_worker_and_clock_take_up_their_work_and_their_pulse_again(ticking):
    """RF-61: no process was started anew; a job is done and both heartbeats are written."""
    fragile, first = ticking, "SELECT count(*) FROM core_workerbeat WHERE name = 'beat'"
    wait_for(lambda: fragile.count(first), seconds=60, why="the clock's first beat")
    fragile.database.crash()
    fragile.database.start()
    before, since = fragile.pids(), fragile.count("SELECT now()")
    fragile.run_module("tell", "jobs", "1")
    job = "SELECT status FROM core_jobrun WHERE key = 'job-0'"
    wait_for(lambda: fragile.rows(job) == [("done",)], seconds=60, why="the job")
    pulse = "SELECT count(DISTINCT name = 'beat') FROM core_workerbeat WHERE seen_at > %s"
    wait_for(lambda: fragile.count(pulse, since) == 2, seconds=60, why="both heartbeats")
    assert fragile.visitor().get("/healthz/ready").status == 200
    assert fragile.pids() == before
