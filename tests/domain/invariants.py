"""What must hold after every step of every life: INV-01 to INV-05, INV-08, and sound ledgers."""

from collections.abc import Iterable, Sequence

from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.book import Posting, PostingStatus, count
from domain.certificates import Catalog, CustodyState, LegalState, LockKind, TitleCertificate
from domain.collaterals import PledgeState
from domain.custody import CustodyEvent, Movement, broken_link
from domain.dual_control import ProposalState
from domain.vaulting import contract_of
from domain.vaults import PacketStatus
from tests.domain.small_bank import PAPERS, SmallBank

DUAL = {
    Movement.VAULT_IN,
    Movement.RELOCATE,
    Movement.CHECK_OUT,
    Movement.VAULT_OUT_FOR_DEREG,
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


class Invariants(RuleBasedStateMachine):
    """A machine whose bank is checked after every step."""

    bank: SmallBank

    @invariant()
    def what_is_in_the_vault_lies_in_one_sealed_packet_in_one_slot(self):
        bank = self.bank
        for paper in bank.papers.values():
            around = [p for p in bank.packets.values() if paper.id in p.certificate_ids]
            inside = paper.custody_state is CustodyState.IN_VAULT
            assert inside is (paper.place is not None) is (len(around) == 1)
            if inside:
                place = (paper.place.packet_no, paper.place.slot) if paper.place else None
                assert place == (around[0].packet_no, around[0].slot)
                assert contract_of(paper) == around[0].guarantee_contract_no
        for packet in bank.packets.values():
            holding = [
                slot.slot for slot in bank.slots.values() if packet.packet_no in slot.packet_nos
            ]
            sealed = packet.status is PacketStatus.SEALED
            assert sealed is bool(packet.certificate_ids) is (packet.seal_no is not None)
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
            events = self.bank.ledgers[paper.id]
            assert broken_link(events) is None
            last = events[-1]
            assert (last.to_state, last.legal_state) == (paper.custody_state, paper.legal_state)
            assert (last.seq, last.hash) == (paper.event_seq, paper.event_hash)

    @invariant()
    def two_people_stand_behind_each_vault_event(self):
        for events in self.bank.ledgers.values():
            giver = None
            for event in events:
                logins = [operator.login for operator in event.operators]
                if event.type in DUAL:
                    assert len(set(logins)) == len(logins) == 2
                if event.type is Movement.VAULT_IN:
                    assert giver not in logins
                if event.type is Movement.INITIATE_HANDOVER:
                    giver = logins[0]
                if event.type is Movement.RETURN_SAME:
                    giver = None  # the borrower brought it now

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
