"""Random lives of papers that leave for good: receipts redeemed, claims assigned to a fund."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.certificates import CustodyState, LegalState
from domain.claim_transfers import (
    ClaimTransfer,
    ClaimTransferState,
    approval_refusals,
    handover_refusals,
    leaving_ones,
)
from domain.collaterals import PledgeState
from domain.custody import Evidence, Movement
from domain.dual_control import conflicting_part
from domain.loans import LoanStatus
from domain.orgs import OrgLevel
from domain.redemption import Proceeds, ProceedsUse, redemption_refusals
from domain.roles import Role
from domain.vault_out import leaving_refusals
from tests.domain.builders import PLACE, a_grant, a_loan, an_actor, codes
from tests.domain.case_lives import GROUPS
from tests.domain.dispatch_lives import DispatchLives
from tests.domain.small_bank import KEEPS
from tests.domain.stocktake_lives import FIRST, SECOND
from tests.domain.vault_builders import an_operator

OWED = [a_loan(status=LoanStatus.ACTIVE, balance=100)]
AGREED = Evidence(file_version_id="fv-1", sha256="0" * 64)
BRANCH = an_actor("president", a_grant(Role.APPROVER, org_level=OrgLevel.TIER1_BRANCH))
PROCEEDS = Proceeds(amount=1, use=ProceedsUse.APPLIED_TO_DEBT, to="L1")


class LeavingLives(DispatchLives):
    """What happens to papers that go to an assignee or over the counter."""

    def __init__(self):
        super().__init__()
        self.ends[Movement.TRANSFER_OUT] = self.go_to_assignee
        self.ends[Movement.REDEEM] = self.go_over_the_counter

    @rule(group=GROUPS)
    def approve_transfer(self, group):
        bank, collateral = self.bank, self.bank.collaterals[group]
        standing = self._transfer_of(collateral.no)
        refused = approval_refusals(
            [collateral], OWED, assignee="fund", approver=BRANCH, open_transfer=standing
        )
        if codes(refused):
            return
        id = bank.number("CT")
        bank.transfers[id] = ClaimTransfer(
            id=id,
            no=id,
            collateral_nos=(collateral.no,),
            loan_nos=("L1",),
            assignee="fund",
            agreement=AGREED,
            approved_by=BRANCH.login,
            approved_at=bank.now,
            **PLACE,
        )

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(group=GROUPS, vault=st.sampled_from(sorted(KEEPS)), by=FIRST, then=SECOND)
    def assign(self, group, vault, by, then):
        """X18: approved, unless it was; proposed; often confirmed at once."""
        self.approve_transfer(group)
        transfer = self._transfer_of(self.bank.collaterals[group].no)
        if transfer is None:
            return
        papers = leaving_ones(self._papers_of(transfer))
        contents = sorted(paper.id for paper in papers)
        payload = {"transferId": transfer.id, "vault": vault, "contents": contents}
        who = KEEPS[vault][by]
        if self._assigning_refusals(payload, who, ""):
            return
        ids = tuple(contents)
        proposal = self.bank.propose(Movement.TRANSFER_OUT, ids, who, payload, vault=vault)
        if then is not None:
            self._confirm(proposal, KEEPS[vault][then], payload)

    @precondition(lambda self: self.bank.transfers)
    @rule(data=st.data())
    def withdraw_transfer(self, data):
        transfer = data.draw(st.sampled_from(list(self.bank.transfers.values())))
        if transfer.state is ClaimTransferState.APPROVED:
            withdrawn = replace(transfer, state=ClaimTransferState.WITHDRAWN)
            self.bank.transfers[transfer.id] = withdrawn

    @precondition(lambda self: self.bank.papers["cert-4"].place is not None)
    @rule(by=FIRST, then=SECOND, wait=st.sampled_from([0, 2, 3]))
    def redeem(self, by, then, wait):
        """X26: on the day it is due, at its vault's counter."""
        self.bank.now += timedelta(days=wait)
        paper = self.bank.papers["cert-4"]
        vault = paper.place.vault
        payload = {"certificateId": paper.id, "vault": vault}
        who = KEEPS[vault][by]
        if self._redeeming_refusals(payload, "") or self.bank.other_parts((paper.id,), who):
            return
        proposal = self.bank.propose(Movement.REDEEM, (paper.id,), who, payload, vault=vault)
        if then is not None:
            self._confirm(proposal, KEEPS[vault][then], payload)

    def go_to_assignee(self, proposal, by, payload):
        """X18, confirmed: the papers leave, and the collateral with them."""
        bank, transfer = self.bank, self.bank.transfers[payload["transferId"]]
        papers = leaving_ones(self._papers_of(transfer))
        same = payload["contents"] == sorted(paper.id for paper in papers)
        if not same or self._assigning_refusals(payload, by, proposal.id):
            return False
        people = [proposal.proposer, an_operator(by)]
        gone = CustodyState.TRANSFERRED_OUT
        bank.leave_for_good(papers, Movement.TRANSFER_OUT, gone, people)
        for group, collateral in bank.collaterals.items():
            if collateral.no in transfer.collateral_nos:
                gone_with_them = PledgeState.TRANSFERRED
                bank.collaterals[group] = replace(collateral, pledge_state=gone_with_them)
        state = ClaimTransferState.HANDED_OVER
        ids = tuple(paper.id for paper in papers)
        bank.transfers[transfer.id] = replace(transfer, state=state, certificate_ids=ids)
        return True

    def go_over_the_counter(self, proposal, by, payload):
        """X26, confirmed: the receipt ends, and the right to it."""
        bank, paper = self.bank, self.bank.papers[payload["certificateId"]]
        if self._redeeming_refusals(payload, proposal.id):
            return False
        paper = replace(paper, legal_state=LegalState.CANCELLED)
        people = [proposal.proposer, an_operator(by)]
        bank.leave_for_good([paper], Movement.REDEEM, CustodyState.REDEEMED, people)
        return True

    def _assigning_refusals(self, payload, who, proposal_id):
        bank, transfer = self.bank, self.bank.transfers[payload["transferId"]]
        papers = self._papers_of(transfer)
        leaving = leaving_ones(papers)
        collaterals = [c for c in bank.collaterals.values() if c.no in transfer.collateral_nos]
        refused = [
            *handover_refusals(transfer, collaterals, papers, OWED),
            *leaving_refusals(
                leaving,
                Movement.TRANSFER_OUT,
                vault=bank.vaults[payload["vault"]],
                holds=(),
                proposal_id=proposal_id,
            ),
            conflicting_part(who, transfer.parts()),
        ]
        return [*codes(refused), *bank.other_parts(tuple(p.id for p in leaving), who)]

    def _redeeming_refusals(self, payload, proposal_id):
        bank, paper = self.bank, self.bank.papers[payload["certificateId"]]
        leaving = leaving_refusals(
            [paper],
            Movement.REDEEM,
            vault=bank.vaults[payload["vault"]],
            holds=(),
            proposal_id=proposal_id,
        )
        return codes([*leaving, *redemption_refusals(paper, OWED, PROCEEDS, today=bank.today)])

    def _papers_of(self, transfer):
        numbers = set(transfer.collateral_nos)
        return [p for p in self.bank.papers.values() if numbers & set(p.collateral_nos)]

    def _transfer_of(self, collateral_no):
        approved = [
            one
            for one in self.bank.transfers.values()
            if one.state is ClaimTransferState.APPROVED and collateral_no in one.collateral_nos
        ]
        assert len(approved) <= 1
        return approved[0] if approved else None

    @invariant()
    def what_was_assigned_is_gone(self):
        bank = self.bank
        for transfer in bank.transfers.values():
            if transfer.state is ClaimTransferState.HANDED_OVER:
                for id in transfer.certificate_ids:
                    assert bank.papers[id].custody_state is CustodyState.TRANSFERRED_OUT

    @invariant()
    def what_was_redeemed_is_no_right_any_more(self):
        for paper in self.bank.papers.values():
            if paper.custody_state is CustodyState.REDEEMED:
                assert paper.legal_state is LegalState.CANCELLED
