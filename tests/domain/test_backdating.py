"""Dating a vault event back: boundaries on both sides, over holidays, and who approves."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.backdating import approval_refusals, backdate_refusals, is_back, unapproved
from domain.dual_control import ProposalState
from domain.policy import PolicyValue, resolve
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, codes
from tests.domain.vault_builders import a_proposal, an_operator

YESTERDAY = TODAY - timedelta(days=1)
SUPERVISOR = an_operator("sv", role="VAULT_SUPERVISOR")


def dated(on, *, today=TODAY, latest=None, policy=POLICY):
    return list(backdate_refusals(on, today=today, latest=latest, policy=policy, calendar=CALENDAR))


@pytest.mark.parametrize(
    ("today", "on", "allowed"),
    [
        (date(2025, 6, 10), None, True),
        (date(2025, 6, 10), date(2025, 6, 10), True),
        (date(2025, 6, 10), date(2025, 6, 11), False),
        (date(2025, 6, 10), date(2025, 6, 9), True),
        (date(2025, 6, 10), date(2025, 6, 8), False),
        # A Monday: Friday and the days behind it.
        (date(2025, 6, 9), date(2025, 6, 8), True),
        (date(2025, 6, 9), date(2025, 6, 6), True),
        (date(2025, 6, 9), date(2025, 6, 5), False),
        # After the holidays of October: 30 September; the Saturday after them is worked.
        (date(2025, 10, 9), date(2025, 9, 30), True),
        (date(2025, 10, 9), date(2025, 9, 29), False),
        (date(2025, 10, 13), date(2025, 10, 11), True),
        (date(2025, 10, 13), date(2025, 10, 10), False),
    ],
)
def test_one_working_day_back_is_the_most(today, on, allowed):
    refused = dated(on, today=today)
    assert codes(refused) == ([] if allowed else ["VALUE_INVALID"])
    assert {one.rule_id for one in refused} <= {"CUS-22"}


@pytest.mark.parametrize(("days", "allowed"), [("0", False), ("1", True), ("2", True)])
def test_the_bank_sets_how_far(days, allowed):
    value = PolicyValue(key="custody.backdate_wd", value=days, effective_from=TODAY)
    refused = dated(YESTERDAY, policy=resolve([value], on=TODAY))
    assert codes(refused) == ([] if allowed else ["VALUE_INVALID"])


@pytest.mark.parametrize(("days_after", "allowed"), [(-1, True), (0, True), (1, False)])
def test_it_never_comes_before_what_it_comes_after(days_after, allowed):
    latest = YESTERDAY + timedelta(days=days_after)
    assert codes(dated(YESTERDAY, latest=latest)) == ([] if allowed else ["VALUE_INVALID"])
    assert codes(dated(None, latest=latest)) == []


@pytest.mark.parametrize(
    ("on", "back"),
    [(None, False), (TODAY, False), (YESTERDAY, True), (TODAY + timedelta(days=1), False)],
)
def test_only_an_earlier_day_is_back(on, back):
    assert is_back(on, TODAY) is back
    refusal = unapproved(a_proposal(business_date=on), today=TODAY, checker="u2")
    assert codes([refusal]) == (["APPROVAL_LEVEL"] if back else [])


@pytest.mark.parametrize(("checker", "expected"), [("u2", []), ("sv", ["SOD_VIOLATION"])])
def test_whoever_approved_does_not_confirm(checker, expected):
    approved = a_proposal(business_date=YESTERDAY, backdate_approval=SUPERVISOR)
    assert codes([unapproved(approved, today=TODAY, checker=checker)]) == expected


@pytest.mark.parametrize(
    ("changes", "by", "minutes", "expected"),
    [
        ({}, "sv", 0, []),
        ({}, "sv", 30, []),
        ({}, "sv", 31, ["PROPOSAL_EXPIRED"]),
        ({}, "u1", 0, ["SELF_APPROVAL"]),
        ({"business_date": TODAY}, "sv", 0, ["STATE_CONFLICT"]),
        ({"business_date": None}, "sv", 0, ["STATE_CONFLICT"]),
        ({"backdate_approval": SUPERVISOR}, "other", 0, ["STATE_CONFLICT"]),
        ({"state": ProposalState.WITHDRAWN}, "sv", 0, ["STATE_CONFLICT"]),
        ({"state": ProposalState.CONFIRMED}, "sv", 0, ["STATE_CONFLICT"]),
        ({"state": ProposalState.EXPIRED}, "sv", 0, ["PROPOSAL_EXPIRED"]),
    ],
)
def test_what_a_supervisor_may_approve(changes, by, minutes, expected):
    proposal = replace(a_proposal(business_date=YESTERDAY), **changes)
    now = NOW + timedelta(minutes=minutes)
    assert codes(approval_refusals(proposal, by=by, now=now, today=TODAY)) == expected
