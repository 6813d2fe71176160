"""What of the debt stands in the way of a release (担保债权), one question a function.

Source: domain 4.3 (DRG-P01 to P03, P08, P09, P12, W1, W2).
"""

from collections.abc import Iterator
from datetime import date

from domain.calendar import business_date
from domain.deregistration import DeregKind
from domain.guarantees import GuaranteeContract, GuaranteeMode
from domain.loans import (
    CreditContract,
    Loan,
    LoanStatus,
    is_extinguished,
    never_drawn,
    not_final,
    not_ours,
    not_settled,
    owed,
)
from domain.money import yuan
from domain.refusals import Refusal, RefusalCode
from domain.release_kinds import SOME_GO
from domain.release_question import Question


def is_determined(
    contract: GuaranteeContract, credit: CreditContract | None, *, today: date
) -> bool:
    """Whether no new claim can arise under a maximum-amount contract. Source: Civil Code 423."""
    determined = contract.determined_on is not None and contract.determined_on <= today
    ended = contract.claim_period_to is not None and contract.claim_period_to < today
    return determined or ended or _terminated(credit, today)


def contract_undetermined(
    contract: GuaranteeContract, credit: CreditContract | None, *, today: date
) -> str | None:
    """Why a maximum-amount claim may still grow; None when it cannot (DRG-P02).

    A zero balance alone is not enough.
    """
    if contract.mode is not GuaranteeMode.MAX_AMOUNT:
        return None
    reasons = []
    if not is_determined(contract, credit, today=today):
        reasons.append("the claim is neither determined nor the facility terminated")
    return "; ".join([*reasons, *_open_lines(credit)]) or None


def settled(question: Question) -> Iterator[Refusal]:
    """Every obligation is extinguished; where nothing was to be drawn, nothing was (P01)."""
    for loan in question.debts:
        undisbursed = question.kind is DeregKind.NEVER_DISBURSED
        either = question.kind is DeregKind.PRE_NOTICE_CANCEL and never_drawn(loan)
        if undisbursed and not never_drawn(loan):
            yield Refusal(
                code=RefusalCode.NOT_SETTLED,
                rule_id="DRG-P01",
                detail={
                    "loan": loan.loan_no,
                    "status": loan.status,
                    **{part: yuan(amount) for part, amount in owed(loan).items()},
                    "owed": "money was drawn under it; this kind is for what never was",
                },
            )
        if not undisbursed and not either:
            refusal = not_settled(loan)
            if refusal is not None:
                yield refusal


def determined(question: Question) -> Iterator[Refusal]:
    """Nothing new can arise; where nothing was ever drawn, the credit itself is cancelled (P02)."""
    for contract in question.scope:
        credit = question.facts.credit_contracts.get(contract.credit_contract_no)
        if question.kind is DeregKind.NEVER_DISBURSED:
            reason = _not_cancelled(question, contract, credit)
        else:
            reason = contract_undetermined(contract, credit, today=question.today)
        if reason is not None:
            yield Refusal(
                code=RefusalCode.MAXAMOUNT_UNDETERMINED,
                rule_id="DRG-P02",
                detail={"contract": contract.no, "reason": reason},
            )


def no_other_obligation(question: Question) -> Iterator[Refusal]:
    """No other contract on the collateral secures anything; none at all where debt stays (P03)."""
    for contract in question.others:
        credit = question.facts.credit_contracts.get(contract.credit_contract_no)
        standing = [
            loan.loan_no for loan in question.secured([contract]) if not is_extinguished(loan)
        ]
        reason = ", ".join(standing) or contract_undetermined(
            contract, credit, today=question.today
        )
        if reason is None and question.kind in SOME_GO:
            reason = "its link stands"
        if reason is not None:
            yield Refusal(
                code=RefusalCode.OTHER_OBLIGATION,
                rule_id="DRG-P03",
                detail={"contract": contract.no, "loans": reason},
            )


