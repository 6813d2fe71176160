"""Signals about the repayment of a loan that was settled: proposed for elimination (P07)."""

from domain.signals import is_about_repayment, not_proposed, proposed_for_elimination
from domain.watch import SignalCategory, SubjectKind
from tests.domain.builders import NOW, TODAY
from tests.domain.release_builders import a_signal

LATE = a_signal(subject_kind=SubjectKind.LOAN, subject="L1")


def test_only_an_open_signal_about_the_repayment_of_that_loan_is_moot():
    assert is_about_repayment(LATE, "L1")
    fraud = a_signal(subject_kind=SubjectKind.LOAN, subject="L1", category=SignalCategory.FRAUD)
    over = a_signal(subject_kind=SubjectKind.LOAN, subject="L1", eliminated_at=NOW)
    for other in (fraud, over, a_signal(subject="L1")):
        assert not is_about_repayment(other, "L1")
    assert not is_about_repayment(LATE, "L2")


def test_a_proposal_leaves_the_signal_open_and_a_reversal_withdraws_it():
    proposed = proposed_for_elimination(LATE, today=TODAY)
    assert (proposed.elimination_proposed_on, proposed.eliminated_at) == (TODAY, None)
    assert proposed.elimination_reason == "Loan L1 was settled."
    assert not_proposed(proposed) == LATE
