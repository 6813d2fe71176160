"""Mutations of an assignment of claims: approved by a branch, handed over by two keepers (X18)."""

from dataclasses import dataclass, replace
from typing import Any

from domain.certificates import CustodyState, TitleCertificate
from domain.claim_transfers import (
    ClaimTransfer,
    ClaimTransferState,
    approval_refusals,
    handover_refusals,
    leaving_ones,
)
from domain.collaterals import Collateral, PledgeState
from domain.custody import Evidence, Movement
from domain.dossiers import DocType
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.files import ArchiveFile, FileVersion
from domain.refusals import Refusal, invalid, refuse_if, state_conflict
from domain.roles import Operation
from domain.vault_out import document_refusals, leaving_refusals
from domain.vaults import Vault
from resolvers.deed import Deed
from resolvers.holds import holds_on
from resolvers.mutation import mutation
from resolvers.packets import open_packets, seal_refusals, seals_of, seals_payload
from resolvers.proposals import compared, confirmed, proposed
from resolvers.secured import loans_secured_by
from resolvers.vault_work import both_keepers, conflicts, hold_for, keeper_of, parts_of, read_papers
from schema.custody import ProposalPayload
from schema.leaving import (
    ClaimTransferApproveInput,
    ClaimTransferPayload,
    ClaimTransferVaultOutConfirmInput,
    ClaimTransferVaultOutInput,
    ClaimTransferWithdrawInput,
)
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class _Leaving:
    """Papers about to go to an assignee, and what is asked of them."""

    transfer: ClaimTransfer
    collaterals: list[Collateral]
    papers: list[TitleCertificate]
    receipt: FileVersion
    vault: Vault
    payload: dict[str, Any]
    refusals: list[Refusal | None]


@mutation(
    Operation.APPROVE_TRANSFER,
    ClaimTransferPayload,
    description="Approve an assignment of claims, at a first-tier branch or above (X18).",
)
async def claim_transfer_approve(deed: Deed, input: ClaimTransferApproveInput) -> dict[str, Any]:
    """X18: recorded before any paper moves; the approver then executes nothing of it."""
    refuse_if(
        [
            None
            if input.collateral_ids
            else invalid("collateralIds", "name at least one collateral", rule_id="X18")
        ]
    )
    collaterals = await deed.subjects(Collateral, input.collateral_ids)
    numbers = tuple(collateral.no for collateral in collaterals)
    loans = await loans_secured_by(deed.decision, numbers)
    agreement = await deed.get(FileVersion, input.agreement_file_version_id)
    standing = {
        "collateral_nos": {"$in": list(numbers)},
        "state": ClaimTransferState.APPROVED.value,
    }
    refuse_if(
        [
            *approval_refusals(
                collaterals,
                loans,
                assignee=input.assignee.strip(),
                approver=deed.actor,
                open_transfer=await deed.decision.first(ClaimTransfer, standing),
            ),
            *document_refusals(
                await deed.decision.get(ArchiveFile, agreement.file_id),
                agreement,
                doc_type=DocType.CLAIM_ASSIGNMENT,
                loan_nos={loan.loan_no for loan in loans},
                field="agreementFileVersionId",
                rule_id="X18",
            ),
        ]
    )
    id = new_id(ClaimTransfer)
    transfer = ClaimTransfer(
        id=id,
        no=f"CT{deed.today:%Y%m%d}-{id[-10:]}",
        collateral_nos=numbers,
        loan_nos=tuple(loan.loan_no for loan in loans),
        assignee=input.assignee.strip(),
        agreement=Evidence(file_version_id=agreement.id, sha256=agreement.sha256),
        approved_by=deed.actor.login,
        approved_at=deed.now,
        org_code=collaterals[0].org_code,
        org_path=collaterals[0].org_path,
    )
    return {"transfer": deed.decision.add(transfer)}


