"""What ends with a lien: the right, the links, and the papers' ways home."""

from dataclasses import replace

import pytest

from domain.certificates import Carrier, CertType, CustodyState, LegalState
from domain.collaterals import PledgeState
from domain.custody import Evidence
from domain.deregistration import CaseState, HandlingMode, Registry, RegistryStatus
from domain.dossiers import DocType
from domain.files import FileStatus
from domain.guarantees import GuaranteeLink, GuaranteeStatus
from domain.releasing import (
    ends_with_entry,
    going_back,
    is_proven,
    nothing_left,
    receipt_refusals,
    released,
    return_state,
    surrendered_ones,
    untied,
)
from tests.domain.builders import (
    a_case,
    a_certificate,
    a_collateral,
    a_contract,
    a_version,
    codes,
)

RESULT = Evidence(file_version_id="fv-1", sha256="0" * 64)
OUT = CustodyState.OUT_FOR_DEREG
PROOF = a_certificate(custody_state=OUT)
TITLE = a_certificate(id="cert-2", cert_type=CertType.REAL_ESTATE_TITLE, custody_state=OUT)


@pytest.mark.parametrize("result", [None, RESULT])
@pytest.mark.parametrize("status", [None, *RegistryStatus])
def test_the_right_ends_with_an_entry_that_is_on_record(status, result):
    case = a_case(registry=Registry(status=status, result=result))
    assert is_proven(case) is (status is RegistryStatus.DONE and result is not None)


def test_released_collateral_is_relied_on_no_more():
    assert released(a_collateral()).pledge_state is PledgeState.RELEASED


def test_a_contract_ends_with_its_last_collateral():
    links = (GuaranteeLink(collateral_no="COL1"), GuaranteeLink(collateral_no="COL2"))
    half = untied(a_contract(links=links), "COL1", "case-1")
    assert half.status is GuaranteeStatus.EFFECTIVE
    assert [(link.active, link.released_by_case) for link in half.links] == [
        (False, "case-1"),
        (True, None),
    ]
    whole = untied(half, "COL2", "case-2")
    assert whole.status is GuaranteeStatus.RELEASED
    assert [link.released_by_case for link in whole.links] == ["case-1", "case-2"]
    assert whole.active_link("COL1") is None


@pytest.mark.parametrize(
    ("certificate", "ends"),
    [
        (PROOF, True),
        (TITLE, False),
        (replace(PROOF, legal_state=LegalState.PENDING), False),
        (replace(PROOF, legal_state=LegalState.CANCELLED), False),
    ],
)
def test_the_entry_cancels_the_banks_registered_rights(certificate, ends):
    assert ends_with_entry(certificate) is ends


@pytest.mark.parametrize(
    ("mode", "back"),
    [
        (HandlingMode.BANK, [TITLE]),
        (HandlingMode.ONLINE, [TITLE]),
        (HandlingMode.OWNER, [PROOF, TITLE]),
    ],
)
def test_the_owner_gets_his_papers_and_all_of_them_when_he_goes_himself(mode, back):
    inside = replace(TITLE, id="cert-3", custody_state=CustodyState.IN_VAULT)
    assert going_back(a_case(handling_mode=mode), [PROOF, TITLE, inside]) == back


def test_the_banks_own_right_is_surrendered():
    inside = replace(PROOF, id="cert-3", custody_state=CustodyState.IN_VAULT)
    assert surrendered_ones([PROOF, TITLE, inside]) == [PROOF]


def test_nothing_is_left_when_no_paper_is():
    assert nothing_left([])
    assert nothing_left([replace(PROOF, carrier=Carrier.ELECTRONIC)])
    assert not nothing_left([PROOF])


@pytest.mark.parametrize(
    ("mode", "state"),
    [
        (HandlingMode.BANK, CaseState.REGISTRY_DONE),
        (HandlingMode.ONLINE, CaseState.REGISTRY_DONE),
        (HandlingMode.OWNER, CaseState.VAULT_OUT),
    ],
)
def test_papers_go_to_the_owner_after_the_entry_or_for_it(mode, state):
    assert return_state(a_case(handling_mode=mode)) is state


@pytest.mark.parametrize(
    ("receipt", "checked", "expected"),
    [
        ({}, True, []),
        ({}, False, ["VALUE_INVALID"]),
        ({"doc_type": DocType.OTHER}, True, ["VALUE_INVALID"]),
        ({"status": FileStatus.READY}, True, ["DOC_MISSING"]),
        (
            {"doc_type": DocType.OTHER, "status": FileStatus.REJECTED},
            False,
            ["VALUE_INVALID", "VALUE_INVALID", "DOC_MISSING"],
        ),
    ],
)
def test_the_owner_signs_for_his_papers(receipt, checked, expected):
    signed = {"doc_type": DocType.CERT_RECEIPT, "status": FileStatus.ACCEPTED} | receipt
    found = receipt_refusals(a_version(**signed), identity_checked=checked)
    assert codes(found) == expected
