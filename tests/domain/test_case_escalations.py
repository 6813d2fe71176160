"""Who hears of a deadline of a release: which level, on which day, once each."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case_deadlines import running, with_deadlines
from domain.case_escalations import (
    Due,
    Escalation,
    EscalationLevel,
    escalations,
    next_escalation,
    recipients,
    recipients_of_loan,
)
from domain.deregistration import (
    Approval,
    ApprovalDecision,
    CaseState,
    DeadlineStep,
)
from domain.orgs import OrgLevel
from domain.roles import HANDLERS, Role
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, a_case

L, D = EscalationLevel, DeadlineStep
DAY = timedelta(days=1)


def told(*deadlines, today=TODAY):
    found = escalations(deadlines, policy=POLICY, calendar=CALENDAR, today=today)
    return {one.level: one.on for one in found}


@pytest.mark.parametrize(
    ("on", "handler", "center", "tier2"),
    [
        (date(2025, 6, 11), date(2025, 6, 11), date(2025, 6, 12), date(2025, 6, 13)),
        (date(2025, 6, 13), date(2025, 6, 13), date(2025, 6, 16), date(2025, 6, 17)),
        (date(2025, 9, 30), date(2025, 9, 30), date(2025, 10, 9), date(2025, 10, 10)),
    ],
)
def test_levels_are_told_on_the_day_and_in_working_days_after_it(on, handler, center, tier2):
    assert told(Due(step=D.VAULT_OUT, on=on)) == {
        L.HANDLER: handler,
        L.CENTER: center,
        L.TIER2: tier2,
    }


@pytest.mark.parametrize("out", [date(2025, 6, 10), date(2025, 6, 12), date(2025, 9, 29)])
def test_papers_that_are_out_unfiled_are_told_of_at_three_and_at_five_working_days(out):
    case = with_deadlines(
        a_case(state=CaseState.VAULT_OUT), today=out, policy=POLICY, calendar=CALENDAR
    )
    levels = told(*running(case))
    assert levels[L.HANDLER] == CALENDAR.wd(out, 3) == case.escalate_on
    assert levels[L.TIER2] == CALENDAR.wd(out, 5)


def test_what_is_known_at_once_is_told_at_once():
    due = Due(step=D.OWNER_NOTICE, on=TODAY + DAY, at_once=TODAY)
    assert told(due)[L.HANDLER] == TODAY
    assert told(due)[L.CENTER] == TODAY + 2 * DAY


def test_an_owner_who_proves_nothing_is_followed_up_every_month():
    due = Due(step=D.OWNER_PROOF, on=date(2025, 1, 31))

    def days(today):
        found = escalations([due], policy=POLICY, calendar=CALENDAR, today=today)
        return [one.on for one in found if one.level is L.FOLLOW_UP]

    assert days(date(2025, 1, 30)) == []
    assert days(date(2025, 1, 31)) == [date(2025, 2, 28)]
    assert days(date(2025, 3, 30)) == [date(2025, 2, 28), date(2025, 3, 31)]
    assert days(date(2025, 3, 31)) == [
        date(2025, 2, 28),
        date(2025, 3, 31),
        date(2025, 4, 30),
    ]


def test_each_level_and_deadline_has_a_number_of_its_own():
    dues = [Due(step=D.OWNER_PROOF, on=TODAY), Due(step=D.TOTAL, on=TODAY)]
    dues.append(Due(step=D.TOTAL, on=TODAY + DAY))
    today = TODAY + 70 * DAY
    found = list(escalations(dues, policy=POLICY, calendar=CALENDAR, today=today))
    assert len({one.number("case-1") for one in found}) == len(found) == 12


@given(st.dates(date(2025, 1, 1), date(2025, 9, 30)), st.sampled_from(D), st.integers(0, 90))
def test_the_next_day_comes_after_all_that_was_told(on, step, after):
    due = [Due(step=step, on=on)]
    day = on + DAY * after
    found = list(escalations(due, policy=POLICY, calendar=CALENDAR, today=day))
    coming = next_escalation(due, policy=POLICY, calendar=CALENDAR, today=day, after=day)
    assert coming == min((one.on for one in found if one.on > day), default=None)
    assert (coming is None) == (step is not D.OWNER_PROOF and CALENDAR.wd(on, 2) <= day)


def _whom(step, level=L.HANDLER, **case):
    one = Escalation(due=Due(step=step, on=TODAY), level=level, on=TODAY)
    found = recipients(one, a_case(**case))
    return found.logins, found.roles, found.level


APPROVED = Approval(
    role=Role.APPROVER,
    level=OrgLevel.LOAN_CENTER,
    login="a",
    decision=ApprovalDecision.APPROVED,
    at=NOW,
)
CENTER, COUNTY, TIER2 = (
    OrgLevel.LOAN_CENTER,
    OrgLevel.COUNTY_SUBCENTER,
    OrgLevel.TIER2_BRANCH,
)
HIGHER = replace(APPROVED, level=TIER2, login="b")
DECIDERS = (Role.APPROVER, Role.RISK_MANAGER, Role.LEGAL_OFFICER)


@pytest.mark.parametrize(
    ("step", "case", "meant"),
    [
        (D.DECISION, {}, (("handler",), (Role.APPROVER,), CENTER)),
        (D.DECISION, {"county": True}, (("handler",), (Role.APPROVER,), COUNTY)),
        (D.DECISION, {"approvals": (APPROVED,)}, (("handler",), DECIDERS, TIER2)),
        (D.DECISION, {"approvals": (APPROVED, HIGHER)}, (("handler",), DECIDERS, None)),
        (D.VAULT_OUT, {}, (("handler",), (Role.VAULT_KEEPER,), None)),
        (D.FILE, {}, (("handler",), (), None)),
        (D.FILE, {"handler": None}, ((), HANDLERS, None)),
        (D.TOTAL, {}, (("handler",), (), None)),
        (
            D.OWNER_PROOF,
            {},
            (("handler",), (Role.RELATIONSHIP_MANAGER, *HANDLERS), None),
        ),
    ],
)
def test_first_those_are_told_who_can_act(step, case, meant):
    assert _whom(step, **case) == meant


@pytest.mark.parametrize("step", D)
@pytest.mark.parametrize(
    ("level", "county", "at"),
    [(L.CENTER, False, CENTER), (L.CENTER, True, COUNTY), (L.TIER2, True, TIER2)],
)
def test_then_the_heads_above_them(step, level, county, at):
    assert _whom(step, level, county=county) == ((), (Role.APPROVER,), at)
    one = Escalation(due=Due(step=step, on=TODAY), level=level, on=TODAY)
    found = recipients_of_loan(one, managers=("rm",), county=county)
    assert (found.logins, found.roles, found.level) == ((), (Role.APPROVER,), at)


def test_without_a_case_those_who_look_after_the_customer_are_told():
    one = Escalation(due=Due(step=D.OWNER_NOTICE, on=TODAY), level=L.HANDLER, on=TODAY)
    found = recipients_of_loan(one, managers=("rm",), county=False)
    assert (found.logins, found.level) == (("rm",), None)
    assert found.roles == (Role.RELATIONSHIP_MANAGER, *HANDLERS)
