"""Sealing a packet anew (重新封签) after its seal was found broken, by two keepers (CUS-07)."""

from typing import Any

from domain.certificates import CustodyState, TitleCertificate
from domain.custody import Movement, illegal
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from domain.vaults import SealedPacket, Vault, reseal_refusals, resealed
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.proposals import compared, confirmed, proposed
from resolvers.seals import seal_is_known, use_seal
from resolvers.vault_work import both_keepers, conflicts, packet_called, parts_of
from schema.custody import PacketPayload, ProposalPayload
from schema.stocktakes import PacketResealConfirmInput, PacketResealInput


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose a new seal for a packet whose seal is broken; first keeper (CUS-07).",
)
async def packet_reseal_propose(deed: Deed, input: PacketResealInput) -> dict[str, Any]:
    """CUS-07, first half. No paper is held: whatever changes meanwhile is told by the content."""
    packet, vault, unfit = await _packet(deed, input)
    deed.as_expected(packet)
    refuse_if(unfit)
    payload = _payload(input, packet)
    proposal = proposed(deed, Movement.RESEAL, payload, packet.certificate_ids, vault)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    PacketPayload,
    description="Confirm a new seal; second keeper, same content (CUS-07).",
)
async def packet_reseal_confirm(deed: Deed, input: PacketResealConfirmInput) -> dict[str, Any]:
    """CUS-07, second half: opened and closed again by both, for a reason."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _packet(deed, input.reseal)
    packet, _, unfit = await compared(deed, proposal, _asked(input.reseal), reading)
    payload = _payload(input.reseal, packet)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=payload, checker=deed.actor.login, now=deed.now
            ),
            *unfit,
        ]
    )
    seal_no = input.reseal.seal_no.strip()
    after = resealed(
        packet,
        contents=packet.certificate_ids,
        seal_no=seal_no,
        keepers=(proposal.proposer.login, deed.actor.login),
        reason=input.reseal.reason,
        now=deed.now,
    )
    for certificate in await _contents(deed, packet):
        deed.move(
            certificate,
            Movement.RESEAL,
            CustodyState.IN_VAULT,
            operators=await both_keepers(deed, proposal),
            request_ref=proposal.id,
            seal_no=seal_no,
            reason=input.reseal.reason,
        )
    use_seal(deed, seal_no, packet.packet_no)
    confirmed(deed, proposal)
    return {"packet": deed.decision.save(after)}


async def _packet(
    deed: Deed, input: PacketResealInput
) -> tuple[SealedPacket, Vault, list[Refusal | None]]:
    packet, vault = await packet_called(deed, input.packet_no, rule_id="CUS-07")
    seal_no = input.seal_no.strip()
    contents = await _contents(deed, packet)
    unfit = [
        *reseal_refusals(
            packet,
            vault,
            seal_no=seal_no,
            seal_known=await seal_is_known(deed, seal_no),
            reason=input.reason,
        ),
        *(illegal(certificate, Movement.RESEAL) for certificate in contents),
        *conflicts(deed, await parts_of(deed, contents)),
    ]
    return packet, vault, unfit


async def _contents(deed: Deed, packet: SealedPacket) -> list[TitleCertificate]:
    return await deed.decision.find(
        TitleCertificate, {"_id": {"$in": list(packet.certificate_ids)}}
    )


def _payload(input: PacketResealInput, packet: SealedPacket) -> dict[str, Any]:
    """What both keepers agree on; a packet opened or filled meanwhile is another packet."""
    return {
        **_asked(input),
        "brokenSeal": packet.seal_no,
        "contents": sorted(packet.certificate_ids),
    }


def _asked(input: PacketResealInput) -> dict[str, Any]:
    return {
        "packetNo": input.packet_no,
        "sealNo": input.seal_no.strip(),
        "reason": input.reason,
    }
