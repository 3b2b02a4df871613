"""The clock: T-72, T-73, T-76; the applicant's reminder: UX-45."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from crm.approvals.choices import Verdict
from crm.approvals.errors import CaseClosed, NotYourCase, UrgedLately
from crm.approvals.models import Step
from crm.approvals.services import reminders
from crm.approvals.services.reminders import remind_case, remind_overdue
from crm.approvals.tasks import remind_overdue as task
from crm.approvals.tests.factories import Bureau, sign, step_of
from crm.core.calendars import HOME
from crm.core.models import CalendarOverride
from crm.identity.choices import Duty
from crm.outbox.choices import Topic
from crm.outbox.models import Message, Notice

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 9, 10, 0, tzinfo=HOME)


@pytest.fixture
def bureau():
    return Bureau()


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


def overdue_notices():
    return Notice.objects.filter(topic=Topic.STEP_OVERDUE)


def test_a_department_has_three_working_days_a_deputy_one(bureau, monday):
    """T-73, T-76: Monday's case is due on Thursday, at the end of the day."""
    case = bureau.open()
    assert timezone.localtime(step_of(case, Duty.DC).due_at) == datetime(
        2026, 3, 12, 23, 59, 59, tzinfo=HOME
    )
    monday.move_to(datetime(2026, 3, 13, 9, 0, tzinfo=HOME))
    for duty, person in zip(("CSC", "DC", "NET"), bureau.departments_three, strict=True):
        sign(case, duty, person)
    assert timezone.localtime(step_of(case, Duty.DSM).due_at).date().isoformat() == "2026-03-16"


def test_a_day_the_office_rests_does_not_count(bureau, monday):
    CalendarOverride.objects.create(day="2026-03-10", is_working=False)
    due = step_of(bureau.open(), Duty.DC).due_at
    assert timezone.localtime(due).date().isoformat() == "2026-03-13"


def test_an_overdue_step_is_reminded_once_a_day(bureau, monday):
    """T-72."""
    case = bureau.open()
    monday.move_to(datetime(2026, 3, 12, 23, 0, tzinfo=HOME))
    assert remind_overdue() == 0
    monday.move_to(datetime(2026, 3, 13, 9, 5, tzinfo=HOME))
    assert remind_overdue() == 3
    monday.move_to(datetime(2026, 3, 13, 14, 5, tzinfo=HOME))
    assert remind_overdue() == 0
    assert {notice.person for notice in overdue_notices()} == set(bureau.departments_three)
    assert overdue_notices().first().values["due"] == "2026-03-12 23:59"
    monday.move_to(datetime(2026, 3, 14, 9, 5, tzinfo=HOME))
    assert task() == 3
    assert overdue_notices().count() == 6
    assert step_of(case, Duty.DC).reminded_at == timezone.now()


def test_what_is_signed_or_ended_is_not_reminded(bureau, monday):
    signed, returned = bureau.open(), bureau.open()
    sign(signed, Duty.CSC, bureau.service)
    sign(returned, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    monday.move_to(datetime(2026, 3, 20, 9, 5, tzinfo=HOME))
    assert remind_overdue() == 2
    told = {notice.person for notice in overdue_notices()}
    assert told == {bureau.delivery, bureau.network}


def test_reminders_go_on_in_slices_until_all_are_told(bureau, monday, monkeypatch):
    monkeypatch.setattr(reminders, "SLICE", 2)
    for _case in range(2):
        bureau.open()
    monday.shift(timedelta(days=30))
    assert remind_overdue() == 6
    assert Step.objects.waiting().filter(reminded_at__isnull=True).count() == 0


def test_a_filler_who_holds_the_post_is_not_reminded_of_his_own(bureau, monday):
    colleague = bureau.person(Duty.CSC, bureau.departments["service"], "秦服务")
    case = bureau.open(by=bureau.service)
    monday.shift(timedelta(days=30))
    assert remind_overdue() == 3
    assert set(overdue_notices().values_list("person_id", flat=True)) == {
        colleague.pk,
        bureau.delivery.pk,
        bureau.network.pk,
    }
    assert step_of(case, Duty.CSC).reminded_at is not None


def test_the_applicant_urges_at_most_once_in_four_hours(bureau, monday):
    """UX-45."""
    case = bureau.open()
    before = Message.objects.count()
    assert remind_case(case=case, by=bureau.manager) == 3
    assert Message.objects.count() == before + 3
    assert Notice.objects.filter(values__title__startswith="催办：").count() == 3
    monday.shift(timedelta(hours=3, minutes=59))
    with pytest.raises(UrgedLately, match="03-09 14:00"):
        remind_case(case=case, by=bureau.manager)
    assert Message.objects.count() == before + 3
    monday.shift(timedelta(minutes=1))
    assert remind_case(case=case, by=bureau.manager) == 3


def test_nobody_else_urges(bureau):
    case = bureau.open()
    before = Message.objects.count()
    with pytest.raises(NotYourCase):
        remind_case(case=case, by=bureau.colleague)
    case.refresh_from_db()
    assert (case.urged_at, Message.objects.count()) == (None, before)


def test_a_returned_case_waits_for_nobody_to_be_urged(bureau):
    case = bureau.open()
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    with pytest.raises(CaseClosed):
        remind_case(case=case, by=bureau.manager)
