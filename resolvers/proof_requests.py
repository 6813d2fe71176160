"""A proof of settlement (贷款结清证明) that somebody asks for, and its deadline."""

from typing import Any

from domain.dossiers import Dossier
from domain.loans import Loan
from domain.refusals import refuse_if
from domain.release_notices import request_refusals, requested
from domain.roles import Operation
from domain.settlement_proofs import SettlementProof, no_place
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.proof_requests import LoanPayload, SettlementProofRequestInput


@mutation(
    Operation.SUBMIT_CASE,
    LoanPayload,
    description="Record that a proof of settlement was asked for; it is due soon (结清证明申请).",
)
async def settlement_proof_request(
    deed: Deed, input: SettlementProofRequestInput
) -> dict[str, Any]:
    """DRG-4.7: a loan that is paid, and has no proof yet."""
    loan = await deed.subject(Loan, input.loan_id)
    proof = await deed.decision.first(SettlementProof, {"loan_no": loan.loan_no, "voided_at": None})
    dossier = await deed.decision.first(Dossier, {"loan_no": loan.loan_no})
    refuse_if(
        [
            *request_refusals(loan, proof_no=None if proof is None else proof.no),
            no_place(loan, dossier),
        ]
    )
    loan = requested(loan, today=deed.today, policy=deed.policy, calendar=deed.calendar)
    return {"loan": deed.decision.save(loan)}
