"""The vaults of the small bank: papers go in, move, leave and vanish; packets and slots follow."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from domain.certificates import CustodyState, Holder, TitleCertificate, VaultPlace
from domain.custody import Movement, Operator
from domain.deregistration import DeregistrationCase
from domain.dual_control import Proposal
from domain.refusals import Refusal
from domain.vaulting import (
    VaultInFacts,
    VaultInPlan,
    contract_of,
    relocate_refusals,
    vault_in_refusals,
)
from domain.vaults import (
    PacketStatus,
    SealedPacket,
    SealUse,
    frozen,
    occupied,
    resealed,
    vacated,
    without,
)
from tests.domain.small_bank import SmallBank
from tests.domain.vault_builders import a_packet, a_scan, an_operator


@dataclass(kw_only=True)
class SmallVaults(SmallBank):
    """What happens inside its vaults."""

    def vault_in_refusals(self, plan: VaultInPlan, proposal_id: str) -> list[Refusal]:
        """What the rules say to a vault-in of scanned papers."""
        papers = [self.papers[id] for id in plan.certificate_ids]
        facts = VaultInFacts(
            certificates=papers,
            scans={p.id: (a_scan(cert_no_norm=p.cert_no_norm),) for p in papers},
            vault=self.vaults[plan.vault],
            slot=self.slots[plan.slot],
            packet=self.packets.get(plan.packet_no),
            seal_known=plan.seal_no in self.seals,
        )
        found = vault_in_refusals(plan, facts, proposal_id=proposal_id, now=self.now)
        return [refusal for refusal in found if refusal is not None]

    def put_in(self, plan: VaultInPlan, proposal: Proposal, by: str) -> None:
        """The papers lie in their packet under a new seal."""
        packet = self.packets.get(plan.packet_no)
        at = {"vault": plan.vault, "cabinet": plan.cabinet, "slot": plan.slot}
        if packet is None:
            packet = a_packet(
                packet_no=plan.packet_no,
                guarantee_contract_no=contract_of(self.papers[plan.certificate_ids[0]]),
                seal_no=plan.seal_no,
                seal_history=(SealUse(seal_no=plan.seal_no, sealed_at=self.now),),
                certificate_ids=plan.certificate_ids,
                **at,
            )
        else:
            contents = (*packet.certificate_ids, *plan.certificate_ids)
            packet = replace(self.reseal(packet, contents, plan.seal_no, by), **at)
        self.packets[plan.packet_no] = packet
        self.seals.append(plan.seal_no)
        for id in plan.certificate_ids:
            paper = self.papers[id]
            self.move(
                paper,
                Movement.VAULT_IN,
                CustodyState.IN_VAULT,
                [proposal.proposer, an_operator(by)],
                place=VaultPlace(packet_no=plan.packet_no, **at),
                holder=None,
                lock=self.case_lock(paper),
            )
        self.slots[plan.slot] = occupied(self.slots[plan.slot], plan.packet_no)

    def relocate_refusals(
        self, packet: SealedPacket, target: str, proposal_id: str
    ) -> list[Refusal]:
        """What the rules say to a move inside the vault."""
        papers = [self.papers[id] for id in packet.certificate_ids]
        found = relocate_refusals(
            packet,
            papers,
            vault=self.vaults[packet.vault],
            target=self.slots[target],
            proposal_id=proposal_id,
            now=self.now,
        )
        return [refusal for refusal in found if refusal is not None]

    def carry(self, packet: SealedPacket, target: str, proposal: Proposal, by: str) -> None:
        """The packet lies in another slot, its seal unbroken."""
        self.leave_slot(packet)
        self.slots[target] = occupied(self.slots[target], packet.packet_no)
        self.packets[packet.packet_no] = replace(packet, slot=target)
        people = [proposal.proposer, an_operator(by)]
        for id in packet.certificate_ids:
            paper = self.papers[id]
            assert paper.place is not None
            place = replace(paper.place, slot=target)
            self.move(
                paper, Movement.RELOCATE, CustodyState.IN_VAULT, people, place=place, lock=None
            )

    def take_out(self, case: DeregistrationCase, people: list[str]) -> None:
        """The case's papers leave for the registry; what stays is sealed anew."""
        leaving = [paper for paper in self.papers_of(case) if paper.place is not None]
        self.open_packets({paper.id for paper in leaving}, people[-1])
        holder = Holder(login=case.handler, since=self.now)
        for paper in leaving:
            out = CustodyState.OUT_FOR_DEREG
            movement = Movement.VAULT_OUT_FOR_DEREG
            self.move(paper, movement, out, people, place=None, holder=holder)

    def leave_for_good(
        self,
        papers: list[TitleCertificate],
        movement: Movement,
        to: CustodyState,
        people: list[Operator],
    ) -> None:
        """The papers leave their packets and the bank."""
        self.open_packets({paper.id for paper in papers}, people[-1].login)
        for paper in papers:
            self.move(paper, movement, to, people, place=None, lock=None, holder=None)

    def open_packets(self, going: Collection[str], by: str) -> None:
        """Those papers leave their packets; what stays is sealed anew."""
        for packet in list(self.packets.values()):
            if not set(going) & set(packet.certificate_ids):
                continue
            staying = tuple(id for id in packet.certificate_ids if id not in going)
            seal = self.number("S") if staying else None
            self.seals += [seal] if seal is not None else []
            self._closed(self.reseal(packet, staying, seal, by))

    def lose_sight_of(self, id: str) -> None:
        """A paper was not found in its packet, which nobody opened."""
        for packet in list(self.packets.values()):
            if id in packet.certificate_ids:
                self._closed(without(packet, id, by=("c1", "c2"), reason="life", now=self.now))

    def any_frozen(self, papers: Collection[TitleCertificate]) -> bool:
        """Whether one of them lies in a vault that is counted."""
        vaults = {paper.place.vault for paper in papers if paper.place is not None}
        return any(frozen(self.vaults[code]) is not None for code in vaults)

    def reseal(
        self, packet: SealedPacket, contents: tuple[str, ...], seal: str | None, by: str
    ) -> SealedPacket:
        """The packet opened and closed again."""
        return resealed(
            packet, contents=contents, seal_no=seal, keepers=(by,), reason="life", now=self.now
        )

    def leave_slot(self, packet: SealedPacket) -> None:
        """The packet's slot is free of it."""
        self.slots[packet.slot] = vacated(self.slots[packet.slot], packet.packet_no)

    def _closed(self, packet: SealedPacket) -> None:
        self.packets[packet.packet_no] = packet
        if packet.status is PacketStatus.EMPTY:
            self.leave_slot(packet)
