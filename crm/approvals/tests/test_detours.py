"""B128: where only the applicant holds the post, the next leader signs and never he himself."""

import pytest
from django.db import InternalError, transaction

from crm.approvals.access import cases_for, steps_for
from crm.approvals.choices import CaseKind, Outcome, StepStatus, Verdict
from crm.approvals.errors import OwnCase
from crm.approvals.models import Decision, Detour
from crm.approvals.selectors.cases import case_page, path_of
from crm.approvals.services import record_decision, resubmit_case
from crm.approvals.tests.factories import Bureau, a_proposal, digest_on, sign
from crm.identity.choices import Duty
from crm.identity.models import Post, User
from crm.identity.tests.factories import PostFactory
from crm.outbox.choices import Topic
from crm.outbox.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau():
    return Bureau()


def step_named(case, name):
    case.refresh_from_db()
    return case.steps.get(name=name, round=case.round)


def told(topic, step):
    rows = Notice.objects.filter(topic=topic, message__payload__step=step.pk)
    return set(rows.values_list("person__name", flat=True))


def test_b128_the_step_lies_with_the_deputy_and_both_sides_are_told(bureau):
    """The applicant is the only holder of the distribution centre's post."""
    case = bureau.open(by=bureau.delivery)
    step = step_named(case, "配送中心审批")
    assert (step.duty, step.status) == (Duty.DSM, StepStatus.WAITING)
    assert list(steps_for(bureau.deputy)) == [step]
    assert not steps_for(bureau.delivery).exists()
    assert told(Topic.STEP_WAITING, step) == {"王副经理", "陈副经理"}
    assert told(Topic.STEP_REROUTED, step) == {"吴配送"}
    assert Notice.objects.get(topic=Topic.STEP_REROUTED).values["leader"] == "主管销售副经理"


def test_b128_the_applicant_is_still_refused_and_the_deputy_signs_for_the_department(bureau):
    case = bureau.open(by=bureau.delivery)
    step = step_named(case, "配送中心审批")
    answer = {"step": step, "verdict": Verdict.APPROVE, "digest": digest_on(case)}
    with pytest.raises(OwnCase):
        record_decision(**answer, by=bureau.delivery)
    assert not Decision.objects.exists()
    assert record_decision(**answer, by=bureau.deputy) is Outcome.PENDING
    sign(case, Duty.CSC, bureau.service)
    assert sign(case, Duty.NET, bureau.network) is Outcome.PENDING
    last = step_named(case, "主管销售副经理审批")
    assert last.status == StepStatus.WAITING
    last_answer = {"step": last, "verdict": Verdict.APPROVE, "digest": digest_on(case)}
    assert record_decision(**last_answer, by=bureau.deputy_2) is Outcome.APPROVED


def test_b128_the_case_shows_why_a_leader_signs(bureau):
    case = bureau.open(by=bureau.delivery)
    page = case_page(bureau.delivery, case)
    assert page.warnings == []
    (moved,) = [event for event in page.events if event.title == "配送中心审批：转办"]
    assert moved.text == "配送中心岗位只有申请人本人，转由主管销售副经理办理"
    waits = {step.duty: step.who for step in path_of(case)[0].steps}
    assert waits["配送中心审批"] == "王副经理、陈副经理"


def test_another_holder_keeps_the_step_in_its_department(bureau):
    """The negative control: with a colleague at the desk nothing is moved."""
    colleague = bureau.person(Duty.DC, bureau.departments["delivery"], "秦配送")
    case = bureau.open(by=bureau.delivery)
    step = step_named(case, "配送中心审批")
    assert (step.duty, Detour.objects.count()) == (Duty.DC, 0)
    assert list(steps_for(colleague)) == [step]
    assert not Notice.objects.filter(topic=Topic.STEP_REROUTED).exists()


def test_an_empty_post_is_no_reason_to_ask_a_leader(bureau):
    """Nobody holds it: the administrator must fill it, the page says so."""
    Post.objects.filter(user=bureau.delivery).delete()
    case = bureau.open()
    assert step_named(case, "配送中心审批").duty == Duty.DC
    assert not Detour.objects.exists()
    assert case_page(bureau.manager, case).warnings == [
        "“配送中心审批”目前没有可签人员，请联系系统管理员"
    ]


