"""A case's papers out of the vault: one keeper proposes, another confirms (解押出库, X14)."""

from collections.abc import Sequence
from typing import Any

from domain.case_steps import impossible
from domain.certificates import Catalog, CustodyState, Holder, Lock, LockKind, TitleCertificate
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.custody import Evidence, Movement, Operator, held_by_book
from domain.deregistration import CaseState, CaseStep, DeregistrationCase
from domain.dossiers import DocType
from domain.dual_control import Proposal, ProposalState, confirmation_refusals
from domain.files import FileVersion
from domain.loans import Loan
from domain.refusals import Refusal, RefusalCode, Refused, invalid
from domain.release_kinds import RULES
from domain.releasing import awaits_exchange, not_to_him, receipt_refusals
from domain.roles import Operation
from domain.vault_out import in_another_vault
from domain.vaults import frozen
from domain.watch import held
from resolvers.case_papers import evaluated, holds_in, of_another, too_early
from resolvers.case_receipts import pinned, signed_for
from resolvers.case_work import advanced, blocked, papers_of
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.packets import open_packets, seal_refusals, seals_of, seals_payload
from resolvers.proposals import compared, confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.release_facts import shown_case
from resolvers.releasing import at, proven, returned_when_empty
from resolvers.vault_work import both_keepers, conflicts, end_proposal, keeper_of
from schema.cases import (
    DeregistrationCasePayload,
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
    case, evaluation, due = await evaluated(deed, case)
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
    case, evaluation, due = await evaluated(deed, case)
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
        found.append(held(await holds_in(deed, case, leaving)))
    found += await seal_refusals(deed, leaving, seals_of(input.new_seals))
    return leaving, [refusal for refusal in found if refusal is not None]


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
    found = [held(await holds_in(deed, case, papers))]
    if collateral.pledge_state not in ENDED_PLEDGES:
        found.append(too_early(case, "RETURN_TO_OWNER", "X17"))
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
            found += receipt_refusals(receipt, identity_checked=input.identity_checked)
            found.append(await of_another(deed, case, receipt))
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
        "identityChecked": input.identity_checked,
    }
