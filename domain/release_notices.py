"""What a settled loan asks for before there is a case: a notice to the owner, and its proof.

Source: domain 4.7. A loan says itself when it has to be looked at next, as papers do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from domain.calendar import WorkCalendar, nd
from domain.case_escalations import Due
from domain.collaterals import Collateral
from domain.deregistration import DeadlineStep
from domain.guarantees import GuaranteeContract
from domain.loans import Loan, LoanStatus, is_extinguished, not_settled
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, state_conflict
from domain.settlement_proofs import nothing_paid


def with_notice(loan: Loan, old: Loan | None, *, policy: Policy, calendar: WorkCalendar) -> Loan:
    """The loan as the core system tells it now, with what runs in this house.

    Settled: the day by which the owner is told; a settlement told again is not told of again.
    """
    if old is not None:
        loan = replace(
            loan,
            release_notice_due=old.release_notice_due,
            proof_requested_on=old.proof_requested_on,
            proof_due=old.proof_due,
            next_look_on=old.next_look_on,
        )
    if loan.settled_on is None or not _is_settled(loan):
        return replace(loan, release_notice_due=None)
    known = old is not None and old.settled_on == loan.settled_on
    if known and loan.release_notice_due is not None:
        return loan
    due = calendar.wd(loan.settled_on, policy.number("dereg.notify_wd"))
    return replace(loan, release_notice_due=due, next_look_on=loan.settled_on)


def notice(loan: Loan) -> Due | None:
    """The notice that is due to the owner; those who give it know from the settlement on."""
    if loan.release_notice_due is None:
        return None
    return Due(step=DeadlineStep.OWNER_NOTICE, on=loan.release_notice_due, at_once=loan.settled_on)


def free_ones(
    collaterals: Sequence[Collateral],
    contracts: Sequence[GuaranteeContract],
    loans: Sequence[Loan],
) -> list[Collateral]:
    """Collateral that still stands for loans all of which are paid: it may be released.

    contracts, loans: all that tie those collaterals, and all that these secure.
    """
    owing = {loan.loan_no for loan in loans if not is_extinguished(loan)}

    def is_free(collateral: Collateral) -> bool:
        tied = [one for one in contracts if one.active_link(collateral.no)]
        return bool(tied) and not any(owing.intersection(one.secured_loans) for one in tied)

    return [collateral for collateral in collaterals if is_free(collateral)]


def look_again(loan: Loan, *, told: date | None, waits: bool, today: date) -> date | None:
    """The day on which the loan is looked at next.

    told: when somebody has to hear of what runs. waits: whether a notice may yet become due,
    because the security of a settled loan can be told a little after its settlement.
    """
    due = loan.release_notice_due
    tomorrow = nd(today, 1) if waits and due is not None and today <= due else None
    return min((day for day in (told, tomorrow) if day is not None), default=None)


def secured_by(
    collateral: Collateral, contracts: Sequence[GuaranteeContract], loans: Mapping[str, Loan]
) -> list[Loan]:
    """Every loan that the collateral still secures; none at all where one of them is not known."""
    tied = [one for one in contracts if one.active_link(collateral.no)]
    numbers = {no for one in tied for no in one.secured_loans}
    return [loans[no] for no in sorted(numbers)] if numbers <= loans.keys() else []


def request_refusals(loan: Loan, *, proof_no: str | None) -> Iterator[Refusal | None]:
    """Why a proof of settlement cannot be asked for (4.4, 4.7).

    proof_no: number of the proof that stands, if one does.
    """
    yield not_settled(loan)
    yield nothing_paid(loan)
    if loan.proof_due is not None:
        yield Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="DRG-4.7",
            detail={
                "subject": f"Loan {loan.loan_no}",
                "lock": f"SETTLEMENT_PROOF due {loan.proof_due}",
            },
        )
    if proof_no is not None:
        yield state_conflict(
            "DRG-4.7",
            subject=f"Loan {loan.loan_no}",
            state=f"PROVEN by {proof_no}",
            event="REQUEST_PROOF",
        )


def requested(loan: Loan, *, today: date, policy: Policy, calendar: WorkCalendar) -> Loan:
    """The loan whose proof of settlement was asked for."""
    due = calendar.wd(today, policy.number("dereg.proof_wd"))
    look = calendar.wd(due, policy.number("dereg.escalate.handler_wd"))
    return replace(
        loan,
        proof_requested_on=today,
        proof_due=due,
        next_look_on=min(look, loan.next_look_on or look),
    )


def served(loan: Loan) -> Loan:
    """The loan once its proof of settlement was issued, or is not owed any more."""
    return replace(loan, proof_requested_on=None, proof_due=None)


def _is_settled(loan: Loan) -> bool:
    return loan.status is LoanStatus.SETTLED and is_extinguished(loan)
