"""Mutations on a case up to its approval: open, attach, submit, decide, cancel (押品注销)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from domain.case_approvals import approval_refusals, approval_steps, next_approval
from domain.certificates import TERMINAL, TitleCertificate
from domain.collaterals import Collateral, PledgeState
from domain.custody import Evidence
from domain.deregistration import (
    Applicant,
    Approval,
    ApprovalDecision,
    CaseDocument,
    CaseState,
    CaseStep,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
    impossible,
    stepped,
)
from domain.dossiers import DocType, Dossier, ItemStatus, with_item
from domain.files import FileStatus, FileVersion, attaches_itself
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.orgs import Org, OrgLevel
from domain.people import Operation, Role, User
from domain.processing import out_of_scope
from domain.refusals import (
    Forbidden,
    Refusal,
    RefusalCode,
    Refused,
    invalid,
    refuse_if,
    state_conflict,
)
from domain.release_kinds import SETTLES
from domain.release_question import Stage
from resolvers.approval_sheets import with_approval_sheet
from resolvers.case_work import (
    advanced,
    asked,
    blocked,
    let_go,
    lock_papers,
    mark_items,
    on_the_clock,
    papers_of,
    still_out,
)
from resolvers.mutation import Deed, mutation
from resolvers.releasing import release_when_proven
from resolvers.settlement_proofs import issue_proofs
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
FORCED = frozenset({DeregKind.COURT_ORDERED, DeregKind.ENFORCED, DeregKind.EXTINGUISHED})


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
    _lawyers_only_for_courts(deed, input.kind, collateral.org_path)
    linked = await deed.decision.find(GuaranteeContract, {"links.collateral_no": collateral.no})
    active = [contract for contract in linked if contract.active_link(collateral.no)]
    named = input.guarantee_contract_nos
    chosen = [c for c in active if named is None or c.no in named]
    secured = sorted({no for c in chosen for no in c.secured_loans})
    loans = await deed.decision.find(Loan, {"loan_no": {"$in": secured}})
    refuse_if(
        [
            *out_of_scope(loans),
            _free(collateral, input.kind),
            *_replacing(input),
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
        new_collateral_nos=await _replacements(deed, input),
        affected_mortgagees=tuple(dict.fromkeys(input.affected_mortgagees)),
        override_seizure=input.override_seizure,
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
    case = on_the_clock(deed, case, {loan.loan_no: loan for loan in loans})
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
    _lawyers_only_for_courts(deed, case.kind, case.org_path)
    version = await deed.get(FileVersion, input.file_version_id)
    usable = version.status in {FileStatus.READY, FileStatus.ACCEPTED}
    refuse_if(
        [
            attaches_itself(input.code),
            None
            if case.is_open
            else state_conflict(
                "DRG-4.2", subject=f"Case {case.no}", state=case.state, event="ATTACH"
            ),
            None
            if usable
            else invalid("fileVersionId", f"the file is {version.status}", rule_id="ARC-21"),
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
    case = await deed.subject(DeregistrationCase, input.case_id)
    _lawyers_only_for_courts(deed, case.kind, case.org_path)
    refuse_if([impossible(case, CaseStep.SUBMIT)])
    lock_papers(deed.decision, case, await papers_of(deed, case))
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
    case = await deed.subject(DeregistrationCase, input.case_id)
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
    if unfit:
        raise Refused(*unfit, *(() if rejecting else evaluation.refusals))
    if not evaluation.ready and not rejecting:
        return await blocked(deed, case, evaluation)
    step = next_approval(case, facts, policy=policy, today=today)
    step = step or approval_steps(case, facts, policy=policy)[-1]
    approval = Approval(
        role=step.role,
        level=step.level or _level_of(deed, case, step.role),
        login=deed.actor.login,
        decision=input.decision,
        at=deed.now,
        note=input.note,
    )
    case = replace(case, approvals=(*case.approvals, approval))
    if rejecting:
        case = stepped(case, CaseStep.REJECT, by=deed.actor.login, now=deed.now, note=input.note)
        await let_go(deed, case)
    elif case.state is CaseState.PRECHECKED and not next_approval(
        case, facts, policy=policy, today=today
    ):
        case = await with_approval_sheet(deed, advanced(deed, case, CaseStep.APPROVE))
    else:
        by, state = deed.actor.login, case.state
        case = stepped(case, CaseStep.APPROVE, by=by, now=deed.now, to=state, note=str(step))
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
    _lawyers_only_for_courts(deed, case.kind, case.org_path)
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


def _lawyers_only_for_courts(deed: Deed, kind: DeregKind, org_path: str) -> None:
    """Lawyers bring the cases that a court orders; the rest is others' work (§9)."""
    held = deed.actor.grants_for(Operation.SUBMIT_CASE, org_path)
    lawyer = all(grant.role is Role.LEGAL_OFFICER for grant in held)
    if lawyer and kind is not DeregKind.COURT_ORDERED:
        raise Forbidden("A legal officer brings only releases that a court ordered.")


def _level_of(deed: Deed, case: DeregistrationCase, role: Role) -> OrgLevel:
    """The level at which the approver holds a role that any level may give."""
    held = deed.actor.grants_for(Operation.APPROVE_CASE, case.org_path)
    return next(grant.org_level for grant in held if grant.role is role)


def _replacing(input: DeregistrationCaseOpenInput) -> Iterator[Refusal]:
    """A transfer is no release; something new belongs to a substitution and to nothing else."""
    named = bool(input.new_collateral_ids)
    if input.kind is DeregKind.CLAIM_TRANSFER:
        yield Refusal(
            code=RefusalCode.KIND_NOT_SUPPORTED,
            rule_id="DRG-4.1",
            field="kind",
            detail={"kind": input.kind},
        )
    if named is not (input.kind is DeregKind.SUBSTITUTION):
        reason = "only a substitution has one" if named else "name what replaces the collateral"
        yield invalid("newCollateralIds", reason, rule_id="DRG-L04")
    if input.collateral_id in input.new_collateral_ids:
        yield invalid("newCollateralIds", "does not replace itself", rule_id="DRG-L04")


async def _replacements(deed: Deed, input: DeregistrationCaseOpenInput) -> tuple[str, ...]:
    """Numbers of what replaces the collateral; reading each fences it."""
    found = [await deed.get(Collateral, id) for id in dict.fromkeys(input.new_collateral_ids)]
    return tuple(collateral.no for collateral in found)


def _whose(input: DeregistrationCaseAttachDocumentInput) -> Refusal | None:
    """A consent names who gives it; other documents are nobody's in particular (L05)."""
    consent = input.code in {DocType.GUARANTOR_CONSENT, DocType.OTHER_MORTGAGEE_CONSENT}
    if consent is (input.party is not None):
        return None
    reason = "say who consents" if consent else "only a consent has one"
    return invalid("party", reason, rule_id="DRG-L05")


def _free(collateral: Collateral, kind: DeregKind) -> Refusal | None:
    """One open case a collateral, and only while the bank relies on it (DRG-R03).

    What is being enforced is let go only as its sale, a court or its end demands.
    """
    if collateral.open_case_id is not None:
        return Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="DRG-R03",
            detail={
                "subject": f"Collateral {collateral.no}",
                "lock": f"DEREGISTRATION {collateral.open_case_id}",
            },
        )
    enforced = kind in FORCED and collateral.pledge_state is PledgeState.IN_ENFORCEMENT
    if collateral.pledge_state in RELYING or enforced:
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
