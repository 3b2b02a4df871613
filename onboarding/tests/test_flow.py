"""Flow A by services: every stage, every guard, every way back (T-31 to T-49, domain 5.1)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from crm.approvals.choices import CaseStatus, StepStatus, Verdict
from crm.approvals.errors import OwnCase
from crm.core.errors import Forbidden, StaleVersion
from crm.identity.choices import Duty, SourceSystem
from crm.outbox.choices import Topic
from crm.outbox.models import Message, Notice
from customers.choices import CustomerStatus, Light
from customers.models import Customer, OpenForm, RetailProfile, SystemState
from onboarding.choices import InboundKind, LicenceSource, NoticeRoute, Stage, Task
from onboarding.errors import (
    EntryDiffers,
    FinalApprover,
    Incomplete,
    NotYours,
    TaskOpen,
    WrongStage,
)
from onboarding.models import InboundMessage, NoticeRecord, RegistrationForm, Tick
from onboarding.services import entry, licensing, registration, sales
from onboarding.services.values import Licence
from onboarding.services.values import Notice as Announcement
from onboarding.tests.factories import Town

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def town():
    return Town()


def light(form, system):
    return SystemState.objects.get(customer=form.customer, system=system).state


def test_the_whole_flow_puts_a_retailer_in_force(town):
    """T-1, T-31 to T-49: the people of T-14 to T-24 and the systems of T-25 to T-27 in turn."""
    form = town.active()
    customer = Customer.objects.get(pk=form.customer_id)
    retail = RetailProfile.objects.get(customer=customer)
    assert form.stage == Stage.ACTIVE
    assert (customer.status, customer.may_order) == (CustomerStatus.NORMAL, True)
    assert customer.manager == town.manager
    assert (retail.order_mode, retail.customer_level) == ("online", "A3")
    assert retail.delivery_route_id == town.route.pk
    assert {row.state for row in SystemState.objects.filter(customer=customer)} == {Light.OK}
    told = set(
        Notice.objects.filter(topic=Topic.ONBOARDING_ACTIVATED).values_list("person_id", flat=True)
    )
    assert {town.service.pk, town.delivery.pk} <= told
    assert not OpenForm.objects.filter(customer=customer, closed_at__isnull=True).exists()


def test_until_activation_nothing_may_be_ordered(town):
    """T-49."""
    form = town.reported()
    assert (form.customer.may_order, form.customer.status) == (False, CustomerStatus.PENDING)


def test_the_squad_leader_signs_before_the_monopoly_head(town):
    """T-33."""
    form = town.start()
    registration.submit_licence_block(form=form, by=town.officer)
    assert town.sign(form, Duty.SL, town.squad_leader).stage == Stage.MONOPOLY_REVIEW
    assert town.sign(form, Duty.LH, town.licence_head).stage == Stage.LICENSING
    assert Message.objects.filter(topic=Topic.LICENCE_REQUESTED, key=form.number).count() == 1


def test_a_return_sends_the_form_back_with_its_reason_and_voids_the_round(town):
    """T-69."""
    form = town.start()
    registration.submit_licence_block(form=form, by=town.officer)
    town.sign(form, Duty.SL, town.squad_leader)
    town.sign(form, Duty.LH, town.licence_head, verdict=Verdict.RETURN, opinion="地址不详")
    form.refresh_from_db()
    assert (form.stage, form.return_reason) == (Stage.DRAFT, "地址不详")
    again = registration.submit_licence_block(form=form, by=town.officer)
    case = again.licence_case
    case.refresh_from_db()
    assert (case.round, case.status, again.return_reason) == (2, CaseStatus.OPEN, "")
    signed = case.steps.get(round=1, duty=Duty.SL)
    assert (signed.decided_by, signed.status) == (town.squad_leader, StepStatus.VOID)


def test_nobody_signs_the_form_he_filled_in(town):
    """T-71, PM-22."""
    leader = town.squad_leader
    form = registration.start_registration(
        block=town.block(), by=town.person(Duty.LO, town.squad, "身兼两职")
    )
    both = form.started_by
    town_post = both.posts.create(
        department=town.squad,
        duty=Duty.SL,
        starts_on=date(2020, 1, 1),
        confirmed_at=leader.confirmed_at,
    )
    registration.submit_licence_block(form=form, by=both)
    with pytest.raises(OwnCase):
        town.sign(form, Duty.SL, both)
    form.refresh_from_db()
    assert (form.stage, town_post.duty) == (Stage.SQUAD_REVIEW, Duty.SL)


def test_a_licence_typed_by_hand_leaves_the_light_waiting_until_zm_speaks(town):
    """T-28, T-34: no light turns green by our own hand."""
    form = town.start()
    registration.submit_licence_block(form=form, by=town.officer)
    town.sign(form, Duty.SL, town.squad_leader)
    town.sign(form, Duty.LH, town.licence_head)
    licence = Licence("610610327428", date(2027, 3, 13))
    form = licensing.record_licence(
        form=form, licence=licence, source=LicenceSource.HAND, by=town.licensing
    )
    assert light(form, "zm") == Light.WAITING
    said = {"licence_no": "610610327428", "valid_to": date(2027, 3, 13), "reason": ""}
    town.report(SourceSystem.ZM, InboundKind.LICENCE, form, result="issued", **said)
    assert light(form, "zm") == Light.OK
    assert Customer.objects.filter(retail__licence_no="610610327428").count() == 1


def test_only_the_licensing_department_types_a_licence(town):
    form = town.start()
    with pytest.raises(Forbidden):
        licensing.record_licence(
            form=form,
            licence=Licence("610610327428", date(2027, 3, 13)),
            source=LicenceSource.HAND,
            by=town.manager,
        )
    assert not Customer.objects.exists()


def test_a_refused_licence_ends_the_form_without_a_customer(town):
    """Domain 5.1 step 7."""
    form = town.start()
    registration.submit_licence_block(form=form, by=town.officer)
    town.sign(form, Duty.SL, town.squad_leader)
    town.sign(form, Duty.LH, town.licence_head)
    town.report(SourceSystem.ZM, InboundKind.LICENCE, form, result="refused", reason="选址不合规")
    form.refresh_from_db()
    assert (form.stage, form.return_reason) == (Stage.TERMINATED, "选址不合规")
    assert not Customer.objects.exists()


def test_each_notice_route_is_kept_with_sender_receiver_and_time(town):
    """T-29, T-35, T-36."""
    form = town.licensed()
    notices = [Announcement(route, "何办证", "客户服务中心") for route in NoticeRoute]
    form = licensing.notify_service_centre(form=form, notices=notices, by=town.licensing)
    assert form.stage == Stage.SALES_FILLING
    assert set(NoticeRecord.objects.values_list("route", flat=True)) == {"A", "B", "C"}
    sent = set(Message.objects.filter(key=form.number).values_list("topic", flat=True))
    assert {Topic.NOTICE_ORAL, Topic.NOTICE_MESSAGE, Topic.NOTICE_EM} <= sent


def test_a_notice_needs_a_route(town):
    """T-36."""
    form = town.licensed()
    with pytest.raises(Incomplete):
        licensing.notify_service_centre(form=form, notices=[], by=town.licensing)
    form.refresh_from_db()
    assert (form.stage, NoticeRecord.objects.count()) == (Stage.LICENSED, 0)


def test_the_stage_clock_counts_working_days(town):
    """T-73, T-76: two working days to announce, three to fill, seven over all."""
    form = town.licensed()
    assert (form.due_at - form.stage_since).days >= 1
    assert form.overall_due_at > form.due_at


def test_only_the_responsible_manager_fills_the_sales_block(town):
    """T-37."""
    form = town.at_manager()
    with pytest.raises(NotYours):
        sales.fill_sales_block(
            form=form, block=town.sales_block(), expected=form.version, by=town.colleague
        )
    form.refresh_from_db()
    assert form.order_mode == ""


def test_a_stale_sales_block_is_refused(town):
    form = town.at_manager()
    opened_on = form.version
    sales.fill_sales_block(form=form, block=town.sales_block(), expected=opened_on, by=town.manager)
    with pytest.raises(StaleVersion):
        sales.fill_sales_block(
            form=form,
            block=town.sales_block(customer_level="C1"),
            expected=opened_on,
            by=town.manager,
        )
    form.refresh_from_db()
    assert form.customer_level == "A3"


def test_the_sales_block_waits_for_all_four_ticks(town):
    """T-38 to T-42."""
    form = town.at_manager()
    form = sales.fill_sales_block(
        form=form,
        block=town.sales_block(settlement_mode="cash"),
        expected=form.version,
        by=town.manager,
    )
    for task in (Task.SURVEY, Task.DELIVERY):
        sales.tick_task(form=form, task=task, by=town.manager)
    with pytest.raises(TaskOpen, match="核对专卖信息"):
        sales.submit_sales_block(form=form, by=town.manager)
    sales.tick_task(form=form, task=Task.MONOPOLY_CHECK, by=town.manager)
    assert sales.submit_sales_block(form=form, by=town.manager).stage == Stage.DEPT_REVIEW


def test_a_tick_whose_data_changed_no_longer_counts(town):
    """T-39: the delivery tick falls when the line changes; the survey stays."""
    form = town.filled()
    sales.fill_sales_block(
        form=form,
        block=town.sales_block(delivery_address="别处"),
        expected=form.version,
        by=town.manager,
    )
    live = set(Tick.objects.filter(form=form, void_at__isnull=True).values_list("task", flat=True))
    assert live == {Task.SURVEY, Task.WITHHOLDING, Task.MONOPOLY_CHECK}
    assert Tick.objects.filter(form=form, task=Task.DELIVERY).count() == 1


def test_three_departments_sign_in_any_order_then_the_deputy(town):
    """T-43, T-44."""
    form = town.in_review()
    for duty, person in reversed(town.three):
        assert form.stage == Stage.DEPT_REVIEW
        form = town.sign(form, duty, person)
    assert form.stage == Stage.DEPUTY_REVIEW
    assert town.sign(form, Duty.DSM, town.deputy).stage == Stage.DATA_ENTRY


def test_one_department_returning_voids_the_others_and_keeps_the_ticks(town):
    """T-69, domain 5.1 step 12; what was typed once is not asked again (UX-37)."""
    form = town.in_review()
    town.sign(form, Duty.CSC, town.service)
    town.sign(form, Duty.DC, town.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    form.refresh_from_db()
    assert (form.stage, form.return_reason) == (Stage.SALES_FILLING, "线路不对")
    assert Tick.objects.filter(form=form, void_at__isnull=True).count() == 4
    assert sales.submit_sales_block(form=form, by=town.manager).sales_case.round == 2


def test_data_entry_ends_only_when_both_systems_stored_what_was_approved(town):
    """T-45: entered equals approved, field by field."""
    form = entry.enter_data(form=town.approved(), by=town.network_2)
    with pytest.raises(EntryDiffers):
        entry.finish_entry(form=form, by=town.network_2)
    town.echo(form, SourceSystem.CRM)
    town.echo(form, SourceSystem.EM, customer_level="C2")
    assert light(form, "em") == Light.FAILED
    with pytest.raises(EntryDiffers, match="客户级别"):
        entry.finish_entry(form=form, by=town.network_2)
    town.echo(form, SourceSystem.EM)
    assert light(form, "em") == Light.OK
    assert entry.finish_entry(form=form, by=town.network_2).stage == Stage.REPORTING


def test_order_centre_fields_are_written_when_the_order_centre_answers(town):
    """T-62, T-64."""
    form = town.entered()
    retail = RetailProfile.objects.get(customer=form.customer)
    assert (retail.order_mode, retail.settlement_mode) == ("online", "")
    entry.send_transfer_form(form=form, by=town.network_2)
    town.report(SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, form, receipt_no="OC-1")
    retail.refresh_from_db()
    assert (retail.settlement_mode, retail.customer_level) == ("withholding", "A3")


def test_who_gave_the_final_approval_does_not_carry_it_out(town):
    """PM-24."""
    town.deputy.posts.create(
        department=town.departments["network"],
        duty=Duty.NET,
        starts_on=date(2020, 1, 1),
        confirmed_at=town.deputy.confirmed_at,
    )
    form = town.approved()
    with pytest.raises(FinalApprover):
        entry.enter_data(form=form, by=town.deputy)
    assert not Message.objects.filter(topic=Topic.BASE_DATA).exists()


def test_activation_waits_for_the_order_centre(town):
    """T-46, T-47."""
    form = town.entered()
    entry.send_transfer_form(form=form, by=town.network_2)
    with pytest.raises(EntryDiffers, match="订单中心"):
        entry.activate_registration(form=form, by=town.network_2)
    form.refresh_from_db()
    assert form.stage == Stage.ACTIVATING


def test_no_stage_can_be_skipped(town):
    """Domain 5.1, SEC-08: every act asks where the form stands."""
    form = town.start()
    acts = [
        lambda: entry.enter_data(form=form, by=town.network_2),
        lambda: entry.finish_entry(form=form, by=town.network_2),
        lambda: entry.send_transfer_form(form=form, by=town.network_2),
        lambda: entry.activate_registration(form=form, by=town.network_2),
        lambda: sales.submit_sales_block(form=form, by=town.manager),
        lambda: sales.tick_task(form=form, task=Task.SURVEY, by=town.manager),
        lambda: licensing.refuse_licence(form=form, reason="x", by=town.licensing),
    ]
    for act in acts:
        with pytest.raises(WrongStage):
            act()
    form.refresh_from_db()
    assert (form.stage, form.version) == (Stage.DRAFT, 1)


def test_the_starter_withdraws_until_the_final_approval(town):
    """T-70."""
    form = town.in_review()
    registration.withdraw_registration(form=form, by=town.officer, reason="客户不办了")
    form.refresh_from_db()
    form.sales_case.refresh_from_db()
    assert (form.stage, form.sales_case.status) == (Stage.WITHDRAWN, CaseStatus.WITHDRAWN)


def test_nobody_else_withdraws_and_nothing_after_the_end(town):
    """T-70."""
    form = town.in_review()
    with pytest.raises(NotYours):
        registration.withdraw_registration(form=form, by=town.colleague, reason="x")
    for duty, person in town.three:
        town.sign(form, duty, person)
    town.sign(form, Duty.DSM, town.deputy)
    with pytest.raises(WrongStage):
        registration.withdraw_registration(form=form, by=town.officer, reason="x")
    form.refresh_from_db()
    assert form.stage == Stage.DATA_ENTRY


def test_one_person_has_one_form_under_way(town):
    """Domain 5.1 step 2."""
    town.start()
    with pytest.raises(ValidationError, match="已有一张登记表"):
        town.start(store_name="另一家店")
    assert RegistrationForm.objects.count() == 1


def test_a_message_about_an_unknown_form_is_parked(town):
    """B185 of the corpus."""
    form = town.start()
    row = town.report(SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, form, receipt_no="OC-9")
    assert (row.result, InboundMessage.objects.count()) == ("parked", 1)
    assert "尚未上报" in row.reason
