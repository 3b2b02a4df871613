"""Who signs and who reads (trust 4.2 scope K, PM-22, PM-23, D9)."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from crm.approvals.access import (
    cases_for,
    copies_for,
    decisions_for,
    get_case,
    get_phrase,
    get_step,
    signers_of,
    started_for,
    steps_for,
)
from crm.approvals.choices import CaseKind, Verdict
from crm.approvals.models import Case
from crm.approvals.selectors import queue_page
from crm.approvals.services import record_decision, save_phrase, withdraw_case
from crm.approvals.tests.factories import Bureau, digest_on, sign, step_of
from crm.core.errors import NotFound
from crm.identity.choices import DepartmentKind, Duty
from crm.identity.tests.factories import PostFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.approvals.tests.urls")]


@pytest.fixture
def bureau():
    return Bureau()


def test_a_signer_sees_his_own_step_and_no_other(bureau):
    case = bureau.open()
    assert list(steps_for(bureau.delivery)) == [step_of(case, Duty.DC)]
    assert not steps_for(bureau.deputy).exists()
    assert not steps_for(bureau.manager).exists()


def test_nobody_has_his_own_case_in_the_queue(bureau):
    """T-71."""
    PostFactory(user=bureau.manager, department=bureau.departments["service"], duty=Duty.CSC)
    bureau.open()
    assert not steps_for(bureau.manager).exists()


def test_who_signed_beside_does_not_have_the_other_department_in_the_queue(bureau):
    """PM-23."""
    PostFactory(user=bureau.service, department=bureau.departments["delivery"], duty=Duty.DC)
    case = bureau.open()
    assert steps_for(bureau.service).count() == 2
    sign(case, Duty.CSC, bureau.service)
    assert not steps_for(bureau.service).exists()


def test_another_bureau_sees_nothing(bureau):
    case, stranger = bureau.open(), Bureau()
    for person in (stranger.delivery, stranger.manager, UserFactory(duty=Duty.DC)):
        assert not steps_for(person).exists()
        assert not cases_for(person).exists()
        with pytest.raises(NotFound):
            get_case(person, case.number)


def test_an_inactive_person_sees_nothing(bureau):
    case = bureau.open(copies=[bureau.colleague])
    sign(case, Duty.CSC, bureau.service)
    for person in (bureau.service, bureau.delivery, bureau.manager, bureau.colleague):
        person.is_active = False
        person.save(update_fields=["is_active"])
        for gate in (steps_for, cases_for, decisions_for, started_for, copies_for):
            assert not gate(person).exists()


def test_a_step_is_read_by_who_signs_signed_started_or_was_copied(bureau):
    case = bureau.open(copies=[bureau.colleague])
    step = step_of(case, Duty.DC)
    for person in (bureau.delivery, bureau.service, bureau.deputy, bureau.manager):
        assert get_step(person, step.pk) == step
    assert get_step(bureau.colleague, step.pk) == step
    with pytest.raises(NotFound):
        get_step(bureau.officer, step.pk)
    with pytest.raises(NotFound):
        get_step(bureau.delivery, 0)


def test_a_step_of_another_kind_of_case_is_not_there(bureau):
    """The licence case is none of the departments' business."""
    case = bureau.open(CaseKind.LICENCE, by=bureau.officer)
    for person in (*bureau.departments_three, bureau.deputy, bureau.manager):
        with pytest.raises(NotFound):
            get_case(person, case.number)


def test_a_closed_case_stays_for_ninety_days(bureau):
    """Trust 4.2, K: while open + 90 days."""
    case = bureau.open(copies=[bureau.colleague])
    sign(case, Duty.CSC, bureau.service)
    withdraw_case(case=case, by=bureau.manager)
    everybody = (bureau.manager, bureau.colleague, bureau.service, bureau.delivery)
    assert all(cases_for(person).exists() for person in everybody)
    ago = timezone.now() - timedelta(days=91)
    Case.objects.filter(pk=case.pk).update(closed_at=ago)
    assert not any(cases_for(person).exists() for person in everybody)
    assert not started_for(bureau.manager).exists()
    assert not copies_for(bureau.colleague).exists()
    assert not decisions_for(bureau.service).exists()


def test_signers_are_the_live_holders_without_the_fillers(bureau):
    case = bureau.open(by=bureau.deputy)
    step = step_of(case, Duty.DSM)
    assert list(signers_of(step, case.filler_ids)) == [bureau.deputy_2]


def test_a_phrase_is_its_owners(bureau):
    phrase = save_phrase(text="资料齐全,同意", by=bureau.service)
    assert get_phrase(bureau.service, phrase.pk) == phrase
    with pytest.raises(NotFound):
        get_phrase(bureau.delivery, phrase.pk)


@pytest.mark.slow
def test_gate_and_queue_name_the_same_steps_for_random_bureaus():
    """D9: `steps_for` and the merged branches of `queue_page` agree for everybody."""
    dice = random.Random(7)  # noqa: S311  (a seed, so that a failure can be played again)
    bureaus = [Bureau() for _n in range(3)]
    people = []
    for bureau in bureaus:
        own = [bureau.manager, bureau.colleague, bureau.officer, *bureau.departments_three]
        own += [bureau.squad_leader, bureau.licence_head, bureau.deputy, bureau.deputy_2]
        for _n in range(8):
            duty = dice.choice([Duty.SL, Duty.CSC, Duty.DC, Duty.DSM])
            department = dice.choice(list(bureau.departments.values()))
            holder = dice.choice(own)
            if not holder.posts.filter(department=department, duty=duty).exists():
                PostFactory(user=holder, department=department, duty=duty)
        bureau.department(DepartmentKind.SQUAD)
        for _n in range(16):
            case = bureau.open(dice.choice(list(CaseKind)), by=dice.choice(own))
            _play(case, own, dice)
        people += own
    seen = 0
    for person in people:
        page = queue_page(person, size=1000)
        assert [s.pk for s in page.rows] == list(
            steps_for(person).order_by("due_at", "pk").values_list("pk", flat=True)
        )
        seen += len(page.rows)
    assert seen > 40


def _play(case, people, dice):
    """A few random signatures by whoever may."""
    for _n in range(dice.randrange(4)):
        able = [(p, s) for p in people for s in steps_for(p).filter(case=case)]
        if not able:
            return
        person, step = dice.choice(able)
        verdict = Verdict.RETURN if dice.random() < 0.15 else Verdict.APPROVE
        record_decision(
            step=step, verdict=verdict, by=person, digest=digest_on(case), opinion="随机"
        )
