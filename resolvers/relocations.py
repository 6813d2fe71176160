"""A packet from one slot to another of its vault: proposed, confirmed (移位, X07)."""

from dataclasses import replace
from typing import Any

from domain.backdating import unapproved
from domain.certificates import CustodyState, TitleCertificate, VaultPlace
from domain.custody import Movement
from domain.dual_control import Proposal, confirmation_refusals
from domain.refusals import refuse_if
from domain.roles import Operation
from domain.vaulting import relocate_refusals
from domain.vaults import SealedPacket, Slot, Vault, occupied, vacated
from resolvers.backdating import agreed, misdated
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.proposals import compared, confirmed, proposed
from resolvers.vault_work import (
    both_keepers,
    case_locks,
    conflicts,
    hold_for,
    packet_called,
    parts_of,
    read_papers,
    slot_at,
)
from schema.custody import PacketPayload, ProposalPayload, RelocateConfirmInput, RelocateInput
from storage.records import new_id


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to move a packet to another slot; first keeper (移位提议, X07).",
)
async def packet_relocate_propose(deed: Deed, input: RelocateInput) -> dict[str, Any]:
    """X07, first half."""
    packet, certificates, vault, target = await _relocation(deed, input)
    deed.as_expected(packet)
    proposal_id = new_id(Proposal)
    refuse_if(
        [
            *relocate_refusals(
                packet,
                certificates,
                vault=vault,
                target=target,
                proposal_id=proposal_id,
                now=deed.now,
            ),
            *conflicts(deed, await parts_of(deed, certificates)),
            *await misdated(deed, input.business_date, certificates, vault),
        ]
    )
    proposal = proposed(
        deed,
        Movement.RELOCATE,
        _relocation_payload(input, packet),
        packet.certificate_ids,
        vault,
        id=proposal_id,
        slot_id=target.id,
        business_date=input.business_date,
    )
    hold_for(deed, proposal, certificates, target)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    PacketPayload,
    description="Confirm a move inside the vault; second keeper (移位复核, X07).",
)
async def packet_relocate_confirm(deed: Deed, input: RelocateConfirmInput) -> dict[str, Any]:
    """X07, second half."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    packet, certificates, vault, target = await compared(
        deed, proposal, _asked(input.relocation), _relocation(deed, input.relocation)
    )
    refuse_if(
        [
            *confirmation_refusals(
                proposal,
                payload=_relocation_payload(input.relocation, packet),
                checker=deed.actor.login,
                now=deed.now,
            ),
            *relocate_refusals(
                packet,
                certificates,
                vault=vault,
                target=target,
                proposal_id=proposal.id,
                now=deed.now,
            ),
            *conflicts(deed, await parts_of(deed, certificates)),
            *await misdated(deed, input.relocation.business_date, certificates, vault),
            unapproved(proposal, today=deed.today, checker=deed.actor.login),
        ]
    )
    keepers = await both_keepers(deed, proposal)
    left = await slot_at(deed, packet.vault, packet.cabinet, packet.slot)
    deed.decision.save(vacated(left, packet.packet_no))
    deed.decision.save(occupied(target, packet.packet_no))
    locks = await case_locks(deed.decision, certificates)
    for certificate in certificates:
        place = VaultPlace(
            vault=target.vault,
            cabinet=target.cabinet,
            slot=target.slot,
            packet_no=packet.packet_no,
        )
        deed.move(
            certificate,
            Movement.RELOCATE,
            CustodyState.IN_VAULT,
            operators=agreed(keepers, proposal),
            on=input.relocation.business_date,
            request_ref=proposal.id,
            seal_no=packet.seal_no,
            place=place,
            lock=locks.get(certificate.id),
        )
    confirmed(deed, proposal)
    moved_packet = replace(packet, cabinet=target.cabinet, slot=target.slot)
    return {"packet": deed.decision.save(moved_packet)}


async def _relocation(
    deed: Deed, input: RelocateInput
) -> tuple[SealedPacket, list[TitleCertificate], Vault, Slot]:
    packet, vault = await packet_called(deed, input.packet_no, rule_id="X07")
    certificates = await read_papers(deed, packet.certificate_ids)
    target = await slot_at(deed, vault.code, input.cabinet, input.slot)
    return packet, certificates, vault, target


def _relocation_payload(input: RelocateInput, packet: SealedPacket) -> dict[str, Any]:
    """What both keepers agree on; a packet opened or filled meanwhile is another packet."""
    return {
        **_asked(input),
        "sealNo": packet.seal_no,
        "contents": sorted(packet.certificate_ids),
    }


def _asked(input: RelocateInput) -> dict[str, Any]:
    return {
        "packetNo": input.packet_no,
        "cabinet": input.cabinet,
        "slot": input.slot,
        "businessDate": input.business_date and input.business_date.isoformat(),
    }
