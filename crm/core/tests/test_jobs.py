"""Long tasks as rows: lease, fence, attempts, sweeper, a broker that is away (RF-40 to RF-64)."""

from datetime import timedelta

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from crm.core.errors import LeaseLost
from crm.core.jobs import run_after_commit
from crm.core.models import JobRun, JobStatus, WorkerBeat
from crm.core.services.jobs import (
    LEASE,
    MAX_ATTEMPTS,
    advance_job,
    cancel_job,
    claim_job,
    fail_job,
    finish_job,
    record_heartbeat,
    retry_job,
    start_job,
    sweep_jobs,
)
from crm.identity.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
KIND = "core.tests.count"


@pytest.fixture
def runs():
    """The keys of the jobs a worker was woken for; the task itself stands only in this test."""
    woken = []

    @current_app.task(name=KIND)
    def count(job):
        woken.append(job)

    yield woken
    current_app.tasks.unregister(KIND)


@pytest.fixture
def lan(db):
    return UserFactory(username="lan", name="兰")


@pytest.fixture
def job(runs, lan):
    return start_job(kind=KIND, key="2026-11", arguments={"month": "2026-11"}, by=lan, total=10)


def let_lease_run_out(job):
    JobRun.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def facts(job):
    return JobRun.objects.values().get(pk=job.pk)


