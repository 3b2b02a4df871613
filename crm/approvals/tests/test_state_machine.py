"""Random routes, people and acts: the engine and its twin on paper always agree.

After every act: the same answer, the same steps waiting, and everything that must hold of any
case; a refused act changed nothing. KEDANG_SOAK=1 plays 200 stories instead of 25.
"""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from crm.approvals.access import steps_for
from crm.approvals.choices import CaseKind, Verdict
from crm.approvals.formulas import Subject
from crm.approvals.models import Case, Decision, Route, RouteStep, Step
from crm.approvals.services import (
    open_case,
    publish_route,
    record_decision,
    resubmit_case,
    withdraw_case,
)
from crm.approvals.tests.factories import a_proposal, digest_on
from crm.approvals.tests.paper import Paper
from crm.approvals.tests.test_races import assert_sound
from crm.core.errors import DomainError
from crm.identity.choices import Duty
from crm.identity.tests.factories import DepartmentFactory, OrganisationFactory, UserFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(1800)]

EXAMPLES = 200 if os.environ.get("KEDANG_SOAK") else 25
DUTIES = [Duty.CSC, Duty.DC, Duty.NET, Duty.DSM]
PEOPLE = ["李", "周", "吴", "郑"]

flag = st.booleans()
stage = st.lists(st.sampled_from(DUTIES), min_size=1, max_size=3, unique=True)
routes = st.lists(stage, min_size=1, max_size=3).flatmap(
    lambda stages: st.tuples(
        *(
            st.tuples(st.just(number), st.just(duty), flag, flag)
            for number, duties in enumerate(stages, start=1)
            for duty in duties
        )
    )
)
posts = st.fixed_dictionaries({name: st.sets(st.sampled_from(DUTIES)) for name in PEOPLE})
acts = st.lists(
    st.one_of(
        st.tuples(
            st.just("decide"),
            st.integers(0, 8),
            st.sampled_from(PEOPLE),
            st.sampled_from(["approve", "approve", "approve", "return", "refuse"]),
        ),
        st.tuples(st.just("able"), st.integers(0, 8)),
        st.tuples(st.sampled_from(["withdraw", "resubmit"]), st.sampled_from(PEOPLE)),
    ),
    max_size=20,
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(route=routes, held=posts, one_signature=flag, story=acts)
def test_engine_and_paper_agree(db, route, held, one_signature, story):
    with transaction.atomic():
        _play(route, held, one_signature, story)
        transaction.set_rollback(True)


def _play(route, held, one_signature, story):
    organisation = OrganisationFactory()
    department = DepartmentFactory(parent=organisation)
    people = {
        name: UserFactory(name=name, department=department, duties=sorted(held[name]))
        for name in PEOPLE
    }
    case = _open(organisation, route, one_signature, people["李"])
    paper = Paper(route=list(route), posts=held, filler="李", one_signature=one_signature)
    for act in story:
        note(f"{act}")
        done = _someone_able(case, paper, people, act) if act[0] == "able" else act
        if done is not None:
            _do_both(case, paper, people, done)
        _compare(case, paper, people)


def _open(organisation, route, one_signature, filler):
    made = Route.objects.create(
        organisation=organisation,
        kind=CaseKind.SALES,
        name="试",
        one_signature_per_person=one_signature,
    )
    for number, duty, may_return, may_refuse in route:
        RouteStep.objects.create(
            route=made,
            stage=number,
            name=duty,
            duty=duty,
            may_return=may_return,
            may_refuse=may_refuse,
        )
    publish_route(route=made, by=None)
    return open_case(
        kind=CaseKind.SALES,
        subject=Subject(organisation.pk, "试", "试-1"),
        proposal=a_proposal(),
        by=filler,
    )


def _someone_able(case, paper, people, act):
    """An approval by somebody whose queue has it: so that stories get somewhere."""
    able = [
        (name, step)
        for name, person in people.items()
        for step in steps_for(person).filter(case=case)
    ]
    if not able:
        return None
    name, step = able[act[1] % len(able)]
    at = next(n for n, s in enumerate(paper.steps) if (s.stage, s.duty) == (step.stage, step.duty))
    return ("decide", at, name, "approve")


def _do_both(case, paper, people, act):
    case.refresh_from_db()
    before = _rows(case)
    match act:
        case ("decide", at, who, verdict):
            at %= len(paper.steps)
            expected = paper.decide(at, who, verdict)
            wanted = paper.steps[at]
            step = case.steps.get(round=case.round, stage=wanted.stage, duty=wanted.duty)
            call, extra = (
                record_decision,
                {
                    "step": step,
                    "verdict": Verdict(verdict),
                    "digest": digest_on(case),
                    "opinion": "意见",
                },
            )
        case ("withdraw", who):
            expected, call, extra = paper.withdraw(who), withdraw_case, {"case": case}
        case ("resubmit", who):
            expected, call = paper.resubmit(who), resubmit_case
            extra = {"case": case, "proposal": a_proposal()}
    try:
        answer = call(by=people[who], **extra)
    except DomainError as refusal:
        got = refusal.code
        assert _rows(case) == before
    else:
        got = "ok" if isinstance(answer, Case) else answer.name
    assert got == expected


def _rows(case):
    return (
        Case.objects.filter(pk=case.pk).values().get(),
        list(Step.objects.filter(case=case).order_by("pk").values()),
        Decision.objects.filter(case=case).count(),
    )


def _compare(case, paper, people):
    case.refresh_from_db()
    steps = case.steps.filter(round=case.round).order_by("stage", "pk")
    assert (case.status, case.round) == (paper.status, paper.round)
    assert sorted(steps.values_list("stage", "duty", "status")) == sorted(
        (step.stage, str(step.duty), step.status) for step in paper.steps
    )
    assert Decision.objects.filter(case=case).count() == paper.decisions
    assert_sound(case)
    for name, person in people.items():
        queue = {(s.stage, s.duty) for s in steps_for(person).filter(case=case)}
        assert queue == {
            (s.stage, str(s.duty)) for s in paper.steps if not paper.refusal(s, name, "approve")
        }
