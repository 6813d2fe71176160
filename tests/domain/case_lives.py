"""Random lives of deregistration cases: opened, approved, filed, done, sent back, given up."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.certificates import CustodyState, LegalState
from domain.collaterals import PledgeState
from domain.custody import Movement
from domain.deregistration import CASE_TRANSITIONS, CaseState, CaseStep, impossible, stepped
from domain.releasing import ends_with_entry, going_back, released, surrendered_ones
from tests.domain.builders import a_case, a_case_lock
from tests.domain.invariants import Invariants
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
STEPS = [  # most cases go on; an ended one is tried as well
    *(place for place in CASE_TRANSITIONS for _ in range(3 if place[1] in WAY_OUT else 1)),
    (CaseState.CLOSED, CaseStep.CANCEL),
]


class CaseLives(Invariants):
    """What happens to cases; the rest of the bank goes on around them."""

    def _are(self, *states):
        return any(paper.custody_state in states for paper in self.bank.papers.values())

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(group=GROUPS)
    def open_case(self, group):
        bank, collateral = self.bank, self.bank.collaterals[group]
        inside = [bank.papers[id].place is not None for id in PAPERS if PAPERS[id] == group]
        over = collateral.pledge_state is PledgeState.RELEASED
        if group in bank.cases or over or not all(inside):
            return
        case = a_case(id=f"case-{group}", collateral_no=collateral.no, handler="handler")
        for paper in bank.papers_of(case):
            if paper.lock is None and paper.custody_state is CustodyState.IN_VAULT:
                bank.papers[paper.id] = replace(paper, lock=a_case_lock(case.id))
        bank.cases[group] = case
        bank.collaterals[group] = replace(collateral, pledge_state=PledgeState.RELEASING)

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
        case = bank.cases[group]
        papers = bank.papers_of(case)
        out = [p for p in papers if p.custody_state is CustodyState.OUT_FOR_DEREG]
        if impossible(case, step) is not None or not self._papers_ready(case, step, papers, out):
            return
        bank.cases[group] = stepped(case, step, by="handler", now=bank.now)
        if step is CaseStep.VAULT_OUT:
            bank.take_out(case, people)
        if step is CaseStep.REGISTRY_DONE:
            self._end_right(group, papers)
        if step is CaseStep.RETURN:
            self._send_home(case, papers)
        if step in {CaseStep.CANCEL, CaseStep.REJECT}:
            self._let_go(group, case, papers)

    def _papers_ready(self, case, step, papers, out):
        """What the preconditions ask of the papers (DRG-P06), and what must come back first."""
        if step in {CaseStep.SUBMIT, CaseStep.APPROVE, CaseStep.VAULT_OUT}:
            return all(
                paper.custody_state is CustodyState.IN_VAULT and paper.lock == a_case_lock(case.id)
                for paper in papers
            )
        if step is CaseStep.FILE:
            return all(paper in out for paper in papers)
        return step not in {CaseStep.CANCEL, CaseStep.REJECT} or not out

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
            bank.collaterals[group], pledge_state=case.previous_pledge_state
        )
        del bank.cases[group]
