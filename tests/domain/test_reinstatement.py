"""Lapses that were none: applied for or renewed in time, recorded too late."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.certificates import CertType, Conversion, CustodyState, LegalState
from domain.custody import Movement, moved
from domain.pre_notices import convertible
from domain.reinstatement import before_lapse, is_secured_again, reinstatement_refusals
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, a_certificate, a_collateral, codes

DAY = timedelta(days=1)
RULES = {"policy": POLICY, "calendar": CALENDAR}
SINCE, LAST = date(2025, 7, 8), date(2025, 10, 9)  # day 90 is 6 October, in the holidays
A_PRE_NOTICE = a_certificate(cert_type=CertType.PRE_NOTICE_MORTGAGE)
RUNNING = convertible(A_PRE_NOTICE, SINCE, **RULES)
REGISTERED = a_certificate(cert_type=CertType.RECEIVABLE_PLEDGE_REG, expires_on=LAST)


def filed(on=TODAY, acceptance_no="R-1"):
    return Conversion(filed_on=on, acceptance_no=acceptance_no, recorded_by="handler")


def undoing(certificate, application, expires_on=None, today=LAST + 2 * DAY):
    return reinstatement_refusals(
        certificate, application, expires_on=expires_on, today=today, **RULES
    )


LAPSED = replace(RUNNING, legal_state=LegalState.LAPSED)


@pytest.mark.parametrize(
    ("certificate", "conversion", "expected"),
    [
        (LAPSED, filed(LAST), []),
        (LAPSED, filed(SINCE), []),
        (LAPSED, filed(SINCE - DAY), ["VALUE_INVALID"]),
        (LAPSED, filed(LAST + DAY), ["VALUE_INVALID"]),  # then the lapse is real
        (LAPSED, filed(LAST + 3 * DAY), ["VALUE_INVALID", "VALUE_INVALID"]),
        (LAPSED, filed(LAST, acceptance_no=""), ["VALUE_INVALID"]),
        (RUNNING, filed(LAST), ["STATE_CONFLICT"]),
        (replace(LAPSED, legal_state=LegalState.SUPERSEDED), filed(LAST), ["STATE_CONFLICT"]),
        (replace(LAPSED, conversion=filed(LAST)), filed(LAST), ["STATE_CONFLICT"]),
        (replace(LAPSED, custody_state=CustodyState.SURRENDERED), filed(LAST), ["STATE_CONFLICT"]),
        (replace(LAPSED, custody_state=CustodyState.CHECKED_OUT), filed(LAST), []),
    ],
)
def test_a_lapse_is_undone_for_an_application_in_time_alone(certificate, conversion, expected):
    found = undoing(certificate, conversion)
    assert codes(found) == expected


@pytest.mark.parametrize("before", [LegalState.REGISTERED, LegalState.ACCEPTED])
def test_the_right_is_again_what_it_was_before_the_lapse(before):
    paper, events = replace(A_PRE_NOTICE, custody_state=CustodyState.NOT_RECEIVED), []
    steps = [
        (Movement.COLLECT, CustodyState.WITH_HANDLER, before),
        (Movement.LAPSE, CustodyState.WITH_HANDLER, LegalState.LAPSED),
        (Movement.INITIATE_HANDOVER, CustodyState.IN_TRANSIT, LegalState.LAPSED),
    ]
    for movement, to, legal_state in steps:
        paper, event = moved(
            paper,
            movement,
            to=to,
            event_id=movement,
            operators=(),
            now=NOW,
            today=TODAY,
            legal_state=legal_state,
        )
        events.append(event)
    assert before_lapse(events) is before


def test_the_collateral_counts_again_once_no_other_pre_notice_on_it_has_lapsed():
    flat = a_collateral()
    other = replace(LAPSED, id="cert-2", cert_type=CertType.PRE_NOTICE_TITLE)
    assert is_secured_again(flat, [LAPSED], reinstated=LAPSED)
    assert not is_secured_again(flat, [LAPSED, other], reinstated=LAPSED)
    elsewhere = replace(other, collateral_nos=("COL2",))
    assert is_secured_again(flat, [LAPSED, elsewhere], reinstated=LAPSED)
    standing = replace(other, legal_state=LegalState.REGISTERED)
    assert is_secured_again(flat, [LAPSED, standing], reinstated=LAPSED)


OVER = replace(REGISTERED, legal_state=LegalState.LAPSED)
ON = LAST + 365 * DAY


@pytest.mark.parametrize(
    ("certificate", "application", "expires_on", "expected"),
    [
        (OVER, filed(LAST), ON, []),
        (OVER, filed(LAST), LAST + 3 * DAY, []),
        (OVER, filed(LAST), LAST + 2 * DAY, ["VALUE_INVALID"]),  # it would lapse again
        (OVER, filed(LAST), None, ["VALUE_INVALID"]),
        (OVER, filed(LAST + DAY), ON, ["VALUE_INVALID"]),  # then it had really ended
        (OVER, filed(LAST + 3 * DAY), ON, ["VALUE_INVALID"]),
        (OVER, filed(LAST, acceptance_no=""), ON, ["VALUE_INVALID"]),
        (REGISTERED, filed(LAST), ON, ["STATE_CONFLICT"]),
        (
            replace(OVER, custody_state=CustodyState.SURRENDERED),
            filed(LAST),
            ON,
            ["STATE_CONFLICT"],
        ),
        (replace(OVER, expires_on=None, registered_until=LAST), filed(LAST), ON, []),
        (replace(OVER, cert_type=CertType.DEPOSIT_RECEIPT), filed(LAST), ON, ["VALUE_INVALID"]),
        (LAPSED, filed(LAST), ON, ["VALUE_INVALID"]),  # a pre-notice has no such day
    ],
)
def test_a_registration_renewed_in_time_stands_again(
    certificate, application, expires_on, expected
):
    assert codes(undoing(certificate, application, expires_on)) == expected


def test_a_right_that_came_here_lapsed_was_registered_before():
    assert before_lapse([]) is LegalState.REGISTERED


def test_a_full_right_that_stands_again_is_enough():
    assert is_secured_again(a_collateral(), [LAPSED, OVER], reinstated=OVER)
