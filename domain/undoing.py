"""When a release goes wrong (失败与撤销): settlements undone, papers lost, papers that come back.

Source: domain 4.9; X15, X22, X23.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.case_steps import CASE_TRANSITIONS, beneath, stepped, still_suspended
from domain.certificates import Catalog, CustodyState, LegalState, TitleCertificate
from domain.deregistration import CaseState, CaseStep, DeregistrationCase
from domain.release_kinds import RULES, SOME_GO

MAX_REVERSED = 500  # settlements of one case
_ENTERED = frozenset({CaseState.REGISTRY_DONE, CaseState.RETURNED, CaseState.CLOSED})


class Demand(StrEnum):
    """What a reversed settlement asks of the bank, by how far the release has come (4.9)."""

    SETTLE_AGAIN = "SETTLE_AGAIN"  # nothing has left
    BRING_BACK = "BRING_BACK"  # papers are out and nothing is filed (X15)
    WITHDRAW = "WITHDRAW"  # filed and not entered (条例 15)
    STOP_OWNER = "STOP_OWNER"  # the owner has the papers, no entry is known
    REGISTER_ANEW = "REGISTER_ANEW"  # entered: the rank is lost

    @property
    def is_too_late(self) -> bool:
        """Whether the bank can undo nothing by itself any more."""
        return self in {Demand.STOP_OWNER, Demand.REGISTER_ANEW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """A case after one of its settlements was undone, and what has to be done."""

    case: DeregistrationCase
    demand: Demand


def reversed_settlement(
    case: DeregistrationCase, loan_no: str, *, told: str, by: str, now: datetime
) -> Reversal | None:
    """What becomes of a case whose loan owes again; None where that does not touch it (4.9).

    Before the filing the case stops. After it nothing is undone: the filing stands until it is
    withdrawn, and an entry stands for ever. told: how all who read the case hear of the loan.
    """
    below = beneath(case)
    blocking = (below.state, CaseStep.BLOCK) in CASE_TRANSITIONS
    possible = blocking or (below.state, CaseStep.REVERSE) in CASE_TRANSITIONS
    if not _rests_on(case, loan_no) or not possible:
        return None
    note = f"settlement of {told} reversed"
    if blocking:
        after = stepped(below, CaseStep.BLOCK, by=by, now=now, note=note)
        after = replace(after, approvals=())
        out = below.state is CaseState.VAULT_OUT or case.deadlines.vault_back_due is not None
        demand = Demand.BRING_BACK if out else Demand.SETTLE_AGAIN
    else:
        after = stepped(below, CaseStep.REVERSE, by=by, now=now, note=note)
        known = [no for no in case.reversed_loans if no != loan_no]
        after = replace(after, reversed_loans=(*known, loan_no)[-MAX_REVERSED:])
        demand = _demand(after)
    if case.suspended_from is not None:
        after = still_suspended(after)
    return Reversal(case=after, demand=demand)


def demand_text(demand: Demand, case: DeregistrationCase, loans: Sequence[str]) -> str:
    """What a signal, an alert or an incident says; numbers alone, no person."""
    undone = f"The settlement of {', '.join(loans)} was reversed"
    match demand:
        case Demand.SETTLE_AGAIN:
            return f"{undone}; case {case.no} is blocked until the debt is paid."
        case Demand.BRING_BACK:
            return f"{undone}; bring the papers of case {case.no} back to the vault."
        case Demand.WITHDRAW:
            number = case.registry.acceptance_no
            return f"{undone}; withdraw application {number} of case {case.no} before its entry."
        case Demand.STOP_OWNER:
            return f"{undone}; the owner has the papers of case {case.no}: demand them back."
        case Demand.REGISTER_ANEW:
            return (
                f"{undone} after the registry's entry of case {case.no}; demand a new registration,"
                " as a new collateral that ranks from its own date."
            )


def overtaken_by_entry(case: DeregistrationCase, owing: Iterable[str]) -> tuple[str, ...]:
    """Loans the release rests on that owe when the entry comes: undone after the filing."""
    return tuple(no for no in owing if _rests_on(case, no))


def waiting_for_reissue(papers: Iterable[TitleCertificate]) -> list[TitleCertificate]:
    """Lost papers that the registry has to issue anew before a case goes on (X22, X23).

    A right that the entry has ended needs no new paper.
    """
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.LOST and not has_no_right_left(paper)
    ]


def has_no_right_left(paper: TitleCertificate) -> bool:
    """Whether the bank's right that a paper showed is over: nothing is issued for it anew.

    A superseded one still has to be exchanged for what shows the rest (DRG-L08).
    """
    over = {LegalState.CANCELLED, LegalState.LAPSED}
    return paper.catalog is Catalog.RIGHT_CERT and paper.legal_state in over


def _rests_on(case: DeregistrationCase, loan_no: str) -> bool:
    """Whether a release needs that loan paid; most others leave debts as they are (P01, P03)."""
    asked = RULES[case.kind]
    elsewhere = case.contracts_named and loan_no not in case.loan_nos
    return "DRG-P01" in asked or (elsewhere and "DRG-P03" in asked and case.kind not in SOME_GO)


def _demand(case: DeregistrationCase) -> Demand:
    if case.state not in _ENTERED:
        return Demand.WITHDRAW
    return Demand.STOP_OWNER if case.proof_pending else Demand.REGISTER_ANEW
