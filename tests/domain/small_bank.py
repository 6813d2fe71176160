"""A bank of two vaults, four papers and a handful of people: reads, decides and saves in memory."""

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
)
from domain.checkouts import CheckOut
from domain.claim_transfers import ClaimTransfer
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.deregistration import DeregistrationCase
from domain.dispatches import Dispatch
from domain.dual_control import (
    Proposal,
    ProposalState,
    confirmation_refusals,
    conflicting_part,
    expiry,
)
from domain.handovers import Handover, HandoverItemState
from domain.refusals import Refusal
from domain.stocktakes import Stocktake
from domain.vaults import SealedPacket, Slot, Vault, reserved, unreserved
from domain.watch import Incident
from tests.domain.builders import (
    NOW,
    POLICY,
    TODAY,
    a_case_lock,
    a_certificate,
    a_collateral,
)
from tests.domain.vault_builders import a_proposal, a_slot, a_vault, an_operator

# To its collateral and contract.
PAPERS = {"cert-1": "1", "cert-2": "1", "cert-3": "2", "cert-4": "3"}
TYPES = {
    "cert-2": CertType.REAL_ESTATE_TITLE,  # the owner's own paper
    "cert-4": CertType.DEPOSIT_RECEIPT,
}
SLOTS = {"01": "V1", "02": "V1", "03": "V1", "21": "V2", "22": "V2"}  # to their vaults
KEEPS = {  # a handler may try to keep; then the rules must answer
    "V1": ("handler", "keeper-1", "keeper-2"),
    "V2": ("keeper-2", "keeper-3", "keeper-4"),
}


@dataclass(kw_only=True)
class SmallBank:
    """All that is kept, by id or number; what is refused changes nothing."""

    now: datetime = NOW
    papers: dict[str, TitleCertificate] = field(default_factory=dict)
    ledgers: dict[str, list[CustodyEvent]] = field(default_factory=dict)
    vaults: dict[str, Vault] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    packets: dict[str, SealedPacket] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    handovers: dict[str, Handover] = field(default_factory=dict)
    collaterals: dict[str, Collateral] = field(default_factory=dict)
    cases: dict[str, DeregistrationCase] = field(default_factory=dict)
    check_outs: dict[str, CheckOut] = field(default_factory=dict)
    stocktakes: dict[str, Stocktake] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)  # open, by paper
    dispatches: dict[str, Dispatch] = field(default_factory=dict)
    transfers: dict[str, ClaimTransfer] = field(default_factory=dict)
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

    def is_handed_over(self, paper: TitleCertificate) -> bool:
        """Whether somebody has still to accept or reject it."""
        items = (item for handover in self.handovers.values() for item in handover.items)
        waiting = (i.certificate_id for i in items if i.state is HandoverItemState.PENDING)
        return paper.id in waiting

    def open(self) -> None:
        """Every paper is expected; every slot is empty."""
        self.vaults = {code: a_vault(id=code, code=code) for code in KEEPS}
        for slot, vault in SLOTS.items():
            self.slots[slot] = a_slot(id=slot, slot=slot, vault=vault)
        for id, group in PAPERS.items():
            self.collaterals[group] = a_collateral(id=group, no=f"COL{group}")
            paper = a_certificate(
                id=id,
                cert_type=TYPES.get(id, CertType.MORTGAGE_REG_PROOF),
                cert_no=f"No.{id}",
                collateral_nos=(f"COL{group}",),
                guarantee_contract_nos=(f"GC{group}",),
                custody_state=CustodyState.NOT_RECEIVED,
                expires_on=TODAY + timedelta(days=3) if id == "cert-4" else None,
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

    def succeed(
        self,
        old: TitleCertificate,
        movement: Movement,
        to: CustodyState,
        people: list[str],
        holder: Holder,
    ) -> None:
        """A paper has ended; another begins in its place in the small bank."""
        self.ended.append((self.papers[old.id], self.ledgers[old.id]))
        new = a_certificate(
            id=old.id,
            cert_type=old.cert_type,
            catalog=old.catalog,
            cert_no=self.number("No."),
            collateral_nos=old.collateral_nos,
            guarantee_contract_nos=old.guarantee_contract_nos,
            legal_state=old.legal_state,
            expires_on=old.expires_on,
            supersedes=old.id,
        )
        self.ledgers[old.id] = []
        self.move(new, movement, to, people, holder=holder)

    def propose(
        self,
        movement: Movement,
        ids: tuple[str, ...],
        by: str,
        payload: dict[str, Any],
        *,
        vault: str,
        slot: str | None = None,
    ) -> Proposal:
        """Locks the papers and reserves the slot until the second person has answered."""
        proposal = a_proposal(
            id=self.number("proposal-"),
            movement=movement,
            payload=payload,
            proposer=an_operator(by),
            certificate_ids=ids,
            vault=vault,
            slot_id=slot,
            expires_at=expiry(self.now, POLICY),
        )
        self.proposals[proposal.id] = proposal
        for id in ids:
            lock = Lock(kind=LockKind.VAULT_PROPOSAL, id=proposal.id)
            self.papers[id] = replace(self.papers[id], lock=lock)
        if slot is not None:
            until = proposal.expires_at
            self.slots[slot] = reserved(self.slots[slot], proposal_id=proposal.id, until=until)
        return proposal

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

    def unproposed(self, paper: TitleCertificate) -> TitleCertificate:
        """The paper once nothing waits for a second person over it."""
        if paper.lock is not None and paper.lock.kind is LockKind.VAULT_PROPOSAL:
            self.end(self.proposals[paper.lock.id], ProposalState.WITHDRAWN)
        return self.papers[paper.id]

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
        givers = {giver for id in ids for giver in self._givers(self.papers[id])}
        refusal = conflicting_part(by, dict.fromkeys(givers, "giver"))
        return [] if refusal is None else [refusal]

    def _givers(self, paper: TitleCertificate) -> tuple[str, ...]:
        """Who handed it to the desk, or sent it there from another vault."""
        if paper.given_by is not None:
            return (paper.given_by,)
        sent = [one for one in self.dispatches.values() if paper.id in one.certificate_ids]
        waiting = paper.custody_state is CustodyState.RECEIVED_PENDING_VAULT
        return sent[-1].sent_by if sent and waiting else ()

    def papers_of(self, case: DeregistrationCase) -> list[TitleCertificate]:
        """The papers of a case's collateral."""
        return [p for p in self.papers.values() if case.collateral_no in p.collateral_nos]

    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.now += timedelta(minutes=minutes)
