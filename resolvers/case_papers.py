"""Mutations that carry a case's papers on: to the registry, to the owner (缴回、返还)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.case_approvals import own_approval
from domain.case_files import of_another_case
from domain.certificates import (
    Catalog,
    CustodyState,
    LegalState,
    TitleCertificate,
)
from domain.collaterals import Collateral
from domain.custody import Evidence, Movement, held_by_book
from domain.delivery import not_out
from domain.deregistration import (
    CaseState,
    CaseStep,
    DeregistrationCase,
    HandlingMode,
)
from domain.files import ArchiveFile, FileVersion
from domain.refusals import (
    Forbidden,
    Refusal,
    invalid,
    refuse_if,
    state_conflict,
)
from domain.release import Evaluation
from domain.release_kinds import RULES
from domain.release_question import Stage
from domain.releasing import (
    goes_back,
    going_back,
    kept_from_owner,
    not_to_him,
    receipt_refusals,
    still_inside,
    surrendered_ones,
)
from domain.roles import Operation
from domain.watch import HoldReason, LegalHold, held
from resolvers.case_receipts import pinned, signed_for
from resolvers.case_work import advanced, asked, blocked, case_of, due_approval, papers_of
from resolvers.deed import Deed
from resolvers.deliveries import ended_by_return
from resolvers.holds import holds_on
from resolvers.mutation import mutation
from resolvers.reassignment import on_its_way
from resolvers.receipts import give_receipts
from resolvers.release_facts import shown_case
from resolvers.release_pairs import halves_behind
from resolvers.releasing import at, proven, returned_when_empty, settlement_items_fall_due
from schema.cases import (
    DeregistrationCaseInput,
    DeregistrationCasePayload,
    DeregistrationCaseReturnToOwnerInput,
)


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="The bank's certificates stay with the registry that cancelled them (缴回, X16).",
)
async def deregistration_case_surrender(
    deed: Deed, input: DeregistrationCaseInput
) -> dict[str, Any]:
    """X16: after the entry and with its evidence."""
    case = await case_of(deed, input.case_id)
    papers = surrendered_ones(await papers_of(deed, case))
    entered = case.state is CaseState.REGISTRY_DONE and await proven(deed.decision, case)
    refuse_if(
        [
            own_approval(case, deed.actor.login),
            None if entered else too_early(case, "SURRENDER", "X16"),
            None if papers else invalid("caseId", "no certificate is out for it", rule_id="X16"),
            await on_its_way(deed, papers),
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
    await others_returned(deed, case, papers)
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

    Of him and of a pledge by delivery the bank hears no filing: the last evaluation is this one
    (DRG-R01, CUS-14).
    """
    case = await case_of(deed, input.case_id)
    evaluation, broken = None, list[Refusal]()
    himself = case.handling_mode is HandlingMode.OWNER and case.state is CaseState.VAULT_OUT
    if case.by_delivery or himself:
        case, evaluation, broken = await evaluated(deed, case)
    receipt = await deed.get(FileVersion, input.receipt_file_version_id)
    mine = await papers_of(deed, case)
    papers = going_back(case, mine)
    refuse_if(
        [
            *await _not_back(deed, case, mine, papers),
            *receipt_refusals(receipt, identity_checked=input.identity_checked),
            await of_another(deed, case, receipt),
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
        None if fit else too_early(case, "RETURN_TO_OWNER", "X17"),
        None if papers or redeemed else invalid("caseId", "no paper is out for it", rule_id="X17"),
        await on_its_way(deed, papers),
        *map(held_by_book, papers),
        not_to_him(collateral, await shown_case(deed.decision, case)),
        held(await holds_in(deed, case, papers)),
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


async def evaluated(
    deed: Deed, case: DeregistrationCase
) -> tuple[DeregistrationCase, Evaluation | None, list[Refusal]]:
    """A vault-out asks the preconditions and the level of approval by the amounts of the moment.

    Papers that leave after the entry need neither.
    """
    if case.registry.done_at is not None:
        return case, None, []
    case, facts, evaluation = await asked(deed, case, Stage.VAULT_OUT)
    return case, evaluation, due_approval(deed, case, facts, evaluation)


async def holds_in(
    deed: Deed, case: DeregistrationCase, papers: Sequence[TitleCertificate]
) -> list[LegalHold]:
    """Holds that keep papers in (CUS-24); what a court ordered is not held by its own suit."""
    holds = await holds_on(deed.decision, papers)
    if "DRG-P05" in RULES[case.kind]:
        return holds
    return [hold for hold in holds if hold.reason is not HoldReason.LITIGATION]


async def others_returned(
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


async def of_another(deed: Deed, case: DeregistrationCase, receipt: FileVersion) -> Refusal | None:
    """Why a receipt that was filed for another case is none of this one."""
    file = await deed.decision.get(ArchiveFile, receipt.file_id)
    return of_another_case(case, file, field="receiptFileVersionId")


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


def _only_handler(deed: Deed, case: DeregistrationCase) -> None:
    if deed.actor.login != case.handler:
        raise Forbidden("Only the handler of the case may do this.")


def too_early(case: DeregistrationCase, event: str, rule_id: str) -> Refusal:
    """What a case is not ready for yet."""
    return state_conflict(rule_id, subject=f"Case {case.no}", state=case.state, event=event)
