"""Random lives of papers, packets, handovers, check-outs and cases never break an invariant.

After every step, whether done or refused: INV-01 to INV-05, and each ledger tells the state.
"""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from domain.certificates import CustodyState, Holder
from domain.custody import Movement, illegal
from domain.deregistration import RETURNING_STATES
from domain.dual_control import ProposalState
from domain.handovers import (
    HandoverItemState,
    decided,
    initiation_refusals,
    recall_refusals,
    receipt_refusals,
    received_as,
)
from domain.refusals import Forbidden
from domain.vaulting import VaultInPlan
from tests.domain.builders import codes
from tests.domain.case_lives import GROUPS, WAY_BACK, WAY_OUT, WAY_ROUND
from tests.domain.check_out_lives import CheckOutLives
from tests.domain.small_bank import PAPERS, SLOTS, SmallBank
from tests.domain.vault_builders import a_handover

HANDLERS = ("handler", "other")
BATCHES = (("cert-1",), ("cert-2",), ("cert-3",), ("cert-1", "cert-2"), ("cert-1", "cert-3"))
KEEPERS = ("keeper-1", "keeper-2", "handler")  # the handler may try; the rules must answer
WAYS = [(), WAY_OUT[:2], WAY_OUT, *[WAY_BACK] * 3, WAY_ROUND]
IDS = st.sampled_from(sorted(PAPERS))
WHERE = st.sampled_from(SLOTS)
WHO = st.sampled_from(KEEPERS)