def claim_is_ours(question: Question) -> Iterator[Refusal]:
    """No claim is written off with anything still owed, none is packaged or assigned (P08)."""
    for loan in question.debts:
        open_parts = owed(loan)
        written_off = loan.status is LoanStatus.WRITTEN_OFF or loan.written_off_balance
        if written_off and open_parts:
            yield Refusal(
                code=RefusalCode.WRITTEN_OFF_NOT_SETTLED,
                rule_id="DRG-P08",
                detail={"loan": loan.loan_no, "balance": yuan(sum(open_parts.values()))},
            )
        assigned = not_ours(loan)
        if assigned is not None:
            yield assigned


def unencumbered(question: Question) -> Iterator[Refusal]:
    """The bank itself has not pledged the collateral or the claim on (P09)."""
    collateral = question.facts.collateral
    encumbered = [(f"Collateral {collateral.no}", collateral.encumbered_by)]
    encumbered += [(f"Loan {loan.loan_no}", loan.encumbered_by) for loan in question.debts]
    for subject, by in encumbered:
        if by is not None:
            yield Refusal(
                code=RefusalCode.BANK_ENCUMBERED,
                rule_id="DRG-P09",
                detail={"subject": subject, "by": by},
            )


def settlement_final(question: Question) -> Iterator[Refusal]:
    """The last money cannot be called back any more (P12)."""
    policy, calendar, today = question.policy, question.calendar, question.today
    for loan in to_be_final(question):
        if question.kind is DeregKind.PRE_NOTICE_CANCEL and never_drawn(loan):
            continue
        refusal = not_final(loan, policy=policy, calendar=calendar, today=today)
        if refusal is not None:
            yield refusal


def to_be_final(question: Question) -> list[Loan]:
    """The loans of the release, and what other contracts secured and is paid: P03 rests on it."""
    own = {loan.loan_no for loan in question.debts}
    elsewhere = [loan for loan in question.secured(question.others) if loan.loan_no not in own]
    return [*question.debts, *filter(is_extinguished, elsewhere)]


def other_debt(question: Question) -> Iterator[Refusal]:
    """The borrower owes elsewhere: worth knowing, never a reason to keep the lien (W1)."""
    overdue = question.overdue_elsewhere
    if overdue:
        yield Refusal(
            code=RefusalCode.OTHER_DEBT,
            rule_id="DRG-W1",
            detail={"loans": ", ".join(loan.loan_no for loan in overdue)},
        )


def limitation(question: Question) -> Iterator[Refusal]:
    """The claim can no longer be sued for: worth knowing, never an automatic release (W2)."""
    for loan in question.debts:
        expires = loan.limitation_expires_on
        if expires is not None and expires < question.today:
            yield Refusal(
                code=RefusalCode.LIMITATION,
                rule_id="DRG-W2",
                detail={"loan": loan.loan_no, "expired_on": expires.isoformat()},
            )


def _terminated(credit: CreditContract | None, today: date) -> bool:
    """Whether the facility has been ended in writing; a notice for a later day ends nothing yet."""
    ended = None if credit is None else credit.terminated_at
    return ended is not None and business_date(ended) <= today


def _open_lines(credit: CreditContract | None) -> Iterator[str]:
    if credit is not None and credit.available:
        yield f"undrawn {yuan(credit.available)}"
    if credit is not None and credit.contingent:
        yield f"contingent {yuan(credit.contingent)}"


def _not_cancelled(
    question: Question, contract: GuaranteeContract, credit: CreditContract | None
) -> str | None:
    """Why something may still be drawn under a contract that nobody ever drew on."""
    standing = [
        loan.loan_no
        for loan in question.secured([contract])
        if loan.status is not LoanStatus.CANCELLED
    ]
    terminated = _terminated(credit, question.today)
    reasons = list(_open_lines(credit))
    if not terminated and (standing or not contract.secured_loans):
        reasons.insert(0, "the credit is not cancelled")
    return "; ".join(reasons) or None
