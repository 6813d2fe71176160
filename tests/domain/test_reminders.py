"""Reminders: on which days somebody is told of a lapse, an expiry, an unclaimed paper."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.alerts import AlertKind
from domain.certificates import TERMINAL, CertType, Conversion, CustodyState, LegalState
from domain.collaterals import PledgeState
from domain.loans import LoanStatus
from domain.pre_notices import convertible
from domain.reminders import (
    EXPIRING,
    advice,
    expiry,
    expiry_refusals,
    is_unclaimed,
    is_uninsured,
    next_look,
    reminders,
    unclaimed_from,
    watched,
)
from tests.domain.builders import (
    CALENDAR,
    POLICY,
    TODAY,
    a_certificate,
    a_collateral,
    a_loan,
    codes,
)

DAY = timedelta(days=1)
RULES = {"policy": POLICY, "calendar": CALENDAR}
SINCE = date(2025, 7, 8)
ENDS = date(2025, 12, 31)
PRE_NOTICE = convertible(a_certificate(cert_type=CertType.PRE_NOTICE_MORTGAGE), SINCE, **RULES)
DEPOSIT = a_certificate(cert_type=CertType.DEPOSIT_RECEIPT, expires_on=ENDS)
INSURANCE = a_certificate(cert_type=CertType.PROPERTY_INSURANCE, expires_on=ENDS)
TITLE = a_certificate(
    cert_type=CertType.REAL_ESTATE_TITLE,
    legal_state=LegalState.PENDING,
    custody_state=CustodyState.IN_VAULT,
)
FILED = Conversion(filed_on=SINCE, acceptance_no="R-1", recorded_by="handler")


def days(certificate, today=TODAY):
    return [one.on for one in reminders(certificate, today=today, **RULES)]


def looks(certificate, until):
    """Every day on which the certificate is looked at, as the job goes from one to the next."""
    found, after = [], None
    while True:
        today = found[-1] if found else SINCE
        look = next_look(certificate, today=today, after=after, **RULES)
        if look is None or look > until:
            return found
        found.append(look)
        after = look


def test_a_lapse_is_announced_on_days_30_60_75_and_on_day_90_before_it_is_rolled():
    assert days(PRE_NOTICE) == [
        date(2025, 8, 7),
        date(2025, 9, 6),
        date(2025, 9, 21),
        date(2025, 10, 6),
    ]
    told = reminders(PRE_NOTICE, today=TODAY, **RULES)
    assert {one.due_on for one in told} == {date(2025, 10, 9)}
    assert {one.kind for one in told} == {AlertKind.PRE_NOTICE}


def test_a_pre_notice_is_looked_at_on_those_days_and_after_the_last_one():
    assert looks(PRE_NOTICE, ENDS) == [*days(PRE_NOTICE), date(2025, 10, 10)]


@pytest.mark.parametrize(
    "changes", [{"conversion": FILED}, {"legal_state": LegalState.LAPSED}, {"cert_no": None}]
)
def test_nobody_is_told_of_a_lapse_that_cannot_come(changes):
    over = replace(PRE_NOTICE, **changes)
    assert days(over) == []
    assert next_look(over, today=TODAY, **RULES) is None


def test_an_expiry_is_announced_30_15_and_5_days_before():
    assert days(DEPOSIT) == [date(2025, 12, 1), date(2025, 12, 16), date(2025, 12, 26)]
    assert looks(DEPOSIT, ENDS + 30 * DAY) == days(DEPOSIT)


def test_the_end_of_february_is_counted_back_from():
    leap = replace(DEPOSIT, expires_on=date(2028, 3, 1))
    assert days(leap) == [date(2028, 1, 31), date(2028, 2, 15), date(2028, 2, 25)]


def test_an_insurance_is_looked_at_once_more_when_it_has_ended():
    assert looks(INSURANCE, ENDS + 30 * DAY) == [*days(INSURANCE), ENDS + DAY]


def test_nobody_watches_what_is_kept_for_its_owner_alone():
    assert days(replace(DEPOSIT, released_on=TODAY)) == []


@pytest.mark.parametrize("cert_type", CertType)
def test_only_what_has_a_watch_date_expires(cert_type):
    paper = a_certificate(cert_type=cert_type, expires_on=ENDS)
    assert expiry(paper) == (ENDS if cert_type in EXPIRING else None)


def test_the_end_of_the_registration_counts_where_nothing_else_ends():
    registered = a_certificate(
        cert_type=CertType.RECEIVABLE_PLEDGE_REG, registered_until=ENDS, expires_on=None
    )
    assert expiry(registered) == ENDS
    assert expiry(replace(registered, expires_on=ENDS - DAY)) == ENDS - DAY


@pytest.mark.parametrize("state", CustodyState)
def test_what_has_left_the_bank_is_not_watched(state):
    assert (expiry(replace(DEPOSIT, custody_state=state)) is None) is (state in TERMINAL)


@pytest.mark.parametrize(
    ("certificate", "expires_on", "expected"),
    [
        (DEPOSIT, TODAY + DAY, []),
        (DEPOSIT, TODAY, ["VALUE_INVALID"]),
        (PRE_NOTICE, TODAY + DAY, ["VALUE_INVALID"]),
        (replace(DEPOSIT, cert_no=None), TODAY + DAY, ["STATE_CONFLICT"]),
        (replace(DEPOSIT, legal_state=LegalState.VOID), TODAY + DAY, ["STATE_CONFLICT"]),
        (
            replace(DEPOSIT, custody_state=CustodyState.REDEEMED),
            TODAY,
            ["STATE_CONFLICT", "VALUE_INVALID"],
        ),
    ],
)
def test_what_is_still_watched_may_be_renewed(certificate, expires_on, expected):
    assert codes(expiry_refusals(certificate, expires_on, today=TODAY)) == expected


def _other_policy(**changes):
    return replace(INSURANCE, **{"id": "c2", "expires_on": ENDS + DAY} | changes)


@pytest.mark.parametrize(
    ("today", "others", "uninsured"),
    [
        (ENDS, (), False),
        (ENDS + DAY, (), True),
        (ENDS + DAY, (INSURANCE,), True),  # itself
        (ENDS + DAY, (_other_policy(),), False),
        (ENDS + DAY, (_other_policy(legal_state=LegalState.VOID),), True),
        (ENDS + DAY, (replace(DEPOSIT, id="c2", expires_on=ENDS + 9 * DAY),), True),
    ],
)
def test_collateral_is_uninsured_once_its_last_policy_has_ended(today, others, uninsured):
    assert is_uninsured(INSURANCE, others, [a_collateral()], today=today) is uninsured


@pytest.mark.parametrize(
    ("elsewhere", "others", "uninsured"),
    [
        (PledgeState.EFFECTIVE, [_other_policy(collateral_nos=("COL1", "COL2"))], False),
        (PledgeState.EFFECTIVE, [_other_policy()], True),
        (PledgeState.EFFECTIVE, [_other_policy(), _other_policy(collateral_nos=("COL2",))], False),
        (PledgeState.RELEASED, [_other_policy()], False),  # nothing is pledged there any more
        (PledgeState.RELEASED, [], True),
    ],
)
def test_each_collateral_needs_a_policy_of_its_own_or_a_shared_one(elsewhere, others, uninsured):
    both = replace(INSURANCE, collateral_nos=("COL1", "COL2"))
    covered = [a_collateral(), a_collateral(no="COL2", pledge_state=elsewhere)]
    assert is_uninsured(both, others, covered, today=ENDS + DAY) is uninsured


def test_only_property_insurance_leaves_collateral_uninsured():
    assert not is_uninsured(DEPOSIT, (), [a_collateral()], today=ENDS + DAY)


@pytest.mark.parametrize(
    ("certificate", "loan", "redeem"),
    [
        (DEPOSIT, {"maturity": ENDS + DAY, "status": LoanStatus.ACTIVE}, True),
        (DEPOSIT, {"maturity": ENDS, "status": LoanStatus.ACTIVE}, False),
        (DEPOSIT, {"maturity": ENDS + DAY, "status": LoanStatus.SETTLED}, False),
        (DEPOSIT, {"maturity": None, "status": LoanStatus.ACTIVE}, False),
        (INSURANCE, {"maturity": ENDS + DAY, "status": LoanStatus.ACTIVE}, False),
    ],
)
def test_what_matures_before_the_debt_is_redeemed_or_renewed(certificate, loan, redeem):
    [reminder, *_] = reminders(certificate, today=TODAY, **RULES)
    said = advice(reminder, certificate, [a_loan(**loan)])
    assert ("redeem" in said and "442" in said) is redeem
    assert ENDS.isoformat() in said


RELEASED = date(2025, 1, 31)
UNCLAIMED = replace(TITLE, released_on=RELEASED)


def test_an_unclaimed_paper_is_told_of_every_month_and_listed_after_90_days():
    listed = date(2025, 5, 1)
    told = reminders(UNCLAIMED, today=TODAY, **RULES)
    assert [one.on for one in told] == [
        listed,
        date(2025, 2, 28),
        date(2025, 3, 31),
        date(2025, 4, 30),
        date(2025, 5, 31),
        date(2025, 6, 30),
    ]
    assert [one.on for one in told if one.listed] == [listed]
    assert next_look(UNCLAIMED, today=TODAY, after=TODAY, **RULES) == date(2025, 6, 30)
    assert days(UNCLAIMED, RELEASED) == [listed, date(2025, 2, 28)]


@pytest.mark.parametrize(
    ("changes", "unclaimed"),
    [
        ({}, True),
        ({"custody_state": CustodyState.RECEIVED_PENDING_VAULT}, True),
        ({"custody_state": CustodyState.RETURNED_TO_OWNER}, False),
        ({"custody_state": CustodyState.OUT_FOR_DEREG}, True),
        ({"released_on": None}, False),
        ({"catalog": a_certificate().catalog}, False),
    ],
)
def test_an_owners_paper_that_the_bank_has_after_the_release_is_unclaimed(changes, unclaimed):
    assert is_unclaimed(replace(UNCLAIMED, **changes)) is unclaimed


def test_a_paper_waits_for_its_owner_once_nothing_it_covers_is_pledged():
    free = a_collateral(pledge_state=PledgeState.RELEASED)
    assert unclaimed_from(TITLE, [free], today=TODAY).released_on == TODAY
    assert unclaimed_from(UNCLAIMED, [free], today=TODAY).released_on == RELEASED
    assert unclaimed_from(TITLE, [free, a_collateral()], today=TODAY) == TITLE
    assert unclaimed_from(DEPOSIT, [free], today=TODAY) == DEPOSIT


def test_the_first_look_is_the_earliest_even_if_it_is_over():
    assert watched(DEPOSIT, today=ENDS, **RULES).next_look_on == date(2025, 12, 1)
    assert watched(a_certificate(), today=TODAY, **RULES).next_look_on is None
