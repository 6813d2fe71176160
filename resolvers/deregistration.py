"""Mutations on a case up to its approval: attach, submit, decide, cancel (押品注销)."""

from dataclasses import replace
from typing import Any

from domain.case_approvals import (
    acting_as,
    approval_refusals,
    next_approval,
    own_approval,
)
from domain.case_deadlines import papers_due_back
from domain.case_files import file_refusals
from domain.case_steps import impossible, stepped
from domain.custody import Evidence
from domain.deregistration import (
    Approval,
    ApprovalDecision,
    CaseDocument,
    CaseState,
    CaseStep,
    DeregistrationCase,
)
from domain.dossiers import DocType, ItemStatus
from domain.files import ArchiveFile, FileStatus, FileVersion, attaches_itself
from domain.refusals import (
    Forbidden,
    Refusal,
    Refused,
    invalid,
    refuse_if,
    state_conflict,
)
from domain.release_kinds import SETTLES
from domain.release_question import Stage
from domain.roles import Operation
from resolvers.approval_sheets import with_approval_sheet
from resolvers.case_work import (
    advanced,
    asked,
    blocked,
    case_of,
    lawyers_only_for_courts,
    let_go,
    mark_items,
    papers_of,
    still_out,
)
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.release_pairs import half_gone
from resolvers.releasing import release_when_proven
from resolvers.settlement_proofs import issue_proofs
from schema.cases import (
    DeregistrationCaseAttachDocumentInput,
    DeregistrationCaseCancelInput,
    DeregistrationCaseDecideInput,
    DeregistrationCaseInput,
    DeregistrationCasePayload,
)

MAX_DOCUMENTS = 100


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Attach a verified file to a case (附件).",
)
async def deregistration_case_attach_document(
    deed: Deed, input: DeregistrationCaseAttachDocumentInput
) -> dict[str, Any]:
    """The document is pinned to this version and its hash (ARC-24)."""
    case = await case_of(deed, input.case_id)
    lawyers_only_for_courts(deed, case.kind, case.org_path)
    shown = input.code is DocType.REGISTRY_RESULT
    if shown and not deed.actor.may(Operation.FILE_WITH_REGISTRY, case.org_path):
        raise Forbidden("Whoever files with the registry shows what it answers.")
    version = await deed.get(FileVersion, input.file_version_id)
    file = await deed.decision.get(ArchiveFile, version.file_id)
    refuse_if(
        [
            attaches_itself(input.code),
            own_approval(case, deed.actor.login) if input.code is DocType.REGISTRY_RESULT else None,
            None
            if case.is_open
            else state_conflict(
                "DRG-4.2", subject=f"Case {case.no}", state=case.state, event="ATTACH"
            ),
            *file_refusals(case, file, version, input.code, field="fileVersionId"),
            _whose(input),
            None
            if len(case.documents) < MAX_DOCUMENTS
            else invalid("caseId", f"a case holds {MAX_DOCUMENTS} documents", rule_id="INPUT"),
        ]
    )
    document = CaseDocument(
        code=input.code,
        file_version_id=version.id,
        sha256=version.sha256,
        attached_by=deed.actor.login,
        attached_at=deed.now,
        party=input.party,
    )
    case = replace(case, documents=(*case.documents, document))
    accepted = version.status is FileStatus.ACCEPTED
    await mark_items(
        deed,
        case,
        input.code,
        status=ItemStatus.ACCEPTED if accepted else ItemStatus.UPLOADED,
        current_version_id=version.id,
        accepted_at=deed.now if accepted else None,
        accepted_by=version.decided_by if accepted else None,
        reason=None,
    )
    if input.code is DocType.REGISTRY_RESULT:
        result = Evidence(file_version_id=version.id, sha256=version.sha256)
        case = replace(case, registry=replace(case.registry, result=result))
        case = await release_when_proven(deed, case)
    return {"case": deed.decision.save(case)}


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Submit a case, again after it was blocked; asks every precondition (提交).",
)
async def deregistration_case_submit(deed: Deed, input: DeregistrationCaseInput) -> dict[str, Any]:
    """A failed precondition blocks the case and is kept as evidence (DRG-R01, R02)."""
    case = await case_of(deed, input.case_id)
    lawyers_only_for_courts(deed, case.kind, case.org_path)
    refuse_if([impossible(case, CaseStep.SUBMIT)])
    case, facts, evaluation = await asked(deed, case, Stage.SUBMIT)
    if not evaluation.ready:
        return await blocked(deed, case, evaluation)
    case = stepped(case, CaseStep.SUBMIT, by=deed.actor.login, now=deed.now, to=CaseState.SUBMITTED)
    case = advanced(deed, case, CaseStep.SUBMIT, to=CaseState.PRECHECKED)
    if case.kind in SETTLES:
        case = await issue_proofs(deed, case, facts)
    still_due = next_approval(case, facts, policy=deed.policy, today=deed.today)
    if case.approvals and still_due is None:
        case = advanced(deed, case, CaseStep.APPROVE, note="earlier approvals still hold")
        case = await with_approval_sheet(deed, case)
    return {"case": deed.decision.save(case)}


