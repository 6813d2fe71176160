"""When each step of a case is due, from the day its state began."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import nd
from domain.case_deadlines import TOTAL_RUNS, papers_back, running, with_deadlines
from domain.case_steps import stepped
from domain.deregistration import (
    CaseState,
    CaseStep,
    Deadlines,
    DeadlineStep,
    HandlingMode,
    Registry,
)
from domain.policy import PolicyValue, resolve
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, a_case, local

S, M, D = CaseState, HandlingMode, DeadlineStep
DAY = timedelta(days=1)


def _in(state, *, today=TODAY, case=None, policy=POLICY, **changes):
    case = replace(case or a_case(), state=state, **changes)
    return with_deadlines(case, today=today, policy=policy, calendar=CALENDAR)


# The first column is from Tuesday 10 June, the second from Tuesday 30 September 2025.
@pytest.mark.parametrize(
    ("state", "name", "in_june", "over_the_holidays"),
    [
        (S.PRECHECKED, "decision_due", date(2025, 6, 13), date(2025, 10, 11)),
        (S.APPROVED, "vault_out_due", date(2025, 6, 11), date(2025, 10, 9)),
        (S.VAULT_OUT, "file_due", date(2025, 6, 13), date(2025, 10, 11)),
        (S.FILED, "registry_due", date(2025, 7, 22), date(2025, 11, 18)),
        (S.REGISTRY_REJECTED, "vault_back_due", date(2025, 6, 12), date(2025, 10, 10)),
        (S.WITHDRAWN, "vault_back_due", date(2025, 6, 12), date(2025, 10, 10)),
        (S.REGISTRY_DONE, "return_due", date(2025, 6, 13), date(2025, 10, 11)),
        (S.RETURNED, "close_due", date(2025, 6, 17), date(2025, 10, 14)),
    ],
)
def test_a_state_starts_its_deadline_in_working_days(state, name, in_june, over_the_holidays):
    for today, due in ((TODAY, in_june), (date(2025, 9, 30), over_the_holidays)):
        deadlines = _in(state, today=today).deadlines
        assert getattr(deadlines, name) == due
        assert deadlines.next_due == deadlines.sort_due == due


@pytest.mark.parametrize(
    ("today", "total"),
    [
        (TODAY, date(2025, 6, 25)),
        (date(2025, 9, 22), date(2025, 10, 9)),
        (date(2025, 6, 13), date(2025, 6, 30)),
    ],
)
def test_the_whole_is_due_in_fifteen_days_rolled_forward(today, total):
    first = _in(S.PRECHECKED, today=today)
    assert first.deadlines.total_due == total
    again = _in(S.PRECHECKED, today=date(2025, 12, 1), case=first)
    assert again.deadlines.total_due == total


@pytest.mark.parametrize(
    ("way", "kept"), [((S.BLOCKED,), False), ((S.REGISTRY_REJECTED,), True), ((S.FILED,), True)]
)
def test_the_whole_begins_anew_with_an_application_that_is_complete_again(way, kept):
    case = first = _in(S.PRECHECKED)
    for state in way:
        case = stepped(case, CaseStep.BLOCK, by="u", now=NOW, to=state)
    assert (case.deadlines.total_due is None) is not kept
    again = _in(S.PRECHECKED, today=date(2025, 8, 1), case=case)
    expected = first.deadlines.total_due if kept else date(2025, 8, 18)
    assert again.deadlines.total_due == expected


def test_filing_is_due_from_when_the_first_paper_of_an_application_left():
    first = _in(S.VAULT_OUT)
    second = _in(S.VAULT_OUT, today=TODAY + 2 * DAY, case=first)
    assert second.deadlines.file_due == first.deadlines.file_due == date(2025, 6, 13)
    anew = _in(S.PRECHECKED, today=date(2025, 7, 1), case=second)
    again = _in(S.VAULT_OUT, today=date(2025, 7, 4), case=anew)
    assert again.deadlines.file_due == date(2025, 7, 9)


def test_more_material_does_not_move_the_registrys_deadline():
    filed = _in(S.FILED)
    asked = _in(S.NEED_MORE_MATERIAL, today=date(2025, 6, 20), case=filed)
    again = _in(S.FILED, today=date(2025, 6, 24), case=asked)
    for case in (filed, asked, again):
        assert case.deadlines.registry_due == case.deadlines.next_due == date(2025, 7, 22)


@pytest.mark.parametrize("ended", [S.REGISTRY_REJECTED, S.WITHDRAWN])
def test_a_new_acceptance_starts_the_registrys_deadline_anew(ended):
    case = _in(ended, today=date(2025, 7, 1), case=_in(S.FILED))
    for state in (S.PRECHECKED, S.APPROVED, S.VAULT_OUT):
        case = _in(state, today=date(2025, 7, 10), case=case)
    again = _in(S.FILED, today=date(2025, 8, 1), case=case)
    assert again.deadlines.registry_due == CALENDAR.wd(date(2025, 8, 1), 30)


def test_an_owner_proves_the_cancellation_in_thirty_days():
    owner = {"handling_mode": M.OWNER, "proof_pending": True}
    deadlines = _in(S.RETURNED, today=date(2025, 6, 30), **owner).deadlines
    assert deadlines.owner_proof_due == deadlines.next_due == date(2025, 7, 30)


@pytest.mark.parametrize(
    ("mode", "state", "name"),
    [(M.ONLINE, S.APPROVED, "vault_out_due"), (M.OWNER, S.VAULT_OUT, "file_due")],
)
def test_a_step_the_mode_does_not_know_is_never_due(mode, state, name):
    assert getattr(_in(state, handling_mode=mode).deadlines, name) is None


@pytest.mark.parametrize(
    "state", [S.DRAFT, S.BLOCKED, S.CANCELLED, S.REJECTED_INTERNAL, S.CLOSED, S.CLOSED_FAILED]
)
def test_nothing_is_due_while_nothing_runs(state):
    case = a_case(deadlines=Deadlines(next_due=TODAY))
    deadlines = _in(state, case=case).deadlines
    assert (deadlines.next_due, deadlines.sort_due) == (None, date.max)


def test_an_owner_who_has_proven_it_leaves_five_working_days_to_close():
    owner = _in(S.RETURNED, handling_mode=M.OWNER, proof_pending=True)
    assert (owner.deadlines.next_step, owner.deadlines.close_due) == (D.OWNER_PROOF, None)
    proven = _in(S.RETURNED, today=date(2025, 7, 4), case=owner, proof_pending=False)
    assert proven.deadlines.next_step is D.CLOSE
    assert proven.deadlines.next_due == proven.deadlines.close_due == date(2025, 7, 11)


def _filed(authority: str, **changes):
    policy = resolve(
        [
            PolicyValue(key="registry.上海市登记中心.sla_wd", value="1", effective_from=TODAY),
            PolicyValue(key="registry.广州市登记中心.sla_wd", value="40", effective_from=TODAY),
        ],
        on=TODAY,
    )
    registry = Registry(authority=authority, **changes)
    return _in(S.FILED, registry=registry, policy=policy).deadlines


@pytest.mark.parametrize(
    ("authority", "committed", "step", "next_due"),
    [
        ("上海市登记中心", date(2025, 6, 11), D.REGISTRY_COMMITMENT, date(2025, 6, 11)),
        ("广州市登记中心", date(2025, 8, 5), D.REGISTRY, date(2025, 7, 22)),
        ("北京市登记中心", None, D.REGISTRY, date(2025, 7, 22)),
    ],
)
def test_a_registry_answers_as_it_promises_and_as_the_law_demands(
    authority, committed, step, next_due
):
    deadlines = _filed(authority)
    assert deadlines.registry_committed_due == committed
    assert deadlines.registry_due == date(2025, 7, 22)
    assert (deadlines.next_step, deadlines.next_due) == (step, next_due)


def test_the_registrys_days_run_from_the_acceptance_however_late_it_is_recorded():
    deadlines = _filed("上海市登记中心", filed_at=local("2025-06-05T23:59:00"))
    assert deadlines.registry_committed_due == date(2025, 6, 6)
    assert deadlines.registry_due == date(2025, 7, 17)
    done = _in(S.REGISTRY_DONE, registry=Registry(done_at=local("2025-06-06T00:00:00")))
    assert done.deadlines.return_due == date(2025, 6, 11)


@pytest.mark.parametrize("mode", [M.ONLINE, M.OWNER])
def test_no_papers_come_back_where_the_bank_took_none_to_the_registry(mode):
    assert _in(S.REGISTRY_REJECTED, handling_mode=mode).deadlines.vault_back_due is None


def test_papers_that_are_back_are_waited_for_no_more():
    rejected = _in(S.REGISTRY_REJECTED, case=_in(S.PRECHECKED))
    assert [due.step for due in running(rejected)] == [D.VAULT_BACK, D.TOTAL]
    back = papers_back(rejected, today=TODAY, policy=POLICY, calendar=CALENDAR)
    assert (back.deadlines.next_step, back.deadlines.next_due) == (None, None)
    assert [due.step for due in running(back)] == [D.TOTAL]
    assert back.escalate_on == back.deadlines.total_due


@pytest.mark.parametrize(
    ("state", "mode", "steps"),
    [
        (S.PRECHECKED, M.BANK, [D.DECISION, D.TOTAL]),
        (S.APPROVED, M.BANK, [D.VAULT_OUT, D.TOTAL]),
        (S.APPROVED, M.OWNER, [D.VAULT_OUT, D.TOTAL]),
        (S.APPROVED, M.ONLINE, [D.FILE, D.TOTAL]),
        (S.VAULT_OUT, M.BANK, [D.FILE, D.TOTAL]),
        (S.VAULT_OUT, M.OWNER, [D.RETURN, D.TOTAL]),
        (S.FILED, M.BANK, [D.REGISTRY, D.TOTAL]),
        (S.NEED_MORE_MATERIAL, M.BANK, [D.TOTAL]),
        (S.REGISTRY_DONE, M.BANK, [D.RETURN, D.TOTAL]),
        (S.RETURNED, M.BANK, [D.CLOSE]),
        (S.BLOCKED, M.BANK, []),
        (S.DRAFT, M.BANK, []),
        (S.CLOSED, M.BANK, []),
        (S.CANCELLED, M.BANK, []),
    ],
)
def test_what_runs_in_a_state(state, mode, steps):
    case = _in(state, handling_mode=mode, deadlines=Deadlines(total_due=TODAY))
    assert [due.step for due in running(case)] == steps


def test_what_stops_a_case_stops_its_deadlines():
    case = _in(S.PRECHECKED)
    assert case.escalate_on == case.deadlines.decision_due
    blocked = stepped(case, CaseStep.BLOCK, by="u", now=NOW)
    assert (blocked.deadlines.next_step, blocked.deadlines.next_due) == (None, None)
    assert (case.deadlines.sort_due, blocked.deadlines.sort_due) == (case.escalate_on, date.max)
    assert blocked.escalate_on is None
    again = stepped(case, CaseStep.APPROVE, by="u", now=NOW, to=S.PRECHECKED)
    assert again.deadlines == case.deadlines


WORKING = {
    "decision_due",
    "vault_out_due",
    "file_due",
    "registry_committed_due",
    "registry_due",
    "vault_back_due",
    "return_due",
    "close_due",
    "total_due",
    "free_until",
}
DAYS = st.dates(date(2025, 1, 1), date(2025, 11, 30))


@given(
    today=DAYS,
    state=st.sampled_from(sorted(TOTAL_RUNS | {S.RETURNED})),
    mode=st.sampled_from(M),
    promised=st.integers(1, 60),
)
def test_only_what_an_owner_has_to_prove_may_fall_on_a_day_off(today, state, mode, promised):
    policy = resolve(
        [PolicyValue(key="registry.R.sla_wd", value=str(promised), effective_from=TODAY)], on=TODAY
    )
    case = _in(
        state,
        today=today,
        policy=policy,
        handling_mode=mode,
        proof_pending=mode is M.OWNER,
        registry=Registry(authority="R"),
    )
    for name in WORKING:
        due = getattr(case.deadlines, name)
        assert due is None or (CALENDAR.is_working(due) and due > today), name
    if state is S.RETURNED and mode is M.OWNER:
        assert case.deadlines.owner_proof_due == nd(today, 30)


@given(today=DAYS)
def test_the_whole_is_due_on_the_first_working_day_from_the_fifteenth(today):
    due = _in(S.PRECHECKED, today=today).deadlines.total_due
    assert due >= nd(today, 15)
    between = [nd(today, 15) + DAY * n for n in range((due - nd(today, 15)).days)]
    assert not any(map(CALENDAR.is_working, between))
