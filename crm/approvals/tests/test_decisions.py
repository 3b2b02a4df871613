"""What one signature does: T-33, T-43, T-44, T-69, T-71, PM-22, PM-23, corpus E."""

from http import HTTPStatus

import pytest

from crm.approvals.choices import CaseKind, CaseStatus, Outcome, StepStatus, Verdict
from crm.approvals.errors import (
    AlreadyDecided,
    ContentChanged,
    NotYourStep,
    OpinionMissing,
    OwnCase,
    SignedBeside,
    StepAhead,
    VerdictBarred,
)
from crm.approvals.models import Case, Decision, Route, Step
from crm.approvals.services import draft_route, publish_route, record_decision, resubmit_case
from crm.approvals.tests.factories import Bureau, a_proposal, digest_on, sign, step_of
from crm.identity.choices import Duty
from crm.identity.tests.factories import PostFactory
from crm.outbox.choices import Topic
from crm.outbox.models import Message, Notice

pytestmark = pytest.mark.django_db

THREE = (Duty.CSC, Duty.DC, Duty.NET)


@pytest.fixture
def bureau():
    return Bureau()


def picture(case):
    """Everything a refusal must leave alone."""
    return (
        Case.objects.filter(pk=case.pk).values().get(),
        list(Step.objects.filter(case=case).order_by("pk").values()),
        list(Decision.objects.filter(case=case).order_by("pk").values()),
        Message.objects.count(),
        Notice.objects.count(),
    )


def refused(case, refusal, **answer):
    """The decision is refused with `refusal`, and nothing moved."""
    before = picture(case)
    with pytest.raises(refusal) as told:
        record_decision(**{"verdict": Verdict.APPROVE, "digest": digest_on(case)} | answer)
    assert picture(case) == before
    return told.value


def statuses(case):
    return dict(case.steps.filter(round=case.round).values_list("duty", "status"))


def test_licence_is_signed_by_squad_leader_then_by_monopoly_head(bureau):
    """T-33: serial."""
    case = bureau.open(CaseKind.LICENCE, by=bureau.officer)
    assert statuses(case) == {"SL": "waiting", "LH": "ahead"}
    assert sign(case, Duty.SL, bureau.squad_leader) is Outcome.PENDING
    assert statuses(case) == {"SL": "approved", "LH": "waiting"}
    assert sign(case, Duty.LH, bureau.licence_head) is Outcome.APPROVED
    case.refresh_from_db()
    assert (case.status, case.closed_by) == (CaseStatus.APPROVED, bureau.licence_head)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_three_departments_sign_in_any_order_and_only_then_the_deputy(bureau, order):
    """T-43, T-44."""
    case = bureau.open()
    for at in order[:2]:
        assert sign(case, THREE[at], bureau.departments_three[at]) is Outcome.PENDING
        assert statuses(case)["DSM"] == "ahead"
    last = order[2]
    assert sign(case, THREE[last], bureau.departments_three[last]) is Outcome.PENDING
    assert statuses(case)["DSM"] == "waiting"
    assert sign(case, Duty.DSM, bureau.deputy) is Outcome.APPROVED


def test_what_was_signed_is_written_once_and_for_good(bureau):
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service, opinion="资料齐全")
    decision = Decision.objects.get(case=case)
    assert (decision.by, decision.verdict, decision.opinion) == (
        bureau.service,
        Verdict.APPROVE,
        "资料齐全",
    )
    assert decision.digest == digest_on(case)
    step = step_of(case, Duty.CSC)
    assert (step.decided_by, step.opinion, step.status) == (
        bureau.service,
        "资料齐全",
        StepStatus.APPROVED,
    )
    assert step.decided_at == decision.at


def test_one_return_closes_the_round_and_voids_its_signatures(bureau):
    """T-69, domain 5.1 step 12: void, but readable."""
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service, opinion="同意入网")
    outcome = sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    assert outcome is Outcome.RETURNED
    case.refresh_from_db()
    assert case.status == CaseStatus.RETURNED
    assert case.closed_at is None
    assert statuses(case) == {"CSC": "void", "DC": "returned", "NET": "void", "DSM": "void"}
    voided = step_of(case, Duty.CSC)
    assert (voided.decided_by, voided.opinion) == (bureau.service, "同意入网")
    told = set(Notice.objects.filter(topic=Topic.CASE_RETURNED).values_list("person_id", flat=True))
    assert told == {p.pk for p in (bureau.manager, bureau.service, bureau.delivery, bureau.network)}
    assert Notice.objects.filter(topic=Topic.CASE_RETURNED).first().values["reason"] == "线路不对"


def test_the_deputy_returns_to_the_filler_and_all_sign_again(bureau):
    """T-69: the corrected form restarts; every signature is given anew."""
    case = bureau.open()
    for duty, person in zip(THREE, bureau.departments_three, strict=True):
        sign(case, duty, person)
    assert sign(case, Duty.DSM, bureau.deputy, verdict=Verdict.RETURN, opinion="补材料") is (
        Outcome.RETURNED
    )
    resubmit_case(case=case, proposal=a_proposal(shop_name="便民二店"), by=bureau.manager)
    case.refresh_from_db()
    assert (case.round, case.status) == (2, CaseStatus.OPEN)
    assert statuses(case) == {
        "CSC": "waiting",
        "DC": "waiting",
        "NET": "waiting",
        "DSM": "ahead",
    }
    assert Decision.objects.filter(case=case, round=1).count() == 4


