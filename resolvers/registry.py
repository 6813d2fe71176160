"""Mutations between the bank and the registry: file, record what it says, close (登记办理)."""

from dataclasses import replace
from datetime import date
from typing import Any

from domain.calendar import business_date
from domain.case_approvals import not_approved
from domain.collaterals import Collateral
from domain.custody import Evidence
from domain.deregistration import (
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    RegistryNotice,
    RegistryStatus,
    impossible,
)
from domain.dossiers import DocType, Dossier, ItemStatus, archive_incomplete, sealed
from domain.files import FileStatus, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import Loan, is_extinguished
from domain.people import Operation
from domain.refusals import Refusal, Refused, invalid, refuse_if, state_conflict
from domain.release_question import Stage
from resolvers.case_work import advanced, asked, blocked, mark_items
from resolvers.mutation import Deed, mutation
from resolvers.releasing import release_when_proven
from schema.cases import (
    DeregistrationCaseFileInput,
    DeregistrationCaseInput,
    DeregistrationCasePayload,
    DeregistrationCaseRecordRegistryInput,
)

_STEP_OF = {
    RegistryStatus.NEED_MORE_MATERIAL: CaseStep.NEED_MORE_MATERIAL,
    RegistryStatus.REJECTED: CaseStep.REGISTRY_REJECT,
    RegistryStatus.CANCELLED: CaseStep.WITHDRAW,
    RegistryStatus.DONE: CaseStep.REGISTRY_DONE,
}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Record that the application was filed; asks every precondition again (递交登记).",
)
async def deregistration_case_file(
    deed: Deed, input: DeregistrationCaseFileInput
) -> dict[str, Any]:
    """FILED is the last moment at which a stale pass could slip through (DRG-R01)."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    wrong = impossible(case, CaseStep.FILE)
    number = input.acceptance_no.strip()
    case, facts, evaluation = await asked(deed, case, Stage.FILE)
    found = (
        wrong,
        None if number else invalid("acceptanceNo", "must not be empty"),
        not_approved(case, facts, policy=deed.policy) if evaluation.ready else None,
    )
    unfit = [refusal for refusal in found if refusal is not None]
    if unfit:
        raise Refused(*unfit, *evaluation.refusals)
    if not evaluation.ready:
        return await blocked(deed, case, evaluation)
    filed_at = input.filed_at or deed.now
    registry = replace(
        case.registry,
        authority=input.authority.strip(),
        acceptance_no=number,
        filed_at=filed_at,
        status=RegistryStatus.PENDING,
        history=(
            *case.registry.history,
            RegistryNotice(status=RegistryStatus.PENDING, at=filed_at),
        ),
    )
    case = advanced(deed, replace(case, registry=registry), CaseStep.FILE, note=number)
    return {"case": deed.decision.save(case)}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Record what the registry said; DONE with its result ends the right (登记结果).",
)
async def deregistration_case_record_registry(
    deed: Deed, input: DeregistrationCaseRecordRegistryInput
) -> dict[str, Any]:
    """The same notice again changes nothing; DONE is irreversible (4.2)."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    notice = RegistryNotice(status=input.status, at=input.at or deed.now, note=input.note)
    if _heard(case, input):
        return {"case": case}
    step = _STEP_OF.get(input.status)
    refuse_if(
        [
            None if step is None else impossible(case, step),
            _same_application(case, input.acceptance_no),
            state_conflict("DRG-4.2", subject=f"Case {case.no}", state=case.state, event="PENDING")
            if step is None and case.registry.status is not RegistryStatus.PENDING
            else None,
        ]
    )
    registry = replace(case.registry, status=input.status, history=(*case.registry.history, notice))
    if input.status is RegistryStatus.DONE:
        registry = replace(registry, done_at=notice.at)
    case = replace(case, registry=registry)
    if step is not None:
        case = advanced(deed, case, step, note=input.note)
    if input.result_file_version_id is not None:
        case = await _with_result(deed, case, input.result_file_version_id)
    return {"case": deed.decision.save(await release_when_proven(deed, case))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Close a case once its documents are archived (结案, DRG-P13).",
)
async def deregistration_case_close(deed: Deed, input: DeregistrationCaseInput) -> dict[str, Any]:
    """The dossiers are sealed when nothing else secures their loans (4.8)."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    dossiers = await deed.decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}})
    refuse_if(
        [
            impossible(case, CaseStep.CLOSE),
            _proof_pending(case),
            *(archive_incomplete(dossier) for dossier in dossiers),
        ]
    )
    case = replace(advanced(deed, case, CaseStep.CLOSE), closed_on=deed.today)
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    deed.decision.save(replace(collateral, open_case_id=None))
    for dossier in dossiers:
        settled = await _finished(deed, dossier)
        if settled is not None:
            deed.decision.save(sealed(dossier, closed_on=deed.today, starts=[settled]))
    return {"case": deed.decision.save(case)}


def _heard(case: DeregistrationCase, input: DeregistrationCaseRecordRegistryInput) -> bool:
    """Whether this very notice was recorded before: registries call more than once."""
    if input.at is None:
        return False
    return any(
        notice.status is input.status and notice.at == input.at for notice in case.registry.history
    )


def _same_application(case: DeregistrationCase, acceptance_no: str | None) -> Refusal | None:
    if acceptance_no is None or acceptance_no.strip() == case.registry.acceptance_no:
        return None
    return invalid("acceptanceNo", "is not the number this case was filed under")


async def _with_result(deed: Deed, case: DeregistrationCase, version_id: str) -> DeregistrationCase:
    version = await deed.get(FileVersion, version_id)
    if version.status not in {FileStatus.READY, FileStatus.ACCEPTED}:
        raise Refused(
            invalid("resultFileVersionId", f"the file is {version.status}", rule_id="ARC-21")
        )
    accepted = version.status is FileStatus.ACCEPTED
    await mark_items(
        deed,
        case.loan_nos,
        DocType.REGISTRY_RESULT,
        status=ItemStatus.ACCEPTED if accepted else ItemStatus.UPLOADED,
        current_version_id=version.id,
        accepted_at=deed.now if accepted else None,
        accepted_by=version.decided_by if accepted else None,
    )
    result = Evidence(file_version_id=version.id, sha256=version.sha256)
    return replace(case, registry=replace(case.registry, result=result))


def _proof_pending(case: DeregistrationCase) -> Refusal | None:
    """An owner's own cancellation is closed only when a title search shows it (4.2)."""
    if case.handling_mode is not HandlingMode.OWNER or not case.proof_pending:
        return None
    return state_conflict(
        "DRG-4.2", subject=f"Case {case.no}", state="RELEASE_PENDING_PROOF", event="CLOSE"
    )


async def _finished(deed: Deed, dossier: Dossier) -> date | None:
    """The settlement date of a loan that nothing secures any more; None while something does."""
    loan = await deed.decision.first(Loan, {"loan_no": dossier.loan_no})
    if loan is None or not is_extinguished(loan):
        return None
    contracts = await deed.decision.find(GuaranteeContract, {"secured_loans": loan.loan_no})
    tied = any(link.active for contract in contracts if contract.stands for link in contract.links)
    return None if tied else loan.settled_on or business_date(loan.as_of)
