"""A broker that is away, empty or dies again and again: nothing is lost (RF-40 to RF-42)."""

import statistics
import time

import pytest

from crm.tests.services.servers import wait_for
from crm.tests.services.site import TIMES

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(7200)]
EVENTS = 1000 if TIMES > 20 else 50
KILLS = 10 if TIMES > 20 else 3
CUSTOMERS = 5
UNSENT = "SELECT count(*) FROM outbox_delivery WHERE status <> 'sent'"


def sign(site, visitor, times):
    """Seconds of so many signatures, each of which ends in a message to ZM."""
    steps, site.told["steps"] = site.told["steps"][:times], site.told["steps"][times:]
    assert len(steps) == times
    answers = [visitor.sign(step) for step in steps]
    assert [answer.status for answer in answers] == [302] * times
    return [answer.seconds for answer in answers]


def all_sent(site):
    return site.count(UNSENT) == 0


def nothing_moves(site, waiting):
    """The negative control: the message was lost, and without the sweeper nobody misses it."""
    time.sleep(5)
    return site.count(UNSENT) == waiting


@pytest.fixture
def head(site):
    """The head of licensing at her desk, with a calm system."""
    visitor = site.visitor().log_in(site.told["licence_head"])
    sign(site, visitor, 1)
    wait_for(lambda: all_sent(site), seconds=60, why="the first delivery")
    return visitor


def test_with_redis_gone_every_write_succeeds_and_all_is_told_afterwards(
    site, head, zm, clock, record_property
):
    """RF-40, with its control: before the sweeper runs, nothing arrives."""
    usual = statistics.median(sign(site, head, 5))
    wait_for(lambda: all_sent(site), seconds=60)
    before = len(zm.events)
    site.redis.kill()

    seconds = sign(site, head, TIMES)
    site.redis.start()
    wait_for(site.redis.has_a_listening_worker, seconds=60)

    assert max(seconds) - usual <= 1.0
    assert nothing_moves(site, TIMES)
    begin = time.monotonic()
    clock()
    wait_for(lambda: all_sent(site), seconds=60, why="every delivery")
    assert len(zm.events) - before == TIMES
    assert len(zm.calls) == len(zm.events)
    record_property("rounds", TIMES)
    record_property("longest added seconds", round(max(seconds) - usual, 2))
    record_property("all told after seconds", round(time.monotonic() - begin, 1))


def test_with_redis_gone_people_log_in_and_the_api_answers(site):
    """RF-40: neither throttles nor caches are worth refusing anybody."""
    token = {"Authorization": f"Token {site.told['token']}"}
    site.redis.kill()
    try:
        answers = [
            site.visitor().get("/api/v1/customers/", headers=token),
            site.visitor().get("/api/v1/customers/"),
            site.visitor().get("/healthz/ready"),
        ]
        manager = site.visitor().log_in(site.told["manager"])
        answers += [manager.get("/"), manager.register("红星机械厂")]
        answers.append(manager.get("/customers/duplicates/?name=%E7%BA%A2%E6%98%9F"))
    finally:
        site.redis.start()
    told = [answer.status for answer in answers]
    assert told == [200, 401, 503, 200, 302, 200], answers[4].body
    assert '"broker": false' in answers[2].body
    assert max(answer.seconds for answer in answers) <= 3


def test_a_redis_that_takes_calls_and_never_answers_costs_a_second(site, head, clock):
    """RF-40, the known hang: the port is open, nothing comes back."""
    usual = statistics.median(sign(site, head, 3))
    site.redis.freeze()
    try:
        seconds = sign(site, head, 3)
    finally:
        site.redis.thaw()
    clock()
    wait_for(lambda: all_sent(site), seconds=60, why="the worker has woken up too")
    assert statistics.median(seconds) - usual <= 1.2


def test_a_broker_that_forgot_everything_loses_nothing(site, head, zm, clock, record_property):
    """RF-41, with its control: a worker alone never finds the work again."""
    site.stop("worker")
    before = len(zm.events)
    sign(site, head, TIMES)
    site.run_module("tell", "jobs", str(TIMES))
    with site.redis.client as client:
        assert client.llen("celery") >= 2 * TIMES
        client.flushall()
    site.start_worker()

    assert nothing_moves(site, TIMES)
    jobs = "SELECT status, attempts FROM core_jobrun WHERE kind = 'tests.effect'"
    assert site.rows(jobs) == [("queued", 0)] * TIMES
    begin = time.monotonic()
    clock()
    wait_for(lambda: all_sent(site), seconds=120, why="every delivery")
    wait_for(lambda: site.rows(jobs) == [("done", 1)] * TIMES, seconds=120, why="every job once")

    assert len(zm.events) - before == TIMES
    assert len(zm.calls) == len(zm.events)
    record_property("rounds", 2 * TIMES)
    record_property("lost", 0)
    record_property("all done after seconds", round(time.monotonic() - begin, 1))


def places(events, customer):
    return [told["data"]["n"] for told in events if told["data"]["customer"] == customer]


def in_order(events):
    """Each customer's events came as they happened."""
    lists = [places(events, who) for who in range(CUSTOMERS)]
    return all(numbers == sorted(numbers) for numbers in lists)


def test_a_broker_that_dies_again_and_again_neither_loses_nor_reorders(
    site, em, clock, record_property
):
    """RF-42: duplicates are allowed, under the same event's id."""
    clock()
    organisation = str(site.told["organisation"])
    words = ["events", organisation, str(EVENTS), str(CUSTOMERS), "0.1"]
    teller = site.start_module("tell", *words)
    kills = 0
    while teller.poll() is None:
        time.sleep(1.0)
        if kills < KILLS:
            site.redis.kill()
            time.sleep(0.7)
            site.redis.start()
            kills += 1
    assert teller.returncode == 0
    assert kills == KILLS
    wait_for(lambda: all_sent(site), seconds=60 + EVENTS, why="every delivery")

    events = list(em.events.values())
    assert sorted(told["data"]["n"] for told in events) == list(range(EVENTS))
    assert {event for event, _delivery in em.calls} == set(em.events)
    assert em.refused == 0
    assert in_order(events)
    assert not in_order(events[::-1])  # the check does see a wrong order
    record_property("rounds", EVENTS)
    record_property("kills", kills)
    record_property("repeats", len(em.calls) - len(em.events))
