"""Several people at one case, on real PostgreSQL: RF-01 to RF-04.

20 rounds in CI, 200 with KEDANG_SOAK=1.
"""

import random
from functools import partial

import pytest
from django.db.models import QuerySet

from crm.approvals.choices import CaseKind, CaseStatus, Outcome, StepStatus, Verdict
from crm.approvals.models import Case, Decision, Step
from crm.approvals.services import (
    _locked,
    record_decision,
    remind_case,
    resubmit_case,
    withdraw_case,
)
from crm.approvals.tests.factories import Bureau, a_proposal, digest_on, sign, step_of
from crm.approvals.tests.races import ROUNDS, together
from crm.core.prepared import Prepared
from crm.identity.choices import Duty
from crm.identity.models import Post
from crm.outbox.choices import Topic
from crm.outbox.models import Message

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]
CROWD = 32
DOUBLE = 8
DEPARTMENTS = (Duty.CSC, Duty.DC, Duty.NET)


def crowd_decides(bureau, people):
    """RF-01: everybody answers the one open step at once; returns what was wrong, if anything."""
    case = bureau.open(CaseKind.LICENCE, by=bureau.officer)
    step, digest = step_of(case, Duty.SL), digest_on(case)
    answers = together(
        [
            partial(
                record_decision,
                step=step,
                verdict=Verdict.APPROVE if n % 2 else Verdict.RETURN,
                by=person,
                opinion="意见",
                digest=digest,
            )
            for n, person in enumerate(people)
        ]
    )
    wrong = [*answers.broken]
    if answers.accepted != 1:
        wrong.append(f"{answers.accepted} decisions accepted")
    if answers.refusals != {"already_decided": len(people) - 1}:
        wrong.append(f"refusals {dict(answers.refusals)}")
    if not all(text.startswith("已由 ") and text.endswith(" 处理") for text in answers.messages):
        wrong.append(f"messages {set(answers.messages)}")
    if Decision.objects.filter(case=case).count() != 1:
        wrong.append("not exactly one decision row")
    return wrong


def departments_press(bureau):
    """RF-02: three departments press 8 times each; the deputy's step must open exactly once."""
    case = bureau.open()
    digest = digest_on(case)
    steps = {duty: step_of(case, duty) for duty in DEPARTMENTS}
    answers = together(
        [
            partial(
                record_decision,
                step=steps[duty],
                verdict=Verdict.APPROVE,
                by=person,
                digest=digest,
            )
            for duty, person in zip(DEPARTMENTS, bureau.departments_three, strict=True)
            for _n in range(DOUBLE)
        ]
    )
    wrong = [*answers.broken]
    if answers.outcomes != {Outcome.PENDING: 3, Outcome.REPEATED: 3 * (DOUBLE - 1)}:
        wrong.append(f"outcomes {dict(answers.outcomes)} refusals {dict(answers.refusals)}")
    deputy = step_of(case, Duty.DSM)
    if deputy.status != StepStatus.WAITING:
        wrong.append(f"the deputy's step is {deputy.status}")
    told = Message.objects.filter(topic=Topic.STEP_WAITING, payload__step=deputy.pk).count()
    if told != 1:
        wrong.append(f"the deputy was called {told} times")
    if Decision.objects.filter(case=case).count() != 3:
        wrong.append("not exactly three decision rows")
    return wrong


@pytest.fixture
def bureau():
    return Bureau()


@pytest.fixture
def crowd(bureau):
    squad = bureau.departments["squad_leader"]
    return [bureau.person(Duty.SL, squad, f"队长{n}") for n in range(CROWD)]


def test_of_thirty_two_who_decide_at_once_one_is_accepted(bureau, crowd, record_property):
    """RF-01."""
    record_property("rounds", ROUNDS)
    wrong = [crowd_decides(bureau, crowd) for _n in range(ROUNDS)]
    assert wrong == [[]] * ROUNDS


def test_the_join_of_three_departments_opens_exactly_once(bureau, record_property):
    """RF-02."""
    record_property("rounds", ROUNDS)
    wrong = [departments_press(bureau) for _n in range(ROUNDS)]
    assert wrong == [[]] * ROUNDS


