"""Mutations that redeem a pledged receipt, proposed and confirmed by two keepers (X26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.certificates import CustodyState, LegalState, TitleCertificate
from domain.custody import Evidence, Movement, Operator
from domain.dossiers import DocType
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.files import ArchiveFile, FileVersion
from domain.loans import Loan
from domain.redemption import Proceeds, Redemption, ground_of, redemption_refusals
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from domain.vault_out import document_refusals, leaving_refusals
from domain.vaults import Vault
from resolvers.book import proceeds_entered
from resolvers.deed import Deed
from resolvers.deliveries import ended_by_redemption
from resolvers.holds import holds_on
from resolvers.mutation import mutation
from resolvers.packets import open_packets, seal_refusals, seals_of, seals_payload
from resolvers.proposals import compared, confirmed, proposed
from resolvers.secured import loans_secured_by
from resolvers.vault_work import (
    both_keepers,
    conflicts,
    hold_for,
    keeper_of,
    parts_of,
    read_papers,
)
from schema.custody import ProposalPayload
from schema.leaving import CertificateRedeemConfirmInput, CertificateRedeemInput, RedemptionPayload
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class _Redeeming:
    """A receipt about to be redeemed, and what is asked of it."""

    paper: TitleCertificate
    loans: list[Loan]
    proceeds: Proceeds
    agreement: FileVersion
    vault: Vault
    payload: dict[str, Any]
    refusals: list[Refusal | None]


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to redeem a pledged receipt; first keeper (兑付提议, X26).",
)
async def certificate_redeem_propose(deed: Deed, input: CertificateRedeemInput) -> dict[str, Any]:
    """X26, first half."""
    await deed.subject(TitleCertificate, input.certificate_id)
    proposal_id = new_id(Proposal)
    redeeming = await _redeeming(deed, input, proposal_id)
    refuse_if(redeeming.refusals)
    proposal = proposed(
        deed,
        Movement.REDEEM,
        redeeming.payload,
        [redeeming.paper.id],
        redeeming.vault,
        id=proposal_id,
    )
    hold_for(deed, proposal, [redeeming.paper])
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    RedemptionPayload,
    description="Confirm a redemption; second keeper, every guard again (兑付复核, X26).",
)
async def certificate_redeem_confirm(
    deed: Deed, input: CertificateRedeemConfirmInput
) -> dict[str, Any]:
    """X26: the receipt ends and its proceeds are entered."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _redeeming(deed, input.redemption, proposal.id)
    redeeming = await compared(deed, proposal, _payload(input.redemption), reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=redeeming.payload, checker=deed.actor.login, now=deed.now
            ),
            *redeeming.refusals,
        ]
    )
    keepers = await both_keepers(deed, proposal)
    await open_packets(
        deed,
        [redeeming.paper],
        seals_of(input.redemption.new_seals),
        keepers=keepers,
        reason=Movement.REDEEM,
    )
    redemption = _entry(deed, redeeming, keepers)
    paper = redeeming.paper
    standing = paper.legal_state is LegalState.REGISTERED
    paper = deed.move(
        paper,
        Movement.REDEEM,
        CustodyState.REDEEMED,
        operators=keepers,
        request_ref=redemption.id,
        evidence=[redemption.agreement],
        reason=redemption.ground,
        place=None,
        lock=None,
        holder=None,
        # The right to the paper ends with it; what it was worth is in the proceeds (442).
        legal_state=LegalState.CANCELLED if standing else paper.legal_state,
    )
    proceeds_entered(deed.decision, paper, redeeming.proceeds.amount)
    await ended_by_redemption(deed, paper, redeeming.proceeds.use)
    confirmed(deed, proposal)
    return {"redemption": deed.decision.add(redemption), "certificate": paper}


def _entry(deed: Deed, redeeming: _Redeeming, keepers: Sequence[Operator]) -> Redemption:
    """The entry of the proceeds, with the ground that holds today."""
    paper, proceeds, agreement = redeeming.paper, redeeming.proceeds, redeeming.agreement
    ground = ground_of(paper, redeeming.loans, today=deed.today)
    assert ground is not None  # without one it was refused
    id = new_id(Redemption)
    return Redemption(
        id=id,
        no=f"RD{deed.today:%Y%m%d}-{id[-10:]}",
        certificate_id=paper.id,
        loan_nos=tuple(sorted(loan.loan_no for loan in redeeming.loans)),
        ground=ground,
        amount=proceeds.amount,
        use=proceeds.use,
        to=proceeds.to,
        agreement=Evidence(file_version_id=agreement.id, sha256=agreement.sha256),
        keepers=tuple(keeper.login for keeper in keepers),
        redeemed_on=deed.today,
        redeemed_at=deed.now,
        org_code=paper.org_code,
        org_path=paper.org_path,
    )


async def _redeeming(deed: Deed, input: CertificateRedeemInput, proposal_id: str) -> _Redeeming:
    vault = await keeper_of(deed, input.vault)
    (paper,) = await read_papers(deed, [input.certificate_id])
    loans = await loans_secured_by(deed.decision, paper.collateral_nos)
    proceeds = Proceeds(amount=input.amount, use=input.use, to=input.proceeds_to.strip())
    agreement = await deed.get(FileVersion, input.agreement_file_version_id)
    refusals = [
        *leaving_refusals(
            [paper],
            Movement.REDEEM,
            vault=vault,
            holds=await holds_on(deed.decision, [paper]),
            proposal_id=proposal_id,
        ),
        *redemption_refusals(paper, loans, proceeds, today=deed.today),
        *document_refusals(
            await deed.decision.get(ArchiveFile, agreement.file_id),
            agreement,
            doc_type=DocType.REDEMPTION_AUTHORITY,
            loan_nos={loan.loan_no for loan in loans},
            field="agreementFileVersionId",
            rule_id="X26",
        ),
        *await seal_refusals(deed, [paper], seals_of(input.new_seals)),
        *conflicts(deed, await parts_of(deed, [paper])),
    ]
    return _Redeeming(
        paper=paper,
        loans=loans,
        proceeds=proceeds,
        agreement=agreement,
        vault=vault,
        payload=_payload(input),
        refusals=refusals,
    )


def _payload(input: CertificateRedeemInput) -> dict[str, Any]:
    return {
        "certificateId": input.certificate_id,
        "vault": input.vault,
        "agreementFileVersionId": input.agreement_file_version_id,
        "amount": input.amount,
        "use": input.use.value,
        "proceedsTo": input.proceeds_to.strip(),
        "newSeals": seals_payload(input.new_seals),
    }