def test_the_squad_leaders_own_application_goes_to_the_head_above_him(bureau):
    """The next signer of the same case comes before the deputy."""
    case = bureau.open(CaseKind.LICENCE, by=bureau.squad_leader)
    assert step_named(case, "中队长审批").duty == Duty.LH
    assert list(steps_for(bureau.licence_head)) == [step_named(case, "中队长审批")]
    answer = {"verdict": Verdict.APPROVE, "digest": digest_on(case), "by": bureau.licence_head}
    first = record_decision(step=step_named(case, "中队长审批"), **answer)
    last = record_decision(step=step_named(case, "专卖负责人审批"), **answer)
    assert (first, last) == (Outcome.PENDING, Outcome.APPROVED)


def test_the_deputys_own_application_goes_to_the_general_manager(bureau):
    Post.objects.filter(user=bureau.deputy_2).delete()
    chief = bureau.person(Duty.GM, bureau.departments["deputy"], "高总")
    case = bureau.open(by=bureau.deputy)
    for duty, person in zip((Duty.CSC, Duty.DC, Duty.NET), bureau.departments_three, strict=True):
        sign(case, duty, person)
    last = step_named(case, "主管销售副经理审批")
    assert (last.duty, list(steps_for(chief))) == (Duty.GM, [last])
    assert cases_for(chief).filter(pk=case.pk).exists()


def test_without_any_other_leader_the_warning_stands(bureau):
    User.objects.filter(pk__in=[bureau.deputy.pk, bureau.deputy_2.pk]).update(is_active=False)
    case = bureau.open(by=bureau.delivery)
    assert step_named(case, "配送中心审批").duty == Duty.DC
    assert not Detour.objects.exists()
    assert case_page(bureau.delivery, case).warnings == [
        "“配送中心审批”目前没有可签人员，请联系系统管理员"
    ]


def test_two_branches_never_land_on_one_leaders_desk(bureau):
    """PM-23: one person signs one branch; the second step looks further up."""
    PostFactory(user=bureau.delivery, department=bureau.departments["network"], duty=Duty.NET)
    Post.objects.filter(user=bureau.network).delete()
    bureau.person(Duty.GM, bureau.departments["deputy"], "高总")
    case = bureau.open(by=bureau.delivery)
    assert step_named(case, "配送中心审批").duty == Duty.DSM
    assert step_named(case, "网建办审批").duty == Duty.GM


def test_the_next_round_asks_the_department_again(bureau):
    """A colleague came meanwhile: the step of round 2 is the department's own."""
    case = bureau.open(by=bureau.delivery)
    sign(case, Duty.CSC, bureau.service, verdict=Verdict.RETURN, opinion="线路不对")
    colleague = bureau.person(Duty.DC, bureau.departments["delivery"], "秦配送")
    resubmit_case(case=case, proposal=a_proposal(), by=bureau.delivery)
    step = step_named(case, "配送中心审批")
    assert (step.round, step.duty) == (2, Duty.DC)
    assert list(steps_for(colleague)) == [step]


def test_the_next_round_goes_to_the_leader_again_when_nobody_came(bureau):
    case = bureau.open(by=bureau.delivery)
    sign(case, Duty.CSC, bureau.service, verdict=Verdict.RETURN, opinion="线路不对")
    resubmit_case(case=case, proposal=a_proposal(), by=bureau.delivery)
    step = step_named(case, "配送中心审批")
    assert (step.round, step.duty, step.detour.duty) == (2, Duty.DSM, Duty.DC)


def test_a_detour_is_never_changed(bureau):
    bureau.open(by=bureau.delivery)
    for act in (
        lambda: Detour.objects.update(duty=Duty.GM),
        lambda: Detour.objects.all().delete(),
    ):
        with pytest.raises(InternalError, match="只能追加"), transaction.atomic():
            act()
    assert Detour.objects.get().duty == Duty.DC
