"""Risk signals that a settlement makes moot (风险信号消除建议): proposed, and determined by people.

Source: DRG-P07: repayment signals are proposed for elimination once their loan is settled.
"""

from dataclasses import replace
from datetime import date

from domain.watch import RiskSignal, SignalCategory, SubjectKind


def is_about_repayment(signal: RiskSignal, loan_no: str) -> bool:
    """Whether it is an open signal about the repayment of that loan itself."""
    return (
        signal.eliminated_at is None
        and signal.category is SignalCategory.REPAYMENT
        and signal.subject_kind is SubjectKind.LOAN
        and signal.subject == loan_no
    )


def proposed_for_elimination(signal: RiskSignal, *, today: date) -> RiskSignal:
    """The signal of a loan that was settled: whoever determines it decides."""
    reason = f"Loan {signal.subject} was settled."
    return replace(signal, elimination_proposed_on=today, elimination_reason=reason)


def not_proposed(signal: RiskSignal) -> RiskSignal:
    """The signal once the settlement it rested on was reversed."""
    return replace(signal, elimination_proposed_on=None, elimination_reason=None)
