from datetime import UTC, date, datetime, timedelta

from crm.approvals.formulas import case_number, desk_of, desks_of_post, is_late, readable_since


def test_a_desk_is_a_department_a_kind_or_anywhere():
    assert desk_of(7, "squad") == "d7"
    assert desk_of(None, "squad") == "ksquad"
    assert desk_of(None, "") == "*"
    assert desks_of_post(7, "squad") == ("d7", "ksquad", "*")


def test_a_case_number_has_year_and_running_number():
    assert case_number(1, year=2026) == "SP2026000001"
    assert case_number(1234567, year=2026) == "SP20261234567"


def test_a_closed_case_is_readable_for_ninety_days():
    assert readable_since(date(2026, 11, 22)) == date(2026, 8, 24)


def test_late_is_past_the_due_time():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert is_late(now - timedelta(seconds=1), now)
    assert not is_late(now, now)
    assert not is_late(None, now)
