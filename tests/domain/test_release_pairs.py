"""A house and its land: how far the other half has to be, and when it is bound."""

from dataclasses import replace

import pytest

from domain.case_approvals import own_approval
from domain.case_steps import impossible
from domain.certificates import Carrier, CustodyState, LegalState
from domain.collaterals import PledgeState
from domain.deregistration import Approval, ApprovalDecision, CaseState, CaseStep, HandlingMode
from domain.orgs import OrgLevel
from domain.release_pairs import goes_along, left_alone
from domain.releasing import left_by_entry, without_paper
from domain.roles import Role
from tests.domain.builders import NOW, a_case, a_certificate, a_collateral, codes

HOUSE, LAND = a_collateral(), a_collateral(id="collateral-2", no="COL2")
GONE_ALONG = {"FILED", "NEED_MORE_MATERIAL", "REGISTRY_DONE", "RETURNED", "CLOSED"}


@pytest.mark.parametrize("mode", HandlingMode)
@pytest.mark.parametrize("state", CaseState)
def test_a_half_is_filed_with_one_that_is_as_far(state, mode):
    case = a_case(state=state, handling_mode=mode)
    ready = {"BANK": "VAULT_OUT", "OWNER": "VAULT_OUT", "ONLINE": "APPROVED"}[mode]
    # NEED_MORE_MATERIAL may be filed again; SUSPENDED counts by where it came from.
    assert goes_along(case) is (state in GONE_ALONG | {ready})
    told = left_alone(HOUSE, LAND, case)
    assert codes([told]) == ([] if goes_along(case) else ["LAND_HOUSE_SPLIT"])
    assert codes([left_alone(HOUSE, LAND, None)]) == ["LAND_HOUSE_SPLIT"]
    gone = replace(LAND, pledge_state=PledgeState.RELEASED)
    assert codes([left_alone(HOUSE, gone, None)]) == []


@pytest.mark.parametrize("state", [CaseState.FILED, CaseState.VAULT_OUT])
def test_a_suspended_half_counts_by_where_it_was(state):
    case = a_case(state=CaseState.SUSPENDED, suspended_from=state)
    assert goes_along(case) is (state is CaseState.FILED)


@pytest.mark.parametrize("mode", HandlingMode)
@pytest.mark.parametrize("bare", [False, True])
def test_without_a_paper_a_case_is_filed_from_its_approval(mode, bare):
    case = a_case(state=CaseState.APPROVED, handling_mode=mode, without_paper=bare)
    allowed = mode is HandlingMode.ONLINE or (bare and mode is HandlingMode.BANK)
    assert (impossible(case, CaseStep.FILE) is None) is allowed


@pytest.mark.parametrize("decision", ApprovalDecision)
def test_an_approver_executes_nothing(decision):
    facts = {"role": Role.APPROVER, "level": OrgLevel.LOAN_CENTER, "at": NOW}
    case = a_case(approvals=(Approval(login="boss", decision=decision, **facts),))
    expected = ["SOD_VIOLATION"] if decision is ApprovalDecision.APPROVED else []
    assert codes([own_approval(case, "boss")]) == expected
    assert codes([own_approval(case, "handler")]) == []


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("successor", [None, "cert-9"])
@pytest.mark.parametrize("legal", LegalState)
def test_an_entry_ends_what_nothing_stays_under(legal, successor, stays):
    paper = a_certificate(legal_state=legal, superseded_by=successor)
    ends = legal == "REGISTERED" or (legal == "SUPERSEDED" and successor is None and not stays)
    expected = legal if not ends else ("SUPERSEDED" if stays else "CANCELLED")
    assert left_by_entry(paper, stays=stays) == expected


@pytest.mark.parametrize("state", CustodyState)
def test_what_has_to_leave_a_vault_before_a_filing(state):
    past = {"SURRENDERED", "RETURNED_TO_OWNER", "REDEEMED", "TRANSFERRED_OUT", "REPLACED"}
    paper = a_certificate(custody_state=state)
    assert without_paper([paper]) is (state in past | {"LOST", "OUT_FOR_DEREG"})
    assert without_paper([replace(paper, carrier=Carrier.ELECTRONIC)])
