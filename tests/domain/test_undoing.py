"""What becomes of a release when its settlement is undone or a paper is lost: every state."""

from datetime import date

import pytest

from domain.case_deadlines import papers_back, papers_due_back
from domain.case_steps import stepped
from domain.certificates import CertType, CustodyState, LegalState
from domain.deregistration import CaseState, CaseStep, Deadlines, DeregKind, Registry
from domain.undoing import (
    Demand,
    demand_text,
    overtaken_by_entry,
    reversed_settlement,
    waiting_for_reissue,
)
from tests.domain.builders import (
    CALENDAR,
    NOW,
    POLICY,
    TODAY,
    a_case,
    a_certificate,
)

S, D = CaseState, Demand
# What a reversal makes of a case in each state, and what it asks for; absent: nothing.
AFTER = {
    S.DRAFT: (S.BLOCKED, D.SETTLE_AGAIN),
    S.PRECHECKED: (S.BLOCKED, D.SETTLE_AGAIN),
    S.BLOCKED: (S.BLOCKED, D.SETTLE_AGAIN),
    S.APPROVED: (S.BLOCKED, D.SETTLE_AGAIN),
    S.VAULT_OUT: (S.BLOCKED, D.BRING_BACK),
    S.WITHDRAWN: (S.BLOCKED, D.SETTLE_AGAIN),
    S.REGISTRY_REJECTED: (S.BLOCKED, D.SETTLE_AGAIN),
    S.FILED: (S.FILED, D.WITHDRAW),
    S.NEED_MORE_MATERIAL: (S.NEED_MORE_MATERIAL, D.WITHDRAW),
    S.REGISTRY_DONE: (S.REGISTRY_DONE, D.REGISTER_ANEW),
    S.RETURNED: (S.RETURNED, D.REGISTER_ANEW),
    S.CLOSED: (S.CLOSED, D.REGISTER_ANEW),
}


def reverse(case):
    return reversed_settlement(case, "L1", told="L1", by="feed", now=NOW)


@pytest.mark.parametrize("state", CaseState)
def test_a_reversal_stops_what_has_not_been_filed_and_undoes_nothing_else(state):
    reversal = reverse(a_case(state=state))
    if state not in AFTER:
        assert reversal is None
        return
    after = reversal.case
    assert (after.state, reversal.demand) == AFTER[state]
    blocked = after.state is S.BLOCKED
    assert after.reversed_loans == (() if blocked else ("L1",))
    assert after.timeline[-1].step is (CaseStep.BLOCK if blocked else CaseStep.REVERSE)
    assert after.timeline[-1].note == "settlement of L1 reversed"


@pytest.mark.parametrize("kind", DeregKind)
@pytest.mark.parametrize("state", AFTER)
def test_a_release_that_leaves_the_debt_as_it_is_goes_on(state, kind):
    resting = {
        DeregKind.FULL_SETTLEMENT,
        DeregKind.NEVER_DISBURSED,
        DeregKind.PRE_NOTICE_CANCEL,
    }
    assert (reverse(a_case(state=state, kind=kind)) is not None) is (kind in resting)


@pytest.mark.parametrize("state", [S.BLOCKED, S.WITHDRAWN, S.REGISTRY_REJECTED])
def test_papers_that_are_still_on_their_way_back_are_asked_for(state):
    waiting = a_case(state=state, deadlines=Deadlines(vault_back_due=TODAY))
    assert reverse(waiting).demand is D.BRING_BACK


def test_papers_that_the_owner_has_are_demanded_of_him():
    assert reverse(a_case(state=S.RETURNED, proof_pending=True)).demand is D.STOP_OWNER
    assert {d for d in Demand if d.is_too_late} == {D.STOP_OWNER, D.REGISTER_ANEW}