@pytest.fixture
def no_locks(monkeypatch):
    """The negative control's fault, in this process only: no row is locked any more."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self)
    # The statement is put together once: here anew, so that it has no lock.
    monkeypatch.setattr(_locked, "_CASE", Prepared(_locked._case, -1))


def test_without_the_lock_the_crowd_is_caught_cheating(bureau, crowd, no_locks):
    """RF-04 for RF-01: the checker reports a violation within 50 rounds."""
    assert any(crowd_decides(bureau, crowd) for _n in range(50))


def test_without_the_lock_the_join_is_caught_failing(bureau, no_locks):
    """RF-04 for RF-02."""
    assert any(departments_press(bureau) for _n in range(50))


def test_the_last_signature_delivered_ten_times_ends_the_case_once(bureau, record_property):
    """RF-05, the engine's part: one APPROVED for the caller to act on, nine to do nothing about."""
    record_property("rounds", ROUNDS)
    for _n in range(ROUNDS):
        case = bureau.open(CaseKind.LICENCE, by=bureau.officer)
        sign(case, Duty.SL, bureau.squad_leader)
        last = partial(
            record_decision,
            step=step_of(case, Duty.LH),
            verdict=Verdict.APPROVE,
            by=bureau.licence_head,
            digest=digest_on(case),
        )
        answers = together([last] * 10)
        assert (answers.broken, answers.refusals) == ([], {})
        assert answers.outcomes == {Outcome.APPROVED: 1, Outcome.REPEATED: 9}
        told = Message.objects.filter(topic=Topic.CASE_CLOSED, key=f"case:{case.number}")
        assert told.count() == 1


def test_whatever_comes_at_once_the_case_ends_in_a_state_that_makes_sense(bureau, record_property):
    """RF-03, for the actions that exist: approve, return, withdraw, put forward again, urge, and
    a post that ends meanwhile. Every decision is by somebody who held the task then."""
    record_property("rounds", ROUNDS)
    dice = random.Random(3)  # noqa: S311  (a seed, so that a failure can be played again)
    for _n in range(ROUNDS):
        _one_tangle(bureau, dice)


def _one_tangle(bureau, dice):
    case = bureau.open()
    digest = digest_on(case)
    leaver = bureau.person(Duty.NET, bureau.departments["network"], "将调离")
    calls = [
        partial(
            record_decision,
            step=step_of(case, duty),
            verdict=dice.choice([Verdict.APPROVE, Verdict.APPROVE, Verdict.RETURN]),
            by=person,
            opinion="意见",
            digest=digest,
        )
        for duty, person in [
            *zip(DEPARTMENTS, bureau.departments_three, strict=True),
            (Duty.NET, leaver),
            (Duty.DSM, bureau.deputy),
        ]
    ]
    calls.append(partial(remind_case, case=case, by=bureau.manager))
    calls.append(partial(resubmit_case, case=case, proposal=a_proposal(), by=bureau.manager))
    calls.append(partial(Post.objects.filter(user=leaver).update, ends_on="2020-12-31"))
    if dice.random() < 0.5:
        calls.append(partial(withdraw_case, case=case, by=bureau.manager))
    dice.shuffle(calls)
    answers = together(calls)
    assert not answers.broken
    assert_sound(case)


def assert_sound(case):
    """What must hold of any case at any moment."""
    case = Case.objects.get(pk=case.pk)
    steps = list(Step.objects.filter(case=case).order_by("round", "stage"))
    waiting = [s for s in steps if s.status == StepStatus.WAITING]
    if case.status == CaseStatus.OPEN:
        assert waiting
        assert {s.round for s in waiting} == {case.round}
        assert len({s.stage for s in waiting}) == 1
    else:
        assert not [s for s in steps if s.status in (StepStatus.WAITING, StepStatus.AHEAD)]
    assert (case.closed_at is None) == (case.status in (CaseStatus.OPEN, CaseStatus.RETURNED))
    decisions = list(Decision.objects.filter(case=case))
    assert {d.step_id for d in decisions} == {s.pk for s in steps if s.decided_by_id}
    for decision in decisions:
        assert decision.by_id not in case.filler_ids
        assert decision.at >= decision.step.woken_at
    for n in range(1, case.round):
        former = [s for s in steps if s.round == n]
        assert not [s for s in former if s.status == StepStatus.APPROVED]
