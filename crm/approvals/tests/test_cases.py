"""Put forward, put forward again, take back: T-69, T-70, T-71, D6, B133, B143."""

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction

from crm.approvals.choices import CaseKind, CaseStatus, Outcome, Verdict
from crm.approvals.digest import digest_of
from crm.approvals.errors import CaseClosed, CaseStillOpen, NotYourCase, OwnCase, RouteMissing
from crm.approvals.models import Case, Copy, Decision, Round, Step
from crm.approvals.services import open_case, read_copy, resubmit_case, withdraw_case
from crm.approvals.tests.factories import Bureau, a_proposal, sign, step_of
from crm.identity.choices import DepartmentKind, Duty
from crm.outbox.choices import Topic
from crm.outbox.models import Message, Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau():
    return Bureau()


def counts():
    return (
        Case.objects.count(),
        Round.objects.count(),
        Step.objects.count(),
        Message.objects.count(),
        Notice.objects.count(),
    )


def test_a_case_starts_with_number_round_content_and_clock(bureau):
    case = bureau.open()
    assert case.number.startswith("SP20")
    assert (case.status, case.round, case.filler_ids) == ("open", 1, [bureau.manager.pk])
    content = Round.objects.get(case=case)
    assert content.facts == {"settlement": "withholding"}
    assert content.digest == a_proposal().digest
    waiting = case.steps.waiting()
    assert waiting.count() == 3
    assert all(step.woken_at and step.due_at > step.woken_at for step in waiting)


def test_two_cases_never_share_a_number(bureau):
    assert bureau.open().number != bureau.open().number


def test_of_a_sensitive_value_only_the_last_four_are_kept(bureau):
    """D6: whatever the caller hands in."""
    case = bureau.open()
    account = Round.objects.get(case=case).lines[2]
    assert account["after"] == "**** **** **** 0000"
    assert "622202020001234" not in str(Round.objects.get(case=case).lines)


def test_a_subject_in_approval_is_not_put_forward_twice(bureau):
    subject = bureau.subject()
    bureau.open(subject=subject)
    before = counts()
    with pytest.raises(ValidationError, match="该事项已在审批中"):
        bureau.open(subject=subject)
    assert counts() == before


def test_a_returned_subject_is_not_opened_beside_itself(bureau):
    subject = bureau.subject()
    case = bureau.open(subject=subject)
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    with pytest.raises(ValidationError, match="该事项已在审批中"):
        bureau.open(subject=subject)


def test_a_withdrawn_subject_may_be_put_forward_anew(bureau):
    subject = bureau.subject()
    withdraw_case(case=bureau.open(subject=subject), by=bureau.manager)
    assert bureau.open(subject=subject).status == CaseStatus.OPEN


def test_without_a_live_route_nothing_starts():
    bureau = Bureau(routes=False)
    before = counts()
    with pytest.raises(RouteMissing):
        bureau.open()
    assert counts() == before


def test_the_squad_of_the_matter_signs_where_there_are_several(bureau):
    """T-16: the nearest department of that kind above the matter."""
    other = bureau.department(DepartmentKind.SQUAD)
    area = bureau.departments["squad_leader"]
    case = bureau.open(CaseKind.LICENCE, subject=bureau.subject(department_id=area.pk))
    assert step_of(case, Duty.SL).department == area
    case = bureau.open(CaseKind.LICENCE, subject=bureau.subject(department_id=other.pk))
    assert step_of(case, Duty.SL).department == other
    by_officer = bureau.open(CaseKind.LICENCE, by=bureau.officer)
    assert step_of(by_officer, Duty.SL).department == area


def test_a_matter_of_no_squad_waits_for_any_of_them(bureau):
    bureau.department(DepartmentKind.SQUAD)
    case = bureau.open(CaseKind.LICENCE, by=bureau.manager)
    step = step_of(case, Duty.SL)
    assert (step.department, step.desk) == (None, "ksquad")
    assert sign(case, Duty.SL, bureau.squad_leader) is Outcome.PENDING


def test_copies_are_told_once_and_know_when_they_were_read(bureau):
    case = bureau.open(copies=[bureau.colleague, bureau.colleague])
    assert Copy.objects.get(case=case).read_at is None
    assert Notice.objects.get(topic=Topic.CASE_COPIED).person == bureau.colleague
    assert read_copy(case=case, by=bureau.colleague) is True
    assert read_copy(case=case, by=bureau.colleague) is False
    assert Copy.objects.get(case=case).read_at is not None


def test_round_two_has_its_own_content_and_the_first_stays_readable(bureau):
    """T-69, domain 5.5: versions do not change."""
    case = bureau.open()
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="店名不对")
    resubmit_case(case=case, proposal=a_proposal(shop_name="便民二店"), by=bureau.colleague)
    case.refresh_from_db()
    assert case.filler_ids == [bureau.manager.pk, bureau.colleague.pk]
    shown = [row.lines[0]["after"] for row in case.rounds.order_by("number")]
    assert shown == ["便民商店", "便民二店"]
    assert case.rounds.get(number=2).submitted_by == bureau.colleague
    assert list(case.steps.filter(round=2).order_by("pk").values_list("duty", "desk")) == list(
        case.steps.filter(round=1).order_by("pk").values_list("duty", "desk")
    )


