"""What a settlement, or its reversal, means to the open signals about a loan's repayment (P07)."""

from collections.abc import Callable, Sequence

from domain.alerts import Alert, AlertKind
from domain.loans import Loan
from domain.roles import Role
from domain.signals import is_about_repayment, not_proposed, proposed_for_elimination
from domain.watch import RiskSignal, SignalCategory, SubjectKind
from resolvers.imports import Known
from resolvers.incidents import debt
from storage.records import new_id

DECIDE_WITHIN_WD = 3
_LIST = "repayment signals"


async def read_repayment_signals(known: Known, loan_nos: Sequence[str]) -> None:
    """The open signals about the repayment of those loans."""
    await known.read_lists(
        _LIST,
        RiskSignal,
        "subject",
        loan_nos,
        subject_kind=SubjectKind.LOAN.value,
        category=SignalCategory.REPAYMENT.value,
        eliminated_at=None,
    )


def settled_signals(known: Known, loan: Loan) -> None:
    """They are proposed for elimination, and whoever determines signals is told."""
    today = known.today
    found = _changed(known, loan, lambda one: proposed_for_elimination(one, today=today))
    if not found:
        return
    id = new_id(Alert)
    known.add(
        Alert(
            id=id,
            no=f"{loan.loan_no}-SIGNALS-{id[-10:]}",
            kind=AlertKind.SIGNAL,
            reason=f"Settled: determine whether {', '.join(found)} can be eliminated.",
            due_on=known.rules.calendar.wd(today, DECIDE_WITHIN_WD),
            raised_on=today,
            roles=(Role.BATCH_SUPERVISOR, Role.RISK_MANAGER),
            **debt(loan).facts,
        )
    )


def unsettled_signals(known: Known, loan: Loan) -> None:
    """A settlement that is reversed withdraws the proposal."""
    _changed(known, loan, not_proposed)


def _changed(known: Known, loan: Loan, change: Callable[[RiskSignal], RiskSignal]) -> list[str]:
    """Changes each of them that is still open; gives their numbers."""
    numbers = []
    for signal in known.listed(_LIST, loan.loan_no):
        if is_about_repayment(signal, loan.loan_no):
            known.found[RiskSignal, signal.no] = known.keep(
                change(signal)
            )  # as signals look for it
            numbers.append(signal.no)
    return numbers
