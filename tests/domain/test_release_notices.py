"""What a settled loan asks for before a case: the notice to the owner, the proof of settlement."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.guarantees import GuaranteeLink, GuaranteeStatus
from domain.loans import LoanStatus
from domain.release_notices import (
    free_ones,
    look_again,
    notice,
    request_refusals,
    requested,
    served,
    with_notice,
)
from tests.domain.builders import (
    CALENDAR,
    POLICY,
    TODAY,
    a_collateral,
    a_contract,
    a_loan,
    codes,
)

DAY = timedelta(days=1)
OWING = {"status": LoanStatus.ACTIVE, "balance": 1, "settled_on": None}


def told(loan, old=None):
    return with_notice(loan, old, policy=POLICY, calendar=CALENDAR)


@pytest.mark.parametrize(
    ("settled", "due"),
    [
        (date(2025, 6, 10), date(2025, 6, 11)),
        (date(2025, 6, 13), date(2025, 6, 16)),  # a Friday
        (date(2025, 6, 14), date(2025, 6, 16)),  # a Saturday
        (date(2025, 9, 27), date(2025, 9, 28)),  # the Sunday after is worked
        (date(2025, 9, 30), date(2025, 10, 9)),  # before the holidays
    ],
)
def test_the_owner_hears_on_the_next_working_day(settled, due):
    loan = told(a_loan(settled_on=settled))
    assert (loan.release_notice_due, loan.next_look_on) == (due, settled)
    assert (notice(loan).on, notice(loan).at_once) == (due, settled)


@pytest.mark.parametrize(
    "facts", [OWING, {"fees_due": 1}, {"settled_on": None}, {"status": LoanStatus.CANCELLED}]
)
def test_what_is_not_settled_is_told_to_nobody(facts):
    loan = told(a_loan(**facts))
    assert (loan.release_notice_due, loan.next_look_on) == (None, None)
    assert notice(loan) is None


def test_a_settlement_told_again_asks_for_nothing_new():
    first = replace(told(a_loan()), next_look_on=None)
    assert told(a_loan(), first) == first


def test_another_settlement_after_a_reversal_is_told_of_again():
    first = replace(told(a_loan()), next_look_on=None, proof_due=TODAY, proof_requested_on=TODAY)
    reversed_ = told(a_loan(**OWING), first)
    assert (reversed_.release_notice_due, reversed_.proof_due) == (None, TODAY)
    again = told(a_loan(settled_on=TODAY), reversed_)
    assert (again.release_notice_due, again.next_look_on) == (TODAY + DAY, TODAY)


@pytest.mark.parametrize(
    ("contracts", "loans", "free"),
    [
        ([a_contract("L1")], [a_loan()], ["COL1"]),
        ([a_contract("L1", "L2")], [a_loan(), a_loan(loan_no="L2", **OWING)], []),
        (
            [a_contract("L1"), a_contract("L2", no="GC2")],
            [a_loan(), a_loan(loan_no="L2", **OWING)],
            [],
        ),
        ([a_contract("L1", status=GuaranteeStatus.RELEASED)], [a_loan()], []),
        (
            [a_contract("L1", links=(GuaranteeLink(collateral_no="COL1", active=False),))],
            [a_loan()],
            [],
        ),
        ([], [a_loan()], []),
    ],
)
def test_collateral_is_free_once_every_loan_that_it_secures_is_paid(contracts, loans, free):
    assert [one.no for one in free_ones([a_collateral()], contracts, loans)] == free


@pytest.mark.parametrize(
    ("told_on", "waits", "today", "look"),
    [
        (None, False, TODAY, None),
        (None, True, TODAY, TODAY + DAY),
        (None, True, TODAY + DAY, TODAY + 2 * DAY),
        (None, True, TODAY + 2 * DAY, None),  # the notice was due the day before
        (TODAY + 9 * DAY, True, TODAY, TODAY + DAY),
        (TODAY + 9 * DAY, False, TODAY, TODAY + 9 * DAY),
    ],
)
def test_a_loan_is_looked_at_again_while_its_security_may_yet_be_told(told_on, waits, today, look):
    loan = told(a_loan(settled_on=TODAY))
    assert look_again(loan, told=told_on, waits=waits, today=today) == look


def _asked(loan):
    return requested(loan, today=date(2025, 9, 29), policy=POLICY, calendar=CALENDAR)


def test_a_proof_is_due_three_working_days_after_it_was_asked_for():
    loan = _asked(a_loan())
    assert (loan.proof_requested_on, loan.proof_due) == (date(2025, 9, 29), date(2025, 10, 10))
    assert loan.next_look_on == date(2025, 10, 10)
    assert _asked(a_loan(next_look_on=TODAY)).next_look_on == TODAY
    assert (served(loan).proof_requested_on, served(loan).proof_due) == (None, None)


@pytest.mark.parametrize(
    ("loan", "proof_no", "expected"),
    [
        (a_loan(), None, []),
        (a_loan(disbursed_on=None, settled_on=None), None, ["STATE_CONFLICT"]),
        (a_loan(**OWING), None, ["NOT_SETTLED"]),
        (a_loan(proof_due=TODAY), None, ["OPEN_REQUEST_EXISTS"]),
        (a_loan(), "SP1", ["STATE_CONFLICT"]),
        (
            a_loan(proof_due=TODAY, penalty=1),
            "SP1",
            ["NOT_SETTLED", "OPEN_REQUEST_EXISTS", "STATE_CONFLICT"],
        ),
    ],
)
def test_a_proof_is_asked_for_once_and_of_a_loan_that_is_paid(loan, proof_no, expected):
    assert codes(request_refusals(loan, proof_no=proof_no)) == expected
