"""Pre-notices: the last day to apply, what lapses, and the rank that a conversion keeps."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.certificates import CertType, Conversion, CustodyState, LegalState
from domain.pre_notices import (
    conversion_refusals,
    converted_priority,
    convertible,
    convertible_refusals,
    followed_by,
    has_lapsed,
    is_standing,
    lapse_date,
    still_secured,
    units_of,
    withdrawal_refusals,
    withdrawn,
)
from tests.domain.builders import CALENDAR, POLICY, TODAY, a_certificate, a_collateral, codes

DAY = timedelta(days=1)
RULES = {"policy": POLICY, "calendar": CALENDAR}
SINCE, LAST = date(2025, 7, 8), date(2025, 10, 9)  # day 90 is 6 October, in the holidays
RANK = date(2023, 6, 1)
BOTH = (CertType.PRE_NOTICE_MORTGAGE, CertType.PRE_NOTICE_TITLE)


def a_pre_notice(**changes):
    """A registered pre-notice of a mortgage."""
    facts = {"cert_type": CertType.PRE_NOTICE_MORTGAGE, "priority_date": RANK}
    return a_certificate(**facts | changes)


def running(**changes):
    """One whose term is running."""
    return convertible(a_pre_notice(**changes), SINCE, **RULES)


def filed(on=TODAY, acceptance_no="R-1"):
    return Conversion(filed_on=on, acceptance_no=acceptance_no, recorded_by="handler")


@pytest.mark.parametrize(
    ("since", "last"),
    [
        (date(2025, 3, 4), date(2025, 6, 2)),  # a Monday
        (date(2025, 3, 9), date(2025, 6, 9)),  # day 90 is a Saturday
        (date(2025, 6, 30), date(2025, 9, 28)),  # a Sunday that is worked
        (date(2025, 7, 3), date(2025, 10, 9)),  # day 90 is 1 October
        (SINCE, LAST),
        (date(2025, 7, 10), date(2025, 10, 9)),  # day 90 is 8 October
        (date(2025, 7, 11), date(2025, 10, 9)),
        (date(2025, 7, 12), date(2025, 10, 10)),
        (date(2025, 7, 13), date(2025, 10, 11)),  # a Saturday that is worked
        (date(2023, 12, 1), date(2024, 2, 29)),
        (date(2024, 12, 1), date(2025, 3, 3)),  # day 90 is Saturday, 1 March
    ],
)
def test_the_last_day_is_the_ninetieth_or_the_next_working_day(since, last):
    assert lapse_date(since, **RULES) == last
    marked = convertible(a_pre_notice(), since, **RULES)
    assert (marked.convertible_from, marked.lapses_on) == (since, last)


@pytest.mark.parametrize("cert_type", BOTH)
@pytest.mark.parametrize(
    ("today", "lapsed"),
    [(SINCE, False), (date(2025, 10, 6), False), (LAST, False), (LAST + DAY, True)],
)
def test_it_lapses_the_day_after_the_last(cert_type, today, lapsed):
    assert has_lapsed(running(cert_type=cert_type), today=today, **RULES) is lapsed


@pytest.mark.parametrize(
    "changes",
    [
        {"conversion": filed(LAST)},
        {"convertible_from": None},
        {"cert_no": None},
        {"cert_type": CertType.MORTGAGE_REG_PROOF},
        {"legal_state": LegalState.LAPSED},
        {"legal_state": LegalState.SUPERSEDED},
        {"legal_state": LegalState.CANCELLED},
        {"legal_state": LegalState.VOID},
    ],
)
def test_what_is_filed_unknown_or_over_does_not_lapse(changes):
    assert not has_lapsed(replace(running(), **changes), today=LAST + DAY, **RULES)


@pytest.mark.parametrize("state", LegalState)
def test_a_pre_notice_stands_until_its_right_has_ended(state):
    standing = {LegalState.PENDING, LegalState.ACCEPTED, LegalState.REGISTERED}
    assert is_standing(a_pre_notice(legal_state=state)) is (state in standing)


@pytest.mark.parametrize(
    ("certificate", "since", "expected"),
    [
        (a_pre_notice(), TODAY, []),
        (a_pre_notice(), TODAY + DAY, ["VALUE_INVALID"]),
        (running(), TODAY, []),  # told again
        (a_certificate(), TODAY, ["VALUE_INVALID"]),
        (a_pre_notice(legal_state=LegalState.LAPSED), TODAY, ["STATE_CONFLICT"]),
        (
            a_pre_notice(cert_no=None, custody_state=CustodyState.NOT_RECEIVED),
            TODAY,
            ["STATE_CONFLICT"],
        ),
        (replace(running(), conversion=filed()), TODAY, ["STATE_CONFLICT"]),
    ],
)
def test_only_a_pre_notice_in_force_becomes_convertible(certificate, since, expected):
    assert codes(convertible_refusals(certificate, since, today=TODAY)) == expected


@pytest.mark.parametrize(
    ("filed_on", "today", "expected"),
    [
        (SINCE, LAST, []),
        (LAST, LAST, []),
        (LAST, LAST + DAY, []),  # told a day late, before anybody saw it lapse
        (LAST + DAY, LAST + DAY, ["VALUE_INVALID"]),
        (SINCE - DAY, LAST, ["VALUE_INVALID"]),
        (LAST, LAST - DAY, ["VALUE_INVALID"]),
    ],
)
def test_an_application_is_in_time_up_to_the_last_day(filed_on, today, expected):
    refusals = conversion_refusals(running(), filed(filed_on), today=today, **RULES)
    assert codes(refusals) == expected


@pytest.mark.parametrize(
    ("certificate", "conversion", "expected"),
    [
        (a_pre_notice(), filed(), []),
        (a_pre_notice(), filed(acceptance_no=""), ["VALUE_INVALID"]),
        (a_certificate(), filed(), ["VALUE_INVALID"]),
        (a_pre_notice(legal_state=LegalState.LAPSED), filed(), ["STATE_CONFLICT"]),
        (a_pre_notice(conversion=filed()), filed(), ["STATE_CONFLICT"]),
        (
            a_pre_notice(legal_state=LegalState.LAPSED, conversion=filed()),
            filed(TODAY + DAY, ""),
            ["STATE_CONFLICT", "STATE_CONFLICT", "VALUE_INVALID", "VALUE_INVALID"],
        ),
    ],
)
def test_one_application_for_a_pre_notice_in_force(certificate, conversion, expected):
    refusals = conversion_refusals(certificate, conversion, today=TODAY, **RULES)
    assert codes(refusals) == expected


@pytest.mark.parametrize(
    ("pre_notice", "right", "follows"),
    [
        ({}, {}, True),
        ({"cert_type": CertType.PRE_NOTICE_TITLE}, {}, False),  # the owner's, not the bank's
        (
            {"cert_type": CertType.PRE_NOTICE_TITLE},
            {"cert_type": CertType.REAL_ESTATE_TITLE},
            True,
        ),
        ({}, {"cert_type": CertType.OTHER_RIGHT_LEGACY}, False),
        ({}, {"collateral_nos": ("COL1", "COL2")}, True),
        ({"collateral_nos": ("COL1", "COL2")}, {}, False),  # a unit of it is not registered yet
        ({"legal_state": LegalState.LAPSED}, {}, False),
        ({"legal_state": LegalState.SUPERSEDED}, {}, False),
        ({"cert_no": None, "legal_state": LegalState.PENDING}, {}, False),
        ({"custody_state": CustodyState.CHECKED_OUT}, {}, False),  # it is exchanged
        ({"custody_state": CustodyState.ELECTRONIC_ON_FILE}, {}, True),
    ],
)
def test_a_full_right_follows_the_pre_notices_of_what_it_covers(pre_notice, right, follows):
    before = a_pre_notice(**pre_notice)
    obtained = a_certificate(**{"id": "cert-2", "cert_type": CertType.MORTGAGE_REG_PROOF} | right)
    assert followed_by(obtained, [before]) == ([before] if follows else [])


UNIT, OTHER = frozenset({"U1"}), frozenset({"U2"})


@pytest.mark.parametrize(
    ("pre_notice", "units", "registered_on", "kept"),
    [
        (running(), UNIT, LAST, True),
        (running(), UNIT, LAST + DAY, False),  # nothing was filed and the last day is over
        (replace(running(), conversion=filed(LAST)), UNIT, LAST + 30 * DAY, True),
        (a_pre_notice(), UNIT, LAST + 30 * DAY, True),  # no term ever ran
        (running(), OTHER, LAST, False),
        (running(), UNIT | OTHER, LAST, False),
        (running(legal_state=LegalState.LAPSED), UNIT, LAST, False),
        (running(priority_date=None), UNIT, LAST, False),
    ],
)
def test_the_rank_is_kept_for_the_same_unit_in_time(pre_notice, units, registered_on, kept):
    found = converted_priority(
        pre_notice, units=UNIT, converted_units=units, registered_on=registered_on, **RULES
    )
    assert found == (RANK if kept else registered_on)


def test_a_unit_is_its_number_in_the_registry_or_ours():
    assert units_of([a_collateral(unit_no="U1"), a_collateral(no="COL2")]) == {"U1", "COL2"}


@pytest.mark.parametrize(
    ("changes", "secured"),
    [
        ({}, True),
        ({"legal_state": LegalState.CANCELLED}, False),
        ({"cert_type": CertType.PRE_NOTICE_MORTGAGE}, False),
        ({"cert_type": CertType.REAL_ESTATE_TITLE}, False),
        ({"collateral_nos": ("COL9",)}, False),
    ],
)
def test_a_full_right_goes_on_securing_what_a_lapse_would_uncover(changes, secured):
    assert still_secured(a_collateral(), [a_certificate(**changes)]) is secured


@pytest.mark.parametrize(("lapsed_on", "value"), [(None, 90_000_000), (TODAY, 0)])
def test_collateral_counts_for_nothing_once_the_right_has_lapsed(lapsed_on, value):
    flat = a_collateral(latest_value=90_000_000, right_lapsed_on=lapsed_on)
    assert flat.eligible_value == value


@pytest.mark.parametrize(
    ("changes", "returned_on", "reason", "expected"),
    [
        ({}, TODAY, "incomplete", []),
        ({}, TODAY - DAY, "incomplete", []),
        ({}, TODAY - 2 * DAY, "incomplete", ["VALUE_INVALID"]),
        ({}, TODAY + DAY, "incomplete", ["VALUE_INVALID"]),
        ({}, TODAY, " ", ["VALUE_INVALID"]),
        ({"conversion": None}, TODAY, "incomplete", ["STATE_CONFLICT"]),
        ({"legal_state": LegalState.SUPERSEDED}, TODAY, "incomplete", ["STATE_CONFLICT"]),
        ({"returned_conversions": (filed(),) * 19}, TODAY, "incomplete", []),
        ({"returned_conversions": (filed(),) * 20}, TODAY, "incomplete", ["VALUE_INVALID"]),
    ],
)
def test_an_application_is_taken_back_once_the_registry_returned_it(
    changes, returned_on, reason, expected
):
    paper = replace(a_pre_notice(conversion=filed(TODAY - DAY)), **changes)
    found = withdrawal_refusals(paper, returned_on=returned_on, reason=reason, today=TODAY)
    assert codes(found) == expected


def test_what_was_returned_stops_no_lapse_and_is_kept():
    paper = withdrawn(replace(running(), conversion=filed()), returned_on=TODAY, reason="why")
    assert paper.conversion is None
    returned = replace(filed(), returned_on=TODAY, return_reason="why")
    assert paper.returned_conversions == (returned,)
    assert has_lapsed(paper, today=LAST + DAY, **RULES)
