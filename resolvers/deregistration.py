"""Mutations on a case up to its approval: open, attach, submit, decide, cancel (押品注销)."""

from dataclasses import replace
from typing import Any

from domain.case_approvals import approval_refusals, approval_steps, next_approval
from domain.certificates import TERMINAL, TitleCertificate
from domain.collaterals import Collateral, PledgeState
from domain.custody import Evidence
from domain.deregistration import (
    SUPPORTED_KINDS,
    Applicant,
    Approval,
    ApprovalDecision,
    CaseDocument,
    CaseState,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    impossible,
    stepped,
)
from domain.dossiers import DocType, Dossier, ItemStatus, with_item
from domain.files import FileStatus, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.orgs import Org
from domain.people import Operation, Role, User
from domain.processing import out_of_scope
from domain.refusals import Refusal, RefusalCode, Refused, invalid, refuse_if, state_conflict
from domain.release_question import Stage
from resolvers.case_work import (
    advanced,
    asked,
    blocked,
    issue_proofs,
    let_go,
    lock_papers,
    mark_items,
    papers_of,
    still_out,
)
from resolvers.mutation import Deed, mutation
from resolvers.releasing import release_when_proven
from schema.cases import (
    DeregistrationCaseAttachDocumentInput,
    DeregistrationCaseCancelInput,
    DeregistrationCaseDecideInput,
    DeregistrationCaseInput,
    DeregistrationCaseOpenInput,
    DeregistrationCasePayload,
)
from storage.records import new_id

HANDLERS = frozenset({Role.CERT_HANDLER, Role.MORTGAGE_REGISTRAR})
MAX_DOCUMENTS = 100
RELYING = frozenset({PledgeState.EFFECTIVE, PledgeState.PARTIALLY_RELEASED, PledgeState.PROPOSED})


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Open a case: the collateral is held, drawdowns stop (新建解押, DRG-R03).",
)
async def deregistration_case_open(
    deed: Deed, input: DeregistrationCaseOpenInput
) -> dict[str, Any]:
    """DRG-R03."""
    collateral = await deed.subject(Collateral, input.collateral_id)
    linked = await deed.decision.find(GuaranteeContract, {"links.collateral_no": collateral.no})
    active = [contract for contract in linked if contract.active_link(collateral.no)]
    named = input.guarantee_contract_nos
    chosen = [c for c in active if named is None or c.no in named]
    secured = sorted({no for c in chosen for no in c.secured_loans})
    loans = await deed.decision.find(Loan, {"loan_no": {"$in": secured}})
    refuse_if(
        [
            *out_of_scope(loans),
            _supported(input),
            _free(collateral),
            None
            if named is None or len(chosen) == len(set(named))
            else invalid("guaranteeContractNos", "not active on this collateral"),
        ]
    )
    certificates = await deed.decision.find(TitleCertificate, {"collateral_nos": collateral.no})
    papers = [c for c in certificates if c.custody_state not in TERMINAL]
    org = await deed.decision.first(Org, {"code": collateral.org_code})
    case_id = new_id(DeregistrationCase)
    case = DeregistrationCase(
        id=case_id,
        no=f"DR{deed.today:%Y%m%d}-{case_id[-10:]}",
        collateral_id=collateral.id,
        collateral_no=collateral.no,
        kind=input.kind,
        handling_mode=input.handling_mode,
        contracts_named=named is not None,
        guarantee_contract_nos=tuple(c.no for c in chosen),
        loan_nos=tuple(secured),
        certificate_ids=tuple(c.id for c in papers),
        applicant=Applicant(owners=tuple(input.applicant.owners), agent=input.applicant.agent),
        opened_by=deed.actor.login,
        handler=await _handler(deed, input.handler),
        county=org is not None and org.county,
        previous_pledge_state=collateral.pledge_state,
        org_code=collateral.org_code,
        org_path=collateral.org_path,
    )
    case = stepped(case, CaseStep.OPEN, by=deed.actor.login, now=deed.now, to=CaseState.DRAFT)
    lock_papers(deed.decision, case, papers)
    deed.decision.save(
        replace(collateral, pledge_state=PledgeState.RELEASING, open_case_id=case.id)
    )
    await _registry_form_applies(deed, case)
    return {"case": deed.decision.add(case)}


