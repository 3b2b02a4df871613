"""Without Redis the process remembers alone, and waits for it once, not at every step (RF-40)."""

import time

import pytest
from celery import current_app
from django.http import HttpResponse
from kombu.exceptions import OperationalError

from crm.core.caches import REST, CalmClient, CalmRedisCache
from crm.core.http import RequestIdMiddleware
from crm.core.jobs import run_after_commit
from crm.tests.services.servers import free_port

KIND = "core.tests.knock"


@pytest.fixture
def cache(monkeypatch):
    """A cache whose Redis is not there."""
    monkeypatch.setattr(CalmClient, "resume_at", 0.0)
    away = CalmRedisCache(f"redis://127.0.0.1:{free_port()}/0", {"KEY_PREFIX": "test"})
    yield away
    away._cache._own.clear()


@pytest.fixture
def knocks(monkeypatch):
    """How often the broker, which is away, was asked."""
    asked = []

    @current_app.task(name=KIND)
    def knock(turn):
        raise AssertionError(turn)

    def away(**_kwargs):
        asked.append(time.monotonic())
        raise OperationalError("away")

    monkeypatch.setattr(current_app.tasks[KIND], "apply_async", away)
    yield asked
    current_app.tasks.unregister(KIND)


def test_what_is_written_is_read_again_and_counted(cache):
    """Brakes go on counting: nobody gets more tries because Redis is away."""
    cache.set("name", "兰", 60)
    assert cache.get("name") == "兰"
    assert cache.get("none", "nothing") == "nothing"
    assert cache.add("once", 1, 60) is True
    assert cache.add("once", 2, 60) is False
    assert cache.incr("once") == 2
    assert cache.has_key("once")
    cache.set_many({"a": 1, "b": 2})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    cache.delete_many(["a"])
    assert cache.delete("b") is True
    assert cache.get_many(["a", "b"]) == {}
    assert cache.touch("once", 60) is True
    assert cache.get_or_set("made", lambda: 7) == 7


def test_what_has_run_out_is_gone(cache):
    cache.set("short", 1, 0)
    assert cache.get("short") is None


def test_a_redis_that_is_away_is_asked_again_only_after_a_rest(cache, monkeypatch):
    cache.get("a")
    assert CalmClient.resume_at - time.monotonic() == pytest.approx(REST, abs=0.5)
    monkeypatch.setattr(cache._cache, "_client", None)  # whoever asks it now, breaks
    assert cache.get("a") is None
    monkeypatch.setattr(CalmClient, "resume_at", time.monotonic() - 1)
    with pytest.raises(AttributeError):
        cache.get("a")


def test_other_mistakes_are_not_hidden(cache, monkeypatch):
    class Odd:
        def get(self, *_args):
            raise ValueError("odd")

    monkeypatch.setattr(cache._cache, "_client", Odd())
    with pytest.raises(ValueError, match="odd"):
        cache.get("a")


@pytest.mark.django_db(transaction=True)
def test_one_request_waits_for_the_broker_once(rf, knocks):
    def view(_request):
        for turn in range(3):
            run_after_commit(KIND, turn=turn)
        return HttpResponse()

    RequestIdMiddleware(view)(rf.get("/"))
    assert len(knocks) == 1
    RequestIdMiddleware(view)(rf.get("/"))
    assert len(knocks) == 2
