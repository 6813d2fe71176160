"""Which approvals each kind of release needs, by the amounts of the moment."""

from typing import Any

import pytest

from domain.case_approvals import (
    acting_as,
    approval_refusals,
    approval_steps,
    next_approval,
    not_approved,
)
from domain.case_steps import CASE_TRANSITIONS
from domain.certificates import CustodyState
from domain.deregistration import Approval, ApprovalDecision, CaseState, CaseStep, DeregKind
from domain.loans import Classification
from domain.orgs import OrgLevel
from domain.policy import PolicyValue, resolve
from domain.roles import Role
from tests.domain.builders import (
    NOW,
    POLICY,
    TODAY,
    a_case,
    a_certificate,
    a_collateral,
    a_credit,
    a_grant,
    a_loan,
    an_actor,
    codes,
)
from tests.domain.release_builders import some_facts

K = DeregKind
YUAN = 100
CENTER, COUNTY = OrgLevel.LOAN_CENTER, OrgLevel.COUNTY_SUBCENTER
TIER2, TIER1, HEAD = OrgLevel.TIER2_BRANCH, OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE


def worth(yuan: int | None, **changes: Any):
    """Facts about a collateral of that value."""
    value = None if yuan is None else yuan * YUAN
    return some_facts(collateral=a_collateral(latest_value=value), **changes)


def levels(kind: DeregKind, facts, **changes: Any) -> list[str]:
    """The approvers asked, in order: their level, or their role where any level will do."""
    steps = approval_steps(a_case(kind=kind, **changes), facts, policy=POLICY)
    return [str(step.level or step.role) for step in steps]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (K.FULL_SETTLEMENT, 90_000_000, [CENTER]),
        (K.NEVER_DISBURSED, 90_000_000, [CENTER]),
        (K.PRE_NOTICE_CANCEL, 90_000_000, [CENTER]),
        (K.EXTINGUISHED, 90_000_000, [CENTER, TIER2]),
        (K.PARTIAL_RELEASE, 5_000_000, [CENTER, TIER2]),
        (K.PARTIAL_RELEASE, 5_000_001, [CENTER, TIER2, TIER1]),
        (K.PARTIAL_RELEASE, 50_000_000, [CENTER, TIER2, TIER1]),
        (K.PARTIAL_RELEASE, 50_000_001, [CENTER, TIER2, TIER1, HEAD]),
        (K.PARTIAL_RELEASE, None, [CENTER, TIER2, TIER1, HEAD]),
        (K.COURT_ORDERED, 90_000_000, ["LEGAL_OFFICER", TIER2]),
        (K.ENFORCED, 90_000_000, ["LEGAL_OFFICER", TIER2]),
        (K.WAIVER, 5_000_000, [TIER1, "LEGAL_OFFICER"]),
        (K.WAIVER, 5_000_001, [TIER1, "LEGAL_OFFICER", HEAD]),
    ],
)
def test_the_approvers_follow_the_kind_and_the_value(kind, value, expected):
    assert levels(kind, worth(value)) == expected


def test_in_a_county_the_subcentre_takes_the_centres_place_where_all_is_paid():
    assert levels(K.FULL_SETTLEMENT, worth(1), county=True) == [COUNTY]
    assert levels(K.PARTIAL_RELEASE, worth(1), county=True) == [CENTER, TIER2]


@pytest.mark.parametrize("worst", [Classification.SPECIAL_MENTION, Classification.SUBSTANDARD])
def test_whatever_the_collateral_secures_and_was_once_bad_goes_to_the_risk_manager(worst):
    second = a_loan(id="loan-2", loan_no="L2", worst_classification=worst)
    facts = some_facts(loans={"L1": a_loan(), "L2": second})
    bad = ["RISK_MANAGER"] if worst is Classification.SUBSTANDARD else []
    steps = approval_steps(a_case(contracts_named=True), facts, policy=POLICY)
    assert [step.role for step in steps] == ["APPROVER", *bad]


@pytest.mark.parametrize(("value", "expected"), [(6, [CENTER, TIER2]), (7, [CENTER, TIER2, TIER1])])
def test_the_bands_are_what_the_bank_published(value, expected):
    bands = PolicyValue(key="dereg.approval.bands", value="6,60", effective_from=TODAY)
    steps = approval_steps(
        a_case(kind=K.PARTIAL_RELEASE), worth(value), policy=resolve([bands], on=TODAY)
    )
    assert [step.level for step in steps] == expected


@pytest.mark.parametrize(
    ("approved", "expected"),
    [
        (None, TIER2),
        (COUNTY, TIER2),
        (CENTER, TIER2),
        (TIER2, TIER2),
        (TIER1, TIER1),
        (HEAD, HEAD),
    ],
)
def test_a_substitution_goes_to_whoever_approved_the_credit(approved, expected):
    facts = worth(1, credit_contracts={"CC1": a_credit(approved_level=approved)})
    assert levels(K.SUBSTITUTION, facts) == [expected]


