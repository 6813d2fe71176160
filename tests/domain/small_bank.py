"""A bank of one vault, three papers and five people: reads, decides and saves in memory."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from domain.calendar import business_date
from domain.certificates import (
    CertType,
    CustodyState,
    Holder,
    Lock,
    LockKind,
    TitleCertificate,
    VaultPlace,
)
from domain.checkouts import CheckOut
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.deregistration import DeregistrationCase
from domain.dual_control import (
    Proposal,
    ProposalState,
    confirmation_refusals,
    conflicting_part,
    expiry,
)
from domain.handovers import Handover
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
    Slot,
    occupied,
    resealed,
    reserved,
    unreserved,
    vacated,
)
from tests.domain.builders import (
    NOW,
    POLICY,
    a_case_lock,
    a_certificate,
    a_collateral,
)
from tests.domain.vault_builders import (
    a_packet,
    a_proposal,
    a_scan,
    a_slot,
    a_vault,
    an_operator,
)

PAPERS = {"cert-1": "1", "cert-2": "1", "cert-3": "2"}  # to its collateral and contract
TYPES = {"cert-2": CertType.REAL_ESTATE_TITLE}  # the owner's own paper
SLOTS = ("01", "02", "03")


@dataclass(kw_only=True)
class SmallBank:
    """All that is kept, by id or number; what is refused changes nothing."""

    now: datetime = NOW
    papers: dict[str, TitleCertificate] = field(default_factory=dict)
    ledgers: dict[str, list[CustodyEvent]] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    packets: dict[str, SealedPacket] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    handovers: dict[str, Handover] = field(default_factory=dict)
    collaterals: dict[str, Collateral] = field(default_factory=dict)
    cases: dict[str, DeregistrationCase] = field(default_factory=dict)
    check_outs: dict[str, CheckOut] = field(default_factory=dict)
    ended: list[tuple[TitleCertificate, list[CustodyEvent]]] = field(default_factory=list)
    seals: list[str] = field(default_factory=list)
    numbers: int = 0

    @property
    def today(self) -> date:
        """The business date."""
        return business_date(self.now)

    def number(self, prefix: str) -> str:
        """A name nobody has yet."""
        self.numbers += 1
        return f"{prefix}{self.numbers}"

    def open(self) -> None:
        """Every paper is expected; every slot is empty."""
        for slot in SLOTS:
            self.slots[slot] = a_slot(id=slot, slot=slot)
        for id, group in PAPERS.items():
            self.collaterals[group] = a_collateral(id=group, no=f"COL{group}")
            paper = a_certificate(
                id=id,
                cert_type=TYPES.get(id, CertType.MORTGAGE_REG_PROOF),
                cert_no=f"No.{id}",
                collateral_nos=(f"COL{group}",),
                guarantee_contract_nos=(f"GC{group}",),
                custody_state=CustodyState.NOT_RECEIVED,
            )
            self.papers[id], self.ledgers[id] = paper, []
            self.move(paper, Movement.REGISTER_EXPECTED, CustodyState.NOT_RECEIVED, ["handler"])

    def move(
        self,
        paper: TitleCertificate,
        movement: Movement,
        to: CustodyState,
        people: list[str] | list[Operator],
        **changes: Any,
    ) -> None:
        """One movement, one line of the ledger."""
        operators = [an_operator(p) if isinstance(p, str) else p for p in people]
        after, event = moved(
            paper,
            movement,
            to=to,
            event_id=self.number("E"),
            operators=operators,
            now=self.now,
            today=self.today,
            **changes,
        )
        self.papers[paper.id] = after
        self.ledgers[paper.id].append(event)

    def propose(
        self, movement: Movement, ids: tuple[str, ...], by: str, payload: dict[str, Any], slot: str
    ) -> str:
        """Locks the papers and reserves the slot until the second person has answered."""
        proposal = a_proposal(
            id=self.number("proposal-"),
            movement=movement,
            payload=payload,
            proposer=an_operator(by),
            certificate_ids=ids,
            slot_id=slot,
            expires_at=expiry(self.now, POLICY),
        )
        self.proposals[proposal.id] = proposal
        for id in ids:
            lock = Lock(kind=LockKind.VAULT_PROPOSAL, id=proposal.id)
            self.papers[id] = replace(self.papers[id], lock=lock)
        target = self.slots[slot]
        self.slots[slot] = reserved(target, proposal_id=proposal.id, until=proposal.expires_at)
        return proposal.id

    def end(self, proposal: Proposal, state: ProposalState) -> None:
        """Ends a proposal without effect: its locks and its reservation go."""
        for id in proposal.certificate_ids:
            paper = self.papers[id]
            if paper.lock is not None and paper.lock.id == proposal.id:
                self.papers[id] = replace(paper, lock=self.case_lock(paper))
        if proposal.slot_id is not None:
            slot = self.slots[proposal.slot_id]
            self.slots[proposal.slot_id] = unreserved(slot, proposal.id)
        self.proposals[proposal.id] = replace(proposal, state=state)

    def case_lock(self, paper: TitleCertificate) -> Lock | None:
        """The hold of the open case of this paper's collateral."""
        case = self.cases.get(PAPERS[paper.id])
        return a_case_lock(case.id) if case is not None and case.is_open else None

    def confirming(self, proposal: Proposal, by: str, payload: dict[str, Any]) -> list[Refusal]:
        """What keeps this person from confirming this."""
        found = confirmation_refusals(proposal, payload=payload, checker=by, now=self.now)
        return [*found, *self.other_parts(proposal.certificate_ids, by)]

    def other_parts(self, ids: tuple[str, ...], by: str) -> list[Refusal]:
        """Whether this person gave one of these papers to the vault."""
        givers = [self.papers[id].given_by for id in ids]
        parts = {giver: "giver" for giver in givers if giver is not None}
        refusal = conflicting_part(by, parts)
        return [] if refusal is None else [refusal]

    def vault_in_refusals(self, plan: VaultInPlan, proposal_id: str) -> list[Refusal]:
        """What the rules say to a vault-in of scanned papers."""
        papers = [self.papers[id] for id in plan.certificate_ids]
        facts = VaultInFacts(
            certificates=papers,
            scans={p.id: (a_scan(cert_no_norm=p.cert_no_norm),) for p in papers},
            vault=a_vault(),
            slot=self.slots[plan.slot],
            packet=self.packets.get(plan.packet_no),
            seal_known=plan.seal_no in self.seals,
        )
        found = vault_in_refusals(plan, facts, proposal_id=proposal_id, now=self.now)
        return [refusal for refusal in found if refusal is not None]

    def put_in(self, plan: VaultInPlan, proposal: Proposal, by: str) -> None:
        """The papers lie in their packet under a new seal."""
        packet = self.packets.get(plan.packet_no)
        if packet is None:
            packet = a_packet(
                packet_no=plan.packet_no,
                guarantee_contract_no=contract_of(self.papers[plan.certificate_ids[0]]),
                slot=plan.slot,
                seal_no=plan.seal_no,
                seal_history=(SealUse(seal_no=plan.seal_no, sealed_at=self.now),),
                certificate_ids=plan.certificate_ids,
            )
        else:
            contents = (*packet.certificate_ids, *plan.certificate_ids)
            packet = replace(self.reseal(packet, contents, plan.seal_no, by), slot=plan.slot)
        self.packets[plan.packet_no] = packet
        self.seals.append(plan.seal_no)
        place = VaultPlace(vault="V1", cabinet="A-01", slot=plan.slot, packet_no=plan.packet_no)
        for id in plan.certificate_ids:
            paper = self.papers[id]
            self.move(
                paper,
                Movement.VAULT_IN,
                CustodyState.IN_VAULT,
                [proposal.proposer, an_operator(by)],
                place=place,
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
            vault=a_vault(),
            target=self.slots[target],
            proposal_id=proposal_id,
            now=self.now,
        )
        return [refusal for refusal in found if refusal is not None]

    def carry(self, packet: SealedPacket, target: str, proposal: Proposal, by: str) -> None:
        """The packet lies in another slot, its seal unbroken."""
        self.slots[packet.slot] = vacated(self.slots[packet.slot], packet.packet_no)
        self.slots[target] = occupied(self.slots[target], packet.packet_no)
        self.packets[packet.packet_no] = replace(packet, slot=target)
        place = VaultPlace(vault="V1", cabinet="A-01", slot=target, packet_no=packet.packet_no)
        people = [proposal.proposer, an_operator(by)]
        for id in packet.certificate_ids:
            paper = self.papers[id]
            self.move(
                paper, Movement.RELOCATE, CustodyState.IN_VAULT, people, place=place, lock=None
            )

    def take_out(self, case: DeregistrationCase, people: list[str]) -> None:
        """The case's papers leave for the registry; what stays is sealed anew."""
        leaving = [paper for paper in self.papers_of(case) if paper.place is not None]
        for packet in list(self.packets.values()):
            going = {paper.id for paper in leaving} & set(packet.certificate_ids)
            if not going:
                continue
            staying = tuple(id for id in packet.certificate_ids if id not in going)
            seal = self.number("S") if staying else None
            self.seals += [seal] if seal is not None else []
            opened = self.reseal(packet, staying, seal, people[-1])
            self.packets[packet.packet_no] = opened
            if opened.status is PacketStatus.EMPTY:
                self.slots[packet.slot] = vacated(self.slots[packet.slot], packet.packet_no)
        holder = Holder(login=case.handler, since=self.now)
        for paper in leaving:
            out = CustodyState.OUT_FOR_DEREG
            movement = Movement.VAULT_OUT_FOR_DEREG
            self.move(paper, movement, out, people, place=None, holder=holder)

    def papers_of(self, case: DeregistrationCase) -> list[TitleCertificate]:
        """The papers of a case's collateral."""
        return [p for p in self.papers.values() if case.collateral_no in p.collateral_nos]

    def reseal(
        self, packet: SealedPacket, contents: tuple[str, ...], seal: str | None, by: str
    ) -> SealedPacket:
        """The packet opened and closed again."""
        return resealed(
            packet, contents=contents, seal_no=seal, keepers=(by,), reason="life", now=self.now
        )

    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.now += timedelta(minutes=minutes)
