"""Alive, ready, measured: what the supervisor, the balancer and Prometheus ask (RF-60)."""

import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
from celery import current_app
from django.db import OperationalError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from crm import health, heartbeat
from crm.core.models import CLOCK, WorkerBeat
from crm.core.services.jobs import record_heartbeat

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Where files, logs and the broker's folders would lie."""
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def clock(db):
    """A clock that ticked just now."""
    record_heartbeat(name=CLOCK)


@pytest.fixture
def worker(clock):
    """A worker that was heard of just now, and the clock that wakes it."""
    record_heartbeat(name="worker@one")


def refuse(*_args, **_kwargs):
    raise BrokerAway("no broker")


def unready(client):
    """The checks of a 503 answer that failed."""
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    told = answer.json()
    assert told["status"] == "unavailable"
    return {name for name, fit in told["checks"].items() if not fit}


def test_with_everything_there_it_is_ready(client, worker):
    answer = client.get("/healthz/ready")
    assert answer.status_code == 200
    checks = dict.fromkeys(["database", "worker", "beat", "broker", "disk"], True)
    assert answer.json() == {"status": "ok", "checks": checks}
    assert not answer.has_header("Retry-After")


def test_alive_asks_nothing_of_anybody(client, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(current_app, "connection_for_write", refuse)
    with django_assert_num_queries(0):
        answer = client.get("/healthz/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_without_a_worker_it_is_not_ready(client, clock):
    """A clock that ticks is no worker."""
    assert unready(client) == {"worker"}


def test_without_a_clock_it_is_not_ready(client):
    """RF-60: a worker that lives is no clock; without one nothing is delivered any more."""
    record_heartbeat(name="worker@one")
    assert unready(client) == {"beat"}


@pytest.mark.parametrize(("silent", "missing"), [(110, set()), (125, {"beat"})])
def test_a_clock_silent_for_two_minutes_counts_as_gone(client, worker, silent, missing):
    past = timezone.now() - timedelta(seconds=silent)
    WorkerBeat.objects.filter(name=CLOCK).update(seen_at=past)
    if missing:
        assert unready(client) == missing
    else:
        assert client.get("/healthz/ready").status_code == 200


def test_every_tick_of_the_clock_may_write_its_pulse_but_no_oftener_than_needed(tmp_path):
    """RF-60: the clock itself writes it; neither broker nor worker is asked."""
    celery = current_app._get_current_object()
    clock = heartbeat.Clock(celery, schedule_filename=str(tmp_path / "schedule"))
    clock.tick()
    first = WorkerBeat.objects.get(name=CLOCK).seen_at
    clock.tick()
    assert WorkerBeat.objects.get(name=CLOCK).seen_at == first
    clock._next_pulse = 0.0
    clock.tick()
    assert WorkerBeat.objects.get(name=CLOCK).seen_at > first


def test_the_clock_outlives_a_database_that_is_away(monkeypatch):
    def away():
        raise OperationalError("server closed the connection")

    celery = current_app._get_current_object()
    closed = []
    monkeypatch.setattr(heartbeat, "close_old_connections", lambda: closed.append("closed"))
    monkeypatch.setattr(connection, "cursor", away)
    heartbeat.write_pulse(celery, heartbeat.CLOCK_TASK)
    monkeypatch.undo()
    assert (closed, WorkerBeat.objects.exists()) == (["closed"], False)


def test_beat_runs_with_this_clock(settings):
    assert settings.CELERY_BEAT_SCHEDULER == "crm.heartbeat:Clock"


@pytest.mark.parametrize(("silent", "missing"), [(110, set()), (125, {"worker"})])
def test_a_worker_silent_for_two_minutes_counts_as_gone(client, worker, silent, missing):
    past = timezone.now() - timedelta(seconds=silent)
    WorkerBeat.objects.exclude(name=CLOCK).update(seen_at=past)
    if missing:
        assert unready(client) == missing
    else:
        assert client.get("/healthz/ready").status_code == 200


def test_one_living_worker_among_dead_ones_is_enough(client, worker):
    WorkerBeat.objects.create(name="old", seen_at=timezone.now() - timedelta(days=1))
    assert client.get("/healthz/ready").status_code == 200


@pytest.mark.parametrize("problem", [BrokerAway("away"), ConnectionRefusedError(), TimeoutError()])
def test_without_a_broker_it_is_not_ready(client, worker, monkeypatch, problem):
    def away(*_args, **_kwargs):
        raise problem

    monkeypatch.setattr(current_app, "connection_for_write", away)
    assert unready(client) == {"broker"}


@pytest.mark.parametrize(("free", "missing"), [(0, True), (200, True), (201, False)])
def test_with_a_full_disk_it_is_not_ready(client, worker, monkeypatch, free, missing):
    """RF-65: it says so while there is still room to end well. `free` in MiB."""
    full = Usage(total=10**12, used=0, free=free * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: full)
    if missing:
        assert unready(client) == {"disk"}
    else:
        assert client.get("/healthz/ready").status_code == 200


def test_the_disk_asked_about_is_the_one_that_fills(client, worker, monkeypatch, folder):
    """Files, broker and logs lie under VAR_DIR, which may be another disk than the program's."""
    asked = []
    monkeypatch.setattr(
        shutil, "disk_usage", lambda place: asked.append(place) or Usage(1, 0, 10**12)
    )
    assert client.get("/healthz/ready").status_code == 200
    assert asked == [folder]


def test_a_disk_that_is_gone_has_no_room(client, worker, folder):
    folder.rmdir()
    assert unready(client) == {"disk"}


def test_without_a_database_it_says_so_and_asks_nothing_further_of_it(client, monkeypatch):
    def away():
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(health, "newest_heartbeat", pytest.fail)
    monkeypatch.setattr(health, "clock_heartbeat", pytest.fail)
    assert unready(client) == {"database", "worker", "beat"}


def test_neither_answer_tells_names_versions_or_addresses(client, monkeypatch):
    monkeypatch.setattr(current_app, "connection_for_write", refuse)
    for path in ("/healthz/live", "/healthz/ready"):
        text = client.get(path).content.decode()
        assert not any(word in text for word in ("127.0.0.1", "redis", "postgres", "no broker"))


# --- metrics


def test_metrics_are_for_the_listed_networks(client, settings):
    settings.KEDANG_METRICS_NETWORKS = ["192.0.2.0/24", "2001:db8::/32"]
    for near in ("192.0.2.7", "2001:db8::7"):
        answer = client.get("/metrics", REMOTE_ADDR=near)
        assert answer.status_code == 200
        assert "django_http_requests_before_middlewares_total" in answer.content.decode()


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db9::7", "127.0.0.1"])
def test_to_anybody_else_the_page_is_not_there(client, settings, address):
    settings.KEDANG_METRICS_NETWORKS = ["192.0.2.0/24", "2001:db8::/32"]
    headers = {"X-Forwarded-For": "192.0.2.7"}
    answer = client.get("/metrics", REMOTE_ADDR=address, headers=headers)
    assert answer.status_code == 404
    assert "django_http" not in answer.content.decode()
    nowhere = client.get("/nowhere/", REMOTE_ADDR=address)
    assert answer["Content-Type"] == nowhere["Content-Type"]


def test_metrics_carry_no_names_of_people_or_paths_with_keys(client, settings):
    settings.KEDANG_METRICS_NETWORKS = ["127.0.0.1/32"]
    client.get("/customers/12345/")
    text = client.get("/metrics").content.decode()
    assert "customers:detail" in text
    assert "/customers/12345/" not in text