@pytest.mark.parametrize(
    "state",
    [s for s in AFTER if s in {S.VAULT_OUT, S.FILED, S.NEED_MORE_MATERIAL, S.REGISTRY_DONE}],
)
def test_a_suspended_case_is_stopped_where_it_would_go_on(state):
    suspended = stepped(a_case(state=state), CaseStep.SUSPEND, by="t2", now=NOW)
    reversal = reverse(suspended)
    assert reversal.case.state is S.SUSPENDED
    assert (reversal.case.suspended_from, reversal.demand) == AFTER[state]


def test_the_same_settlement_undone_twice_is_named_once():
    twice = reverse(reverse(a_case(state=S.FILED)).case).case
    assert twice.reversed_loans == ("L1",)


@pytest.mark.parametrize(
    ("kind", "overtaken"),
    [(DeregKind.FULL_SETTLEMENT, ("L1", "L2")), (DeregKind.PARTIAL_RELEASE, ())],
)
def test_an_entry_overtakes_the_debts_that_the_release_needs_paid(kind, overtaken):
    case = a_case(kind=kind, state=S.FILED, loan_nos=("L1", "L2"))
    assert overtaken_by_entry(case, ["L1", "L2"]) == overtaken
    assert overtaken_by_entry(case, []) == ()


@pytest.mark.parametrize("demand", Demand)
def test_each_demand_says_what_to_do_with_which_case(demand):
    case = a_case(registry=Registry(acceptance_no="N1"))
    text = demand_text(demand, case, ["L1", "L2"])
    assert "L1, L2" in text
    assert case.no in text
    assert len({demand_text(other, case, ["L1"]) for other in Demand}) == len(Demand)


LATER = {"today": date(2025, 6, 11)}


def test_papers_of_a_stopped_release_are_back_in_two_working_days():
    rules = {"today": TODAY, "policy": POLICY, "calendar": CALENDAR}
    stopped = papers_due_back(a_case(state=S.BLOCKED), **rules)
    due = (stopped.deadlines.vault_back_due, stopped.deadlines.next_due)
    assert due == (date(2025, 6, 12), date(2025, 6, 12))
    again = papers_due_back(stepped(stopped, CaseStep.BLOCK, by="u", now=NOW), **rules | LATER)
    assert again.deadlines == stopped.deadlines
    assert papers_back(stopped, **rules).deadlines == Deadlines()


LOST = CustodyState.LOST


@pytest.mark.parametrize(
    ("paper", "waits"),
    [
        ({}, True),
        ({"custody_state": CustodyState.OUT_FOR_DEREG}, False),
        ({"custody_state": CustodyState.REPLACED}, False),
        ({"legal_state": LegalState.CANCELLED}, False),
        ({"legal_state": LegalState.LAPSED}, False),
        ({"legal_state": LegalState.SUPERSEDED}, True),
        ({"cert_type": CertType.REAL_ESTATE_TITLE, "legal_state": LegalState.CANCELLED}, True),
    ],
)
def test_a_lost_paper_is_waited_for_unless_its_right_has_ended(paper, waits):
    lost = a_certificate(**{"custody_state": LOST} | paper)
    assert waiting_for_reissue([lost]) == ([lost] if waits else [])


@pytest.mark.parametrize(
    ("kind", "named", "loan_no", "stops"),
    [
        (DeregKind.FULL_SETTLEMENT, True, "L1", True),
        (DeregKind.FULL_SETTLEMENT, True, "L2", True),
        (DeregKind.WAIVER, True, "L1", False),
        (DeregKind.WAIVER, True, "L2", True),
        (DeregKind.WAIVER, False, "L2", False),
        (DeregKind.PARTIAL_RELEASE, True, "L2", False),
        (DeregKind.COURT_ORDERED, True, "L2", False),
    ],
)
def test_a_release_rests_on_what_the_contracts_it_does_not_name_secure(kind, named, loan_no, stops):
    case = a_case(kind=kind, contracts_named=named, state=S.FILED)
    reversal = reversed_settlement(case, loan_no, told=loan_no, by="feed", now=NOW)
    assert (reversal is not None) is stops
