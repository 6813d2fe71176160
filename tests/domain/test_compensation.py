"""What keeping an owner's papers too long costs: from when, how much a day, until when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case_deadlines import with_deadlines
from domain.collaterals import RELYING, PledgeState
from domain.compensation import clocked, exposure, is_waiting, noted, settlement_day
from domain.deregistration import CaseState, DeregKind, Registry
from domain.loans import LoanStatus
from domain.policy import PolicyValue, resolve
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, a_case, a_collateral, a_loan, local

SETTLED = date(2025, 6, 10)  # a Tuesday; the thirtieth day is Thursday 10 July
LAST = date(2025, 7, 10)
DAY = timedelta(days=1)


def on_the_clock(*loans, policy=POLICY, case=None):
    loans = loans or (a_loan(settled_on=SETTLED),)
    return clocked(case or a_case(), loans, policy=policy, calendar=CALENDAR)


def cost(case, today):
    return exposure(
        state=case.state,
        free_until=case.deadlines.free_until,
        per_day=case.compensation_per_day,
        returned_on=case.returned_on,
        today=today,
    )


@pytest.mark.parametrize(
    ("day", "fen"),
    [(0, 0), (29, 0), (30, 0), (31, 10_000), (32, 20_000), (130, 1_000_000)],
)
def test_the_thirty_first_day_costs_the_first_amount(day, fen):
    case = on_the_clock()
    assert case.deadlines.owed_since == SETTLED
    assert case.deadlines.free_until == LAST
    assert cost(case, SETTLED + DAY * day) == fen


@pytest.mark.parametrize(
    ("settled", "last"),
    [
        (date(2025, 6, 12), date(2025, 7, 14)),  # the thirtieth day is a Saturday
        (date(2025, 6, 13), date(2025, 7, 14)),  # a Sunday
        (date(2025, 6, 14), date(2025, 7, 14)),  # a Monday
        (date(2025, 9, 1), date(2025, 10, 9)),  # the first day of the holidays
        (date(2025, 8, 29), date(2025, 9, 28)),  # a Sunday that is worked
    ],
)
def test_the_last_free_day_is_rolled_to_a_working_day(settled, last):
    case = on_the_clock(a_loan(settled_on=settled))
    assert case.deadlines.free_until == last
    assert (cost(case, last), cost(case, last + DAY)) == (0, 10_000)


@pytest.mark.parametrize(
    ("returned", "fen"), [(LAST, 0), (LAST + DAY, 10_000), (LAST + 3 * DAY, 30_000)]
)
def test_the_return_freezes_what_it_has_cost(returned, fen):
    case = replace(on_the_clock(), state=CaseState.RETURNED, returned_on=returned)
    for today in (returned, returned + DAY, returned + 400 * DAY):
        assert cost(case, today) == fen
    assert cost(replace(case, state=CaseState.CLOSED), returned + 9 * DAY) == fen


@pytest.mark.parametrize(
    "state", [CaseState.CANCELLED, CaseState.REJECTED_INTERNAL, CaseState.CLOSED_FAILED]
)
def test_a_case_that_was_given_up_costs_nothing_itself(state):
    assert cost(replace(on_the_clock(), state=state), LAST + 9 * DAY) is None


def test_the_clock_starts_with_the_last_of_several_loans():
    first, last = a_loan(settled_on=SETTLED - 9 * DAY), a_loan(loan_no="L2", settled_on=SETTLED)
    assert on_the_clock(first, last).deadlines.owed_since == SETTLED
    assert on_the_clock(last, first).deadlines.owed_since == SETTLED


@pytest.mark.parametrize(
    "owing",
    [
        {"settled_on": None},
        {"settled_on": None, "status": LoanStatus.ACTIVE, "balance": 1},
        {"fees_due": 1},
    ],
)
def test_a_loan_that_is_not_paid_or_a_reversal_stops_the_clock(owing):
    other = a_loan(loan_no="L2", **owing)
    assert settlement_day([a_loan(), other]) is None
    stopped = on_the_clock(a_loan(), other, case=on_the_clock())
    assert (stopped.deadlines.owed_since, stopped.compensation_per_day) == (None, None)
    assert cost(stopped, LAST + 99 * DAY) is None


def test_no_loans_are_no_settlement():
    assert settlement_day([]) is None


def test_a_case_keeps_the_amount_of_the_day_its_clock_started():
    dearer = resolve(
        [
            PolicyValue(key="dereg.compensation_per_day", value="500", effective_from=TODAY),
            PolicyValue(key="dereg.compensation_after_nd", value="10", effective_from=TODAY),
        ],
        on=TODAY,
    )
    begun = on_the_clock()
    assert on_the_clock(policy=dearer, case=begun) == begun
    anew = on_the_clock(policy=dearer)
    assert (anew.deadlines.free_until, anew.compensation_per_day) == (SETTLED + 10 * DAY, 500)


def test_what_the_registry_has_entered_leaves_the_clock_as_it_is():
    entered = replace(on_the_clock(), registry=Registry(done_at=NOW))
    assert on_the_clock(a_loan(settled_on=TODAY + DAY), case=entered) == entered


@pytest.mark.parametrize("kind", sorted(set(DeregKind) - {DeregKind.FULL_SETTLEMENT}))
def test_a_release_for_another_reason_runs_from_the_registrys_entry(kind):
    case = a_case(kind=kind)
    assert on_the_clock(case=case) == case
    done = replace(
        case,
        state=CaseState.REGISTRY_DONE,
        registry=Registry(done_at=local("2025-06-10T09:00:00")),
    )
    today = date(2025, 6, 12)
    done = with_deadlines(done, today=today, policy=POLICY, calendar=CALENDAR)
    assert (done.deadlines.owed_since, done.deadlines.free_until) == (SETTLED, LAST)
    assert done.compensation_per_day == 10_000


@given(
    settled=st.dates(date(2025, 1, 1), date(2025, 8, 31)),
    after=st.integers(0, 400),
    kept=st.integers(0, 400),
)
def test_it_grows_by_the_day_until_the_return_and_never_falls(settled, after, kept):
    case = on_the_clock(a_loan(settled_on=settled))
    assert CALENDAR.is_working(case.deadlines.free_until)
    returned = replace(case, returned_on=settled + DAY * kept)
    today = settled + DAY * after
    assert cost(case, today + DAY) - cost(case, today) in {0, 10_000}
    assert cost(returned, today) == cost(case, min(today, returned.returned_on))


def _noted(*loans, collateral=None):
    return noted(collateral or a_collateral(), loans, policy=POLICY, calendar=CALENDAR)


def test_settled_collateral_keeps_the_day_and_the_terms_of_that_day():
    last = a_loan(loan_no="L2", settled_on=date(2025, 6, 10))
    found = _noted(a_loan(), last)
    assert (found.owed_since, found.free_until) == (date(2025, 6, 10), date(2025, 7, 10))
    assert found.compensation_per_day == POLICY.number("dereg.compensation_per_day")
    assert _noted(a_loan(), replace(last, balance=1)) == a_collateral()
    assert _noted() == a_collateral()


@pytest.mark.parametrize("state", PledgeState)
def test_collateral_waits_while_the_bank_relies_on_it_and_nobody_asks(state):
    loan = a_loan()
    waits = replace(_noted(loan), pledge_state=state)
    assert is_waiting(waits, [loan]) is (state in RELYING)


@pytest.mark.parametrize(
    "loans",
    [
        [],
        [a_loan(balance=1)],
        [a_loan(), a_loan(loan_no="L2", balance=1, settled_on=None)],
        [a_loan(settled_on=date(2025, 6, 9))],
    ],
)
def test_a_debt_that_stands_again_or_a_new_one_stops_the_clock(loans):
    assert not is_waiting(_noted(a_loan()), loans)
    assert not is_waiting(replace(_noted(a_loan()), open_case_id="case-1"), [a_loan()])
