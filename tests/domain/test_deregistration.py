"""The life of a case: every state with every step in every mode, and who may approve."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.case_approvals import (
    approval_refusals,
    approval_steps,
    next_approval,
    not_approved,
)
from domain.case_steps import MAX_TIMELINE, beneath, impossible, stepped, still_suspended
from domain.deregistration import (
    OPEN_STATES,
    Approval,
    ApprovalDecision,
    CaseState,
    CaseStep,
    HandlingMode,
    Registry,
    TimelineEntry,
)
from domain.loans import Classification
from domain.orgs import OrgLevel
from domain.roles import Role
from tests.domain.builders import (
    NOW,
    POLICY,
    TODAY,
    a_case,
    a_grant,
    a_loan,
    an_actor,
    codes,
    local,
)
from tests.domain.release_builders import some_facts

S, E, M = CaseState, CaseStep, HandlingMode
ANY, VAULTED = set(M), {M.BANK, M.OWNER}
TABLE = {
    (S.DRAFT, E.SUBMIT): (S.PRECHECKED, ANY),
    (S.BLOCKED, E.SUBMIT): (S.PRECHECKED, ANY),
    (S.WITHDRAWN, E.SUBMIT): (S.PRECHECKED, ANY),
    (S.REGISTRY_REJECTED, E.SUBMIT): (S.PRECHECKED, ANY),
    **{
        (state, E.BLOCK): (S.BLOCKED, ANY)
        for state in (
            S.DRAFT,
            S.BLOCKED,
            S.PRECHECKED,
            S.APPROVED,
            S.VAULT_OUT,
            S.WITHDRAWN,
            S.REGISTRY_REJECTED,
        )
    },
    (S.PRECHECKED, E.APPROVE): (S.APPROVED, ANY),
    (S.APPROVED, E.APPROVE): (S.APPROVED, ANY),
    (S.VAULT_OUT, E.APPROVE): (S.VAULT_OUT, ANY),
    (S.PRECHECKED, E.REJECT): (S.REJECTED_INTERNAL, ANY),
    (S.APPROVED, E.REJECT): (S.REJECTED_INTERNAL, ANY),
    (S.VAULT_OUT, E.REJECT): (S.BLOCKED, ANY),
    **{
        (state, E.CANCEL): (S.CANCELLED, ANY)
        for state in (S.DRAFT, S.PRECHECKED, S.BLOCKED, S.APPROVED, S.VAULT_OUT)
    },
    (S.WITHDRAWN, E.CANCEL): (S.CLOSED_FAILED, ANY),
    (S.REGISTRY_REJECTED, E.CANCEL): (S.CLOSED_FAILED, ANY),
    (S.APPROVED, E.VAULT_OUT): (S.VAULT_OUT, VAULTED),
    (S.VAULT_OUT, E.VAULT_OUT): (S.VAULT_OUT, ANY),
    (S.APPROVED, E.FILE): (S.FILED, {M.ONLINE}),
    (S.VAULT_OUT, E.FILE): (S.FILED, {M.BANK}),
    (S.VAULT_OUT, E.RETURN): (S.RETURNED, {M.OWNER}),
    (S.NEED_MORE_MATERIAL, E.FILE): (S.FILED, ANY),
    (S.FILED, E.NEED_MORE_MATERIAL): (S.NEED_MORE_MATERIAL, ANY),
    **{
        (state, step): (to, ANY)
        for state in (S.FILED, S.NEED_MORE_MATERIAL)
        for step, to in (
            (E.WITHDRAW, S.WITHDRAWN),
            (E.REGISTRY_REJECT, S.REGISTRY_REJECTED),
            (E.REGISTRY_DONE, S.REGISTRY_DONE),
        )
    },
    (S.REGISTRY_DONE, E.RETURN): (S.RETURNED, ANY),
    (S.RETURNED, E.CLOSE): (S.CLOSED, ANY),
    **{
        (state, E.SUSPEND): (S.SUSPENDED, ANY)
        for state in (
            S.VAULT_OUT,
            S.BLOCKED,
            S.FILED,
            S.NEED_MORE_MATERIAL,
            S.WITHDRAWN,
            S.REGISTRY_REJECTED,
            S.REGISTRY_DONE,
            S.SUSPENDED,
        )
    },
    **{
        (state, E.REVERSE): (state, ANY)
        for state in (S.FILED, S.NEED_MORE_MATERIAL, S.REGISTRY_DONE, S.RETURNED, S.CLOSED)
    },
    **{
        (state, step): (state, ANY)
        for step in (E.REASSIGN, E.CHANGE_APPLICANTS)
        for state in set(S)
        - {S.RETURNED, S.CLOSED, S.CLOSED_FAILED, S.CANCELLED, S.REJECTED_INTERNAL}
    },
}
UNDOING = {E.CANCEL, E.WITHDRAW, E.REJECT, E.BLOCK}


@pytest.mark.parametrize("mode", HandlingMode)
@pytest.mark.parametrize("step", CaseStep)
@pytest.mark.parametrize("state", CaseState)
def test_a_step_is_possible_exactly_where_the_table_says(state, step, mode):
    case = a_case(state=state, handling_mode=mode)
    to, modes = TABLE.get((state, step), (None, set()))
    if mode in modes:
        assert impossible(case, step) is None
        assert stepped(case, step, by="u1", now=NOW).state is to
        return
    entered = state in {S.REGISTRY_DONE, S.CLOSED} and step in UNDOING
    assert codes([impossible(case, step)]) == ["IRREVERSIBLE" if entered else "STATE_CONFLICT"]


@pytest.mark.parametrize("step", sorted(UNDOING))
@pytest.mark.parametrize("state", [S.REGISTRY_DONE, S.RETURNED, S.CLOSED])
def test_what_the_registry_has_entered_is_never_undone(state, step):
    case = a_case(state=state, registry=Registry(done_at=NOW))
    assert codes([impossible(case, step)]) == ["IRREVERSIBLE"]


GOING_ON = [state for state, step in TABLE if step is E.SUSPEND and state is not S.SUSPENDED]


@pytest.mark.parametrize("state", GOING_ON)
def test_a_suspended_case_goes_on_where_it_was(state):
    case = stepped(a_case(state=state), E.SUSPEND, by="t2", now=NOW)
    assert (case.state, case.suspended_from) == (S.SUSPENDED, state)
    again = stepped(case, E.SUSPEND, by="t2", now=NOW)
    assert (again.state, again.suspended_from) == (S.SUSPENDED, state)
    possible = {step for step in E if impossible(again, step) is None}
    assert possible == {E.SUSPEND, E.RESUME, E.REASSIGN, E.CHANGE_APPLICANTS}
    resumed = stepped(again, E.RESUME, by="handler", now=NOW)
    assert (resumed.state, resumed.suspended_from) == (state, None)
    assert impossible(resumed, E.RESUME) is not None


def test_what_the_registry_tells_of_a_suspended_case_counts_from_where_it_was():
    case = stepped(a_case(state=S.FILED), E.SUSPEND, by="t2", now=NOW)
    told = stepped(beneath(case), E.REGISTRY_DONE, by="handler", now=NOW)
    after = still_suspended(told)
    assert (after.state, after.suspended_from) == (S.SUSPENDED, S.REGISTRY_DONE)
    plain = a_case(state=S.FILED)
    assert beneath(plain) == plain


def test_a_case_holds_its_collateral_until_it_has_ended():
    ended = {S.REJECTED_INTERNAL, S.CANCELLED, S.CLOSED, S.CLOSED_FAILED}
    assert {state for state in S if a_case(state=state).is_open} == set(S) - ended == OPEN_STATES


def test_a_step_leaves_a_line_in_the_timeline():
    case = stepped(a_case(state=S.DRAFT), E.SUBMIT, by="rm", now=NOW, note="ok")
    [entry] = case.timeline
    assert (entry.step, entry.by, entry.state, entry.note) == (E.SUBMIT, "rm", S.PRECHECKED, "ok")
    for _ in range(MAX_TIMELINE):
        case = stepped(case, E.APPROVE, by="a", now=NOW, to=S.PRECHECKED)
    assert len(case.timeline) == MAX_TIMELINE
    assert case.timeline[0].step is E.APPROVE


HEAD = (Role.APPROVER, OrgLevel.LOAN_CENTER)
COUNTY = (Role.APPROVER, OrgLevel.COUNTY_SUBCENTER)
RISK = (Role.RISK_MANAGER, OrgLevel.TIER2_BRANCH)


@pytest.mark.parametrize(("county", "first"), [(False, HEAD), (True, COUNTY)])
@pytest.mark.parametrize(
    ("loan", "risk"),
    [
        ({}, False),
        ({"worst_classification": Classification.SPECIAL_MENTION}, False),
        ({"worst_classification": Classification.SUBSTANDARD}, True),
        ({"worst_classification": Classification.DOUBTFUL}, True),
        ({"worst_classification": Classification.LOSS}, True),
        ({"written_off_once": True}, True),
    ],
)
def test_a_loan_that_was_ever_bad_needs_the_risk_manager_as_well(county, first, loan, risk):
    steps = approval_steps(
        a_case(county=county, loan_nos=("L1", "L2")),
        some_facts(loans={"L1": a_loan(), "L2": a_loan(**loan)}),
        policy=POLICY,
    )
    assert [(step.role, step.level) for step in steps] == [first, *([RISK] if risk else [])]


def _given(role=Role.APPROVER, level=OrgLevel.LOAN_CENTER, **changes):
    facts: dict[str, Any] = {
        "login": "head",
        "decision": ApprovalDecision.APPROVED,
        "at": NOW,
    } | changes
    return Approval(role=role, level=level, **facts)


BAD = some_facts(loans={"L1": a_loan(written_off_once=True)})


@pytest.mark.parametrize(
    ("approvals", "expected"),
    [
        ((), HEAD),
        ((_given(),), RISK),
        ((_given(*RISK),), HEAD),
        ((_given(), _given(*RISK)), None),
        ((_given(decision=ApprovalDecision.REJECTED),), HEAD),
        ((_given(level=OrgLevel.TIER2_BRANCH),), HEAD),
    ],
)
def test_approvals_are_given_in_order(approvals, expected):
    step = next_approval(a_case(approvals=approvals), BAD, policy=POLICY, today=TODAY)
    assert (None if step is None else (step.role, step.level)) == expected


@pytest.mark.parametrize(("days", "valid"), [(0, True), (30, True), (31, False)])
@pytest.mark.parametrize("at", ["2025-06-10T10:00:00", "2025-06-10T00:30:00"])
def test_after_a_rejection_approvals_stay_valid_for_thirty_days_of_shanghai(at, days, valid):
    filed = a_case(state=CaseState.FILED, approvals=(_given(),))
    case = stepped(filed, CaseStep.REGISTRY_REJECT, by="handler", now=local(at))
    today = TODAY + timedelta(days=days)
    step = next_approval(case, some_facts(), policy=POLICY, today=today)
    assert (step is None) is valid
    due = not_approved(case, some_facts(), policy=POLICY, today=today)
    assert (due is None) is valid
    case = replace(case, approvals=(*case.approvals, _given()))  # given since
    assert next_approval(case, some_facts(), policy=POLICY, today=today) is None


def test_what_no_registry_sent_back_stays_approved():
    case = a_case(approvals=(_given(),))
    late = TODAY + timedelta(days=400)
    assert next_approval(case, some_facts(), policy=POLICY, today=late) is None


@pytest.mark.parametrize(("reversed_loans", "left"), [((), 1), (("L1",), 0)])
def test_a_withdrawal_for_a_reversed_settlement_takes_the_approvals(reversed_loans, left):
    case = a_case(state=CaseState.FILED, approvals=(_given(),), reversed_loans=reversed_loans)
    assert len(stepped(case, CaseStep.WITHDRAW, by="handler", now=NOW).approvals) == left


def test_whoever_submitted_the_case_is_an_applicant_and_approves_nothing():
    entry = TimelineEntry(at=NOW, step=CaseStep.SUBMIT, by="head", state=CaseState.PRECHECKED)
    assert _may_approve(timeline=(entry,)) == ["SELF_APPROVAL"]
    assert a_case(timeline=(entry,)).parts()["head"] == "applicant"


def _may_approve(login="head", *, grants=None, loans=(), **changes):
    held = (a_grant(Role.APPROVER),) if grants is None else grants
    found = approval_refusals(
        a_case(**changes),
        loans or some_facts(),
        approver=an_actor(login, *held),
        policy=POLICY,
        today=TODAY,
    )
    return codes(found)


def test_the_head_of_the_centre_approves():
    assert _may_approve() == []


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("rm", ["SELF_APPROVAL"]),
        ("handler", ["SOD_VIOLATION"]),
        ("first", ["SOD_VIOLATION"]),
        ("head", []),
    ],
)
def test_an_approver_plays_no_other_part(login, expected):
    facts = some_facts(loans={"L1": a_loan(written_off_once=True)})
    found = _may_approve(login, loans=facts, grants=None, approvals=(_given(login="first"),))
    assert [code for code in found if code != "APPROVAL_LEVEL"] == expected


def test_an_applicant_who_handles_the_case_is_told_once():
    assert _may_approve("rm", handler="rm") == ["SELF_APPROVAL"]


TIER2 = {"org_level": OrgLevel.TIER2_BRANCH, "org_path": "/HO/T1/T2"}


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (a_grant(Role.APPROVER), True),
        (a_grant(Role.APPROVER, **TIER2), False),
        (a_grant(Role.RISK_MANAGER), False),
        (a_grant(Role.APPROVER, jurisdiction_path="/HO/T1/T3"), False),
        (a_grant(Role.APPROVER, org_level=OrgLevel.COUNTY_SUBCENTER), False),
    ],
)
def test_the_next_approval_comes_from_its_level(grant, allowed):
    assert _may_approve(grants=(grant,)) == ([] if allowed else ["APPROVAL_LEVEL"])


def test_in_a_county_the_head_of_the_subcentre_approves():
    own = a_grant(Role.APPROVER, org_level=OrgLevel.COUNTY_SUBCENTER)
    assert _may_approve(grants=(own,), county=True) == []
    assert _may_approve(county=True) == ["APPROVAL_LEVEL"]


def test_after_the_head_the_risk_manager_of_the_branch_approves_a_bad_loan():
    facts = {"loans": BAD, "approvals": (_given(),)}
    risk = (a_grant(Role.RISK_MANAGER, **TIER2),)
    assert _may_approve("risk", grants=risk, **facts) == []
    assert _may_approve("other", **facts) == ["APPROVAL_LEVEL"]
    both = (a_grant(Role.APPROVER), *risk)
    assert _may_approve("head", grants=both, **facts) == ["SOD_VIOLATION"]


def test_only_a_prechecked_case_is_approved_and_everything_is_told_at_once():
    refusals = _may_approve("rm", grants=(), state=S.DRAFT)
    assert refusals == ["STATE_CONFLICT", "SELF_APPROVAL", "APPROVAL_LEVEL"]
