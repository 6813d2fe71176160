"""The mutation that lets one more document into a closed dossier (补充归档审批, ARC-25)."""

from dataclasses import replace
from typing import Any

from domain.dossiers import Dossier, Supplement
from domain.refusals import refuse_if
from domain.roles import Operation
from domain.supplements import supplement_refusals
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.dossiers import DossierApproveSupplementInput, DossierPayload


@mutation(
    Operation.APPROVE_SUPPLEMENT,
    DossierPayload,
    description="Let one document be added to a closed dossier; second-tier branch or above.",
)
async def dossier_approve_supplement(
    deed: Deed, input: DossierApproveSupplementInput
) -> dict[str, Any]:
    """ARC-25. The next upload of that type uses the approval up."""
    dossier = await deed.subject(Dossier, input.dossier_id)
    refuse_if(
        supplement_refusals(
            dossier,
            input.doc_type,
            reason=input.reason,
            grants=deed.actor.grants_for(Operation.APPROVE_SUPPLEMENT, dossier.org_path),
        )
    )
    supplement = Supplement(
        doc_type=input.doc_type,
        reason=input.reason.strip(),
        approved_by=deed.actor.login,
        approved_at=deed.now,
    )
    dossier = replace(dossier, supplements=(*dossier.supplements, supplement))
    return {"dossier": deed.decision.save(dossier)}
