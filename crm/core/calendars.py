"""Working days, month ends, and the two ways a period of years ends. Pure: today is an argument.

Overrides come from the table that administrators keep and win over everything. After them the
library of public holidays is asked; for years it does not know, Monday to Friday counts, and
`known_year` lets a page warn about it. Rules: T-72, T-73, B-136, B-137.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import chinese_calendar

HOME: Final = ZoneInfo("Asia/Shanghai")
Overrides = Mapping[date, bool]
"""Day → is it worked on? For days that differ from what the library says."""

_YEAR_OF_CALENDARS: Final = {day.year for day in chinese_calendar.holidays}


def known_year(year: int) -> bool:
    """Whether the public holidays of that year are known (else Monday to Friday is assumed)."""
    return year in _YEAR_OF_CALENDARS


def is_working_day(day: date, overrides: Overrides) -> bool:
    """Whether offices work on `day`: override, else public calendar, else Monday to Friday."""
    if day in overrides:
        return overrides[day]
    if known_year(day.year):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5


def add_working_days(start: date, count: int, overrides: Overrides) -> date:
    """The `count`-th working day after `start`, which itself never counts.

    For 0 it is `start` if that is a working day, else the next one. Raises ValueError for a
    negative count, and when ten years hold too few working days (overrides gone wrong).
    """
    if count < 0:
        raise ValueError("working days are counted forwards")
    day = start if count else start - timedelta(days=1)
    left = max(count, 1)
    for _tries in range(3660):
        day += timedelta(days=1)
        left -= is_working_day(day, overrides)
        if not left:
            return day
    raise ValueError("no working days left in ten years: look at the overrides")


def working_days_between(start: date, end: date, overrides: Overrides) -> int:
    """How many working days lie after `start` up to and including `end`; negative backwards.

    So `working_days_between(d, add_working_days(d, n, o), o) == n` for every n ≥ 1.
    """
    if end < start:
        return -working_days_between(end, start, overrides)
    days = (start + timedelta(days=ahead) for ahead in range(1, (end - start).days + 1))
    return sum(is_working_day(day, overrides) for day in days)


def due_at(moment: datetime, days: int, overrides: Overrides) -> datetime:
    """The last second (Asia/Shanghai) of the `days`-th working day after `moment`.

    Raises ValueError for a naive moment. Rules: T-72, T-73.
    """
    if moment.tzinfo is None:
        raise ValueError("a due time needs an aware moment")
    day = add_working_days(moment.astimezone(HOME).date(), days, overrides)
    return datetime.combine(day, time(23, 59, 59), tzinfo=HOME)


def first_of_next_month(day: date) -> date:
    """The first day of the month after the one `day` lies in."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_end(day: date) -> date:
    """The last day of the month `day` lies in."""
    return first_of_next_month(day) - timedelta(days=1)


def natural_end(earned: date, years: int) -> date:
    """Last day of use when calendar years count: 31 December of year + years - 1.

    Rules: B-136, B-137.
    """
    return date(earned.year + years - 1, 12, 31)


def rolling_end(earned: date, years: int) -> date:
    """Last day of use when the period rolls from the day itself: the day before the anniversary.

    29 February has its anniversary on the 28th. Rules: B-137.
    """
    day = 28 if (earned.month, earned.day) == (2, 29) else earned.day
    return date(earned.year + years, earned.month, day) - timedelta(days=1)
