"""Business dates (业务日期) of Asia/Shanghai, and how periods are counted.

Source: domain 0.4; Civil Code art. 201 to 203.
"""

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

SHANGHAI: tzinfo = ZoneInfo("Asia/Shanghai")
MAX_WORKING_DAYS = 1_000  # no rule looks further; a larger number is a mistake
FIRST_YEAR, LAST_YEAR = 1900, 2999  # of dates from outside; periods are counted beyond them
_SATURDAY = 5


def business_date(moment: datetime) -> date:
    """The calendar date in Shanghai at that moment, whatever zone the moment is told in."""
    assert moment.tzinfo is not None
    return moment.astimezone(SHANGHAI).date()


D = TypeVar("D", bound=date)


def within_years(day: D) -> D:
    """A date from outside, or a moment, that periods can be counted from. Raises: ValueError."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"not between {FIRST_YEAR} and {LAST_YEAR}; leave out what has no end")
    return day


def nd(start: date, days: int) -> date:
    """`days` natural days (自然日) after `start`, which itself is not counted."""
    return start + timedelta(days=days)


def md(start: date, months: int) -> date:
    """Same day that many months later, or the last day of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = gregorian.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """Working days (工作日) with statutory holidays and make-up weekends (调休上班).

    published: years whose holidays are known; in any other year weekdays count and the result
    is provisional.
    """

    exceptions: Mapping[date, bool]  # days that differ from the Mon-Fri pattern: is it worked?
    published: frozenset[int]

    def is_working(self, day: date) -> bool:
        """Whether banks work on that day."""
        known = self.exceptions.get(day)
        return day.weekday() < _SATURDAY if known is None else known

    def is_provisional(self, day: date) -> bool:
        """Whether that year's calendar has not been published yet."""
        return day.year not in self.published

    def wd(self, start: date, days: int) -> date:
        """The `days`-th working day after `start`; zero is `start` itself."""
        assert 0 <= days <= MAX_WORKING_DAYS
        day = start
        while days:
            day += timedelta(days=1)
            days -= self.is_working(day)
        return day

    def wd_back(self, start: date, days: int) -> date:
        """The `days`-th working day before `start`; zero is `start` itself."""
        assert 0 <= days <= MAX_WORKING_DAYS
        day = start
        while days:
            day -= timedelta(days=1)
            days -= self.is_working(day)
        return day

    def roll_forward(self, day: date) -> date:
        """That day, or the next working day: for legal and outward deadlines."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def roll_back(self, day: date) -> date:
        """That day, or the working day before: for internal maximum intervals."""
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day
