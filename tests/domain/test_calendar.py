"""Periods are counted in Shanghai's days, with the holidays and make-up days of 2025."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import business_date, md, nd
from tests.domain.builders import CALENDAR

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 12, 31))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2025, 4, 20, 15, 59, 59, tzinfo=UTC), date(2025, 4, 20)),
        (datetime(2025, 4, 20, 16, 0, 0, tzinfo=UTC), date(2025, 4, 21)),
        (datetime(2025, 4, 20, 23, 0, tzinfo=timezone(timedelta(hours=-9))), date(2025, 4, 21)),
    ],
)
def test_the_business_date_turns_at_midnight_in_shanghai(moment, day):
    assert business_date(moment) == day


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2025, 6, 30), 30, date(2025, 7, 30)),
        (date(2025, 5, 6), 30, date(2025, 6, 5)),
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
        (date(2025, 2, 28), 1, date(2025, 3, 1)),
        (date(2025, 6, 30), 0, date(2025, 6, 30)),
    ],
)
def test_natural_days_do_not_count_the_first_day(start, days, end):
    assert nd(start, days) == end


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 1, 31), 2, date(2025, 3, 31)),
        (date(2025, 1, 31), 3, date(2025, 4, 30)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 120, date(2034, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 1, 15), -1, date(2024, 12, 15)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_of_the_month(start, months, end):
    assert md(start, months) == end


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2025, 9, 22), 10, date(2025, 10, 11)),
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 30), 3, date(2025, 10, 11)),
        (date(2025, 9, 30), 5, date(2025, 10, 14)),
        (date(2025, 9, 26), 1, date(2025, 9, 28)),
        (date(2025, 6, 6), 1, date(2025, 6, 9)),
        (date(2025, 10, 1), 0, date(2025, 10, 1)),
    ],
)
def test_working_days_skip_holidays_and_count_make_up_weekends(start, days, end):
    assert CALENDAR.wd(start, days) == end


@pytest.mark.parametrize(
    ("day", "forward", "back"),
    [
        (date(2025, 10, 7), date(2025, 10, 9), date(2025, 9, 30)),
        (date(2025, 7, 20), date(2025, 7, 21), date(2025, 7, 18)),
        (date(2025, 9, 28), date(2025, 9, 28), date(2025, 9, 28)),
        (date(2025, 6, 10), date(2025, 6, 10), date(2025, 6, 10)),
    ],
)
def test_a_deadline_on_a_holiday_rolls(day, forward, back):
    assert CALENDAR.roll_forward(day) == forward
    assert CALENDAR.roll_back(day) == back


def test_a_year_without_a_published_calendar_is_provisional():
    assert CALENDAR.is_provisional(date(2026, 1, 1))
    assert not CALENDAR.is_provisional(date(2025, 12, 31))
    assert CALENDAR.is_working(date(2026, 10, 1))


@given(start=DAYS, days=st.integers(1, 60))
def test_exactly_that_many_working_days_lie_up_to_the_deadline(start, days):
    end = CALENDAR.wd(start, days)
    between = [nd(start, n) for n in range(1, (end - start).days + 1)]
    assert CALENDAR.is_working(end)
    assert sum(map(CALENDAR.is_working, between)) == days


@given(start=DAYS, months=st.integers(-200, 200))
def test_months_never_leave_their_month(start, months):
    end = md(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day <= start.day
    assert end.day == start.day or nd(end, 1).day == 1
