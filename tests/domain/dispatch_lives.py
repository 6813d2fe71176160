"""Random lives of packets on their way between vaults: sent under seal, received, or not wholly."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.certificates import CustodyState, Holder
from domain.custody import Movement
from domain.dispatches import (
    Arrival,
    Dispatch,
    DispatchState,
    arrival_refusals,
    dispatch_due,
    dispatch_refusals,
    received,
)
from domain.dual_control import conflicting_part
from domain.orgs import Org, OrgLevel
from domain.vaults import PacketStatus, resealed, sent_off
from domain.watch import IncidentKind
from tests.domain.builders import CALENDAR, PLACE, POLICY, codes
from tests.domain.loss_lives import LossLives
from tests.domain.small_bank import KEEPS, PAPERS
from tests.domain.stocktake_lives import FIRST, SECOND
from tests.domain.vault_builders import an_operator

CENTRE = Org(
    id="org-1",
    code="LC-1",
    name="centre",
    level=OrgLevel.LOAN_CENTER,
    parent_code="T2",
    org_path="/HO/T1/T2/LC-1",
    jurisdiction_path="/HO/T1/T2",
)
ESCORTS = st.sampled_from([["rider-1", "rider-2"]] * 4 + [["rider-1", "keeper-2"], ["rider-1"]])
OTHER = {"V1": "V2", "V2": "V1"}
NOT_INSIDE = st.sets(st.sampled_from(sorted(PAPERS)), max_size=1)


class DispatchLives(LossLives):
    """What happens to a packet between two vaults."""

    def __init__(self):
        super().__init__()
        self.ends[Movement.DISPATCH] = self.leave_for_other_vault
        self.ends[Movement.RECEIVE_DISPATCHED] = self.arrive_from_other_vault

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(
        data=st.data(),
        escorts=ESCORTS,
        by=FIRST,
        then=SECOND,
        arrives=st.booleans(),
        missing=NOT_INSIDE,
    )
    def send(self, data, escorts, by, then, arrives, missing):
        """Proposed; often confirmed; sometimes received at once."""
        bank, packet = self.bank, self._packet(data)
        found, vault = bank.packets[packet], bank.packets[packet].vault
        payload = {
            "packetNo": packet,
            "toVault": OTHER[vault],
            "escorts": escorts,
            "sealNo": found.seal_no,
            "contents": sorted(found.certificate_ids),
        }
        who = KEEPS[vault][by]
        if self._sending_refusals(payload, who, ""):
            return
        ids = found.certificate_ids
        proposal = bank.propose(Movement.DISPATCH, ids, who, payload, vault=vault)
        if then is None:
            return
        self._confirm(proposal, KEEPS[vault][then], payload)
        newest = list(bank.dispatches.values())[-1:]
        if arrives and newest and newest[0].packet_no == packet:
            there = KEEPS[OTHER[vault]]
            free = [keeper for keeper in there if keeper not in newest[0].sent_by]
            self._receive(newest[0], free[0], free[-1], missing, sound=True)

    @precondition(lambda self: self.bank.dispatches)
    @rule(
        data=st.data(),
        by=FIRST,
        then=SECOND,
        missing=NOT_INSIDE,
        sound=st.booleans(),
    )
    def receive(self, data, by, then, missing, sound):
        dispatch = data.draw(st.sampled_from(list(self.bank.dispatches.values())[-2:]))
        keepers = KEEPS[dispatch.to_vault]
        confirmer = None if then is None else keepers[then]
        self._receive(dispatch, keepers[by], confirmer, missing, sound=sound)

    def _receive(self, dispatch, who, confirmer, missing, *, sound):
        payload = {
            "dispatchId": dispatch.id,
            "sealNo": dispatch.seal_no,
            "sealIntact": sound,
            "missing": sorted(missing & set(dispatch.awaited)),
        }
        if self._arriving_refusals(payload, who, ""):
            return
        ids, vault = dispatch.awaited, dispatch.to_vault
        there = Movement.RECEIVE_DISPATCHED
        proposal = self.bank.propose(there, ids, who, payload, vault=vault)
        if confirmer is not None:
            self._confirm(proposal, confirmer, payload)

    def leave_for_other_vault(self, proposal, by, payload):
        """X19, sent: the packet leaves its slot, the dispatch holds its papers."""
        bank, packet = self.bank, self.bank.packets[payload["packetNo"]]
        now_inside = {"sealNo": packet.seal_no, "contents": sorted(packet.certificate_ids)}
        if payload != payload | now_inside or self._sending_refusals(payload, by, proposal.id):
            return False
        dispatch = Dispatch(
            id=bank.number("DT"),
            no="DT",
            from_vault=packet.vault,
            to_vault=payload["toVault"],
            packet_no=packet.packet_no,
            seal_no=packet.seal_no,
            certificate_ids=packet.certificate_ids,
            escorts=tuple(payload["escorts"]),
            sent_by=(proposal.proposer.login, by),
            sent_at=bank.now,
            due_on=dispatch_due(bank.today, policy=POLICY, calendar=CALENDAR),
            **PLACE,
        )
        people = [proposal.proposer, an_operator(by)]
        holder = Holder(desk=packet.vault, since=bank.now)
        gone = {"place": None, "lock": None, "holder": holder}
        for id in packet.certificate_ids:
            transit = CustodyState.IN_TRANSIT
            bank.move(bank.papers[id], Movement.DISPATCH, transit, people, **gone)
        bank.leave_slot(packet)
        bank.packets[packet.packet_no] = sent_off(packet)
        bank.dispatches[dispatch.id] = dispatch
        return True

    def arrive_from_other_vault(self, proposal, by, payload):
        """X19, received: what lies in the packet waits for the vault."""
        bank, dispatch = self.bank, self.bank.dispatches[payload["dispatchId"]]
        if self._arriving_refusals(payload, by, proposal.id):
            return False
        people = [proposal.proposer, an_operator(by)]
        holder = Holder(desk=dispatch.to_vault, since=bank.now)
        for id in dispatch.awaited:
            paper = bank.papers[id]
            if id in payload["missing"]:
                bank.papers[id] = replace(paper, lock=None)
                self._notice(paper, IncidentKind.SUSPECTED_LOSS)
                continue
            there, to = Movement.RECEIVE_DISPATCHED, CustodyState.RECEIVED_PENDING_VAULT
            bank.move(paper, there, to, people, lock=None, given_by=None, holder=holder)
        packet = bank.packets[dispatch.packet_no]
        if dispatch.state is DispatchState.UNDER_WAY:
            bank.packets[packet.packet_no] = resealed(
                packet, contents=(), seal_no=None, keepers=(by,), reason="life", now=bank.now
            )
        bank.dispatches[dispatch.id] = received(
            dispatch,
            self._arrival(payload),
            by=(proposal.proposer.login, by),
            now=bank.now,
        )
        return True

    def _sending_refusals(self, payload, who, proposal_id):
        bank, packet = self.bank, self.bank.packets[payload["packetNo"]]
        refused = dispatch_refusals(
            packet,
            [bank.papers[id] for id in packet.certificate_ids],
            vault=bank.vaults[packet.vault],
            target=bank.vaults[payload["toVault"]],
            target_org=CENTRE,
            escorts=payload["escorts"],
            known_logins=set(payload["escorts"]),
            holds=(),
            proposal_id=proposal_id,
        )
        part = conflicting_part(who, dict.fromkeys(payload["escorts"], "escort"))
        return [*codes([*refused, part]), *bank.other_parts(packet.certificate_ids, who)]

    def _arriving_refusals(self, payload, who, proposal_id):
        bank, dispatch = self.bank, self.bank.dispatches[payload["dispatchId"]]
        refused = arrival_refusals(
            dispatch,
            [bank.papers[id] for id in dispatch.awaited],
            self._arrival(payload),
            vault=bank.vaults[dispatch.to_vault],
            proposal_id=proposal_id,
        )
        return codes([*refused, conflicting_part(who, dispatch.parts())])

    def _arrival(self, payload):
        return Arrival(
            seal_no=payload["sealNo"],
            seal_intact=payload["sealIntact"],
            missing=tuple(payload["missing"]),
        )

    @invariant()
    def a_packet_is_under_way_exactly_while_its_dispatch_is(self):
        bank = self.bank
        moving = [
            one.packet_no
            for one in bank.dispatches.values()
            if one.state is DispatchState.UNDER_WAY
        ]
        assert len(moving) == len(set(moving))
        for packet in bank.packets.values():
            away = packet.status is PacketStatus.DISPATCHED
            assert away is (packet.packet_no in moving)

    @invariant()
    def nobody_receives_what_he_sent(self):
        for one in self.bank.dispatches.values():
            assert not set(one.received_by) & {*one.sent_by, *one.escorts}
