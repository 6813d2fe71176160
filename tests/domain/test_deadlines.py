"""When each step of a case is due, from the day its state began."""

from dataclasses import replace
from datetime import date

import pytest

from domain.case_approvals import with_deadlines
from domain.deregistration import CaseState, Deadlines, HandlingMode
from tests.domain.builders import CALENDAR, POLICY, TODAY, a_case

S, M = CaseState, HandlingMode


def _in(state, *, today=TODAY, case=None, **changes):
    case = replace(case or a_case(), state=state, **changes)
    return with_deadlines(case, today=today, policy=POLICY, calendar=CALENDAR)


# The first column is from Tuesday 10 June, the second from Tuesday 30 September 2025.
@pytest.mark.parametrize(
    ("state", "name", "in_june", "over_the_holidays"),
    [
        (S.PRECHECKED, "decision_due", date(2025, 6, 13), date(2025, 10, 11)),
        (S.APPROVED, "vault_out_due", date(2025, 6, 11), date(2025, 10, 9)),
        (S.VAULT_OUT, "file_due", date(2025, 6, 13), date(2025, 10, 11)),
        (S.FILED, "registry_due", date(2025, 7, 22), date(2025, 11, 18)),
        (S.REGISTRY_DONE, "return_due", date(2025, 6, 13), date(2025, 10, 11)),
        (S.RETURNED, "close_due", date(2025, 6, 17), date(2025, 10, 14)),
    ],
)
def test_a_state_starts_its_deadline_in_working_days(state, name, in_june, over_the_holidays):
    for today, due in ((TODAY, in_june), (date(2025, 9, 30), over_the_holidays)):
        deadlines = _in(state, today=today).deadlines
        assert getattr(deadlines, name) == due
        assert deadlines.next_due == due


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
    assert _in(state, case=case).deadlines.next_due is None
