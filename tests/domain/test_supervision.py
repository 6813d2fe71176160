"""Supervision of processing: what was due, obtained and late, as of a day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.supervision import (
    MAX_PERIOD_DAYS,
    Processed,
    by_organisation,
    period,
    period_refusals,
    together,
)
from tests.domain.builders import codes

DAY = timedelta(days=1)
FIRST, LAST = date(2025, 6, 1), date(2025, 6, 30)
DUE = date(2025, 6, 16)


def a_paper(**changes):
    """Expected of OB-1 by 16 June, lent on 1 June, not obtained."""
    facts = {
        "org_code": "OB-1",
        "expected_from": date(2025, 6, 1),
        "expected_by": DUE,
        "collected_on": None,
        "vault_due": None,
        "vaulted_on": None,
    }
    return Processed(**facts | changes)


def figures(*papers, today=LAST, last=LAST):
    return together(by_organisation(papers, period(FIRST, last, today=today)))


@pytest.mark.parametrize(
    ("expected_by", "today", "due"),
    [
        (FIRST - DAY, LAST, 0),
        (FIRST, LAST, 1),
        (LAST, LAST, 1),
        (LAST + DAY, LAST + 9 * DAY, 0),
        (DUE, DUE - DAY, 0),  # it has not come yet
        (DUE, DUE, 1),
        (None, LAST, 0),
    ],
)
def test_what_is_due_lies_in_the_period_and_has_come(expected_by, today, due):
    assert figures(a_paper(expected_by=expected_by), today=today).due == due


@pytest.mark.parametrize(
    ("collected_on", "today", "obtained", "overdue"),
    [
        (None, DUE, 0, 0),  # the day itself is in time
        (None, DUE + DAY, 0, 1),
        (DUE, DUE + DAY, 1, 0),
        (DUE + DAY, DUE, 0, 0),
        (DUE + DAY, DUE + DAY, 1, 0),  # late, and obtained
        (LAST + DAY, LAST + 9 * DAY, 0, 1),  # after the period: its figures stay as they were
    ],
)
def test_what_is_obtained_by_then_is_not_overdue(collected_on, today, obtained, overdue):
    found = figures(a_paper(collected_on=collected_on), today=today)
    assert (found.obtained, found.overdue) == (obtained, overdue)


@pytest.mark.parametrize(
    ("vaulted_on", "today", "late"),
    [
        (None, DUE, 0),
        (None, DUE + DAY, 1),
        (DUE, LAST, 0),
        (DUE + DAY, LAST, 1),
        (LAST + DAY, LAST + 9 * DAY, 1),
    ],
)
def test_a_paper_is_late_in_the_vault_the_day_after(vaulted_on, today, late):
    paper = a_paper(expected_by=None, vault_due=DUE, vaulted_on=vaulted_on)
    found = figures(paper, today=today)
    assert (found.vault_due, found.vault_late) == (1, late)


def test_rates_are_of_what_is_due_and_early_ones_count_in_neither():
    obtained = a_paper(collected_on=date(2025, 6, 11))
    early = a_paper(expected_by=LAST, collected_on=DUE)
    found = figures(obtained, obtained, a_paper(), early, today=LAST - DAY)
    assert (found.due, found.obtained, found.overdue) == (3, 2, 1)
    assert found.obtained_rate == Decimal("0.6667")
    assert found.overdue_rate == Decimal("0.3333")
    assert found.average_days == Decimal("10.00")


def test_the_average_counts_those_whose_beginning_is_known():
    papers = [
        a_paper(collected_on=date(2025, 6, 2)),
        a_paper(collected_on=date(2025, 6, 4)),
        a_paper(collected_on=date(2025, 6, 4)),
        a_paper(collected_on=date(2025, 6, 4), expected_from=None),
        a_paper(),
    ]
    assert figures(*papers).average_days == Decimal("2.33")


def test_nothing_due_is_no_rate():
    nothing = figures()
    assert nothing.obtained_rate is None
    assert nothing.overdue_rate is None
    assert nothing.vault_late_rate is None
    assert nothing.average_days is None


def test_organisations_are_added_up_and_their_rates_are_not():
    papers = [
        a_paper(org_code="OB-2", collected_on=DUE),
        a_paper(),
        a_paper(),
        a_paper(),
        a_paper(org_code="OB-3", expected_by=LAST + DAY),
    ]
    rows = by_organisation(papers, period(FIRST, LAST, today=LAST))
    assert [(one.org_code, one.due, one.obtained) for one in rows] == [
        ("OB-1", 3, 0),
        ("OB-2", 1, 1),
    ]
    assert together(rows).obtained_rate == Decimal("0.2500")  # the mean would be 0.5


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (FIRST, []),
        (FIRST - DAY, ["VALUE_INVALID"]),
        (FIRST + MAX_PERIOD_DAYS * DAY, []),
        (FIRST + (MAX_PERIOD_DAYS + 1) * DAY, ["VALUE_INVALID"]),
    ],
)
def test_a_period_is_in_order_and_bounded(last, expected):
    assert codes(period_refusals(FIRST, last)) == expected