@mutation(
    Operation.SUBMIT_CASE,
    DeregistrationCasePayload,
    description="Attach a verified file to a case (附件).",
)
async def deregistration_case_attach_document(
    deed: Deed, input: DeregistrationCaseAttachDocumentInput
) -> dict[str, Any]:
    """The document is pinned to this version and its hash (ARC-24)."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    version = await deed.get(FileVersion, input.file_version_id)
    usable = version.status in {FileStatus.READY, FileStatus.ACCEPTED}
    refuse_if(
        [
            None
            if case.is_open
            else state_conflict(
                "DRG-4.2", subject=f"Case {case.no}", state=case.state, event="ATTACH"
            ),
            None
            if usable
            else invalid("fileVersionId", f"the file is {version.status}", rule_id="ARC-21"),
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
    )
    case = replace(case, documents=(*case.documents, document))
    accepted = version.status is FileStatus.ACCEPTED
    await mark_items(
        deed,
        case.loan_nos,
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
    case = await deed.subject(DeregistrationCase, input.case_id)
    refuse_if([impossible(case, CaseStep.SUBMIT)])
    lock_papers(deed.decision, case, await papers_of(deed, case))
    case, facts, evaluation = await asked(deed, case, Stage.SUBMIT)
    if not evaluation.ready:
        return await blocked(deed, case, evaluation)
    case = stepped(case, CaseStep.SUBMIT, by=deed.actor.login, now=deed.now, to=CaseState.SUBMITTED)
    case = advanced(deed, case, CaseStep.SUBMIT, to=CaseState.PRECHECKED)
    case = await issue_proofs(deed, case, facts)
    secured = [facts.loans[no] for no in case.loan_nos if no in facts.loans]
    if case.approvals and next_approval(case, secured, today=deed.today) is None:
        case = advanced(deed, case, CaseStep.APPROVE, note="earlier approvals still hold")
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
    case = await deed.subject(DeregistrationCase, input.case_id)
    case, facts, evaluation = await asked(deed, case, Stage.APPROVE)
    secured = [facts.loans[no] for no in case.loan_nos if no in facts.loans]
    rejecting = input.decision is ApprovalDecision.REJECTED
    unfit = [
        refusal
        for refusal in approval_refusals(case, secured, approver=deed.actor, today=deed.today)
        if refusal is not None
    ]
    if rejecting and not (input.note or "").strip():
        unfit.append(invalid("note", "say why the case is rejected", rule_id="DRG-4.5"))
    if unfit:
        raise Refused(*unfit, *(() if rejecting else evaluation.refusals))
    if not evaluation.ready and not rejecting:
        return await blocked(deed, case, evaluation)
    step = next_approval(case, secured, today=deed.today) or approval_steps(case, secured)[-1]
    approval = Approval(
        role=step.role,
        level=step.level,
        login=deed.actor.login,
        decision=input.decision,
        at=deed.now,
        note=input.note,
    )
    case = replace(case, approvals=(*case.approvals, approval))
    if rejecting:
        case = stepped(case, CaseStep.REJECT, by=deed.actor.login, now=deed.now, note=input.note)
        await let_go(deed, case)
    elif next_approval(case, secured, today=deed.today) is None:
        case = advanced(deed, case, CaseStep.APPROVE)
    else:
        case = stepped(
            case,
            CaseStep.APPROVE,
            by=deed.actor.login,
            now=deed.now,
            to=CaseState.PRECHECKED,
            note=str(step),
        )
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
    case = await deed.subject(DeregistrationCase, input.case_id)
    reason = None if input.reason.strip() else invalid("reason", "say why")
    stuck, papers = impossible(case, CaseStep.CANCEL), await papers_of(deed, case)
    refuse_if([stuck, reason, *(still_out(papers) if stuck is None else ())])
    case = stepped(case, CaseStep.CANCEL, by=deed.actor.login, now=deed.now, note=input.reason)
    await let_go(deed, case)
    return {"case": deed.decision.save(case)}


async def _registry_form_applies(deed: Deed, case: DeregistrationCase) -> None:
    """An owner who goes himself fills no form of ours; one who then does not, needs it again."""
    code, owner = DocType.REGISTRY_APPLICATION, case.handling_mode is HandlingMode.OWNER
    known = ItemStatus.MISSING if owner else ItemStatus.NOT_APPLICABLE
    for dossier in await deed.decision.find(Dossier, {"loan_no": {"$in": list(case.loan_nos)}}):
        item = dossier.item(code)
        if item is not None and item.status is known:
            status = ItemStatus.NOT_APPLICABLE if owner else ItemStatus.MISSING
            deed.decision.save(with_item(dossier, code, status=status))


def _supported(input: DeregistrationCaseOpenInput) -> Refusal | None:
    if input.kind in SUPPORTED_KINDS:
        return None
    return Refusal(
        code=RefusalCode.KIND_NOT_SUPPORTED,
        rule_id="DRG-4.1",
        field="kind",
        detail={"kind": input.kind},
    )


def _free(collateral: Collateral) -> Refusal | None:
    """One open case a collateral, and only while the bank relies on it (DRG-R03)."""
    if collateral.open_case_id is not None:
        return Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="DRG-R03",
            detail={
                "subject": f"Collateral {collateral.no}",
                "lock": f"DEREGISTRATION {collateral.open_case_id}",
            },
        )
    if collateral.pledge_state in RELYING:
        return None
    return state_conflict(
        "DRG-R03",
        subject=f"Collateral {collateral.no}",
        state=collateral.pledge_state,
        event="OPEN",
    )


async def _handler(deed: Deed, login: str | None) -> str | None:
    """Who will carry the papers: the named handler, or the opener where that is a handler."""
    if login is None:
        own = any(deed.actor.holds(role) for role in HANDLERS)
        return deed.actor.login if own else None
    user = await deed.decision.first(User, {"login": login, "active": True})
    if user is None or not any(grant.role in HANDLERS for grant in user.roles):
        raise Refused(invalid("handler", f"{login} is not a certificate handler", rule_id="X14"))
    return user.login
