"""The mutation that closes a release, and with the last one its loan's dossier (结案, 4.8)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.case_steps import impossible
from domain.collaterals import Collateral
from domain.deregistration import CaseStep, DeregistrationCase, HandlingMode
from domain.dossiers import (
    DocType,
    Dossier,
    archive_incomplete,
    sealed,
    settlement_locked,
    unfiled,
)
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.loans import Loan, is_paid, never_drawn
from domain.refusals import Refusal, refuse_if, state_conflict
from domain.release_kinds import SETTLES
from domain.release_papers import unfit_to_close
from domain.releasing import undocumented
from domain.roles import Operation
from domain.settlement_proofs import resting_on
from domain.undoing import overtaken_by_entry
from resolvers.case_work import advanced, case_of, still_out
from resolvers.deed import Deed
from resolvers.dossier_ends import ends
from resolvers.mutation import mutation
from resolvers.release_facts import shown_case
from resolvers.releasing import certificates_of, result_of
from resolvers.settlement_proofs import standing_of
from schema.cases import DeregistrationCaseInput, DeregistrationCasePayload


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Close a case once its documents are archived (结案, DRG-P13).",
)
async def deregistration_case_close(deed: Deed, input: DeregistrationCaseInput) -> dict[str, Any]:
    """The settlement's lines are locked; a dossier is sealed when all of it is finished (4.8)."""
    case = await case_of(deed, input.case_id)
    dossiers = await deed.decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}})
    papers = await certificates_of(deed.decision, case)
    refuse_if(
        [
            impossible(case, CaseStep.CLOSE),
            _proof_pending(case),
            undocumented(case, await _shown(deed, case, dossiers)),
            unfit_to_close(await shown_case(deed.decision, case), papers),
            *still_out(case, papers),
            *await _unfiled(deed, case, dossiers),
        ]
    )
    case = resting_on(case, await standing_of(deed.decision, case.loan_nos))
    case = replace(advanced(deed, case, CaseStep.CLOSE), closed_on=deed.today)
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    deed.decision.save(replace(collateral, open_case_id=None))
    for dossier in dossiers:
        locked = settlement_locked(dossier) if case.kind in SETTLES else dossier
        ended = await ends(deed.decision, dossier.loan_no, closing=case.id)
        if ended:
            locked = sealed(locked, closed_on=deed.today, starts=[*ended, deed.today])
        deed.decision.save(locked)
    return {"case": deed.decision.save(case)}


async def _shown(
    deed: Deed, case: DeregistrationCase, dossiers: Sequence[Dossier]
) -> FileVersion | None:
    """The file that shows the right's end; an owner's search need not be attached, only archived.

    One that was filed for another release shows nothing of this one.
    """
    result = await result_of(deed.decision, case)
    if result is not None or case.handling_mode is not HandlingMode.OWNER:
        return result
    within = {"dossier_id": {"$in": [dossier.id for dossier in dossiers]}, "case_id": None}
    searches = {"doc_type": DocType.REGISTRY_RESULT.value, "status": FileStatus.ACCEPTED.value}
    query = {"$or": [searches | within, searches | {"case_id": case.id}]}
    file = await deed.decision.first(ArchiveFile, query)
    if file is None or file.current_version_id is None:
        return None
    return await deed.decision.get(FileVersion, file.current_version_id)


async def _unfiled(
    deed: Deed, case: DeregistrationCase, dossiers: Sequence[Dossier]
) -> list[Refusal | None]:
    """What a settlement still has to file (P13).

    A loan never drawn has none; one that owes again since the entry has none left.
    """
    if case.kind not in SETTLES:
        return []
    loans = await deed.decision.find(Loan, {"loan_no": {"$in": list(case.loan_nos)}})
    undrawn = {loan.loan_no for loan in loans if never_drawn(loan)}
    owing = [loan.loan_no for loan in loans if not is_paid(loan)]
    without = undrawn.union(overtaken_by_entry(case, owing))
    return [archive_incomplete(unfiled(one)) for one in dossiers if one.loan_no not in without]


def _proof_pending(case: DeregistrationCase) -> Refusal | None:
    """An owner's own cancellation is closed only when a title search shows it (4.2)."""
    if case.handling_mode is not HandlingMode.OWNER or not case.proof_pending:
        return None
    return state_conflict(
        "DRG-4.2", subject=f"Case {case.no}", state="RELEASE_PENDING_PROOF", event="CLOSE"
    )