@mutation(
    Operation.APPROVE_CASE,
    DeregistrationCasePayload,
    description="Approve or reject a case at your level; asks every precondition again (审批).",
)
async def deregistration_case_decide(
    deed: Deed, input: DeregistrationCaseDecideInput
) -> dict[str, Any]:
    """Each approval by another person, in order, never by the applicant (4.5)."""
    case = await case_of(deed, input.case_id)
    case, facts, evaluation = await asked(deed, case, Stage.APPROVE)
    policy, today = deed.policy, deed.today
    rejecting = input.decision is ApprovalDecision.REJECTED
    unfit = [
        refusal
        for refusal in approval_refusals(
            case, facts, approver=deed.actor, policy=policy, today=today
        )
        if refusal is not None
    ]
    if rejecting and not (input.note or "").strip():
        unfit.append(invalid("note", "say why the case is rejected", rule_id="DRG-4.5"))
    if rejecting:
        unfit += await half_gone(deed, case)
    if unfit:
        raise Refused(*unfit, *(() if rejecting else evaluation.refusals))
    if not evaluation.ready and not rejecting:
        return await blocked(deed, case, evaluation)
    step = next_approval(case, facts, policy=policy, today=today)
    role, level = acting_as(deed.actor, case, step)
    approval = Approval(
        role=role,
        level=level,
        login=deed.actor.login,
        decision=input.decision,
        at=deed.now,
        note=input.note,
    )
    case = replace(case, approvals=(*case.approvals, approval))
    if rejecting:
        case = await _rejected(deed, case, approval)
    elif case.state is CaseState.PRECHECKED and not next_approval(
        case, facts, policy=policy, today=today
    ):
        case = await with_approval_sheet(deed, advanced(deed, case, CaseStep.APPROVE))
    else:
        by, state = deed.actor.login, case.state
        note = None if step is None else str(step)
        case = stepped(case, CaseStep.APPROVE, by=by, now=deed.now, to=state, note=note)
    return {"case": deed.decision.save(case)}


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Give a case up; the pledge stands again as before (取消, DRG-R04).",
)
async def deregistration_case_cancel(
    deed: Deed, input: DeregistrationCaseCancelInput
) -> dict[str, Any]:
    """Papers must be back first; what the registry entered can never be undone."""
    case = await case_of(deed, input.case_id)
    lawyers_only_for_courts(deed, case.kind, case.org_path)
    reason = None if input.reason.strip() else invalid("reason", "say why")
    stuck, papers = impossible(case, CaseStep.CANCEL), await papers_of(deed, case)
    kept = [*still_out(case, papers), *await half_gone(deed, case)] if stuck is None else []
    refuse_if([stuck, reason, *kept])
    case = stepped(case, CaseStep.CANCEL, by=deed.actor.login, now=deed.now, note=input.reason)
    await let_go(deed, case)
    return {"case": deed.decision.save(case)}


async def _rejected(
    deed: Deed, case: DeregistrationCase, rejection: Approval
) -> DeregistrationCase:
    """The case let go; with papers out it is stopped, and they come back first (4.5, X15)."""
    by, now = deed.actor.login, deed.now
    case = stepped(case, CaseStep.REJECT, by=by, now=now, note=rejection.note)
    if case.state is not CaseState.BLOCKED:
        await let_go(deed, case)
        return case
    case = replace(case, approvals=(rejection,))
    return papers_due_back(case, today=deed.today, policy=deed.policy, calendar=deed.calendar)


def _whose(input: DeregistrationCaseAttachDocumentInput) -> Refusal | None:
    """A consent names who gives it; other documents are nobody's in particular (L05)."""
    consent = input.code in {DocType.GUARANTOR_CONSENT, DocType.OTHER_MORTGAGEE_CONSENT}
    if consent is (input.party is not None):
        return None
    reason = "say who consents" if consent else "only a consent has one"
    return invalid("party", reason, rule_id="DRG-L05")
