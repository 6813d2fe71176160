"""Mutations that carry a case's papers: out of the vault, to the registry, to the owner."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.case_approvals import own_approval
from domain.case_files import of_another_case
from domain.certificates import (
    Catalog,
    CustodyState,
    Holder,
    LegalState,
    Lock,
    LockKind,
    TitleCertificate,
)
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.custody import Evidence, Movement, Operator, held_by_book
from domain.delivery import not_out
from domain.deregistration import (
    CaseState,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
    impossible,
)
from domain.dossiers import DocType
from domain.dual_control import (
    Proposal,
    ProposalState,
    confirmation_refusals,
)
from domain.files import ArchiveFile, FileVersion
from domain.loans import Loan
from domain.people import Operation
from domain.refusals import (
    Forbidden,
    Refusal,
    RefusalCode,
    Refused,
    invalid,
    refuse_if,
    state_conflict,
)
from domain.release import Evaluation
from domain.release_kinds import RULES
from domain.release_question import Stage
from domain.releasing import (
    awaits_exchange,
    goes_back,
    going_back,
    kept_from_owner,
    not_to_him,
    receipt_refusals,
    still_inside,
    surrendered_ones,
)
from domain.vault_out import in_another_vault
from domain.vaults import frozen
from domain.watch import HoldReason, LegalHold, held
from resolvers.case_receipts import pinned, signed_for
from resolvers.case_work import advanced, asked, blocked, due_approval, papers_of
from resolvers.deliveries import ended_by_return
from resolvers.holds import holds_on
from resolvers.mutation import Deed, mutation
from resolvers.packets import open_packets, seal_refusals, seals_of, seals_payload
from resolvers.proposals import compared, confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.release_facts import shown_case
from resolvers.release_pairs import halves_behind
from resolvers.releasing import at, proven, returned_when_empty, settlement_items_fall_due
from resolvers.vault_work import both_keepers, conflicts, end_proposal, keeper_of
from schema.cases import (
    DeregistrationCaseInput,
    DeregistrationCasePayload,
    DeregistrationCaseReturnToOwnerInput,
    DeregistrationCaseVaultOutConfirmInput,
    DeregistrationCaseVaultOutInput,
    DeregistrationProposalPayload,
)


@mutation(
    Operation.MOVE_VAULT,
    DeregistrationProposalPayload,
    description="Propose to take a case's papers out of the vault; first keeper (解押出库, X14).",
)
async def deregistration_case_vault_out_propose(
    deed: Deed, input: DeregistrationCaseVaultOutInput
) -> dict[str, Any]:
    """X14, or X16 and X17 from the vault after an online cancellation: the first half."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    case, evaluation, due = await _evaluated(deed, case)
    leaving, unfit = await _leaving(deed, case, input)
    unfit += due
    if unfit:
        raise Refused(*unfit, *(evaluation.refusals if evaluation else ()))
    if evaluation is not None and not evaluation.ready:
        return await blocked(deed, case, evaluation)
    await _end_expired(deed, case)
    vault = await keeper_of(deed, input.vault)
    proposal = proposed(
        deed,
        Movement.VAULT_OUT_FOR_DEREG,
        _payload(input),
        [paper.id for paper in leaving],
        vault,
        case_id=case.id,
    )
    return {"proposal": proposal, "case": deed.decision.save(case)}