def test_the_deputy_may_refuse_and_that_is_the_end(bureau):
    case = bureau.open()
    for duty, person in zip(THREE, bureau.departments_three, strict=True):
        sign(case, duty, person)
    outcome = sign(case, Duty.DSM, bureau.deputy, verdict=Verdict.REFUSE, opinion="不符合布局")
    assert outcome is Outcome.REFUSED
    case.refresh_from_db()
    assert (case.status, case.note) == (CaseStatus.REFUSED, "不符合布局")
    assert statuses(case) == {
        "CSC": "approved",
        "DC": "approved",
        "NET": "approved",
        "DSM": "refused",
    }
    assert not Step.objects.waiting().filter(case=case).exists()


def test_a_department_cannot_refuse_only_return(bureau):
    case = bureau.open()
    step = step_of(case, Duty.DC)
    told = refused(
        case, VerdictBarred, step=step, by=bureau.delivery, verdict=Verdict.REFUSE, opinion="不行"
    )
    assert "不予批准" in told.message


def test_a_step_that_may_not_return_does_not(bureau):
    draft = draft_route(route=Route.objects.get(kind=CaseKind.SALES), by=bureau.deputy)
    draft.steps.filter(duty=Duty.DC).update(may_return=False)
    publish_route(route=draft, by=bureau.deputy)
    case = bureau.open()
    refused(
        case,
        VerdictBarred,
        step=step_of(case, Duty.DC),
        by=bureau.delivery,
        verdict=Verdict.RETURN,
        opinion="退",
    )


@pytest.mark.parametrize("opinion", ["", "   "])
def test_a_return_without_reason_is_refused_at_its_field(bureau, opinion):
    case = bureau.open()
    told = refused(
        case,
        OpinionMissing,
        step=step_of(case, Duty.DC),
        by=bureau.delivery,
        verdict=Verdict.RETURN,
        opinion=opinion,
    )
    assert (told.field, told.status) == ("opinion", HTTPStatus.BAD_REQUEST)


def test_nobody_signs_his_own_case(bureau):
    """T-71, PM-22, B128."""
    PostFactory(user=bureau.manager, department=bureau.departments["service"], duty=Duty.CSC)
    case = bureau.open()
    told = refused(case, OwnCase, step=step_of(case, Duty.CSC), by=bureau.manager)
    assert told.status == HTTPStatus.FORBIDDEN


def test_whoever_put_it_forward_again_does_not_sign_it_either(bureau):
    """T-71: the filler of any round."""
    case = bureau.open()
    bureau.person(Duty.CSC, bureau.departments["service"], "秦服务")
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    resubmit_case(case=case, proposal=a_proposal(), by=bureau.service)
    told = refused(case, OwnCase, step=step_of(case, Duty.CSC), by=bureau.service)
    assert told.code == "own_case"


def test_only_who_holds_the_post_signs(bureau):
    """B125, RF-03."""
    case = bureau.open()
    told = refused(case, NotYourStep, step=step_of(case, Duty.DC), by=bureau.service)
    assert told.status == HTTPStatus.FORBIDDEN


def test_a_post_that_ended_a_moment_ago_signs_nothing(bureau):
    """RF-03: the post is read under the lock, not remembered."""
    case = bureau.open()
    step = step_of(case, Duty.DC)
    post = bureau.delivery.posts.get()
    type(post).objects.filter(pk=post.pk).update(ends_on="2020-12-31")
    refused(case, NotYourStep, step=step, by=bureau.delivery)


def test_the_same_duty_of_another_bureau_signs_nothing(bureau):
    """D9b."""
    case = bureau.open()
    refused(case, NotYourStep, step=step_of(case, Duty.DC), by=Bureau().delivery)


def test_the_deputy_does_not_sign_before_the_departments(bureau):
    """B130."""
    case = bureau.open()
    told = refused(case, StepAhead, step=step_of(case, Duty.DSM), by=bureau.deputy)
    assert told.status == HTTPStatus.CONFLICT


def test_a_colleague_who_comes_second_reads_who_was_first(bureau):
    """RF-01, B125."""
    case = bureau.open(CaseKind.SALES)
    for duty, person in zip(THREE, bureau.departments_three, strict=True):
        sign(case, duty, person)
    step = step_of(case, Duty.DSM)
    sign(case, Duty.DSM, bureau.deputy)
    told = refused(case, AlreadyDecided, step=step, by=bureau.deputy_2)
    assert told.message.startswith("已由 王副经理 于 20")
    assert told.message.endswith("处理")
    assert told.status == HTTPStatus.CONFLICT