@mutation(
    Operation.APPROVE_TRANSFER,
    ClaimTransferPayload,
    description="Take back an approved assignment whose papers are still here (X18).",
)
async def claim_transfer_withdraw(deed: Deed, input: ClaimTransferWithdrawInput) -> dict[str, Any]:
    """The papers stay, and another assignment may be approved."""
    transfer = await deed.subject(ClaimTransfer, input.transfer_id)
    approved = transfer.state is ClaimTransferState.APPROVED
    refuse_if(
        [
            None if input.reason.strip() else invalid("reason", "say why", rule_id="X18"),
            None
            if approved
            else state_conflict(
                "X18", subject=f"Transfer {transfer.no}", state=transfer.state, event="WITHDRAW"
            ),
        ]
    )
    withdrawn = replace(transfer, state=ClaimTransferState.WITHDRAWN, withdrawn_by=deed.actor.login)
    return {"transfer": deed.decision.save(withdrawn)}


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to hand papers to an assignee; first keeper (债权转让移交提议, X18).",
)
async def claim_transfer_vault_out_propose(
    deed: Deed, input: ClaimTransferVaultOutInput
) -> dict[str, Any]:
    """X18, first half."""
    await deed.subject(ClaimTransfer, input.transfer_id)
    proposal_id = new_id(Proposal)
    leaving = await _leaving(deed, input, proposal_id)
    refuse_if(leaving.refusals)
    proposal = proposed(
        deed,
        Movement.TRANSFER_OUT,
        leaving.payload,
        [paper.id for paper in leaving.papers],
        leaving.vault,
        id=proposal_id,
    )
    hold_for(deed, proposal, leaving.papers)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    ClaimTransferPayload,
    description="Confirm that papers go to the assignee; second keeper (债权转让移交, X18).",
)
async def claim_transfer_vault_out_confirm(
    deed: Deed, input: ClaimTransferVaultOutConfirmInput
) -> dict[str, Any]:
    """X18: the papers leave for good, and the collateral is no longer the bank's."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _leaving(deed, input.vault_out, proposal.id)
    leaving = await compared(deed, proposal, _asked(input.vault_out), reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=leaving.payload, checker=deed.actor.login, now=deed.now
            ),
            *leaving.refusals,
        ]
    )
    keepers = await both_keepers(deed, proposal)
    await open_packets(
        deed,
        leaving.papers,
        seals_of(input.vault_out.new_seals),
        keepers=keepers,
        reason=Movement.TRANSFER_OUT,
    )
    transfer = leaving.transfer
    receipt = Evidence(file_version_id=leaving.receipt.id, sha256=leaving.receipt.sha256)
    for paper in leaving.papers:
        deed.move(
            paper,
            Movement.TRANSFER_OUT,
            CustodyState.TRANSFERRED_OUT,
            operators=keepers,
            request_ref=transfer.id,
            evidence=[transfer.agreement, receipt],
            place=None,
            lock=None,
            holder=None,
        )
    for collateral in leaving.collaterals:
        deed.decision.save(replace(collateral, pledge_state=PledgeState.TRANSFERRED))
    confirmed(deed, proposal)
    handed_over = replace(
        transfer,
        certificate_ids=tuple(paper.id for paper in leaving.papers),
        receipt=receipt,
        handed_over_at=deed.now,
        state=ClaimTransferState.HANDED_OVER,
    )
    return {"transfer": deed.decision.save(handed_over)}


async def _leaving(deed: Deed, input: ClaimTransferVaultOutInput, proposal_id: str) -> _Leaving:
    transfer = await deed.get(ClaimTransfer, input.transfer_id)
    vault = await keeper_of(deed, input.vault)
    numbers = list(transfer.collateral_nos)
    collaterals = await deed.decision.find(Collateral, {"no": {"$in": numbers}})
    found = await deed.decision.find(TitleCertificate, {"collateral_nos": {"$in": numbers}})
    certificates = await read_papers(deed, [paper.id for paper in found])
    papers = leaving_ones(certificates)
    receipt = await deed.get(FileVersion, input.receipt_file_version_id)
    parts = await parts_of(deed, papers) | transfer.parts()
    refusals = [
        *handover_refusals(
            transfer,
            collaterals,
            certificates,
            await loans_secured_by(deed.decision, numbers),
        ),
        *leaving_refusals(
            papers,
            Movement.TRANSFER_OUT,
            vault=vault,
            holds=await holds_on(deed.decision, papers),
            proposal_id=proposal_id,
        ),
        *document_refusals(
            await deed.decision.get(ArchiveFile, receipt.file_id),
            receipt,
            doc_type=DocType.ASSIGNEE_RECEIPT,
            loan_nos=transfer.loan_nos,
            field="receiptFileVersionId",
            rule_id="X18",
        ),
        *await seal_refusals(deed, papers, seals_of(input.new_seals)),
        *conflicts(deed, parts),
    ]
    payload = {**_asked(input), "contents": sorted(paper.id for paper in papers)}
    return _Leaving(
        transfer=transfer,
        collaterals=collaterals,
        papers=papers,
        receipt=receipt,
        vault=vault,
        payload=payload,
        refusals=refusals,
    )


def _asked(input: ClaimTransferVaultOutInput) -> dict[str, Any]:
    return {
        "transferId": input.transfer_id,
        "vault": input.vault,
        "receiptFileVersionId": input.receipt_file_version_id,
        "newSeals": seals_payload(input.new_seals),
    }