@mutation(
    Operation.MOVE_VAULT,
    DeregistrationCasePayload,
    description="Confirm a vault-out; second keeper, every precondition again (出库复核, X14).",
)
async def deregistration_case_vault_out_confirm(
    deed: Deed, input: DeregistrationCaseVaultOutConfirmInput
) -> dict[str, Any]:
    """The last evaluation wins: a settlement reversed meanwhile keeps the paper in (DRG-R01)."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    payload = _payload(input.vault_out)
    named = deed.get(DeregistrationCase, input.vault_out.case_id)
    case = await compared(deed, proposal, payload, named)
    case, evaluation, due = await _evaluated(deed, case)
    reading = _leaving(deed, case, input.vault_out)
    leaving, unfit = await compared(deed, proposal, payload, reading)
    wrong = confirmation_refusals(proposal, payload=payload, checker=deed.actor.login, now=deed.now)
    unfit = [*wrong, *unfit, *due]
    if unfit:
        raise Refused(*unfit, *(evaluation.refusals if evaluation else ()))
    if evaluation is not None and not evaluation.ready:
        await end_proposal(deed, proposal, ProposalState.WITHDRAWN)
        return await blocked(deed, case, evaluation)
    keepers = await both_keepers(deed, proposal)
    await open_packets(
        deed,
        leaving,
        seals_of(input.vault_out.new_seals),
        keepers=keepers,
        reason=Movement.VAULT_OUT_FOR_DEREG,
    )
    receipt = await _receipt(deed, input.vault_out.receipt_file_version_id)
    evidence = [] if receipt is None else [pinned(receipt)]
    for paper in leaving:
        _take_out(deed, case, paper, proposal, keepers, evidence)
    if receipt is not None and case.registry.done_at is not None:
        case = await signed_for(deed, case, receipt)
    confirmed(deed, proposal)
    await give_receipts(deed)
    if impossible(case, CaseStep.VAULT_OUT) is None:
        case = advanced(deed, case, CaseStep.VAULT_OUT)
    else:
        case = await returned_when_empty(deed.decision, case, at(deed))
    return {"case": deed.decision.save(case)}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="The bank's certificates stay with the registry that cancelled them (缴回, X16).",
)
async def deregistration_case_surrender(
    deed: Deed, input: DeregistrationCaseInput
) -> dict[str, Any]:
    """X16: after the entry and with its evidence."""
    case = await deed.subject(DeregistrationCase, input.case_id)
    papers = surrendered_ones(await papers_of(deed, case))
    entered = case.state is CaseState.REGISTRY_DONE and await proven(deed.decision, case)
    refuse_if(
        [
            own_approval(case, deed.actor.login),
            None if entered else _too_early(case, "SURRENDER", "X16"),
            None if papers else invalid("caseId", "no certificate is out for it", rule_id="X16"),
            *map(held_by_book, papers),
        ]
    )
    _only_handler(deed, case)
    for paper in papers:
        _finish(
            deed,
            case,
            paper,
            Movement.SURRENDER,
            CustodyState.SURRENDERED,
            evidence=[case.registry.result] if case.registry.result else [],
        )
    await _others_returned(deed, case, papers)
    return {"case": deed.decision.save(await returned_when_empty(deed.decision, case, at(deed)))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Give the owner's papers back against an accepted receipt (返还权利人, X17).",
)
async def deregistration_case_return_to_owner(
    deed: Deed, input: DeregistrationCaseReturnToOwnerInput
) -> dict[str, Any]:
    """X17. Where the owner deregisters himself, nothing is released by this.

    A pledge by delivery ends: the last evaluation wins, as it does at a filing (DRG-R01, CUS-14).
    """
    case = await deed.subject(DeregistrationCase, input.case_id)
    evaluation, broken = None, list[Refusal]()
    if case.by_delivery:
        case, evaluation, broken = await _evaluated(deed, case)
    receipt = await deed.get(FileVersion, input.receipt_file_version_id)
    mine = await papers_of(deed, case)
    papers = going_back(case, mine)
    refuse_if(
        [
            *await _not_back(deed, case, mine, papers),
            *receipt_refusals(receipt, identity_checked=input.identity_checked),
            await _of_another_case(deed, case, receipt),
            *broken,
        ]
    )
    _only_handler(deed, case)
    if evaluation is not None and not evaluation.ready:
        return await blocked(deed, case, evaluation)
    case = await _gone_back(deed, case, papers, receipt)
    return {"case": deed.decision.save(case)}


async def _not_back(
    deed: Deed,
    case: DeregistrationCase,
    mine: Sequence[TitleCertificate],
    papers: Sequence[TitleCertificate],
) -> list[Refusal | None]:
    """What keeps papers from the owner, besides his receipt. mine: all that the case still has."""
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    owner_handles = case.handling_mode is HandlingMode.OWNER
    fit = goes_back(case, proven=await proven(deed.decision, case))
    redeemed = case.by_delivery and not mine
    found = [
        own_approval(case, deed.actor.login),
        None if fit else _too_early(case, "RETURN_TO_OWNER", "X17"),
        None if papers or redeemed else invalid("caseId", "no paper is out for it", rule_id="X17"),
        *map(held_by_book, papers),
        not_to_him(collateral, await shown_case(deed.decision, case)),
        held(await _holds(deed, case, papers)),
        *(not_out(mine) if case.by_delivery else ()),
    ]
    if owner_handles:
        found += await halves_behind(deed, case)
        found += () if case.by_delivery else still_inside(case, mine)
    if owner_handles or case.by_delivery:
        found += await _kept_from_owner(deed, case, papers)
    return found


async def _gone_back(
    deed: Deed, case: DeregistrationCase, papers: Sequence[TitleCertificate], receipt: FileVersion
) -> DeregistrationCase:
    """The case once the owner has signed for these papers."""
    evidence = [pinned(receipt)]
    for paper in papers:
        _finish(
            deed,
            case,
            paper,
            Movement.RETURN_TO_OWNER,
            CustodyState.RETURNED_TO_OWNER,
            evidence=evidence,
        )
    await give_receipts(deed)
    case = await signed_for(deed, case, receipt)
    if case.by_delivery:
        return await ended_by_return(deed, case, evidence)
    if case.handling_mode is not HandlingMode.OWNER:
        return await returned_when_empty(deed.decision, case, at(deed))
    case = replace(case, proof_pending=True, returned_on=deed.today)
    case = advanced(deed, case, CaseStep.RETURN, note="RELEASE_PENDING_PROOF")
    await settlement_items_fall_due(deed.decision, case, at(deed))
    return case


async def _evaluated(
    deed: Deed, case: DeregistrationCase
) -> tuple[DeregistrationCase, Evaluation | None, list[Refusal]]:
    """A vault-out asks the preconditions and the level of approval by the amounts of the moment.

    Papers that leave after the entry need neither.
    """
    if case.registry.done_at is not None:
        return case, None, []
    case, facts, evaluation = await asked(deed, case, Stage.VAULT_OUT)
    return case, evaluation, due_approval(deed, case, facts, evaluation)


async def _leaving(
    deed: Deed, case: DeregistrationCase, input: DeregistrationCaseVaultOutInput
) -> tuple[list[TitleCertificate], list[Refusal]]:
    """The papers that go, those of the named vault, and every other rule that keeps them."""
    vault = await keeper_of(deed, input.vault)
    papers = await papers_of(deed, case)
    inside = [paper for paper in papers if paper.custody_state is CustodyState.IN_VAULT]
    elsewhere = [in_another_vault(paper, vault, Movement.VAULT_OUT_FOR_DEREG) for paper in inside]
    leaving = [paper for paper, away in zip(inside, elsewhere, strict=True) if away is None]
    found = [
        frozen(vault),
        await _step_refusal(deed, case),
        None
        if case.handler is not None
        else invalid("caseId", "the case has no handler who receives the papers", rule_id="X14"),
        *conflicts(deed, await _parts(deed, case)),
        None if inside else invalid("caseId", "none of its papers is in a vault", rule_id="X14"),
        *([] if leaving else elsewhere),
        *map(held_by_book, leaving),
    ]
    if case.registry.done_at is not None:
        found += await _after_entry(deed, case, leaving, input)
    elif "DRG-P05" not in RULES[case.kind]:
        found.append(held(await _holds(deed, case, leaving)))
    found += await seal_refusals(deed, leaving, seals_of(input.new_seals))
    return leaving, [refusal for refusal in found if refusal is not None]


async def _holds(
    deed: Deed, case: DeregistrationCase, papers: Sequence[TitleCertificate]
) -> list[LegalHold]:
    """Holds that keep papers in (CUS-24); what a court ordered is not held by its own suit."""
    holds = await holds_on(deed.decision, papers)
    if "DRG-P05" in RULES[case.kind]:
        return holds
    return [hold for hold in holds if hold.reason is not HoldReason.LITIGATION]


async def _others_returned(
    deed: Deed, case: DeregistrationCase, papers: Sequence[TitleCertificate]
) -> None:
    """Other releases that had one of these papers may be at their end with it (DRG-L08)."""
    shared = [paper.id for paper in papers if len(paper.collateral_nos) > 1]
    if not shared:
        return
    had = {"certificate_ids": {"$in": shared}, "state": CaseState.REGISTRY_DONE.value}
    for other in await deed.decision.find(DeregistrationCase, had):
        if other.id != case.id:
            deed.decision.save(await returned_when_empty(deed.decision, other, at(deed)))


async def _kept_from_owner(
    deed: Deed, case: DeregistrationCase, papers: Sequence[TitleCertificate]
) -> list[Refusal]:
    numbers = sorted({no for paper in papers for no in paper.collateral_nos})
    covered = await deed.decision.find(Collateral, {"no": {"$in": numbers}})
    return [*kept_from_owner(case, papers, covered)]


async def _of_another_case(
    deed: Deed, case: DeregistrationCase, receipt: FileVersion
) -> Refusal | None:
    file = await deed.decision.get(ArchiveFile, receipt.file_id)
    return of_another_case(case, file, field="receiptFileVersionId")


async def _step_refusal(deed: Deed, case: DeregistrationCase) -> Refusal | None:
    if case.state is CaseState.REGISTRY_DONE and await proven(deed.decision, case):
        return None
    return impossible(case, CaseStep.VAULT_OUT)


async def _after_entry(
    deed: Deed,
    case: DeregistrationCase,
    papers: Sequence[TitleCertificate],
    input: DeregistrationCaseVaultOutInput,
) -> list[Refusal | None]:
    """Owner's papers leave the vault only against a receipt, once the collateral is released.

    Before the entry a hold is asked for with the preconditions (P05).
    """
    collateral = await deed.decision.get(Collateral, case.collateral_id)
    found = [held(await _holds(deed, case, papers))]
    if collateral.pledge_state not in ENDED_PLEDGES:
        found.append(_too_early(case, "RETURN_TO_OWNER", "X17"))
    if any(paper.catalog is Catalog.SAFEKEEPING for paper in papers):
        found.append(not_to_him(collateral, await shown_case(deed.decision, case)))
        if input.receipt_file_version_id is None:
            found.append(
                Refusal(
                    code=RefusalCode.DOC_MISSING,
                    rule_id="X17",
                    field="receiptFileVersionId",
                    detail={"documents": DocType.CERT_RECEIPT},
                )
            )
        else:
            receipt = await deed.get(FileVersion, input.receipt_file_version_id)
            found += receipt_refusals(receipt, identity_checked=True)
            found.append(await _of_another_case(deed, case, receipt))
    return found


def _take_out(
    deed: Deed,
    case: DeregistrationCase,
    paper: TitleCertificate,
    proposal: Proposal,
    keepers: Sequence[Operator],
    evidence: Sequence[Evidence],
) -> None:
    movement, to = Movement.VAULT_OUT_FOR_DEREG, CustodyState.OUT_FOR_DEREG
    # What several releases share is held by the one that carries it.
    lock = Lock(kind=LockKind.DEREGISTRATION, id=case.id)
    changes: dict[str, Any] = {"holder": Holder(login=case.handler, since=deed.now), "lock": lock}
    if case.registry.done_at is not None and not awaits_exchange(paper):
        owners = paper.catalog is Catalog.SAFEKEEPING
        movement = Movement.RETURN_TO_OWNER if owners else Movement.SURRENDER
        to = CustodyState.RETURNED_TO_OWNER if owners else CustodyState.SURRENDERED
        changes = {"holder": None, "lock": None}
    deed.move(
        paper,
        movement,
        to,
        operators=keepers,
        request_ref=proposal.id,
        evidence=evidence,
        place=None,
        **changes,
    )


def _finish(
    deed: Deed,
    case: DeregistrationCase,
    paper: TitleCertificate,
    movement: Movement,
    to: CustodyState,
    *,
    evidence: Sequence[Evidence],
) -> None:
    delivered = case.by_delivery and paper.catalog is Catalog.RIGHT_CERT
    over = movement is Movement.SURRENDER or delivered
    deed.move(
        paper,
        movement,
        to,
        request_ref=case.id,
        evidence=evidence,
        holder=None,
        lock=None,
        legal_state=LegalState.CANCELLED if over else paper.legal_state,
    )


async def _parts(deed: Deed, case: DeregistrationCase) -> dict[str, str]:
    loans = await deed.decision.find(Loan, {"loan_no": {"$in": list(case.loan_nos)}})
    managers = {login: "relationship manager" for loan in loans for login in loan.managers}
    return managers | case.parts()


async def _receipt(deed: Deed, version_id: str | None) -> FileVersion | None:
    return None if version_id is None else await deed.get(FileVersion, version_id)


async def _end_expired(deed: Deed, case: DeregistrationCase) -> None:
    """One open vault-out a case; one that expired makes room (CUS-04d)."""
    waiting = await deed.decision.find(
        Proposal, {"case_id": case.id, "state": ProposalState.PENDING.value}
    )
    for proposal in waiting:
        if proposal.is_open(deed.now):
            raise Refused(
                Refusal(
                    code=RefusalCode.OPEN_REQUEST_EXISTS,
                    rule_id="INV-02",
                    detail={"subject": f"Case {case.no}", "lock": f"PROPOSAL {proposal.id}"},
                )
            )
        await end_proposal(deed, proposal, ProposalState.EXPIRED)


def _payload(input: DeregistrationCaseVaultOutInput) -> dict[str, Any]:
    return {
        "caseId": input.case_id,
        "vault": input.vault,
        "newSeals": seals_payload(input.new_seals),
        "receiptFileVersionId": input.receipt_file_version_id,
    }


def _only_handler(deed: Deed, case: DeregistrationCase) -> None:
    if deed.actor.login != case.handler:
        raise Forbidden("Only the handler of the case may do this.")


def _too_early(case: DeregistrationCase, event: str, rule_id: str) -> Refusal:
    return state_conflict(rule_id, subject=f"Case {case.no}", state=case.state, event=event)
