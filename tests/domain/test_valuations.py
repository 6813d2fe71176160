"""Valuations: recorded by one, approved by another, the newest counts."""

from datetime import date, timedelta

import pytest

from domain.collaterals import Valuation, ValuationKind, ValuationMethod
from domain.valuations import (
    approval_refusals,
    corrected,
    counts,
    recording_refusals,
    revalued,
)
from tests.domain.builders import PLACE, TODAY, a_collateral, codes

DAY = timedelta(days=1)


def a_valuation(**changes):
    """A flat worth 800,000 yuan today, recorded by u1."""
    facts = {
        "id": "valuation-1",
        "no": "V1",
        "collateral_no": "COL1",
        "value": 80_000_000,
        "value_on": TODAY,
        "method": ValuationMethod.MARKET,
        "kind": ValuationKind.REVALUATION,
        "recorded_by": "u1",
    }
    return Valuation(**PLACE | facts | changes)


@pytest.mark.parametrize(
    ("changes", "is_known", "fields"),
    [
        ({}, False, []),
        ({}, True, ["no"]),
        ({"no": ""}, False, ["no"]),
        ({"value": 0}, False, ["value"]),
        ({"value": 1}, False, []),
        ({"value_on": TODAY + DAY}, False, ["valueOn"]),
        ({"value": -1, "value_on": TODAY + DAY}, True, ["no", "value", "valueOn"]),
    ],
)
def test_a_valuation_has_a_number_a_value_and_a_day(changes, is_known, fields):
    refusals = recording_refusals(a_valuation(**changes), is_known=is_known, today=TODAY)
    assert [one.field for one in refusals if one is not None] == fields


@pytest.mark.parametrize(
    ("changes", "approver", "expected"),
    [
        ({}, "u2", []),
        ({}, "u1", ["SELF_APPROVAL"]),
        ({"approved_by": "u3"}, "u2", ["STATE_CONFLICT"]),
        ({"approved_by": "u3"}, "u1", ["STATE_CONFLICT", "SELF_APPROVAL"]),
    ],
)
def test_another_person_approves_once(changes, approver, expected):
    assert codes(approval_refusals(a_valuation(**changes), approver=approver)) == expected


@pytest.mark.parametrize(
    ("known_on", "value"),
    [(None, 80_000_000), (TODAY - DAY, 80_000_000), (TODAY, 80_000_000), (TODAY + DAY, 1)],
)
def test_the_newest_is_the_value_and_the_first_stays(known_on: date | None, value):
    known = {} if known_on is None else {"latest_value": 1, "first_value": 1}
    after = revalued(a_collateral(latest_value_on=known_on, **known), a_valuation())
    assert after.latest_value == value
    assert after.first_value == (80_000_000 if known_on is None else 1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"recorded_by": None}, True),  # by the feed
        ({}, False),
        ({"approved_by": "u2"}, True),
        ({"approved_by": "u2", "value_on": TODAY + DAY}, False),
        ({"recorded_by": None, "value_on": TODAY + DAY}, False),
    ],
)
def test_a_valuation_counts_once_it_is_approved_and_its_day_has_come(changes, expected):
    assert counts(a_valuation(**changes), today=TODAY) is expected


FED = {"recorded_by": None}


@pytest.mark.parametrize(
    ("others", "day", "expected"),
    [
        ((), TODAY - 400 * DAY, (80_000_000, TODAY - 400 * DAY)),
        ((), TODAY, (80_000_000, TODAY)),
        ((TODAY - 30 * DAY,), TODAY - 400 * DAY, (5, TODAY - 30 * DAY)),
        ((TODAY - 30 * DAY,), TODAY - 30 * DAY, (80_000_000, TODAY - 30 * DAY)),
        ((TODAY + DAY,), TODAY - 400 * DAY, (80_000_000, TODAY - 400 * DAY)),
    ],
)
def test_a_corrected_valuation_leaves_the_newest_that_counts(others, day, expected):
    known = [a_valuation(no=f"O{n}", value=5, value_on=on, **FED) for n, on in enumerate(others)]
    before = a_collateral(latest_value=80_000_000, latest_value_on=TODAY)
    told = a_valuation(value_on=day, **FED)
    after = corrected(before, told, [a_valuation(**FED), *known], today=TODAY)
    assert (after.latest_value, after.latest_value_on) == expected


def test_where_none_counts_any_more_there_is_no_value():
    before = a_collateral(latest_value=80_000_000, latest_value_on=TODAY)
    after = corrected(before, a_valuation(), [], today=TODAY)
    assert (after.latest_value, after.latest_value_on) == (None, None)