class Lives(CheckOutLives):
    """People act at random; the rules say what happens."""

    @initialize(
        collected=st.sets(IDS),
        stored=st.lists(st.sampled_from(BATCHES), max_size=3),
        cases=st.dictionaries(GROUPS, st.sampled_from(WAYS)),
    )
    def open(self, collected, stored, cases):
        """Some papers begin with the handler, some in the vault, some on their way out."""
        self.bank = SmallBank()
        self.bank.open()
        for id in sorted(collected):
            self.collect(id, "handler")
        for packet, ids in enumerate(stored, start=1):
            for id in ids:
                self.collect(id, "handler")
                self.hand_over([id], "handler", True, "keeper-1")
            self.propose_vault_in(ids, f"0{packet}", "keeper-1", "keeper-2", f"P{packet}", False)
        for group, steps in cases.items():
            self.open_case(group)
            for step in steps:
                self.step(group, step, ["keeper-1", "keeper-2"])

    @rule(minutes=st.sampled_from([1, 1, 1, 29, 31]))
    def wait(self, minutes):
        self.bank.wait(minutes)

    @precondition(lambda self: self._are(CustodyState.NOT_RECEIVED))
    @rule(id=IDS, by=st.sampled_from(HANDLERS))
    def collect(self, id, by):
        paper = self.bank.papers[id]
        if illegal(paper, Movement.COLLECT) is None:
            holder = Holder(login=by, since=self.bank.now)
            self.bank.move(paper, Movement.COLLECT, CustodyState.WITH_HANDLER, [by], holder=holder)

    @precondition(lambda self: self._are(CustodyState.WITH_HANDLER, CustodyState.OUT_FOR_DEREG))
    @rule(
        ids=st.sampled_from(BATCHES),
        by=st.sampled_from(HANDLERS),
        to_desk=st.booleans(),
        then=st.sampled_from([None, *KEEPERS]),
    )
    def hand_over(self, ids, by, to_desk, then):
        bank = self.bank
        papers = [bank.papers[id] for id in sorted(ids)]
        cases = {paper.lock.id for paper in papers if paper.lock}
        case = next((case for case in bank.cases.values() if case.id in cases), None)
        returning = case.id if case is not None and case.state in RETURNING_STATES else None
        receiver = None if to_desk or returning else HANDLERS[1 - HANDLERS.index(by)]
        desk = "V1" if receiver is None else None
        waiting = {
            item.certificate_id
            for handover in bank.handovers.values()
            for item in handover.items
            if item.state is HandoverItemState.PENDING
        }
        try:
            facts = {"giver": by, "receiver": receiver, "desk": desk, "returning_case": returning}
            refused = codes(initiation_refusals(papers, **facts))
        except Forbidden:
            return
        if refused or waiting & set(ids):
            return
        handover = a_handover(*sorted(ids), id=bank.number("handover-"), **facts)
        bank.handovers[handover.id] = handover
        for paper in papers if returning is None else ():
            bank.move(paper, Movement.INITIATE_HANDOVER, CustodyState.IN_TRANSIT, [by])
        for id in ids if then is not None else ():
            self._accept(bank.handovers[handover.id], bank.papers[id], then)

    @precondition(lambda self: self.bank.handovers)
    @rule(data=st.data(), by=st.sampled_from((*HANDLERS, *KEEPERS)))
    def accept(self, data, by):
        handover, paper = self._waiting(data)
        self._accept(handover, paper, by)

    def _accept(self, handover, paper, by):
        bank = self.bank
        desks = ("V1",) if by.startswith("keeper") else ()
        try:
            refused = codes(
                receipt_refusals(
                    handover, paper, receiver=by, desks=desks, cert_no=None, pages=paper.pages
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

    @precondition(lambda self: self.bank.handovers)
    @rule(data=st.data(), by=st.sampled_from(HANDLERS))
    def recall(self, data, by):
        bank, (handover, paper) = self.bank, self._waiting(data)
        try:
            refused = codes(recall_refusals(handover, paper, giver=by))
        except Forbidden:
            return
        if refused:
            return
        if handover.returning_case is None:
            bank.move(paper, Movement.RECALL_HANDOVER, CustodyState.WITH_HANDLER, [by])
        bank.handovers[handover.id] = decided(
            handover, paper.id, state=HandoverItemState.RECALLED, now=bank.now
        )

    @precondition(lambda self: self._are(CustodyState.RECEIVED_PENDING_VAULT))
    @rule(
        ids=st.sampled_from(BATCHES),
        slot=WHERE,
        by=WHO,
        then=st.sampled_from([None, *KEEPERS]),
        packet=st.sampled_from(["P1", "P2"]),
        used=st.sampled_from([False] * 5 + [True]),
    )
    def propose_vault_in(self, ids, slot, by, then, packet, used):
        bank = self.bank
        seal = bank.seals[0] if used and bank.seals else bank.number("S")
        plan = _plan(ids, slot, packet, seal)
        if bank.vault_in_refusals(plan, "") or bank.other_parts(plan.certificate_ids, by):
            return
        assert seal not in bank.seals
        ids = plan.certificate_ids
        proposal = bank.propose(Movement.VAULT_IN, ids, by, plan.payload(), slot)
        if then is not None:
            self._confirm(bank.proposals[proposal], then, plan.payload())

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(
        packet=st.sampled_from(["P1", "P2"]),
        slot=WHERE,
        by=WHO,
        then=st.sampled_from([None, *KEEPERS]),
    )
    def propose_relocation(self, packet, slot, by, then):
        found = self.bank.packets.get(packet)
        if found is None or self.bank.relocate_refusals(found, slot, ""):
            return
        payload = {"packetNo": packet, "slot": slot}
        ids = found.certificate_ids
        proposal = self.bank.propose(Movement.RELOCATE, ids, by, payload, slot)
        if then is not None:
            self._confirm(self.bank.proposals[proposal], then, payload)

    @precondition(lambda self: self.bank.proposals)
    @rule(data=st.data(), by=WHO, other=st.sampled_from([None, None, None, *SLOTS]))
    def confirm(self, data, by, other):
        proposal = data.draw(st.sampled_from(_newest(self.bank.proposals)))
        slot = other or proposal.payload["slot"]
        self._confirm(proposal, by, {**proposal.payload, "slot": slot})

    def _confirm(self, proposal, by, payload):
        bank = self.bank
        refused = bank.confirming(proposal, by, payload)
        if proposal.movement is Movement.VAULT_IN:
            plan = _plan(
                payload["certificateIds"], payload["slot"], payload["packetNo"], payload["sealNo"]
            )
            if refused or bank.vault_in_refusals(plan, proposal.id):
                return
            bank.put_in(plan, proposal, by)
        else:
            packet = bank.packets[payload["packetNo"]]
            if refused or bank.relocate_refusals(packet, payload["slot"], proposal.id):
                return
            bank.carry(packet, payload["slot"], proposal, by)
        assert payload == proposal.payload
        assert bank.now <= proposal.expires_at
        bank.proposals[proposal.id] = replace(proposal, state=ProposalState.CONFIRMED)

    @precondition(lambda self: self.bank.proposals)
    @rule(data=st.data())
    def withdraw_or_sweep(self, data):
        proposal = data.draw(st.sampled_from(_newest(self.bank.proposals)))
        if proposal.state is ProposalState.PENDING:
            late = self.bank.now > proposal.expires_at
            self.bank.end(proposal, ProposalState.EXPIRED if late else ProposalState.WITHDRAWN)

    def _waiting(self, data):
        handover = data.draw(st.sampled_from(_newest(self.bank.handovers)))
        item = data.draw(st.sampled_from(list(handover.items)))
        return handover, self.bank.papers[item.certificate_id]


def _newest(kept):
    """The last few of them, so that most of what is drawn is still open."""
    return list(kept.values())[-3:]


def _plan(ids, slot, packet, seal):
    return VaultInPlan(
        certificate_ids=tuple(ids),
        vault="V1",
        cabinet="A-01",
        slot=slot,
        packet_no=packet,
        seal_no=seal,
    )


Lives.TestCase.settings = settings(max_examples=2_000, stateful_step_count=20, deadline=None)
TestLives = Lives.TestCase
