"""Letting a checked-out paper go: signed for by its borrower, out by two keepers (X10)."""

from dataclasses import replace
from typing import Any

from domain.backdating import unapproved
from domain.certificates import (
    CustodyState,
    Holder,
    TitleCertificate,
)
from domain.checkout_requests import (
    last_step,
    seal_broken,
    signed,
    signing_refusals,
    unsigned,
    vault_out_refusals,
)
from domain.checkout_returns import (
    next_escalation,
)
from domain.checkouts import (
    CheckOut,
    CheckOutState,
    parts,
)
from domain.custody import Movement
from domain.dual_control import (
    Proposal,
    ProposalState,
    confirmation_refusals,
)
from domain.refusals import (
    Refusal,
    RefusalCode,
    invalid,
    refuse_if,
)
from domain.roles import Operation
from domain.vaults import SealedPacket, frozen
from resolvers.backdating import agreed, misdated
from resolvers.checkouts import facts_of, waiting_proposals
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.packets import open_packets, seal_refusals
from resolvers.proposals import compared, confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.vault_work import both_keepers, conflicts, end_proposal, keeper_of, parts_of
from schema.checkouts import (
    CheckOutInput,
    CheckOutPayload,
    CheckOutVaultOutConfirmInput,
    CheckOutVaultOutInput,
)
from schema.custody import ProposalPayload


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Sign for the paper, as who takes it or goes along, in an own request (签收).",
)
async def check_out_sign(deed: Deed, input: CheckOutInput) -> dict[str, Any]:
    """X10: each signature without which no second keeper lets the paper go."""
    check_out = deed.as_expected(await deed.get(CheckOut, input.check_out_id))
    refuse_if(signing_refusals(check_out, borrower=deed.actor.login, today=deed.today))
    return {"check_out": deed.decision.save(signed(check_out, deed.actor.login, deed.now))}


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to let a checked-out paper go; first keeper (临时出库提议, X10).",
)
async def check_out_vault_out_propose(deed: Deed, input: CheckOutVaultOutInput) -> dict[str, Any]:
    """X10, first half."""
    deed.as_expected(await deed.get(CheckOut, input.check_out_id))
    check_out, certificate, unfit = await _leaving(deed, input)
    refuse_if(unfit)
    await _end_waiting(deed, check_out)
    vault = await keeper_of(deed, input.vault)
    proposal = proposed(
        deed,
        Movement.CHECK_OUT,
        _payload(input, check_out),
        [certificate.id],
        vault,
        check_out_id=check_out.id,
        business_date=input.business_date,
    )
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    CheckOutPayload,
    description="Confirm that a checked-out paper goes; second keeper (临时出库复核, X10).",
)
async def check_out_vault_out_confirm(
    deed: Deed, input: CheckOutVaultOutConfirmInput
) -> dict[str, Any]:
    """X10, second half: every guard again, the packet opened, the rest under a new seal."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    wanted = input.vault_out
    reading = _leaving(deed, wanted)
    check_out, certificate, unfit = await compared(deed, proposal, _said(wanted), reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal,
                payload=_payload(wanted, check_out),
                checker=deed.actor.login,
                now=deed.now,
            ),
            *unfit,
            unsigned(check_out),
            unapproved(proposal, today=deed.today, checker=deed.actor.login),
        ]
    )
    keepers = await both_keepers(deed, proposal)
    await open_packets(
        deed,
        [certificate],
        _seals(certificate, wanted),
        keepers=keepers,
        reason=Movement.CHECK_OUT,
    )
    deed.move(
        certificate,
        Movement.CHECK_OUT,
        CustodyState.CHECKED_OUT,
        operators=agreed(keepers, proposal),
        on=wanted.business_date,
        request_ref=check_out.id,
        seal_no=wanted.seal_no.strip(),
        place=None,
        holder=Holder(login=check_out.signed_by, since=deed.now),
        due_date=check_out.due_date,
    )
    confirmed(deed, proposal)
    out = replace(
        check_out,
        state=CheckOutState.OUT,
        borrower=check_out.signed_by,
        out_on=wanted.business_date or deed.today,
    )
    out = replace(out, escalate_on=next_escalation(out, deed.policy))
    await give_receipts(deed)
    return {"check_out": deed.decision.save(out)}


async def _leaving(
    deed: Deed, input: CheckOutVaultOutInput
) -> tuple[CheckOut, TitleCertificate, list[Refusal | None]]:
    """The paper that goes, and every rule that keeps it."""
    vault = await keeper_of(deed, input.vault)
    check_out = await deed.get(CheckOut, input.check_out_id)
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    facts = await facts_of(deed, certificate, check_out.requester, check_out.signed_by)
    place = certificate.place
    packet = (
        await deed.decision.first(SealedPacket, {"packet_no": place.packet_no}) if place else None
    )
    people = await parts_of(deed, [certificate]) | parts(check_out)
    return (
        check_out,
        certificate,
        [
            frozen(vault),
            *vault_out_refusals(
                check_out,
                facts,
                today=input.business_date or deed.today,
                policy=deed.policy,
                calendar=deed.calendar,
            ),
            *conflicts(deed, people),
            *await misdated(
                deed, input.business_date, [certificate], vault, after=last_step(check_out)
            ),
            invalid("vault", f"{certificate.label} lies in {place.vault}", rule_id="X10")
            if place is not None and place.vault != vault.code
            else None,
            None if packet is None else seal_broken(input.seal_no.strip(), packet.seal_no),
            *await seal_refusals(deed, [certificate], _seals(certificate, input)),
        ],
    )


def _seals(certificate: TitleCertificate, input: CheckOutVaultOutInput) -> dict[str, str]:
    place = certificate.place
    return {} if place is None else {place.packet_no: (input.new_seal_no or "").strip()}


def _payload(input: CheckOutVaultOutInput, check_out: CheckOut) -> dict[str, Any]:
    """What both keepers agree on: the requester takes it, unless his substitute had signed."""
    return {"borrower": check_out.signed_by or check_out.requester, **_said(input)}


def _said(input: CheckOutVaultOutInput) -> dict[str, Any]:
    """What each of them says himself."""
    return {
        "checkOutId": input.check_out_id,
        "vault": input.vault,
        "sealNo": input.seal_no.strip(),
        "newSealNo": (input.new_seal_no or "").strip() or None,
        "businessDate": input.business_date and input.business_date.isoformat(),
    }


async def _end_waiting(deed: Deed, check_out: CheckOut) -> None:
    """One open vault-out a check-out; one that expired makes room (CUS-04d)."""
    for proposal in await waiting_proposals(deed.decision, check_out):
        if proposal.is_open(deed.now):
            refuse_if(
                [
                    Refusal(
                        code=RefusalCode.OPEN_REQUEST_EXISTS,
                        rule_id="INV-02",
                        detail={"subject": check_out.label, "lock": f"PROPOSAL {proposal.id}"},
                    )
                ]
            )
        await end_proposal(deed, proposal, ProposalState.EXPIRED)
