"""Mutations that give owners' papers back while the right stays, once tier 2 agreed (X17)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.certificates import CustodyState, TitleCertificate
from domain.custody import Movement
from domain.dossiers import DocType
from domain.dual_control import Proposal, confirmation_refusals
from domain.files import ArchiveFile, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.owner_returns import (
    OwnerReturn,
    OwnerReturnState,
    approval_refusals,
    not_the_owners,
    receipt_refusals,
)
from domain.refusals import Refusal, invalid, refuse_if
from domain.releasing import identity_unchecked
from domain.roles import Operation
from domain.vault_out import document_refusals, leaving_refusals
from domain.vaults import Vault
from resolvers.case_receipts import pinned
from resolvers.deed import Deed
from resolvers.holds import holds_on
from resolvers.mutation import mutation
from resolvers.packets import open_packets, seal_refusals, seals_of, seals_payload
from resolvers.proposals import compared, confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.secured import contracts_query, loans_query
from resolvers.vault_work import (
    both_keepers,
    conflicts,
    freed,
    given_up,
    hold_for,
    keeper_of,
    parts_of,
    read_papers,
)
from schema.custody import ProposalPayload
from schema.owner_returns import (
    OwnerReturnApproveInput,
    OwnerReturnPayload,
    OwnerReturnVaultOutConfirmInput,
    OwnerReturnVaultOutInput,
    OwnerReturnWithdrawInput,
)
from storage.decisions import Decision
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class _Leaving:
    """Papers about to go back to their owner, and what is asked of them."""

    owner_return: OwnerReturn
    papers: list[TitleCertificate]
    receipt: FileVersion
    vault: Vault
    refusals: list[Refusal | None]


@mutation(
    Operation.APPROVE_OWNER_RETURN,
    OwnerReturnPayload,
    description="Agree that owners' papers go back before the release, at tier 2 or above (X17).",
)
async def owner_return_approve(deed: Deed, input: OwnerReturnApproveInput) -> dict[str, Any]:
    """X17: the bank's right stays as it is; the approver then executes nothing of it."""
    ids = list(dict.fromkeys(input.certificate_ids))
    refuse_if(
        [
            None if ids else invalid("certificateIds", "name at least one", rule_id="X17"),
            None if input.reason.strip() else invalid("reason", "say why", rule_id="X17"),
        ]
    )
    certificates = await deed.subjects(TitleCertificate, ids)
    certificates = await freed(deed.decision, certificates, now=deed.now)
    loans = await _in_common(deed.decision, certificates)
    refuse_if(approval_refusals(certificates, loans, approver=deed.actor))
    id = new_id(OwnerReturn)
    agreed = OwnerReturn(
        id=id,
        no=f"OR{deed.today:%Y%m%d}-{id[-10:]}",
        certificate_ids=tuple(ids),
        loan_nos=tuple(loan.loan_no for loan in loans),
        reason=input.reason.strip(),
        approved_by=deed.actor.login,
        approved_at=deed.now,
        org_code=certificates[0].org_code,
        org_path=certificates[0].org_path,
    )
    for certificate in certificates:
        deed.decision.save(replace(certificate, lock=agreed.lock))
    return {"owner_return": deed.decision.add(agreed)}


