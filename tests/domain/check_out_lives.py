"""Random lives of check-outs: asked for, let out, prolonged, brought back, exchanged, overdue."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.certificates import CustodyState, Holder, LegalState
from domain.checkout_requests import (
    RequestFacts,
    decided,
    next_step,
    request_refusals,
    role_of,
    vault_out_refusals,
)
from domain.checkout_returns import renewal_refusals, return_refusals
from domain.checkouts import (
    OPEN_CHECK_OUTS,
    CheckOut,
    CheckOutPurpose,
    CheckOutState,
    Signature,
    check_out_lock,
    overdue_days,
)
from domain.custody import Movement
from domain.dual_control import conflicting_part
from tests.domain.builders import CALENDAR, POLICY, codes
from tests.domain.case_lives import CaseLives

PURPOSES = (
    CheckOutPurpose.NON_LITIGATION_USE,
    CheckOutPurpose.CERT_RENEWAL,
    CheckOutPurpose.LITIGATION,
    CheckOutPurpose.REDEMPTION,  # for the deposit receipt alone
)
KEEPERS = ["keeper-1", "keeper-2"]
BORROWERS = ("handler", "other", "keeper-1")  # a keeper may try; then others let it out


class CheckOutLives(CaseLives):
    """What happens to papers that are taken out for a time."""

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(
        data=st.data(),
        by=st.sampled_from(BORROWERS),
        purpose=st.sampled_from(PURPOSES),
        days=st.integers(0, 31),
        people=st.sampled_from([None, *[KEEPERS, KEEPERS[::-1]] * 2]),
    )
    def ask(self, data, by, purpose, days, people):
        self.borrow(self._pick(data, CustodyState.IN_VAULT), by, purpose, days, people)

    def borrow(self, id, by, purpose, days, people):
        """Asked for, agreed to, and let out where two people are named."""
        bank, due = self.bank, self.bank.today + timedelta(days=days)
        refused = request_refusals(
            self._facts(bank.papers[id], by),
            purpose,
            due,
            requester=by,
            substitute=None,
            companion="companion" if purpose is CheckOutPurpose.REDEMPTION else None,
            policy=POLICY,
            calendar=CALENDAR,
            today=bank.today,
        )
        if codes(refused):
            return
        assert days > 0
        check_out = CheckOut(
            id=bank.number("chko-"),
            certificate_id=id,
            purpose=purpose,
            reason="life",
            requester=by,
            requested_at=bank.now,
            due_date=due,
            org_code="OB",
            org_path="/HO",
        )
        while next_step(check_out, POLICY) is not None:
            role = role_of(check_out, POLICY)
            signature = Signature(role=role, login=f"boss-{role}", approved=True, at=bank.now)
            check_out = decided(
                check_out, signature, today=bank.today, policy=POLICY, calendar=CALENDAR
            )
        bank.papers[id] = replace(bank.papers[id], lock=check_out_lock(check_out))
        bank.check_outs[check_out.id] = check_out
        if people is not None:
            self.let_out(check_out, people)

    @precondition(lambda self: self.bank.check_outs)
    @rule(data=st.data(), people=st.permutations(KEEPERS))
    def take(self, data, people):
        self.let_out(self._one(data), people)

    def let_out(self, check_out, people):
        """Two keepers open the packet; the borrower has signed."""
        bank, paper = self.bank, self.bank.papers[check_out.certificate_id]
        part = [conflicting_part(who, {check_out.requester: "requester"}) for who in people]
        refused = vault_out_refusals(
            check_out,
            self._facts(paper, check_out.requester),
            today=bank.today,
            policy=POLICY,
            calendar=CALENDAR,
        )
        if codes([*refused, *part]) or bank.any_frozen([paper]):
            return
        bank.open_packets({paper.id}, people[-1])
        bank.move(
            paper,
            Movement.CHECK_OUT,
            CustodyState.CHECKED_OUT,
            people,
            place=None,
            holder=Holder(login=check_out.requester, since=bank.now),
            due_date=check_out.due_date,
        )
        bank.check_outs[check_out.id] = replace(
            check_out, state=CheckOutState.OUT, borrower=check_out.requester, out_on=bank.today
        )

    @precondition(lambda self: self.bank.check_outs)
    @rule(data=st.data(), days=st.integers(-1, 40))
    def prolong(self, data, days):
        bank, check_out = self.bank, self._one(data)
        due = check_out.due_date + timedelta(days=days)
        refused = renewal_refusals(
            check_out,
            due,
            borrower=check_out.requester,
            litigation_open=True,
            policy=POLICY,
            calendar=CALENDAR,
            today=bank.today,
        )
        if codes(refused):
            return
        paper = bank.papers[check_out.certificate_id]
        movement, state = Movement.RENEW_CHECK_OUT, CustodyState.CHECKED_OUT
        bank.move(paper, movement, state, ["boss"], due_date=due)
        bank.check_outs[check_out.id] = replace(check_out, due_date=due)

    @precondition(lambda self: self.bank.check_outs)
    @rule(data=st.data(), exchanged=st.booleans())
    def bring_back(self, data, exchanged):
        bank, check_out = self.bank, self._one(data)
        paper = bank.papers[check_out.certificate_id]
        refused = return_refusals(check_out, paper, exchanged=exchanged, reason="life")
        if check_out.state is not CheckOutState.OUT or codes(refused):
            return
        days = overdue_days(check_out, bank.today)
        desk = Holder(desk="V1", since=bank.now)
        if exchanged:
            self._renewed(paper, desk, days)
        else:
            bank.move(
                paper,
                Movement.RETURN_SAME,
                CustodyState.RECEIVED_PENDING_VAULT,
                ["keeper-2"],
                holder=desk,
                lock=None,
                due_date=None,
                given_by=check_out.requester,
                overdue_days=days,
            )
        state = CheckOutState.EXCHANGED if exchanged else CheckOutState.RETURNED
        bank.check_outs[check_out.id] = replace(check_out, state=state, overdue_days=days)

    def _renewed(self, paper, desk, days):
        """The old paper ends; its successor takes its place in the small bank."""
        bank = self.bank
        bank.move(
            paper,
            Movement.RETURN_EXCHANGED,
            CustodyState.REPLACED,
            ["keeper-2"],
            legal_state=LegalState.SUPERSEDED,
            holder=None,
            lock=None,
            due_date=None,
            overdue_days=days,
        )
        bank.succeed(
            paper,
            Movement.RECEIVE_EXCHANGED,
            CustodyState.RECEIVED_PENDING_VAULT,
            ["keeper-2"],
            desk,
        )

    @rule(days=st.integers(1, 20))
    def days_pass(self, days):
        self.bank.wait(days * 24 * 60)

    @invariant()
    def a_paper_is_out_exactly_while_its_check_out_is(self):
        bank = self.bank
        held = {
            one.certificate_id: one
            for one in bank.check_outs.values()
            if one.state in OPEN_CHECK_OUTS
        }
        for id, paper in bank.papers.items():
            one = held.get(id)
            out = paper.custody_state is CustodyState.CHECKED_OUT
            assert out is (one is not None and one.state is CheckOutState.OUT)
            if out and one is not None:
                assert paper.lock == check_out_lock(one)
                assert paper.due_date == one.due_date
                assert paper.holder is not None
                assert paper.holder.login == one.borrower

    def _one(self, data):
        return data.draw(st.sampled_from(list(self.bank.check_outs.values())[-3:]))

    def _facts(self, paper, borrower):
        bank = self.bank
        late = [
            (one, one.label)
            for one in bank.check_outs.values()
            if one.borrower == borrower
            and one.state is CheckOutState.OUT
            and one.due_date < bank.today
        ]
        return RequestFacts(certificate=paper, holds=(), overdue=late)
