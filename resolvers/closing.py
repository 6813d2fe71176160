"""The mutation that closes a release, and with the last one its loan's dossier (结案, 4.8)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.calendar import business_date
from domain.collaterals import Collateral
from domain.deregistration import (
    OPEN_STATES,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    impossible,
)
from domain.dossiers import Dossier, archive_incomplete, sealed, settlement_locked
from domain.guarantees import GuaranteeContract
from domain.loans import Loan, is_extinguished, never_drawn
from domain.people import Operation
from domain.refusals import Refusal, refuse_if, state_conflict
from domain.release_kinds import SETTLES
from domain.releasing import undocumented
from domain.watch import LegalCase, SubjectKind
from resolvers.case_work import advanced, papers_of, still_out
from resolvers.holds import concerning
from resolvers.mutation import Deed, mutation
from resolvers.releasing import result_of
from schema.cases import DeregistrationCaseInput, DeregistrationCasePayload

_OPEN = sorted(OPEN_STATES)


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Close a case once its documents are archived (结案, DRG-P13).",
)
async def deregistration_case_close(deed: Deed, input: DeregistrationCaseInput) -> dict[str, Any]:
    """The settlement's lines are locked; a dossier is sealed when all of it is finished (4.8)."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    dossiers = await deed.decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}})
    refuse_if(
        [
            impossible(case, CaseStep.CLOSE),
            _proof_pending(case),
            undocumented(case, await result_of(deed.decision, case)),
            *still_out(case, await papers_of(deed, case)),
            *await _unfiled(deed, case, dossiers),
        ]
    )
    case = replace(advanced(deed, case, CaseStep.CLOSE), closed_on=deed.today)
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    deed.decision.save(replace(collateral, open_case_id=None))
    for dossier in dossiers:
        locked = settlement_locked(dossier) if case.kind in SETTLES else dossier
        ends = await _ends(deed, case, dossier.loan_no)
        if ends:
            locked = sealed(locked, closed_on=deed.today, starts=ends)
        deed.decision.save(locked)
    return {"case": deed.decision.save(case)}


async def _unfiled(
    deed: Deed, case: DeregistrationCase, dossiers: Sequence[Dossier]
) -> list[Refusal | None]:
    """What a settlement still has to file; a loan never drawn has none (P13)."""
    if case.kind not in SETTLES:
        return []
    loans = await deed.decision.find(Loan, {"loan_no": {"$in": list(case.loan_nos)}})
    undrawn = {loan.loan_no for loan in loans if never_drawn(loan)}
    return [archive_incomplete(one) for one in dossiers if one.loan_no not in undrawn]


def _proof_pending(case: DeregistrationCase) -> Refusal | None:
    """An owner's own cancellation is closed only when a title search shows it (4.2)."""
    if case.handling_mode is not HandlingMode.OWNER or not case.proof_pending:
        return None
    return state_conflict(
        "DRG-4.2", subject=f"Case {case.no}", state="RELEASE_PENDING_PROOF", event="CLOSE"
    )


async def _ends(deed: Deed, closing: DeregistrationCase, loan_no: str) -> Sequence[date]:
    """When everything about a loan ended; empty while it owes, is secured or being released."""
    loan = await deed.decision.first(Loan, {"loan_no": loan_no})
    if loan is None or not is_extinguished(loan):
        return ()
    contracts = await deed.decision.find(GuaranteeContract, {"secured_loans": loan_no})
    tied = any(link.active for contract in contracts if contract.stands for link in contract.links)
    others = {"loan_nos": loan_no, "state": {"$in": _OPEN}, "_id": {"$ne": closing.id}}
    if tied or await deed.decision.first(DeregistrationCase, others) is not None:
        return ()
    settled_on = loan.settled_on or business_date(loan.as_of)
    paid = [business_date(one.paid_at) for one in loan.schedule if one.paid_at is not None]
    return [settled_on, *paid, *await _litigation(deed, loan, contracts)]


async def _litigation(deed: Deed, loan: Loan, contracts: Sequence[GuaranteeContract]) -> list[date]:
    """When each legal case about the loan, its borrower or its security was closed."""
    covered = sorted({link.collateral_no for contract in contracts for link in contract.links})
    about = concerning(
        {
            SubjectKind.LOAN: [loan.loan_no],
            SubjectKind.CUSTOMER: [loan.customer_no],
            SubjectKind.COLLATERAL: covered,
        }
    )
    found = await deed.decision.find(LegalCase, about)
    return [business_date(one.closed_at) for one in found if one.closed_at is not None]
