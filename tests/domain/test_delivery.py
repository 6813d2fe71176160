"""Pledges that delivery of the paper made: which they are, and what ends them."""

from dataclasses import replace

import pytest

from domain.case_steps import impossible
from domain.certificates import Carrier, Catalog, CertType, CustodyState, LegalState
from domain.collaterals import PledgeState
from domain.delivery import by_delivery, ends_redeemed, not_out
from domain.deregistration import CaseState, CaseStep, HandlingMode
from domain.dossiers import DocType
from domain.redemption import ProceedsUse
from domain.release_kinds import documents_needed
from domain.release_question import Stage
from domain.releasing import goes_back, undocumented
from tests.domain.builders import a_case, a_certificate, a_collateral, codes

RECEIPT = a_certificate(cert_type=CertType.DEPOSIT_RECEIPT)
PROOF = a_certificate(id="cert-2")
DELIVERED = {
    CertType.DEPOSIT_RECEIPT,
    CertType.TREASURY_BOND_RECEIPT,
    CertType.INSURANCE_POLICY_PLEDGE,
    CertType.WAREHOUSE_RECEIPT,
}


@pytest.mark.parametrize("cert_type", CertType)
def test_delivery_makes_the_pledge_of_these_papers_alone(cert_type):
    paper = a_certificate(cert_type=cert_type)
    assert by_delivery([paper]) is (cert_type in DELIVERED)
    assert not by_delivery([replace(paper, carrier=Carrier.ELECTRONIC)])


def test_a_registered_right_beside_it_goes_the_registrys_way():
    assert not by_delivery([RECEIPT, PROOF])
    assert not by_delivery([])
    assert by_delivery([RECEIPT, replace(PROOF, custody_state=CustodyState.REPLACED)])
    assert by_delivery([RECEIPT, replace(PROOF, catalog=Catalog.SAFEKEEPING)])
    assert by_delivery([replace(RECEIPT, custody_state=CustodyState.REDEEMED)])


@pytest.mark.parametrize("mode", HandlingMode)
@pytest.mark.parametrize("state", [CaseState.APPROVED, CaseState.VAULT_OUT])
def test_it_goes_back_and_is_never_filed(state, mode):
    case = a_case(state=state, handling_mode=mode, by_delivery=True)
    assert impossible(case, CaseStep.FILE) is not None
    allowed = mode is not HandlingMode.ONLINE
    assert (impossible(case, CaseStep.RETURN) is None) is allowed
    assert goes_back(case, proven=False) is allowed
    plain = replace(case, by_delivery=False)
    owner = mode is HandlingMode.OWNER and state is CaseState.VAULT_OUT
    assert goes_back(plain, proven=False) is (impossible(plain, CaseStep.RETURN) is None) is owner


@pytest.mark.parametrize("mode", HandlingMode)
@pytest.mark.parametrize("stage", Stage)
def test_no_registrys_paper_is_asked_for(stage, mode):
    case = a_case()
    for returned in (False, True):
        more = (DocType.CERT_RECEIPT,) if returned and stage is Stage.CLOSE else ()
        needed = documents_needed(
            case.kind, stage, mode, agent=False, delivered=True, returned=returned
        )
        assert needed == (DocType.DEREG_APPLICATION, DocType.OWNER_ID, *more)
    assert codes([undocumented(replace(case, by_delivery=True), None)]) == []


@pytest.mark.parametrize("state", CustodyState)
def test_no_paper_of_it_stays_behind(state):
    out = state is CustodyState.OUT_FOR_DEREG
    paper = replace(RECEIPT, custody_state=state)
    assert codes(not_out([paper])) == ([] if out else ["STATE_CONFLICT"])


@pytest.mark.parametrize("use", ProceedsUse)
@pytest.mark.parametrize("state", PledgeState)
def test_a_redemption_that_pays_the_debt_ends_what_nothing_else_carries(state, use):
    redeemed = replace(
        RECEIPT, custody_state=CustodyState.REDEEMED, legal_state=LegalState.CANCELLED
    )
    was = a_collateral(pledge_state=state)
    over = state in {"RELEASED", "DISPOSED", "EXTINGUISHED", "TRANSFERRED"}
    paid = use is ProceedsUse.APPLIED_TO_DEBT and not over
    assert ends_redeemed(was, [redeemed], [use]) is paid
    assert not ends_redeemed(was, [redeemed, replace(RECEIPT, id="cert-3")], [use])
    assert not ends_redeemed(replace(was, open_case_id="case-1"), [redeemed], [use])
    assert not ends_redeemed(was, [redeemed], [use, ProceedsUse.DEPOSITED])
