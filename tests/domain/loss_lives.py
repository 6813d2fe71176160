"""Random lives of lost paper: reported, found again, given up, issued anew by the registry."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.certificates import CustodyState, Holder, LockKind
from domain.checkouts import CheckOutState
from domain.custody import Movement
from domain.dispatches import DispatchState, given_up
from domain.handovers import HandoverItemState, decided
from domain.losses import (
    found_refusals,
    loss_refusals,
    reissue_refusals,
    report_due,
    report_refusals,
)
from domain.orgs import OrgLevel
from domain.roles import Role
from domain.vaults import resealed
from domain.watch import IncidentKind
from tests.domain.builders import CALENDAR, POLICY, a_grant, codes
from tests.domain.small_bank import KEEPS, PAPERS
from tests.domain.stocktake_lives import FIRST, SECOND, VAULTS, StocktakeLives
from tests.domain.vault_builders import a_scan, an_operator

LOSABLE = (
    CustodyState.MISSING,
    CustodyState.CHECKED_OUT,
    CustodyState.IN_TRANSIT,
    CustodyState.WITH_HANDLER,
    CustodyState.OUT_FOR_DEREG,
)
REPORTERS = ("supervisor", "supervisor", "boss", "handler")
TIER2 = (a_grant(Role.APPROVER, org_level=OrgLevel.TIER2_BRANCH),)


class LossLives(StocktakeLives):
    """What happens to papers that cannot be found."""

    def __init__(self):
        super().__init__()
        self.ends[Movement.FOUND] = self.take_found

    @precondition(lambda self: self._are(*LOSABLE))
    @rule(
        data=st.data(),
        by=st.sampled_from(REPORTERS),
        given_up=st.sampled_from([False, False, True]),
        again=st.booleans(),
        late_reason=st.sampled_from([None, "sick", "sick"]),
    )
    def report(self, data, by, given_up, again, late_reason):
        """A paper cannot be found; the branch may give it up, the registry issue it anew."""
        bank, id = self.bank, self._pick(data, *LOSABLE)
        paper = bank.papers[id]
        known = bank.incidents.get(id)
        facts = {"discovered_on": bank.today, "reason": "life", "today": bank.today}
        if not codes(report_refusals(paper, known, **facts)):
            self._notice(paper, IncidentKind.SUSPECTED_LOSS)
            told = {"reported_at": bank.now, "reported_by": by}
            bank.incidents[id] = replace(bank.incidents[id], **told)
        if given_up:
            self.confirm_lost(id, late_reason)
        if given_up and again:
            self.reissue(id)

    @precondition(lambda self: self._are(*LOSABLE))
    @rule(data=st.data(), late_reason=st.sampled_from([None, "sick"]))
    def give_up(self, data, late_reason):
        self.confirm_lost(self._pick(data, *LOSABLE), late_reason)

    def confirm_lost(self, id, late_reason):
        """X22: whatever waited for the paper ends."""
        bank, paper = self.bank, self.bank.papers[id]
        incident = bank.incidents.get(id)
        due = None
        if incident is not None:
            due = report_due(incident.discovered_at, policy=POLICY, calendar=CALENDAR)
        refused = loss_refusals(
            paper,
            incident,
            approver="boss",
            grants=TIER2,
            accountability="somebody",
            late_reason=late_reason,
            report_due=due,
        )
        if codes(refused):
            return
        self._lose(paper)
        self.stop_case(paper)

    def lose_out(self, paper):
        """A paper that is out for a case is lost; it was reported first."""
        bank = self.bank
        if paper.id not in bank.incidents:
            self._notice(paper, IncidentKind.SUSPECTED_LOSS)
        told = {"reported_at": bank.now, "reported_by": "supervisor"}
        bank.incidents[paper.id] = replace(bank.incidents[paper.id], **told)
        self._lose(paper)

    def _lose(self, paper):
        bank = self.bank
        paper = self._off_check_out(bank.unproposed(paper))
        self._off_its_way(paper.id)
        bank.move(paper, Movement.CONFIRM_LOST, CustodyState.LOST, ["boss"], holder=None)

    @precondition(lambda self: self._are(CustodyState.LOST))
    @rule(data=st.data())
    def replace_lost(self, data):
        self.reissue(self._pick(data, CustodyState.LOST))

    def reissue(self, id):
        """X23: the old one is void for ever."""
        bank, lost = self.bank, self.bank.papers[id]
        refused = reissue_refusals(
            lost,
            new_no=bank.number("anew-"),
            discovered_on=bank.today,
            published_on=bank.today,
            acceptance_no="R-1",
            policy=POLICY,
            calendar=CALENDAR,
            today=bank.today,
        )
        if codes(refused):
            return
        self._reissue([lost])
        self.go_on(PAPERS[id])

    @precondition(lambda self: self._are(CustodyState.MISSING))
    @rule(
        data=st.data(),
        vault=VAULTS,
        by=FIRST,
        then=SECOND,
        pages=st.sampled_from([2, 2, 2, 3]),
    )
    def find(self, data, vault, by, then, pages):
        """X21, the first half; often the second at once."""
        id = self._pick(data, CustodyState.MISSING)
        payload = {"certificateId": id, "vault": vault, "pages": pages}
        who = KEEPS[vault][by]
        if self._found_refusals(payload, "") or self.bank.other_parts((id,), who):
            return
        proposal = self.bank.propose(Movement.FOUND, (id,), who, payload, vault=vault)
        if then is not None:
            self._confirm(proposal, KEEPS[vault][then], payload)

    def take_found(self, proposal, by, payload):
        """X21, the second half: it waits at the desk for its vault-in."""
        bank, id = self.bank, payload["certificateId"]
        if self._found_refusals(payload, proposal.id):
            return False
        paper = bank.papers[id]
        bank.move(
            paper,
            Movement.FOUND,
            CustodyState.RECEIVED_PENDING_VAULT,
            [proposal.proposer, an_operator(by)],
            holder=Holder(login=by, desk=payload["vault"], since=bank.now),
            lock=bank.case_lock(paper),
        )
        bank.incidents.pop(id, None)
        return True

    def _found_refusals(self, payload, proposal_id):
        paper = self.bank.papers[payload["certificateId"]]
        found = found_refusals(
            paper,
            self.bank.vaults[payload["vault"]],
            [a_scan(cert_no_norm=paper.cert_no_norm)],
            cert_no=paper.cert_no,
            pages=payload["pages"],
            proposal_id=proposal_id,
        )
        return codes(found)

    def _off_check_out(self, paper):
        bank, lock = self.bank, paper.lock
        if lock is None or lock.kind is not LockKind.CHECK_OUT:
            return paper
        bank.check_outs[lock.id] = replace(bank.check_outs[lock.id], state=CheckOutState.LOST)
        return replace(paper, lock=None, due_date=None)

    def _off_its_way(self, id):
        """No handover and no dispatch waits for it any more."""
        bank = self.bank
        for handover in list(bank.handovers.values()):
            item = handover.item(id)
            if item is not None and item.state is HandoverItemState.PENDING:
                bank.handovers[handover.id] = decided(
                    handover, id, state=HandoverItemState.REJECTED, now=bank.now, reason="LOST"
                )
        for dispatch in list(bank.dispatches.values()):
            if id in dispatch.awaited:
                after = bank.dispatches[dispatch.id] = given_up(dispatch, id)
                if after.state is DispatchState.LOST:
                    self._packet_lost(dispatch.packet_no)

    def _packet_lost(self, packet_no):
        """The packet went with the last paper in it."""
        bank = self.bank
        bank.packets[packet_no] = resealed(
            bank.packets[packet_no],
            contents=(),
            seal_no=None,
            keepers=(),
            reason="LOST",
            now=bank.now,
        )

    @invariant()
    def what_is_lost_is_in_nobody_s_hands(self):
        bank = self.bank
        for paper in bank.papers.values():
            if paper.custody_state is CustodyState.LOST:
                assert (paper.holder, paper.place, paper.due_date) == (None, None, None)
                assert bank.incidents[paper.id].reported_by != "boss"

    @invariant()
    def nothing_waits_for_what_is_lost(self):
        bank = self.bank
        for handover in bank.handovers.values():
            for item in handover.items:
                if item.state is HandoverItemState.PENDING:
                    state = bank.papers[item.certificate_id].custody_state
                    returning = handover.returning_case is not None
                    out = CustodyState.OUT_FOR_DEREG if returning else CustodyState.IN_TRANSIT
                    assert state is out
        for dispatch in bank.dispatches.values():
            for id in dispatch.awaited:
                assert bank.papers[id].custody_state is CustodyState.IN_TRANSIT