@mutation(
    Operation.APPROVE_OWNER_RETURN,
    OwnerReturnPayload,
    description="Take back an agreed return whose papers are still here (X17).",
)
async def owner_return_withdraw(deed: Deed, input: OwnerReturnWithdrawInput) -> dict[str, Any]:
    """The papers stay, and another return may be agreed to."""
    agreed = await deed.subject(OwnerReturn, input.owner_return_id)
    refuse_if(
        [
            None if input.reason.strip() else invalid("reason", "say why", rule_id="X17"),
            agreed.refused("WITHDRAW"),
        ]
    )
    return {"owner_return": await given_up(deed.decision, agreed, by=deed.actor.login)}


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to give papers back to their owner; first keeper (退还提议, X17).",
)
async def owner_return_vault_out_propose(
    deed: Deed, input: OwnerReturnVaultOutInput
) -> dict[str, Any]:
    """X17 from the vault, first half."""
    await deed.subject(OwnerReturn, input.owner_return_id)
    proposal_id = new_id(Proposal)
    leaving = await _leaving(deed, input, proposal_id)
    refuse_if(leaving.refusals)
    proposal = proposed(
        deed,
        Movement.RETURN_TO_OWNER,
        _payload(input),
        [paper.id for paper in leaving.papers],
        leaving.vault,
        id=proposal_id,
    )
    hold_for(deed, proposal, leaving.papers)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    OwnerReturnPayload,
    description="Confirm that papers go back to their owner; second keeper (退还复核, X17).",
)
async def owner_return_vault_out_confirm(
    deed: Deed, input: OwnerReturnVaultOutConfirmInput
) -> dict[str, Any]:
    """X17: the papers are the owner's again; what they say is pledged stays pledged."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    payload = _payload(input.vault_out)
    leaving = await compared(deed, proposal, payload, _leaving(deed, input.vault_out, proposal.id))
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=payload, checker=deed.actor.login, now=deed.now
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
        reason=Movement.RETURN_TO_OWNER,
    )
    receipt = pinned(leaving.receipt)
    for paper in leaving.papers:
        deed.move(
            paper,
            Movement.RETURN_TO_OWNER,
            CustodyState.RETURNED_TO_OWNER,
            operators=keepers,
            request_ref=leaving.owner_return.id,
            evidence=[receipt],
            place=None,
            lock=None,
            holder=None,
        )
    confirmed(deed, proposal)
    await give_receipts(deed)
    returned = replace(
        leaving.owner_return,
        receipt=receipt,
        returned_at=deed.now,
        state=OwnerReturnState.RETURNED,
    )
    return {"owner_return": deed.decision.save(returned)}


async def _in_common(decision: Decision, certificates: Sequence[TitleCertificate]) -> list[Loan]:
    """The loans that each of these papers secures."""
    contracts = await decision.find(GuaranteeContract, contracts_query(certificates))
    secured = {contract.no: set(contract.secured_loans) for contract in contracts}
    each = [
        set[str]().union(*(secured.get(no, ()) for no in certificate.guarantee_contract_nos))
        for certificate in certificates
    ]
    return await decision.find(Loan, loans_query(sorted(set.intersection(*each))))


async def _leaving(deed: Deed, input: OwnerReturnVaultOutInput, proposal_id: str) -> _Leaving:
    agreed = await deed.get(OwnerReturn, input.owner_return_id)
    vault = await keeper_of(deed, input.vault)
    papers = await read_papers(deed, agreed.certificate_ids)
    held_by_it = [replace(one, lock=None) if one.lock == agreed.lock else one for one in papers]
    receipt = await deed.get(FileVersion, input.receipt_file_version_id)
    file = await deed.decision.get(ArchiveFile, receipt.file_id)
    before = {"receipt.file_version_id": receipt.id}
    parts = await parts_of(deed, papers) | agreed.parts()
    return _Leaving(
        owner_return=agreed,
        papers=papers,
        receipt=receipt,
        vault=vault,
        refusals=[
            agreed.refused("RETURN_TO_OWNER"),
            *leaving_refusals(
                held_by_it,
                Movement.RETURN_TO_OWNER,
                vault=vault,
                holds=await holds_on(deed.decision, papers),
                proposal_id=proposal_id,
            ),
            *map(not_the_owners, papers),
            identity_unchecked(input.identity_checked),
            *receipt_refusals(
                agreed,
                file,
                used=await deed.decision.first(OwnerReturn, before) is not None,
                field="receiptFileVersionId",
            ),
            *document_refusals(
                file,
                receipt,
                doc_type=DocType.CERT_RECEIPT,
                loan_nos=agreed.loan_nos,
                field="receiptFileVersionId",
                rule_id="X17",
            ),
            *await seal_refusals(deed, papers, seals_of(input.new_seals)),
            *conflicts(deed, parts),
        ],
    )


def _payload(input: OwnerReturnVaultOutInput) -> dict[str, Any]:
    return {
        "ownerReturnId": input.owner_return_id,
        "vault": input.vault,
        "receiptFileVersionId": input.receipt_file_version_id,
        "identityChecked": input.identity_checked,
        "newSeals": seals_payload(input.new_seals),
    }
