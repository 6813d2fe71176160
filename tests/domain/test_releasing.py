"""What ends with a lien: the right, the links, and the papers' ways home."""

from dataclasses import replace

import pytest

from domain.certificates import Carrier, CertType, CustodyState, LegalState
from domain.collaterals import Insurance, Owner, PledgeState
from domain.custody import Evidence
from domain.deregistration import (
    Applicant,
    CaseState,
    DeregKind,
    HandlingMode,
    Registry,
    RegistryStatus,
)
from domain.dossiers import DocType
from domain.files import FileStatus
from domain.guarantees import GuaranteeLink, GuaranteeStatus
from domain.releasing import (
    awaits_exchange,
    ends_with_entry,
    going_back,
    is_proven,
    left_behind,
    left_behind_under_way,
    not_to_him,
    nothing_left,
    outlives,
    policies_to_change,
    receipt_refusals,
    released,
    return_state,
    still_inside,
    surrendered_ones,
    undocumented,
    untied,
    with_papers,
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


@pytest.mark.parametrize("result", [None, *FileStatus])
@pytest.mark.parametrize("status", [None, *RegistryStatus])
def test_the_right_ends_with_an_entry_that_is_on_record(status, result):
    case = a_case(registry=Registry(status=status, result=RESULT))
    shown = None if result is None else a_version(status=result)
    stands = result in {FileStatus.READY, FileStatus.ACCEPTED, FileStatus.SUPERSEDED}
    assert is_proven(case, shown) is (status is RegistryStatus.DONE and stands)


@pytest.mark.parametrize("kind", DeregKind)
def test_collateral_ends_as_its_release_says(kind):
    ends = {
        DeregKind.ENFORCED: PledgeState.DISPOSED,
        DeregKind.EXTINGUISHED: PledgeState.EXTINGUISHED,
    }
    expected = ends.get(kind, PledgeState.RELEASED)
    assert released(a_collateral(), kind).pledge_state is expected


@pytest.mark.parametrize("state", PledgeState)
def test_what_remains_of_a_contract_is_partially_released(state):
    after = left_behind(a_collateral(pledge_state=state)).pledge_state
    assert after is (PledgeState.PARTIALLY_RELEASED if state is PledgeState.EFFECTIVE else state)
    case = left_behind_under_way(a_case(previous_pledge_state=state))
    assert case.previous_pledge_state is after


SHARED = replace(PROOF, collateral_nos=("COL1", "COL2"))
STAYING = {PledgeState.PROPOSED, PledgeState.EFFECTIVE, PledgeState.PARTIALLY_RELEASED}
STAYING |= {PledgeState.IN_ENFORCEMENT}


@pytest.mark.parametrize("kind", DeregKind)
@pytest.mark.parametrize("state", PledgeState)
def test_a_certificate_outlives_the_release_of_a_part(state, kind):
    staying = STAYING | {PledgeState.RELEASING}  # its case may yet be given up
    other = a_collateral(no="COL2", pledge_state=state)
    covered, case = [a_collateral(), other], a_case(kind=kind)
    assert outlives(SHARED, case, covered) is (state in staying)
    assert not outlives(PROOF, case, covered)
    assert not outlives(replace(TITLE, collateral_nos=("COL1", "COL2")), case, covered)


@pytest.mark.parametrize("legal", LegalState)
def test_what_outlives_a_release_is_exchanged_and_never_surrendered(legal):
    paper = replace(SHARED, legal_state=legal)
    superseded = legal is LegalState.SUPERSEDED
    assert awaits_exchange(paper) is superseded
    assert surrendered_ones([paper]) == ([] if superseded else [paper])
    assert not awaits_exchange(replace(TITLE, legal_state=legal))


@pytest.mark.parametrize("mode", HandlingMode)
@pytest.mark.parametrize("status", [None, *FileStatus])
def test_a_case_is_closed_on_an_accepted_result(status, mode):
    result = None if status is None else a_version(status=status)
    found = undocumented(a_case(handling_mode=mode), result)
    fine = status is FileStatus.ACCEPTED
    assert codes([found]) == ([] if fine else ["DOC_MISSING"])


@pytest.mark.parametrize("kind", DeregKind)
@pytest.mark.parametrize("documents", [(), (DocType.HEIR_PROOF,)])
@pytest.mark.parametrize("applicant", ["C1", "H1"])
def test_papers_of_an_owner_who_died_go_to_proven_heirs(kind, documents, applicant):
    dead = a_collateral(owners=(Owner(party="C1", deceased=True),))
    unasked = {DeregKind.COURT_ORDERED, DeregKind.ENFORCED, DeregKind.EXTINGUISHED}
    fine = (bool(documents) and applicant == "H1") or kind in unasked
    expected = [] if fine else ["APPLICANT_NOT_ENTITLED"]
    case = a_case(*documents, kind=kind, applicant=Applicant(owners=(applicant,)))
    assert codes([not_to_him(dead, case)]) == expected
    assert not_to_him(a_collateral(), a_case(kind=kind)) is None


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


POLICIES = (
    Insurance(policy_no="PI-1", bank_is_beneficiary=True),
    Insurance(policy_no="PI-2"),
)


@pytest.mark.parametrize("kind", DeregKind)
def test_insurers_pay_the_bank_no_longer_unless_the_thing_is_gone(kind):
    before = a_collateral(insurance=POLICIES)
    after = released(before, kind)
    gone = kind is DeregKind.EXTINGUISHED
    assert [one.bank_is_beneficiary for one in after.insurance] == [gone, False]
    assert policies_to_change(before, after) == ([] if gone else ["PI-1"])


@pytest.mark.parametrize(
    ("state", "mode", "waits"),
    [
        (CaseState.VAULT_OUT, HandlingMode.BANK, True),
        (CaseState.VAULT_OUT, HandlingMode.OWNER, True),
        (CaseState.APPROVED, HandlingMode.ONLINE, False),
        (CaseState.NEED_MORE_MATERIAL, HandlingMode.BANK, False),  # reissued after the filing
    ],
)
def test_the_papers_of_a_case_go_on_their_way_once_none_can_leave_a_vault(state, mode, waits):
    inside = replace(TITLE, custody_state=CustodyState.IN_VAULT)
    case = a_case(handling_mode=mode, state=state)
    assert codes(still_inside(case, [PROOF, inside])) == (["STATE_CONFLICT"] if waits else [])
    assert codes(still_inside(case, [PROOF, TITLE])) == []


@pytest.mark.parametrize("state", CustodyState)
def test_a_case_takes_in_what_its_collateral_has_got_meanwhile(state):
    papers = [PROOF, replace(TITLE, custody_state=state)]
    over = {"SURRENDERED", "RETURNED_TO_OWNER", "REDEEMED", "TRANSFERRED_OUT", "REPLACED"}
    after = with_papers(a_case(), papers).certificate_ids
    assert after == (("cert-1",) if state in over else ("cert-1", "cert-2"))
