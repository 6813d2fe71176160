"""Opening packets (拆封): papers leave, the rest is sealed anew, an emptied slot is free (CUS-07).

Every mutation that takes single papers out of the vault comes through here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.certificates import TitleCertificate
from domain.custody import Movement, Operator
from domain.refusals import Refusal, invalid
from domain.vaults import (
    PacketStatus,
    SealedPacket,
    Slot,
    resealed,
    seal_broken,
    seal_used,
    vacated,
)
from resolvers.deed import Deed
from resolvers.seals import seal_is_known, use_seal
from storage.decisions import Decision

Seals = Mapping[str, str]  # packet number to the seal it is closed with


def seals_of(given: Sequence[Any]) -> Seals:
    """The new seals of an input, by packet."""
    return {seal.packet_no: seal.seal_no.strip() for seal in given}


def seals_payload(given: Sequence[Any]) -> list[str]:
    """The same as the second keeper must repeat it."""
    return sorted(f"{seal.packet_no}={seal.seal_no.strip()}" for seal in given)


async def seal_refusals(
    deed: Deed, papers: Sequence[TitleCertificate], seals: Seals
) -> list[Refusal | None]:
    """A packet that keeps other papers is closed under a new seal the same moment (CUS-07)."""
    found: list[Refusal | None] = []
    for packet, remaining in await _packets(deed, papers):
        seal = seals.get(packet.packet_no)
        found.append(seal_broken(packet, "VAULT_OUT"))
        if remaining and not seal:
            found.append(
                invalid(
                    "newSeals",
                    f"packet {packet.packet_no} keeps other papers and needs a new seal",
                    rule_id="CUS-07",
                )
            )
        if remaining and seal:
            found.append(seal_used(seal, known=await seal_is_known(deed, seal)))
    return found


async def open_packets(
    deed: Deed,
    papers: Sequence[TitleCertificate],
    seals: Seals,
    *,
    keepers: Sequence[Operator],
    reason: Movement,
) -> None:
    """Takes the papers out of their packets; an emptied packet leaves its slot (CUS-08)."""
    logins = tuple(keeper.login for keeper in keepers)
    for packet, remaining in await _packets(deed, papers):
        opened = resealed(
            packet,
            contents=remaining,
            seal_no=seals[packet.packet_no] if remaining else None,
            keepers=logins,
            reason=reason,
            now=deed.now,
        )
        deed.decision.save(opened)
        if remaining:
            use_seal(deed, seals[packet.packet_no], packet.packet_no)
        if opened.status is PacketStatus.EMPTY:
            await leave_slot(deed.decision, packet)


async def leave_slot(decision: Decision, packet: SealedPacket) -> None:
    """Frees the slot that a packet lay in."""
    slot = await decision.first(
        Slot, {"vault": packet.vault, "cabinet": packet.cabinet, "slot": packet.slot}
    )
    if slot is not None:
        decision.save(vacated(slot, packet.packet_no))


async def _packets(
    deed: Deed, papers: Sequence[TitleCertificate]
) -> list[tuple[SealedPacket, list[str]]]:
    """The packets those papers lie in, each with what stays inside."""
    going = {paper.id for paper in papers}
    numbers = sorted({paper.place.packet_no for paper in papers if paper.place is not None})
    packets = await deed.decision.find(SealedPacket, {"packet_no": {"$in": numbers}})
    return [
        (packet, [id for id in packet.certificate_ids if id not in going]) for packet in packets
    ]
