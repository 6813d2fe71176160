"""The board of deregistration: what counts as late, and what organisations add up to."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case_deadlines import TOTAL_RUNS
from domain.deregistration import CaseState, DeadlineStep
from domain.release_board import BoardFigures, Kept, Standing, figures
from tests.domain.builders import TODAY

S, D = CaseState, DeadlineStep
DAY = timedelta(days=1)


def standing(state=S.VAULT_OUT, org="OB-1", **facts):
    return Standing(org_code=org, state=state, **facts)


@pytest.mark.parametrize(
    ("due", "total", "late"),
    [
        (TODAY, TODAY, []),
        (TODAY - DAY, TODAY, [D.FILE]),
        (TODAY, TODAY - DAY, [D.TOTAL]),
        (TODAY - DAY, TODAY - DAY, [D.FILE, D.TOTAL]),
        (None, None, []),
    ],
)
def test_a_step_and_the_whole_are_late_the_day_after(due, total, late):
    step = None if due is None else D.FILE
    case = standing(next_step=step, next_due=due, total_due=total)
    assert list(case.late(TODAY)) == late


@pytest.mark.parametrize("state", S)
def test_the_whole_is_late_only_while_it_runs(state):
    late = standing(state, total_due=TODAY - DAY).late(TODAY)
    assert list(late) == ([D.TOTAL] if state in TOTAL_RUNS else [])


def test_figures_are_those_of_each_organisation_and_of_all_together():
    late = {"next_step": D.FILE, "next_due": TODAY - DAY}
    owed = {"free_until": TODAY - 3 * DAY, "per_day": 100}
    found = figures(
        [
            standing(org="OB-2", **late, **owed),
            standing(**late, total_due=TODAY - DAY),
            standing(S.BLOCKED, **owed),
            standing(S.RETURNED, returned_on=TODAY - 2 * DAY, **owed),
        ],
        today=TODAY,
    )
    assert found == [
        BoardFigures(
            org_code=None,
            open=4,
            overdue=2,
            exposure=700,
            by_state={S.VAULT_OUT: 2, S.BLOCKED: 1, S.RETURNED: 1},
            overdue_by_step={D.FILE: 2, D.TOTAL: 1},
        ),
        BoardFigures(
            org_code="OB-1",
            open=3,
            overdue=1,
            exposure=400,
            by_state={S.VAULT_OUT: 1, S.BLOCKED: 1, S.RETURNED: 1},
            overdue_by_step={D.FILE: 1, D.TOTAL: 1},
        ),
        BoardFigures(
            org_code="OB-2",
            open=1,
            overdue=1,
            exposure=300,
            by_state={S.VAULT_OUT: 1},
            overdue_by_step={D.FILE: 1},
        ),
    ]


def test_an_empty_board_has_a_total_of_nothing():
    assert figures([], today=TODAY) == [BoardFigures(org_code=None)]


@given(
    st.lists(
        st.builds(
            standing,
            state=st.sampled_from(S),
            org=st.sampled_from(["OB-1", "OB-2", "OB-3"]),
            next_step=st.sampled_from(D),
            next_due=st.dates(TODAY - 9 * DAY, TODAY + 9 * DAY),
            total_due=st.none() | st.dates(TODAY - 9 * DAY, TODAY + 9 * DAY),
            free_until=st.none() | st.dates(TODAY - 9 * DAY, TODAY + 9 * DAY),
            per_day=st.integers(0, 10**6),
            returned_on=st.none() | st.dates(TODAY - 9 * DAY, TODAY),
        )
    )
)
def test_organisations_add_up_to_the_total(cases):
    total, *organisations = figures(cases, today=TODAY)
    for name in ("open", "overdue", "exposure"):
        assert getattr(total, name) == sum(getattr(one, name) for one in organisations)
    assert sum(total.by_state.values()) == total.open == len(cases)
    assert total.overdue <= sum(total.overdue_by_step.values()) <= 2 * total.overdue


def test_what_waits_for_a_case_costs_and_is_no_case():
    late = {"free_until": TODAY - 3 * DAY, "per_day": 100}
    kept = [Kept(org_code="OB-2", **late), Kept(org_code="OB-1", free_until=TODAY, per_day=100)]
    total, first, second = figures([standing(**late)], kept=kept, today=TODAY)
    assert (total.open, total.waiting, total.exposure) == (1, 2, 600)
    assert (first.open, first.waiting, first.exposure) == (1, 1, 300)
    assert (second.org_code, second.open, second.waiting, second.exposure) == ("OB-2", 0, 1, 300)
