"""Owners' papers that go back before the release: which, and who agrees."""

import pytest

from domain.certificates import Carrier, CertType, CustodyState
from domain.orgs import OrgLevel
from domain.owner_returns import OwnerReturn, OwnerReturnState, approval_refusals, receipt_refusals
from domain.people import Actor, RoleGrant
from domain.roles import Role
from tests.domain.builders import NOW, a_certificate, a_file, a_loan, codes

INSIDE = {"custody_state": CustodyState.IN_VAULT, "cert_type": CertType.REAL_ESTATE_TITLE}


def approver(level: OrgLevel, login: str = "boss") -> Actor:
    grant = RoleGrant(
        role=Role.APPROVER,
        org_code="X",
        org_path="/HO",
        org_level=level,
        jurisdiction_path="/HO",
    )
    return Actor(login=login, user_id="u", org_code="X", org_path="/HO", grants=(grant,), vaults=())


def an_owner_return(**changes) -> OwnerReturn:
    facts = {
        "id": "ownr_1",
        "no": "OR1",
        "certificate_ids": ("cert-1",),
        "loan_nos": ("L1",),
        "reason": "why",
        "approved_by": "boss",
        "approved_at": NOW,
        "org_code": "OB",
        "org_path": "/HO",
    }
    return OwnerReturn(**facts | changes)


def refused(paper=INSIDE, loans=None, who=None) -> list[str]:
    return codes(
        approval_refusals(
            [a_certificate(**paper)],
            [a_loan()] if loans is None else loans,
            approver=who or approver(OrgLevel.TIER2_BRANCH),
        )
    )


@pytest.mark.parametrize("level", OrgLevel)
def test_it_takes_tier_2_or_above(level):
    high = level in {OrgLevel.TIER2_BRANCH, OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE}
    assert refused(who=approver(level)) == ([] if high else ["APPROVAL_LEVEL"])


@pytest.mark.parametrize("state", CustodyState)
def test_it_leaves_the_vault_and_nothing_else(state):
    found = refused(INSIDE | {"custody_state": state})
    electronic = ["ELECTRONIC_CERT"] if state is CustodyState.ELECTRONIC_ON_FILE else []
    expected = [] if state is CustodyState.IN_VAULT else [*electronic, "STATE_CONFLICT"]
    assert found == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cert_type": CertType.MORTGAGE_REG_PROOF}, ["VALUE_INVALID"]),
        ({"carrier": Carrier.ELECTRONIC}, ["ELECTRONIC_CERT"]),
    ],
)
def test_it_is_the_owners_own_and_of_paper(changes, expected):
    assert refused(INSIDE | changes) == expected


def test_it_secures_a_loan_whose_manager_does_not_agree_to_it():
    assert refused(loans=[]) == ["VALUE_INVALID"]
    manager = approver(OrgLevel.TIER2_BRANCH, "rm-1")
    assert refused(loans=[a_loan(managers=("rm-1",))], who=manager) == ["SOD_VIOLATION"]


@pytest.mark.parametrize("state", OwnerReturnState)
def test_only_an_open_one_takes_steps(state):
    agreed = an_owner_return(state=state)
    is_open = state is OwnerReturnState.APPROVED
    assert (agreed.refused("WITHDRAW") is None) is is_open
    held = {"lock": agreed.lock, "custody_state": CustodyState.IN_VAULT}
    assert refused(INSIDE | held) == ["OPEN_REQUEST_EXISTS"]


@pytest.mark.parametrize(
    ("file", "used", "expected"),
    [
        ({}, False, []),
        ({}, True, ["VALUE_INVALID"]),
        ({"certificate_id": "cert-1"}, False, []),
        ({"certificate_id": "cert-2"}, False, ["VALUE_INVALID"]),
        ({"case_id": "case-1"}, False, ["VALUE_INVALID"]),
    ],
)
def test_a_receipt_is_signed_for_these_papers_alone(file, used, expected):
    found = receipt_refusals(an_owner_return(), a_file(**file), used=used, field="x")
    assert codes(found) == expected