def test_an_open_case_is_not_put_forward_again(bureau):
    """B133: what is being signed does not change under the signers."""
    case = bureau.open()
    before = counts()
    with pytest.raises(CaseStillOpen):
        resubmit_case(case=case, proposal=a_proposal(shop_name="别的店"), by=bureau.manager)
    assert counts() == before


def test_an_ended_case_is_not_put_forward_again(bureau):
    case = bureau.open()
    withdraw_case(case=case, by=bureau.manager)
    before = counts()
    with pytest.raises(CaseClosed):
        resubmit_case(case=case, proposal=a_proposal(), by=bureau.manager)
    assert counts() == before


def test_the_applicant_withdraws_until_the_end(bureau):
    """T-70: nothing waits any more, given signatures are void but readable."""
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service)
    assert withdraw_case(case=case, by=bureau.manager, reason="客户放弃") is Outcome.WITHDRAWN
    case.refresh_from_db()
    assert (case.status, case.closed_by, case.note) == ("withdrawn", bureau.manager, "客户放弃")
    assert set(case.steps.values_list("status", flat=True)) == {"void"}
    assert Decision.objects.filter(case=case).count() == 1
    told = Notice.objects.filter(topic=Topic.CASE_CLOSED).values_list("person_id", flat=True)
    assert set(told) == {
        bureau.manager.pk,
        bureau.service.pk,
        bureau.delivery.pk,
        bureau.network.pk,
    }


def test_a_returned_case_can_be_withdrawn(bureau):
    case = bureau.open()
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    assert withdraw_case(case=case, by=bureau.manager) is Outcome.WITHDRAWN


def test_withdrawing_twice_is_one_withdrawal(bureau):
    case = bureau.open()
    withdraw_case(case=case, by=bureau.manager)
    assert withdraw_case(case=case, by=bureau.manager) is Outcome.REPEATED
    assert Message.objects.filter(topic=Topic.CASE_CLOSED).count() == 1


def test_nobody_else_withdraws(bureau):
    case = bureau.open()
    before = counts()
    with pytest.raises(NotYourCase):
        withdraw_case(case=case, by=bureau.colleague)
    case.refresh_from_db()
    assert (case.status, counts()) == ("open", before)


def test_after_the_end_a_withdrawal_is_told_to_change_the_other_way(bureau):
    """B143."""
    case = bureau.open(CaseKind.LICENCE, by=bureau.officer)
    sign(case, Duty.SL, bureau.squad_leader)
    sign(case, Duty.LH, bureau.licence_head)
    before = counts()
    with pytest.raises(CaseClosed, match="相反内容的变更申请"):
        withdraw_case(case=case, by=bureau.officer)
    case.refresh_from_db()
    assert (case.status, counts()) == ("approved", before)


def test_a_signature_can_be_neither_changed_nor_removed(bureau):
    """PM-28: the trigger binds every role."""
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service, opinion="同意")
    for change in (
        lambda: Decision.objects.filter(case=case).update(opinion="不同意"),
        lambda: Decision.objects.filter(case=case).delete(),
        lambda: Round.objects.filter(case=case).update(lines=[]),
        lambda: Round.objects.filter(case=case).delete(),
    ):
        with pytest.raises(InternalError, match="只能追加"), transaction.atomic():
            change()
    assert Decision.objects.get(case=case).opinion == "同意"


def test_the_digest_knows_content_not_order():
    assert digest_of({"a": "1", "b": ["x"]}) == digest_of({"b": ["x"], "a": "1"})
    assert digest_of({"a": "1"}) != digest_of({"a": "2"})
    assert digest_of({"name": "e\u0301"}) == digest_of({"name": "\u00e9"})
    assert len(digest_of({})) == 64


def test_who_wrote_a_part_of_the_form_signs_none_of_it_and_may_take_it_back(bureau):
    """T-71: the starter of a form whose sales block another person filled in."""
    bureau.person(Duty.DC, bureau.departments["delivery"], "秦配送")
    case = open_case(
        kind=CaseKind.SALES,
        subject=bureau.subject(),
        proposal=a_proposal(),
        by=bureau.manager,
        also_filled_by=[bureau.delivery, bureau.manager],
    )
    assert case.filler_ids == [bureau.manager.pk, bureau.delivery.pk]
    with pytest.raises(OwnCase):
        sign(case, Duty.DC, bureau.delivery)
    assert step_of(case, Duty.DC).status == "waiting"
    assert withdraw_case(case=case, by=bureau.delivery) is Outcome.WITHDRAWN
