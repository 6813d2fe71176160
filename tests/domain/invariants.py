"""What must hold after every step of every life: INV-01 to INV-05, INV-08, sound ledgers.

A ledger that no step has touched is not replayed again: its events never change.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.book import Posting, PostingStatus, count
from domain.certificates import Catalog, CustodyState, LegalState, LockKind, TitleCertificate
from domain.collaterals import PledgeState
from domain.custody import CustodyEvent, Movement, broken_link
from domain.dual_control import ProposalState
from domain.vaulting import contract_of
from domain.vaults import PacketStatus
from tests.domain.small_bank import PAPERS
from tests.domain.small_vault import SmallVaults

DUAL = {
    Movement.VAULT_IN,
    Movement.RELOCATE,
    Movement.CHECK_OUT,
    Movement.VAULT_OUT_FOR_DEREG,
    Movement.DISPATCH,
    Movement.RECEIVE_DISPATCHED,
    Movement.FOUND,
    Movement.TRANSFER_OUT,
    Movement.REDEEM,
}


def book_agrees(
    papers: Iterable[TitleCertificate],
    events: Sequence[CustodyEvent],
    postings: Sequence[Posting],
) -> None:
    """INV-08: vault by vault the book, as asked, holds what lies there; the ledger says so too.

    A paper with a reversed entry is left out: what its book lacks is told by reconciliation.
    """
    undone = {one.certificate_id for one in postings if one.status is PostingStatus.REVERSED}
    known = {paper.id: paper for paper in papers if paper.id not in undone}
    vaults = {one.vault for one in postings} | {event.vault for event in events if event.vault}
    for vault in vaults:
        inside = {
            paper.id
            for paper in known.values()
            if paper.custody_state is CustodyState.IN_VAULT
            and paper.place is not None
            and paper.place.vault == vault
        }
        ours = [one for one in postings if one.vault == vault and one.certificate_id in known]
        last = {event.certificate_id: event for event in events if event.certificate_id in known}
        told = {
            event.certificate_id
            for event in last.values()
            if event.to_state is CustodyState.IN_VAULT and event.vault == vault
        }
        assert count(ours) == len(inside)
        assert told == inside == {paper.id for paper in known.values() if paper.booked_in == vault}


@dataclass(frozen=True, slots=True)
class Told:
    """What a ledger says of its paper once all of it was replayed."""

    events: Sequence[CustodyEvent]
    length: int
    entered: Counter[str]  # times it came into each vault, less the times it left


class Invariants(RuleBasedStateMachine):
    """A machine whose bank is checked after every step."""

    bank: SmallVaults

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, Told] = {}

    @invariant()
    def what_is_in_the_vault_lies_in_one_sealed_packet_in_one_slot(self):
        bank = self.bank
        for paper in bank.papers.values():
            around = [p for p in bank.packets.values() if paper.id in p.certificate_ids]
            inside = paper.custody_state is CustodyState.IN_VAULT
            assert inside is (paper.place is not None) is (len(around) == 1)
            if inside:
                place, packet = paper.place, around[0]
                assert place is not None
                lies = (place.packet_no, place.vault, place.slot)
                assert lies == (packet.packet_no, packet.vault, packet.slot)
                assert bank.slots[place.slot].vault == place.vault
                assert contract_of(paper) == around[0].guarantee_contract_no
        for packet in bank.packets.values():
            holding = [
                slot.slot for slot in bank.slots.values() if packet.packet_no in slot.packet_nos
            ]
            sealed = packet.status is PacketStatus.SEALED
            empty = packet.status is PacketStatus.EMPTY
            assert sealed is bool(packet.certificate_ids)
            assert empty is (packet.seal_no is None)
            assert holding == ([packet.slot] if sealed else [])
        assert all(len(slot.packet_nos) <= slot.capacity for slot in bank.slots.values())

    @invariant()
    def a_seal_is_used_once(self):
        used = [use for packet in self.bank.packets.values() for use in packet.seal_history]
        assert len({use.seal_no for use in used}) == len(used) == len(self.bank.seals)
        for packet in self.bank.packets.values():
            unbroken = [use.seal_no for use in packet.seal_history if use.opened_at is None]
            assert unbroken == ([] if packet.seal_no is None else [packet.seal_no])

    @invariant()
    def one_open_request_holds_a_paper(self):
        bank = self.bank
        pending = [p for p in bank.proposals.values() if p.state is ProposalState.PENDING]
        held = [id for proposal in pending for id in proposal.certificate_ids]
        assert len(held) == len(set(held))
        for proposal in pending:
            for id in proposal.certificate_ids:
                lock = bank.papers[id].lock
                assert lock is not None
                assert lock.id == proposal.id
        for paper in bank.papers.values():
            if paper.lock is not None and paper.lock.kind is LockKind.VAULT_PROPOSAL:
                assert paper.id in held

    @invariant()
    def each_ledger_tells_where_its_paper_is(self):
        for paper in self.bank.papers.values():
            told = self._replayed(paper.id)
            last = told.events[-1]
            assert (last.to_state, last.legal_state) == (paper.custody_state, paper.legal_state)
            assert (last.seq, last.hash) == (paper.event_seq, paper.event_hash)

    @invariant()
    def the_ledgers_count_what_lies_in_each_vault(self):
        book: Counter[str] = Counter()
        for id in self.bank.papers:
            book.update(self._replayed(id).entered)
        places = [paper.place for paper in self.bank.papers.values() if paper.place is not None]
        assert +book == Counter(place.vault for place in places)
        assert min(book.values(), default=0) >= 0

    def teardown(self) -> None:
        for paper, events in self.bank.ended:
            assert paper.custody_state is CustodyState.REPLACED
            assert broken_link(events) is None
            assert not +_entered(events)

    def _replayed(self, id: str) -> Told:
        events = self.bank.ledgers[id]
        known = self.told.get(id)
        if known is not None and known.events is events and known.length == len(events):
            return known
        assert broken_link(events) is None
        _two_people_stand_behind(events)
        told = Told(events, len(events), _entered(events))
        self.told[id] = told
        return told

    @invariant()
    def nothing_released_still_stands_or_is_on_its_way(self):
        moving = {CustodyState.CHECKED_OUT, CustodyState.IN_TRANSIT}
        for group, collateral in self.bank.collaterals.items():
            if collateral.pledge_state is not PledgeState.RELEASED:
                continue
            for paper in self.bank.papers.values():
                if PAPERS[paper.id] == group and paper.catalog is Catalog.RIGHT_CERT:
                    assert paper.legal_state is not LegalState.REGISTERED
                    assert paper.custody_state not in moving


def _two_people_stand_behind(events: Sequence[CustodyEvent]) -> None:
    """Each vault event is two people's, and none of them gave the paper to the vault (INV-04)."""
    givers: set[str] = set()
    for event in events:
        logins = {operator.login for operator in event.operators}
        if event.type in DUAL:
            assert len(logins) == len(event.operators) == 2
        if event.type in {Movement.VAULT_IN, Movement.RECEIVE_DISPATCHED}:
            assert not givers & logins
        if event.type in {Movement.INITIATE_HANDOVER, Movement.DISPATCH}:
            givers = logins
        if event.type in {Movement.VAULT_IN, Movement.RETURN_SAME, Movement.DEREG_RETURN}:
            givers = set()  # it lies inside, or somebody else brought it now


def _entered(events: Sequence[CustodyEvent]) -> Counter[str]:
    """The book of vaults as the events tell it: one in, one out (INV-08)."""
    entered: Counter[str] = Counter()
    for event in events:
        was_inside = event.from_state is CustodyState.IN_VAULT
        is_inside = event.to_state is CustodyState.IN_VAULT
        if was_inside is not is_inside:
            assert event.vault is not None
            entered[event.vault] += 1 if is_inside else -1
    return entered