@pytest.mark.parametrize(
    ("approved", "by", "expected"),
    [
        (None, CENTER, ["APPROVAL_LEVEL"]),
        (None, TIER2, []),
        (None, TIER1, []),
        (CENTER, HEAD, []),
        (TIER2, TIER1, []),
        (TIER1, TIER2, ["APPROVAL_LEVEL"]),
        (TIER1, TIER1, []),
        (TIER1, HEAD, []),
        (HEAD, TIER1, ["APPROVAL_LEVEL"]),
    ],
)
def test_a_substitution_is_approved_at_that_level_or_above(approved, by, expected):
    facts = worth(1, credit_contracts={"CC1": a_credit(approved_level=approved)})
    case = a_case(kind=K.SUBSTITUTION)
    place = {"org_level": by, "jurisdiction_path": "/HO"}
    approver = an_actor("p", a_grant(Role.APPROVER, **place))
    found = approval_refusals(case, facts, approver=approver, policy=POLICY, today=TODAY)
    assert codes(found) == expected
    approved_case = a_case(kind=K.SUBSTITUTION, approvals=given((Role.APPROVER, by)))
    assert (next_approval(approved_case, facts, policy=POLICY, today=TODAY) is None) is (
        expected == []
    )


def test_above_the_second_tier_a_partial_release_still_takes_every_level():
    case = a_case(kind=K.PARTIAL_RELEASE, approvals=given((Role.APPROVER, TIER2)))
    step = next_approval(case, worth(1), policy=POLICY, today=TODAY)
    assert str(step) == "APPROVER at LOAN_CENTER"


@pytest.mark.parametrize(("approved", "expected"), [(TIER2, [TIER2, TIER1]), (TIER1, [TIER1])])
def test_a_substitution_over_a_seizure_goes_to_the_first_tier_once(approved, expected):
    facts = some_facts(
        case=a_case(override_seizure=True),
        credit_contracts={"CC1": a_credit(approved_level=approved)},
    )
    assert levels(K.SUBSTITUTION, facts) == expected


@pytest.mark.parametrize("kind", [K.FULL_SETTLEMENT, K.COURT_ORDERED])
def test_an_overridden_seizure_and_a_lost_paper_go_to_the_first_tier(kind):
    plain = levels(kind, some_facts())
    override = some_facts(case=a_case(override_seizure=True))
    lost = some_facts(certificates=(a_certificate(custody_state=CustodyState.LOST),))
    assert levels(kind, override) == levels(kind, lost) == [*plain, TIER1]


def test_the_first_tier_is_not_asked_twice():
    override = some_facts(case=a_case(override_seizure=True))
    assert levels(K.WAIVER, override).count(TIER1) == 1


def given(*places: tuple[Role, OrgLevel]) -> tuple[Approval, ...]:
    """Those approvals, each by another person."""
    return tuple(
        Approval(role=role, level=level, login=f"p{n}", decision=ApprovalDecision.APPROVED, at=NOW)
        for n, (role, level) in enumerate(places)
    )


BOTH = given((Role.APPROVER, CENTER), (Role.APPROVER, TIER2))


def test_a_higher_value_later_needs_one_more_approval():
    case = a_case(kind=K.PARTIAL_RELEASE, approvals=BOTH, state=CaseState.APPROVED)
    assert not_approved(case, worth(5_000_000), policy=POLICY, today=TODAY) is None
    refusal = not_approved(case, worth(5_000_001), policy=POLICY, today=TODAY)
    assert refusal is not None
    assert (refusal.code, refusal.detail) == (
        "APPROVAL_LEVEL",
        {"required": "APPROVER at TIER1_BRANCH"},
    )


@pytest.mark.parametrize("state", [CaseState.APPROVED, CaseState.VAULT_OUT])
@pytest.mark.parametrize(("value", "expected"), [(5_000_000, ["STATE_CONFLICT"]), (5_000_001, [])])
def test_an_approved_case_takes_only_the_approval_that_is_still_due(state, value, expected):
    case = a_case(kind=K.PARTIAL_RELEASE, approvals=BOTH, state=state)
    place = {"org_level": TIER1, "jurisdiction_path": "/HO/T1"}
    found = approval_refusals(
        case,
        worth(value),
        approver=an_actor("tier1", a_grant(Role.APPROVER, **place)),
        policy=POLICY,
        today=TODAY,
    )
    assert codes(found) == expected


def test_who_decides_acts_in_the_role_that_is_asked_for_else_in_the_first_he_has():
    legal, tier1 = a_grant(Role.LEGAL_OFFICER), a_grant(Role.APPROVER, org_level=TIER1)
    both = an_actor("both", legal, tier1)
    case = a_case(kind=K.WAIVER, org_path=f"{legal.org_path}/OB")
    due = next_approval(case, worth(1), policy=POLICY, today=TODAY)
    assert acting_as(both, case, due) == (Role.APPROVER, TIER1)
    assert acting_as(both, case, None) == (Role.LEGAL_OFFICER, CENTER)


def test_whatever_can_be_approved_can_be_rejected():
    for state, step in CASE_TRANSITIONS:
        assert step is not CaseStep.APPROVE or (state, CaseStep.REJECT) in CASE_TRANSITIONS


def test_lawyers_of_any_level_answer_for_the_law():
    case = a_case(kind=K.COURT_ORDERED, approvals=given((Role.LEGAL_OFFICER, TIER1)))
    step = next_approval(case, some_facts(), policy=POLICY, today=TODAY)
    assert step is not None
    assert step.level is TIER2
