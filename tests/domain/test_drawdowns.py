"""What counts as a drawdown, which a release under way forbids (DRG-R03)."""

from dataclasses import replace
from datetime import date

import pytest

from domain.loans import Instalment, LoanStatus, draws
from tests.domain.builders import a_loan

S = LoanStatus
ACTIVE = a_loan(status=S.ACTIVE, settled_on=None, balance=500)
SETTLED = a_loan()
CANCELLED = a_loan(status=S.CANCELLED, disbursed_on=None, settled_on=None)


def paid(*principals: int) -> tuple[Instalment, ...]:
    """A schedule of which that much was repaid."""
    return tuple(
        Instalment(
            seq=n, due_date=date(2025, 6, n), principal=100, interest=0, paid_principal=principal
        )
        for n, principal in enumerate(principals, start=1)
    )


@pytest.mark.parametrize(
    ("old", "changes", "expected"),
    [
        (ACTIVE, {}, False),
        (ACTIVE, {"balance": 499}, False),
        (ACTIVE, {"balance": 501}, True),
        (ACTIVE, {"balance": 501, "status": S.OVERDUE}, True),
        (ACTIVE, {"principal_amount": ACTIVE.principal_amount + 1}, True),
        (ACTIVE, {"balance": 0, "written_off_balance": 500}, False),
        (ACTIVE, {"balance": 600, "schedule": paid(100)}, True),
        (a_loan(status=S.ACTIVE, balance=500, schedule=paid(100)), {"balance": 600}, False),
        (a_loan(status=S.ACTIVE, balance=500, schedule=paid(100)), {"balance": 601}, True),
        (SETTLED, {"status": S.ACTIVE, "settled_on": None, "balance": 500}, False),
        (CANCELLED, {}, False),
        (CANCELLED, {"status": S.APPROVED}, True),
        (CANCELLED, {"status": S.ACTIVE, "balance": 1, "disbursed_on": date(2025, 6, 10)}, True),
        (CANCELLED, {"status": S.ACTIVE, "balance": 1}, True),
        (a_loan(status=S.APPROVED, disbursed_on=None, settled_on=None), {"status": S.ACTIVE}, True),
    ],
)
def test_money_that_goes_out_is_told_from_money_that_came_back_undone(old, changes, expected):
    new = replace(old, **{"schedule": ()} | changes)
    assert draws(old, new) is expected


@pytest.mark.parametrize("status", S)
def test_a_new_loan_draws_unless_it_is_over(status):
    assert draws(None, a_loan(status=status)) is (status not in {S.SETTLED, S.CANCELLED})