def test_the_same_kind_and_key_is_one_job_and_wakes_one_worker(
    runs, lan, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first = start_job(kind=KIND, key="2026-11", arguments={}, by=lan)
        twin = start_job(kind=KIND, key="2026-11", arguments={}, by=lan)
    assert first.pk == twin.pk
    assert runs == [first.pk]


def test_a_name_no_worker_knows_is_an_error_here_and_now(lan):
    with pytest.raises(KeyError):
        start_job(kind="core.no_such_task", key="1", arguments={}, by=lan)
    with pytest.raises(KeyError):
        run_after_commit("core.no_such_task")


def test_a_claimed_job_runs_under_a_lease_and_nobody_else_gets_it(job):
    held = claim_job(pk=job.pk)
    assert held.status == JobStatus.RUNNING
    assert (held.attempts, held.fence) == (1, 1)
    assert timezone.now() + LEASE - held.lease_until < timedelta(seconds=5)
    assert claim_job(pk=job.pk) is None
    assert facts(job)["attempts"] == 1


def test_progress_renews_the_lease_and_keeps_the_place(job):
    held = claim_job(pk=job.pk)
    let_lease_run_out(held)
    advance_job(job=held, done=4, cursor={"after": "61010000000153"}, message="四成")
    again = JobRun.objects.get(pk=job.pk)
    assert (again.done, again.cursor, again.message) == (4, {"after": "61010000000153"}, "四成")
    assert again.lease_until > timezone.now()
    assert again.total == 10
    advance_job(job=held, done=5, cursor={}, total=12)
    assert facts(job)["total"] == 12


def test_a_worker_that_slept_through_its_lease_cannot_write_any_more(job):
    sleeper = claim_job(pk=job.pk)
    let_lease_run_out(sleeper)
    successor = claim_job(pk=job.pk)
    assert successor.fence == sleeper.fence + 1
    advance_job(job=successor, done=7, cursor={"after": 7})
    before = facts(job)
    with pytest.raises(LeaseLost):
        advance_job(job=sleeper, done=2, cursor={"after": 2})
    with pytest.raises(LeaseLost):
        finish_job(job=sleeper, result={"rows": 2})
    fail_job(job=sleeper, message="睡过头")
    assert facts(job) == before


def test_negative_control_without_the_fence_the_sleeper_would_overwrite(job):
    """The check above would see it: a write that ignores the fence does change the row."""
    sleeper = claim_job(pk=job.pk)
    let_lease_run_out(sleeper)
    successor = claim_job(pk=job.pk)
    advance_job(job=successor, done=7, cursor={"after": 7})
    before = facts(job)
    sleeper.fence = successor.fence
    advance_job(job=sleeper, done=2, cursor={"after": 2})
    assert facts(job) != before


def test_an_expired_lease_alone_takes_nothing_from_a_worker_nobody_replaced(job):
    held = claim_job(pk=job.pk)
    let_lease_run_out(held)
    finish_job(job=held, result={"rows": 10}, message="完成")
    done = JobRun.objects.get(pk=job.pk)
    assert (done.status, done.result, done.message) == (JobStatus.DONE, {"rows": 10}, "完成")
    assert done.ended_at is not None
    assert claim_job(pk=job.pk) is None


def test_a_poison_job_is_parked_after_five_tries(job):
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claim_job(pk=job.pk).attempts == attempt
        let_lease_run_out(job)
    assert claim_job(pk=job.pk) is None
    parked = JobRun.objects.get(pk=job.pk)
    assert (parked.status, parked.attempts) == (JobStatus.FAILED, 5)
    assert parked.message == "多次失败，已停止重试"
    assert claim_job(pk=job.pk) is None


def test_a_failed_job_says_why_and_a_person_queues_it_again_from_its_place(
    job, runs, lan, django_capture_on_commit_callbacks
):
    held = claim_job(pk=job.pk)
    advance_job(job=held, done=3, cursor={"after": 3})
    fail_job(job=held, message="第 4 行有误")
    assert facts(job)["message"] == "第 4 行有误"
    with django_capture_on_commit_callbacks(execute=True):
        assert retry_job(job=job, by=lan) is True
    again = JobRun.objects.get(pk=job.pk)
    assert (again.status, again.attempts, again.cursor) == (JobStatus.QUEUED, 0, {"after": 3})
    assert again.ended_at is None
    assert runs[-1] == job.pk
    assert retry_job(job=job, by=lan) is False


def test_a_cancelled_job_stops_at_its_next_slice(job, lan):
    held = claim_job(pk=job.pk)
    assert cancel_job(job=job, by=lan) is True
    with pytest.raises(LeaseLost):
        advance_job(job=held, done=5, cursor={})
    cancelled = JobRun.objects.get(pk=job.pk)
    assert (cancelled.status, cancelled.done) == (JobStatus.CANCELLED, 0)
    assert cancelled.message == "由 lan 取消"
    assert cancel_job(job=job, by=lan) is False


def test_the_sweeper_wakes_a_worker_for_what_the_broker_lost(
    runs, lan, django_capture_on_commit_callbacks
):
    lost = start_job(kind=KIND, key="lost", arguments={}, by=lan)
    stuck = start_job(kind=KIND, key="stuck", arguments={}, by=lan)
    running = start_job(kind=KIND, key="running", arguments={}, by=lan)
    done = start_job(kind=KIND, key="done", arguments={}, by=lan)
    runs.clear()
    claim_job(pk=stuck.pk)
    let_lease_run_out(stuck)
    claim_job(pk=running.pk)
    finish_job(job=claim_job(pk=done.pk), result={})
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_jobs() == 2
    assert runs == [lost.pk, stuck.pk]


@pytest.mark.parametrize("problem", [OperationalError("away"), ConnectionRefusedError()])
def test_a_broker_that_is_down_costs_the_user_nothing(
    problem, runs, lan, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(**options):
        assert options["retry"] is False
        raise problem

    monkeypatch.setattr(current_app.tasks[KIND], "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        job = start_job(kind=KIND, key="2026-12", arguments={}, by=lan)
    assert facts(job)["status"] == JobStatus.QUEUED
    assert runs == []
    monkeypatch.undo()
    with django_capture_on_commit_callbacks(execute=True):
        sweep_jobs()
    assert runs == [job.pk]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_when_the_transaction_rolls_back(runs, lan):
    with transaction.atomic():
        start_job(kind=KIND, key="2026-13", arguments={}, by=lan)
        transaction.set_rollback(True)
    assert runs == []
    assert not JobRun.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_bug_while_sending_does_not_break_the_request_that_committed(runs, lan, monkeypatch):
    def break_down(**_options):
        raise RuntimeError

    monkeypatch.setattr(current_app.tasks[KIND], "apply_async", break_down)
    job = start_job(kind=KIND, key="2026-14", arguments={}, by=lan)
    assert JobRun.objects.get(pk=job.pk).status == JobStatus.QUEUED


def test_a_worker_leaves_one_row_with_its_last_sign_of_life():
    record_heartbeat(name="w1")
    first = WorkerBeat.objects.get(name="w1").seen_at
    record_heartbeat(name="w1")
    assert WorkerBeat.objects.get(name="w1").seen_at > first


def test_job_and_beat_name_themselves(job):
    assert str(job) == "core.tests.count 2026-11"
    assert str(WorkerBeat(name="w1")) == "w1"
