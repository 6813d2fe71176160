"""Random lives of deregistration cases: opened, approved, filed, done, sent back, given up."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.case_steps import CASE_TRANSITIONS, beneath, impossible, stepped, still_suspended
from domain.certificates import CustodyState, Holder, LegalState
from domain.collaterals import PledgeState
from domain.custody import Movement
from domain.deregistration import CLOSED_STATES, CaseState, CaseStep
from domain.releasing import ends_with_entry, going_back, released, surrendered_ones
from domain.undoing import has_no_right_left, waiting_for_reissue
from tests.domain.builders import a_case, a_case_lock
from tests.domain.confirming import Confirming
from tests.domain.small_bank import PAPERS

GROUPS = st.sampled_from(sorted(set(PAPERS.values())))
WAY_OUT = (
    CaseStep.APPROVE,
    CaseStep.VAULT_OUT,
    CaseStep.FILE,
    CaseStep.REGISTRY_DONE,
    CaseStep.RETURN,
)
WAY_BACK = (*WAY_OUT[:3], CaseStep.REGISTRY_REJECT)
WAY_ROUND = (*WAY_OUT[:2], CaseStep.SUSPEND, CaseStep.RESUME)
STEPS = [  # most cases go on; an ended one is tried as well
    *(place for place in CASE_TRANSITIONS for _ in range(3 if place[1] in WAY_OUT else 1)),
    (CaseState.CLOSED, CaseStep.CANCEL),
    *[(CaseState.SUSPENDED, CaseStep.RESUME)] * 3,
    (CaseState.SUSPENDED, CaseStep.REGISTRY_DONE),  # the registry does not wait
]


class CaseLives(Confirming):
    """What happens to cases; the rest of the bank goes on around them."""

    def _are(self, *states):
        return any(paper.custody_state in states for paper in self.bank.papers.values())

    def _pick(self, data, *states):
        """A paper in one of these states; the tables try all the others."""
        found = [paper.id for paper in self.bank.papers.values() if paper.custody_state in states]
        return data.draw(st.sampled_from(found))

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(group=GROUPS)
    def open_case(self, group):
        bank, collateral = self.bank, self.bank.collaterals[group]
        inside = [bank.papers[id].place is not None for id in PAPERS if PAPERS[id] == group]
        over = collateral.pledge_state in {PledgeState.RELEASED, PledgeState.TRANSFERRED}
        if group in bank.cases or over or not all(inside):
            return
        case = a_case(id=f"case-{group}", collateral_no=collateral.no, handler="handler")
        for paper in bank.papers_of(case):
            if paper.lock is None and paper.custody_state is CustodyState.IN_VAULT:
                bank.papers[paper.id] = replace(paper, lock=a_case_lock(case.id))
        bank.cases[group] = case
        bank.collaterals[group] = replace(
            collateral, pledge_state=PledgeState.RELEASING, open_case_id=case.id
        )

    @precondition(lambda self: self.bank.cases)
    @rule(
        data=st.data(),
        people=st.permutations(["keeper-1", "keeper-2"]),
        steps=st.integers(1, 6),
    )
    def step_case(self, data, people, steps):
        group = data.draw(st.sampled_from(sorted(self.bank.cases)))
        for _ in range(steps):
            if group in self.bank.cases:
                state = self.bank.cases[group].state
                possible = [step for start, step in STEPS if start is state]
                self.step(group, data.draw(st.sampled_from(possible)), people)

    def step(self, group, step, people):
        """One step of a case, where its state and its papers allow it."""
        bank = self.bank
        if group not in bank.cases:
            return
        suspended = bank.cases[group]
        told = step is CaseStep.REGISTRY_DONE
        case = beneath(suspended) if told else suspended
        papers = bank.papers_of(case)
        out = [p for p in papers if p.custody_state is CustodyState.OUT_FOR_DEREG]
        if impossible(case, step) is not None or not self._papers_ready(case, step, papers, out):
            return
        if step is CaseStep.VAULT_OUT and bank.any_frozen(papers):
            return
        if step is CaseStep.SUSPEND:
            self.lose_out(out[0])
        if step is CaseStep.RESUME:
            self._reissue(waiting_for_reissue(papers))
        bank.cases[group] = stepped(case, step, by="handler", now=bank.now)
        if step is CaseStep.VAULT_OUT:
            bank.take_out(case, people)
        if told:
            self._end_right(group, papers)
            self._wait_on(group, suspended)
        if step is CaseStep.RETURN:
            self._send_home(case, papers)
        if bank.cases[group].state in CLOSED_STATES - {CaseState.CLOSED}:
            self._let_go(group, case, papers)

    def _papers_ready(self, case, step, papers, out):
        """What the preconditions ask of the papers (DRG-P06), and what must come back first."""
        own = a_case_lock(case.id)
        inside = [p for p in papers if p.custody_state is CustodyState.IN_VAULT and p.lock == own]
        late = step is CaseStep.APPROVE and case.state is CaseState.VAULT_OUT
        if step in {CaseStep.SUBMIT, CaseStep.APPROVE} and not late:
            return inside == papers
        if step in {CaseStep.VAULT_OUT, CaseStep.FILE} or late:
            moving = step is CaseStep.FILE and any(map(self.bank.is_handed_over, out))
            ready = not moving and all(paper in inside or paper in out for paper in papers)
            return ready and bool(inside if step is CaseStep.VAULT_OUT else out)
        if step is CaseStep.SUSPEND:  # what the entry has ended is not waited for
            return bool(out) and not has_no_right_left(out[0])
        return step is not CaseStep.CANCEL or not out

    def lose_out(self, paper):
        """A paper that is out is lost: told by the lives that know losses."""
        raise NotImplementedError

    def _reissue(self, lost):
        """Each lost paper ends; what the registry issued takes its place in the small bank."""
        bank, people = self.bank, ["handler"]
        for paper in lost:
            void = {"legal_state": LegalState.VOID, "lock": None}
            bank.move(paper, Movement.REISSUE, CustodyState.REPLACED, people, **void)
            holder = Holder(login="handler", since=bank.now)
            received = Movement.RECEIVE_REISSUED
            bank.succeed(paper, received, CustodyState.WITH_HANDLER, people, holder)
            bank.incidents.pop(paper.id, None)

    def stop_case(self, paper):
        """What was lost while it was out stops its case, unless its right has ended already."""
        bank, group = self.bank, PAPERS[paper.id]
        case = bank.cases.get(group)
        out = paper.custody_state is CustodyState.OUT_FOR_DEREG and case is not None
        lost = [bank.papers[paper.id]]
        if out and waiting_for_reissue(lost) and impossible(case, CaseStep.SUSPEND) is None:
            bank.cases[group] = stepped(case, CaseStep.SUSPEND, by="boss", now=bank.now)

    def go_on(self, group):
        """A suspended case goes on once none of its papers waits any more."""
        bank, case = self.bank, self.bank.cases.get(group)
        if case is None or case.state is not CaseState.SUSPENDED:
            return
        if not waiting_for_reissue(bank.papers_of(case)):
            bank.cases[group] = stepped(case, CaseStep.RESUME, by="handler", now=bank.now)

    def _wait_on(self, group, before):
        """A suspended case waits on after the entry, unless what was lost has no right left."""
        bank, case = self.bank, self.bank.cases[group]
        if before.state is not CaseState.SUSPENDED:
            return
        bank.cases[group] = still_suspended(case)
        self.go_on(group)

    @invariant()
    def a_suspended_case_waits_for_a_reissue(self):
        for case in self.bank.cases.values():
            suspended = case.state is CaseState.SUSPENDED
            assert (case.suspended_from is not None) is suspended
            assert not suspended or waiting_for_reissue(self.bank.papers_of(case))

    def _end_right(self, group, papers):
        bank = self.bank
        bank.collaterals[group] = released(bank.collaterals[group], bank.cases[group].kind)
        for paper in papers:
            if ends_with_entry(paper):
                bank.move(
                    paper,
                    Movement.REGISTRY_CANCELLED,
                    paper.custody_state,
                    ["handler"],
                    legal_state=LegalState.CANCELLED,
                )

    def _send_home(self, case, papers):
        gone = {"holder": None, "lock": None}
        for paper in surrendered_ones(papers):
            self.bank.move(paper, Movement.SURRENDER, CustodyState.SURRENDERED, ["handler"], **gone)
        for paper in going_back(case, papers):
            to = CustodyState.RETURNED_TO_OWNER
            self.bank.move(paper, Movement.RETURN_TO_OWNER, to, ["handler"], **gone)

    def _let_go(self, group, case, papers):
        bank = self.bank
        for paper in papers:
            if paper.lock is not None and paper.lock.id == case.id:
                bank.papers[paper.id] = replace(paper, lock=None)
        bank.collaterals[group] = replace(
            bank.collaterals[group],
            pledge_state=case.previous_pledge_state,
            open_case_id=None,
        )
        del bank.cases[group]
