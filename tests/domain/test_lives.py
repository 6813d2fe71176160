"""Random lives of papers, packets, handovers, check-outs, counts and cases break no invariant.

After every step, done or refused: INV-01 to INV-05, INV-08, and each ledger tells the state.
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from domain.certificates import CustodyState, Holder
from domain.checkouts import CheckOutPurpose
from domain.custody import Movement, illegal
from domain.deregistration import RETURNING_STATES
from domain.dual_control import ProposalState
from domain.handovers import (
    HandoverItemState,
    HandoverState,
    decided,
    decision_refusals,
    initiation_refusals,
    recall_refusals,
    receipt_refusals,
    received_as,
)
from domain.refusals import Forbidden
from domain.stocktakes import StocktakeKind
from domain.vaulting import VaultInPlan
from tests.domain.builders import codes
from tests.domain.case_lives import GROUPS, WAY_BACK, WAY_OUT, WAY_ROUND
from tests.domain.check_out_lives import KEEPERS
from tests.domain.leaving_lives import LeavingLives
from tests.domain.small_bank import KEEPS, PAPERS, SLOTS
from tests.domain.small_vault import SmallVaults
from tests.domain.stocktake_lives import FIRST, SECOND, STRANGERS
from tests.domain.vault_builders import a_handover

HANDLERS = ("handler", "other")
# Where a paper's life begins. What happens to few is begun with, so that each test run sees it.
BEGUN = st.sampled_from(
    ["NOWHERE", "HANDLER", "ON_ITS_WAY", "BORROWED", "MISSING", *["V1"] * 7, *["V2"] * 4]
)
WAYS = [(), WAY_OUT[:2], *[WAY_OUT] * 3, *[WAY_BACK] * 3, WAY_ROUND]
WHERE = st.sampled_from(sorted(SLOTS))
DESKS = st.sampled_from([None, *KEEPS])
# No life knows these: books taken over, expectations dropped, registration alone, electronic
# papers, seals alone, a handover from one handler of a case to the next.
UNKNOWN = {
    Movement.OPENING,
    Movement.FILE_ELECTRONIC,
    Movement.CANCEL_ELECTRONIC,
    Movement.RESEAL,
    Movement.LAPSE,
    Movement.REINSTATE,
    Movement.CONVERT,
    Movement.VOID_EXPECTED,
    Movement.DEREG_HANDOVER,
}
MOVED: Counter[Movement] = Counter()


class Lives(LeavingLives):
    """People act at random; the rules say what happens."""

    def __init__(self):
        super().__init__()
        self.ends[Movement.VAULT_IN] = self._put_in
        self.ends[Movement.RELOCATE] = self._carry

    @initialize(
        begun=st.fixed_dictionaries(dict.fromkeys(sorted(set(PAPERS.values())), BEGUN)),
        cases=st.dictionaries(GROUPS, st.sampled_from(WAYS), max_size=1),
    )
    def open(self, begun, cases):
        """Some papers begin with the handler, most in a vault, some on their way out."""
        self.bank = SmallVaults()
        self.bank.open()
        for group, where in begun.items():
            ids = [id for id, other in PAPERS.items() if other == group]
            if where != "NOWHERE":
                self._begin(group, ids, where)
        for group, steps in cases.items():
            self.open_case(group)
            for step in steps:
                self.step(group, step, ["keeper-1", "keeper-2"])

    def _begin(self, group, ids, where):
        """The papers of a group, collected and brought to where their lives begin."""
        for id in ids:
            self._collect(id, "handler")
        if where in {"HANDLER", "ON_ITS_WAY"}:
            for id in ids if where == "ON_ITS_WAY" else ():
                self._hand_over([id], "handler", "V1", None)
            return
        vault = where if where in KEEPS else "V1"
        for id in ids:
            self._hand_over([id], "handler", vault, 1)
        free = [s for s in self.bank.slots.values() if s.vault == vault and not s.packet_nos]
        if not free:
            return
        self._vault_in(ids, free[0].slot, f"P{group}", 1, 2)
        if where == "BORROWED":
            self.borrow(ids[0], "handler", CheckOutPurpose.CERT_RENEWAL, 5, KEEPERS)
        if where == "MISSING":
            stocktake = self._open(vault, StocktakeKind.ANNUAL, STRANGERS)
            self._count_whole(stocktake, {ids[0]}, set(), "missing")

    @rule(minutes=st.sampled_from([1, 1, 1, 29, 31]))
    def wait(self, minutes):
        self.bank.wait(minutes)

    @precondition(lambda self: self._are(CustodyState.NOT_RECEIVED))
    @rule(data=st.data(), by=st.sampled_from(HANDLERS))
    def collect(self, data, by):
        self._collect(self._pick(data, CustodyState.NOT_RECEIVED), by)

    def _collect(self, id, by):
        paper = self.bank.papers[id]
        if illegal(paper, Movement.COLLECT) is None:
            holder = Holder(login=by, since=self.bank.now)
            self.bank.move(paper, Movement.COLLECT, CustodyState.WITH_HANDLER, [by], holder=holder)

    @precondition(lambda self: self._are(CustodyState.WITH_HANDLER, CustodyState.OUT_FOR_DEREG))
    @rule(data=st.data(), by=st.sampled_from(HANDLERS), desk=DESKS, then=SECOND)
    def hand_over(self, data, by, desk, then):
        first = self._pick(data, CustodyState.WITH_HANDLER, CustodyState.OUT_FOR_DEREG)
        held = [
            p.id for p in self.bank.papers.values() if p.holder == self.bank.papers[first].holder
        ]
        self._hand_over(data.draw(st.sampled_from([[first], held])), by, desk, then)

    def _hand_over(self, ids, by, desk, then):
        bank = self.bank
        papers = [bank.papers[id] for id in sorted(ids)]
        cases = {paper.lock.id for paper in papers if paper.lock}
        case = next((case for case in bank.cases.values() if case.id in cases), None)
        returning = case.id if case is not None and case.state in RETURNING_STATES else None
        desk = "V1" if returning else desk
        receiver = HANDLERS[1 - HANDLERS.index(by)] if desk is None else None
        try:
            facts = {"giver": by, "receiver": receiver, "desk": desk, "returning_case": returning}
            refused = codes(initiation_refusals(papers, **facts))
        except Forbidden:
            return
        if refused or any(map(bank.is_handed_over, papers)):
            return
        handover = a_handover(*sorted(ids), id=bank.number("handover-"), **facts)
        bank.handovers[handover.id] = handover
        for paper in papers if returning is None else ():
            bank.move(paper, Movement.INITIATE_HANDOVER, CustodyState.IN_TRANSIT, [by])
        for id in ids if then is not None else ():
            who = receiver if desk is None else KEEPS[desk][then]
            self._accept(bank.handovers[handover.id], bank.papers[id], who)

    @precondition(lambda self: self._any_waits())
    @rule(data=st.data(), by=st.sampled_from(HANDLERS), keeper=SECOND)
    def accept(self, data, by, keeper):
        handover, paper = self._waiting(data)
        self._accept(handover, paper, by if keeper is None else KEEPS["V2"][keeper])

    def _accept(self, handover, paper, by):
        bank = self.bank
        try:
            refused = codes(
                receipt_refusals(
                    handover, paper, receiver=by, desks=_desks(by), cert_no=None, pages=paper.pages
                )
            )
        except Forbidden:
            return
        if refused:
            return
        holder = Holder(login=by, desk=handover.desk, since=bank.now)
        to = received_as(handover)
        given_by = handover.giver
        bank.move(paper, handover.movement, to, [by], holder=holder, given_by=given_by)
        bank.handovers[handover.id] = decided(
            handover, paper.id, state=HandoverItemState.ACCEPTED, now=bank.now
        )

    @precondition(lambda self: self._any_waits())
    @rule(data=st.data(), by=st.sampled_from(HANDLERS), rejected=st.booleans())
    def take_back(self, data, by, rejected):
        """Recalled by the giver, or rejected by the receiver."""
        bank, (handover, paper) = self.bank, self._waiting(data)
        try:
            if rejected:
                by = handover.receiver or KEEPS[handover.desk][1]
                found = decision_refusals(handover, paper, receiver=by, desks=_desks(by))
            else:
                found = recall_refusals(handover, paper, giver=by)
            refused = codes(found)
        except Forbidden:
            return
        if refused:
            return
        movement = Movement.REJECT_HANDOVER if rejected else Movement.RECALL_HANDOVER
        if handover.returning_case is None:
            bank.move(paper, movement, CustodyState.WITH_HANDLER, [by])
        state = HandoverItemState.REJECTED if rejected else HandoverItemState.RECALLED
        bank.handovers[handover.id] = decided(handover, paper.id, state=state, now=bank.now)

    @precondition(lambda self: self._are(CustodyState.RECEIVED_PENDING_VAULT))
    @rule(
        data=st.data(),
        together=st.booleans(),
        slot=WHERE,
        packet=st.sampled_from([None, None, None, "P1", "P9"]),
        used=st.sampled_from([False] * 5 + [True]),
        by=FIRST,
        then=SECOND,
    )
    def vault_in(self, data, together, slot, packet, used, by, then):
        first = self.bank.papers[self._pick(data, CustodyState.RECEIVED_PENDING_VAULT)]
        ids = [
            paper.id
            for paper in self.bank.papers.values()
            if paper.id == first.id or (together and paper.holder == first.holder)
        ]
        self._vault_in(ids, slot, packet or f"P{PAPERS[first.id]}", by, then, used=used)

    def _vault_in(self, ids, slot, packet, by, then, *, used=False):
        bank, vault = self.bank, SLOTS[slot]
        seal = bank.seals[0] if used and bank.seals else bank.number("S")
        plan, who = _plan(ids, slot, packet, seal), KEEPS[vault][by]
        papers = [bank.papers[id] for id in ids]
        elsewhere = any(paper.holder and paper.holder.desk != vault for paper in papers)
        if elsewhere or bank.vault_in_refusals(plan, "") or bank.other_parts(ids, who):
            return
        assert seal not in bank.seals
        ids, payload = plan.certificate_ids, plan.payload()
        proposal = bank.propose(Movement.VAULT_IN, ids, who, payload, vault=vault, slot=slot)
        if then is not None:
            self._confirm(proposal, KEEPS[vault][then], payload)

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(data=st.data(), slot=WHERE, by=FIRST, then=SECOND)
    def relocate(self, data, slot, by, then):
        found = self.bank.packets[self._packet(data)]
        if self.bank.relocate_refusals(found, slot, ""):
            return
        payload, keepers = {"packetNo": found.packet_no, "slot": slot}, KEEPS[found.vault]
        ids = found.certificate_ids
        proposal = self.bank.propose(
            Movement.RELOCATE, ids, keepers[by], payload, vault=found.vault, slot=slot
        )
        if then is not None:
            self._confirm(proposal, keepers[then], payload)

    @precondition(lambda self: self.bank.proposals)
    @rule(data=st.data(), by=st.integers(0, 2), other=st.sampled_from([None, None, None, *SLOTS]))
    def confirm(self, data, by, other):
        proposal = data.draw(st.sampled_from(_newest(self.bank.proposals)))
        changed = {} if other is None or "slot" not in proposal.payload else {"slot": other}
        self._confirm(proposal, KEEPS[proposal.vault][by], {**proposal.payload, **changed})

    def _put_in(self, proposal, by, payload):
        ids, slot = payload["certificateIds"], payload["slot"]
        plan = _plan(ids, slot, payload["packetNo"], payload["sealNo"])
        if self.bank.vault_in_refusals(plan, proposal.id):
            return False
        self.bank.put_in(plan, proposal, by)
        return True

    def _carry(self, proposal, by, payload):
        packet = self.bank.packets[payload["packetNo"]]
        if self.bank.relocate_refusals(packet, payload["slot"], proposal.id):
            return False
        self.bank.carry(packet, payload["slot"], proposal, by)
        return True

    @precondition(lambda self: self.bank.proposals)
    @rule(data=st.data())
    def withdraw_or_sweep(self, data):
        proposal = data.draw(st.sampled_from(_newest(self.bank.proposals)))
        if proposal.state is ProposalState.PENDING:
            late = self.bank.now > proposal.expires_at
            self.bank.end(proposal, ProposalState.EXPIRED if late else ProposalState.WITHDRAWN)

    def teardown(self):
        super().teardown()
        ledgers = [*self.bank.ledgers.values(), *(events for _, events in self.bank.ended)]
        MOVED.update(event.type for events in ledgers for event in events)

    def _waiting(self, data):
        """An item that nobody has decided about, and its handover."""
        waiting = [
            (handover, self.bank.papers[item.certificate_id])
            for handover in self.bank.handovers.values()
            for item in handover.items
            if item.state is HandoverItemState.PENDING
        ]
        return data.draw(st.sampled_from(waiting))

    def _any_waits(self):
        return any(one.state is HandoverState.PENDING for one in self.bank.handovers.values())


def _desks(login):
    return [vault for vault, keepers in KEEPS.items() if login in keepers]


def _newest(kept):
    """The last few of them, so that most of what is drawn is still open."""
    return list(kept.values())[-3:]


def _plan(ids, slot, packet, seal):
    return VaultInPlan(
        certificate_ids=tuple(ids),
        vault=SLOTS[slot],
        cabinet="A-01",
        slot=slot,
        packet_no=packet,
        seal_no=seal,
    )


def test_no_life_breaks_an_invariant_and_together_they_know_every_movement():
    MOVED.clear()
    lives = settings(max_examples=2_000, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Lives, settings=lives)
    assert set(MOVED) >= set(Movement) - UNKNOWN