def test_after_a_return_the_parallel_department_reads_who_returned(bureau):
    case = bureau.open()
    step = step_of(case, Duty.NET)
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    told = refused(case, AlreadyDecided, step=step, by=bureau.network)
    assert told.message.startswith("已由 吴配送 于 20")


def test_a_double_press_is_one_effect_and_the_same_answer(bureau):
    """B127."""
    case = bureau.open()
    step = step_of(case, Duty.CSC)
    sign(case, Duty.CSC, bureau.service)
    before = picture(case)
    again = record_decision(
        step=step, verdict=Verdict.APPROVE, by=bureau.service, digest=digest_on(case)
    )
    assert again is Outcome.REPEATED
    assert picture(case) == before


def test_a_double_press_of_the_last_signature_does_not_end_the_case_twice(bureau):
    case = bureau.open(CaseKind.LICENCE, by=bureau.officer)
    sign(case, Duty.SL, bureau.squad_leader)
    assert sign(case, Duty.LH, bureau.licence_head) is Outcome.APPROVED
    assert sign(case, Duty.LH, bureau.licence_head) is Outcome.REPEATED
    assert Message.objects.filter(topic=Topic.CASE_CLOSED).count() == 1


def test_the_same_person_with_another_answer_is_no_repeat(bureau):
    case = bureau.open()
    step = step_of(case, Duty.CSC)
    sign(case, Duty.CSC, bureau.service)
    refused(
        case, AlreadyDecided, step=step, by=bureau.service, verdict=Verdict.RETURN, opinion="退"
    )


def test_a_captured_post_of_a_former_round_is_refused(bureau):
    """B154: the round it spoke of is closed."""
    case = bureau.open()
    step, digest = step_of(case, Duty.DC), digest_on(case)
    answer = {"verdict": Verdict.RETURN, "opinion": "线路不对", "digest": digest}
    record_decision(step=step, by=bureau.delivery, **answer)
    resubmit_case(case=case, proposal=a_proposal(shop_name="便民二店"), by=bureau.manager)
    refused(case, AlreadyDecided, step=step, by=bureau.delivery, **answer)


def test_who_saw_other_content_signs_nothing(bureau):
    """D6: the signature is bound to what was shown."""
    case = bureau.open()
    told = refused(
        case,
        ContentChanged,
        step=step_of(case, Duty.CSC),
        by=bureau.service,
        digest=a_proposal(shop_name="别的店").digest,
    )
    assert told.message == "内容已变化，请重新查看后再签署"


def test_one_person_signs_for_one_department_only(bureau):
    """PM-23, T-71."""
    PostFactory(user=bureau.service, department=bureau.departments["delivery"], duty=Duty.DC)
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service)
    told = refused(case, SignedBeside, step=step_of(case, Duty.DC), by=bureau.service)
    assert (told.status, "客户服务中心审批" in told.message) == (HTTPStatus.FORBIDDEN, True)


def test_where_the_setting_allows_it_he_signs_once_per_department(bureau):
    """T-71: by setting, on the route's next version."""
    draft = draft_route(route=Route.objects.get(kind=CaseKind.SALES), by=bureau.deputy)
    Route.objects.filter(pk=draft.pk).update(one_signature_per_person=False)
    publish_route(route=draft, by=bureau.deputy)
    PostFactory(user=bureau.service, department=bureau.departments["delivery"], duty=Duty.DC)
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service)
    assert sign(case, Duty.DC, bureau.service) is Outcome.PENDING


def test_a_later_stage_may_be_signed_by_who_signed_an_earlier_one(bureau):
    """PM-23 speaks of parallel steps."""
    PostFactory(user=bureau.service, department=bureau.departments["deputy"], duty=Duty.DSM)
    case = bureau.open()
    for duty, person in zip(THREE, bureau.departments_three, strict=True):
        sign(case, duty, person)
    assert sign(case, Duty.DSM, bureau.service) is Outcome.APPROVED


def test_each_waking_step_tells_its_own_signers_once(bureau):
    case = bureau.open()
    told = Notice.objects.filter(topic=Topic.STEP_WAITING)
    assert set(told.values_list("person_id", flat=True)) == {
        person.pk for person in bureau.departments_three
    }
    for duty, person in zip(THREE, bureau.departments_three, strict=True):
        sign(case, duty, person)
    deputies = told.filter(values__step_id=step_of(case, Duty.DSM).pk)
    assert set(deputies.values_list("person_id", flat=True)) == {
        bureau.deputy.pk,
        bureau.deputy_2.pk,
    }


def test_the_end_is_told_to_the_applicant_and_to_who_was_copied(bureau):
    case = bureau.open(CaseKind.LICENCE, by=bureau.officer, copies=[bureau.colleague])
    sign(case, Duty.SL, bureau.squad_leader)
    sign(case, Duty.LH, bureau.licence_head)
    told = Notice.objects.filter(topic=Topic.CASE_CLOSED)
    assert set(told.values_list("person_id", flat=True)) == {
        bureau.officer.pk,
        bureau.colleague.pk,
    }
    assert told.first().values["outcome"] == "已通过"
