"""Working days, month ends and ends of periods. Rules: T-72, T-73, B-136, B-137."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.core.calendars import (
    HOME,
    add_working_days,
    due_at,
    first_of_next_month,
    is_working_day,
    known_year,
    month_end,
    natural_end,
    rolling_end,
    working_days_between,
)

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        pytest.param(date(2026, 2, 14), True, id="make-up-saturday"),
        pytest.param(date(2026, 2, 17), False, id="new-year-tuesday"),
        pytest.param(date(2026, 10, 1), False, id="national-day"),
        pytest.param(date(2026, 11, 20), True, id="friday"),
        pytest.param(date(2026, 11, 22), False, id="sunday"),
    ],
)
def test_the_public_calendar_is_followed(day, worked):
    assert is_working_day(day, {}) is worked


def test_an_override_wins_over_the_public_calendar():
    assert is_working_day(date(2026, 10, 1), {date(2026, 10, 1): True})
    assert not is_working_day(date(2026, 11, 20), {date(2026, 11, 20): False})


def test_years_the_library_does_not_know_fall_back_to_monday_to_friday():
    assert known_year(2026)
    assert not known_year(2040)
    assert is_working_day(date(2040, 1, 2), {})
    assert not is_working_day(date(2040, 1, 1), {})
    assert is_working_day(date(2003, 10, 1), {})


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        pytest.param(date(2026, 11, 19), 1, date(2026, 11, 20), id="thursday"),
        pytest.param(date(2026, 11, 20), 1, date(2026, 11, 23), id="over-weekend"),
        pytest.param(date(2026, 9, 30), 1, date(2026, 10, 8), id="over-national-week"),
        pytest.param(date(2026, 11, 20), 3, date(2026, 11, 25), id="T-73-three"),
        pytest.param(date(2026, 11, 20), 7, date(2026, 12, 1), id="T-73-seven"),
        pytest.param(date(2026, 11, 20), 0, date(2026, 11, 20), id="nought"),
        pytest.param(date(2026, 11, 22), 0, date(2026, 11, 23), id="nought-on-sunday"),
    ],
)
def test_t_73_working_days_are_counted_from_the_day_after(start, count, end):
    assert add_working_days(start, count, {}) == end


def test_an_override_moves_the_end():
    assert add_working_days(date(2026, 11, 20), 1, {date(2026, 11, 21): True}) == date(2026, 11, 21)
    assert add_working_days(date(2026, 11, 19), 1, {date(2026, 11, 20): False}) == date(
        2026, 11, 23
    )


def test_working_days_are_not_counted_backwards_nor_for_ever():
    with pytest.raises(ValueError, match="forwards"):
        add_working_days(date(2026, 1, 1), -1, {})
    shut = {date(2040, 1, 1) + timedelta(days=day): False for day in range(4000)}
    with pytest.raises(ValueError, match="overrides"):
        add_working_days(date(2040, 1, 1), 1, shut)


@settings(deadline=None)
@given(start=DAYS, count=st.integers(1, 40))
def test_between_undoes_add(start, count):
    end = add_working_days(start, count, {})
    assert working_days_between(start, end, {}) == count
    assert working_days_between(end, start, {}) == -count
    assert is_working_day(end, {})


def test_due_is_the_last_second_of_the_day_in_shanghai():
    assert due_at(datetime(2026, 11, 20, 9, tzinfo=HOME), 2, {}) == datetime(
        2026, 11, 24, 23, 59, 59, tzinfo=HOME
    )


def test_due_counts_from_the_day_it_is_in_shanghai_not_in_london():
    late = datetime(2026, 11, 19, 17, tzinfo=UTC)  # already Friday at home
    assert due_at(late, 1, {}).date() == date(2026, 11, 23)


def test_a_naive_moment_has_no_due_time():
    with pytest.raises(ValueError, match="aware"):
        due_at(datetime.fromisoformat("2026-11-20 09:00"), 1, {})


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 1, 31), date(2026, 2, 1), date(2026, 1, 31)),
        (date(2024, 2, 1), date(2024, 3, 1), date(2024, 2, 29)),
        (date(2026, 12, 15), date(2027, 1, 1), date(2026, 12, 31)),
    ],
)
def test_month_ends(day, first, last):
    assert first_of_next_month(day) == first
    assert month_end(day) == last


def test_b_136_and_b_137_vectors_of_expiry():
    assert natural_end(date(2024, 5, 10), 3) == date(2026, 12, 31)
    assert natural_end(date(2016, 2, 6), 3) == date(2018, 12, 31)
    assert rolling_end(date(2016, 2, 6), 3) == date(2019, 2, 5)


def test_the_leap_day_has_its_anniversary_on_the_28th():
    assert rolling_end(date(2016, 2, 29), 1) == date(2017, 2, 27)
    assert rolling_end(date(2016, 2, 29), 4) == date(2020, 2, 27)


@settings(deadline=None)
@given(day=DAYS, years=st.integers(1, 10))
def test_a_natural_period_never_outlives_a_rolling_one_by_a_year(day, years):
    assert timedelta(-366) < natural_end(day, years) - rolling_end(day, years) <= timedelta(days=2)
