"""Expecting, collecting and filing certificates: types, facts, duplicates, due dates."""

from dataclasses import fields
from datetime import timedelta

import pytest

from domain.certificates import MAX_CERT_NO, Carrier, Catalog, CertType, CustodyState
from domain.collaterals import CollateralKind, PledgeState
from domain.custody import Movement
from domain.dossiers import DocType
from domain.dual_control import payload_hash
from domain.files import FileStatus
from domain.processing import (
    MAX_PAGES,
    MAX_RANK,
    PaperFacts,
    arising_refusals,
    cancellation_refusal,
    collection_refusals,
    electronic_refusal,
    expectation_refusals,
)
from tests.domain.builders import (
    TODAY,
    a_certificate,
    a_collateral,
    a_file,
    a_version,
    codes,
)
from tests.domain.vault_builders import paper_facts

FLAT = a_collateral()
CAR = a_collateral(no="COL2", kind=CollateralKind.VEHICLE)
PROOF, VEHICLE = CertType.MORTGAGE_REG_PROOF, CertType.VEHICLE_REG


@pytest.mark.parametrize(
    ("cert_type", "carrier", "collaterals", "expected"),
    [
        (PROOF, Carrier.PAPER, [FLAT], []),
        (PROOF, Carrier.ELECTRONIC, [FLAT], []),
        (PROOF, Carrier.PAPER, [CAR], ["TYPE_NOT_ALLOWED"]),
        (PROOF, Carrier.PAPER, [FLAT, CAR], ["TYPE_NOT_ALLOWED"]),
        (PROOF, Carrier.PAPER, [], ["VALUE_INVALID"]),
        (PROOF, Carrier.PAPER, [FLAT, FLAT], ["VALUE_INVALID"]),
        (VEHICLE, Carrier.PAPER, [CAR], []),
        (VEHICLE, Carrier.ELECTRONIC, [CAR], ["VALUE_INVALID"]),
        (VEHICLE, Carrier.ELECTRONIC, [FLAT], ["VALUE_INVALID", "TYPE_NOT_ALLOWED"]),
        (
            CertType.WEALTH_PRODUCT_PLEDGE,
            Carrier.PAPER,
            [CAR],
            ["VALUE_INVALID", "TYPE_NOT_ALLOWED"],
        ),
    ],
)
def test_a_certificate_is_expected_of_a_type_its_collateral_can_have(
    cert_type, carrier, collaterals, expected
):
    assert codes(expectation_refusals(cert_type, carrier, collaterals)) == expected


def _collect(certificate=None, *, movement=Movement.COLLECT, duplicate=None, **facts):
    expected = certificate or a_certificate(custody_state=CustodyState.NOT_RECEIVED)
    return [
        refusal
        for refusal in collection_refusals(
            expected, paper_facts(**facts), duplicate=duplicate, movement=movement, today=TODAY
        )
        if refusal is not None
    ]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({}, None),
        ({"cert_no": "  "}, "certNo"),
        ({"cert_no": "n" * MAX_CERT_NO}, None),
        ({"cert_no": "n" * (MAX_CERT_NO + 1)}, "certNo"),
        ({"issuer": ""}, "issuer"),
        ({"right_holder": " "}, "rightHolder"),
        ({"issue_date": TODAY}, None),
        ({"issue_date": TODAY + timedelta(days=1)}, "issueDate"),
        ({"registered_on": TODAY + timedelta(days=1)}, "registeredOn"),
        ({"registered_on": None}, None),
        ({"rank": -1}, "rank"),
        ({"rank": 0}, "rank"),
        ({"rank": MAX_RANK}, None),
        ({"rank": MAX_RANK + 1}, "rank"),
        ({"pages": 0}, "pages"),
        ({"pages": MAX_PAGES}, None),
        ({"pages": MAX_PAGES + 1}, "pages"),
        ({"right_amount": None}, "rightAmount"),
        ({"right_amount": -1}, "rightAmount"),
    ],
)
def test_what_is_printed_must_be_told(facts, field):
    refusals = _collect(**facts)
    assert codes(refusals) == ([] if field is None else ["VALUE_INVALID"])
    assert [refusal.field for refusal in refusals] == ([] if field is None else [field])


def test_an_owners_title_secures_no_amount():
    title = a_certificate(
        cert_type=CertType.REAL_ESTATE_TITLE, custody_state=CustodyState.NOT_RECEIVED
    )
    assert _collect(title, right_amount=None) == []


def test_the_same_number_of_the_same_issuer_is_a_duplicate():
    [refusal] = _collect(duplicate="cert-9")
    assert (refusal.code, refusal.rule_id) == ("DUPLICATE_CERT", "CUS-02")
    assert refusal.detail == {"certificate": "cert-9"}


@pytest.mark.parametrize(
    ("carrier", "movement", "expected"),
    [
        (Carrier.PAPER, Movement.COLLECT, []),
        (Carrier.ELECTRONIC, Movement.FILE_ELECTRONIC, []),
        (Carrier.ELECTRONIC, Movement.COLLECT, ["ELECTRONIC_CERT"]),
        (Carrier.PAPER, Movement.FILE_ELECTRONIC, ["VALUE_INVALID"]),
    ],
)
def test_paper_is_collected_and_the_electronic_is_filed(carrier, movement, expected):
    certificate = a_certificate(custody_state=CustodyState.NOT_RECEIVED, carrier=carrier)
    assert codes(_collect(certificate, movement=movement)) == expected


@pytest.mark.parametrize("state", sorted(set(CustodyState) - {CustodyState.NOT_RECEIVED}))
def test_a_certificate_is_collected_once(state):
    refusals = _collect(a_certificate(custody_state=state))
    assert ("STATE_CONFLICT", "X02") in [(r.code, r.rule_id) for r in refusals]


def test_every_reason_is_told_at_once():
    refusals = _collect(cert_no="", issuer="", right_holder="", pages=0, duplicate="cert-9")
    assert codes(refusals) == ["VALUE_INVALID"] * 4 + ["DUPLICATE_CERT"]


@pytest.mark.parametrize(
    ("state", "done", "expected"),
    [
        (CustodyState.ELECTRONIC_ON_FILE, True, []),
        (CustodyState.ELECTRONIC_ON_FILE, False, ["STATE_CONFLICT"]),
        (CustodyState.IN_VAULT, True, ["STATE_CONFLICT"]),
    ],
)
def test_an_electronic_certificate_ends_with_the_registrys_entry(state, done, expected):
    certificate = a_certificate(custody_state=state)
    assert codes([cancellation_refusal(certificate, done=done)]) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"cert_no": "粤(2024)第2号"},
        {"issuer": "another registry"},
        {"issuer_code": "R-4402"},
        {"issue_date": TODAY - timedelta(days=1)},
        {"right_amount": 1},
        {"registered_on": None},
        {"registered_until": TODAY},
        {"expires_on": TODAY},
        {"rank": 2},
        {"pages": 2},
    ],
)
def test_a_paper_of_which_anything_differs_is_another_one_to_confirm(change):
    told = paper_facts().payload(holder="sealed")
    assert payload_hash(paper_facts(**change).payload(holder="sealed")) != payload_hash(told)
    assert payload_hash(paper_facts().payload(holder="another")) != payload_hash(told)


def test_a_proposed_paper_tells_every_fact_and_names_nobody():
    told = paper_facts(right_holder="Zhang San").payload(holder="sealed")
    assert len(told) == len(fields(PaperFacts))
    assert "Zhang San" not in str(told)


def test_a_number_printed_with_other_brackets_is_the_same_to_confirm():
    told = paper_facts(cert_no="粤（2024）第1号", issuer=" registry ").payload(holder="sealed")
    assert told == paper_facts().payload(holder="sealed")


@pytest.mark.parametrize(
    ("file", "version", "intact", "expected"),
    [
        ({}, {}, True, []),
        ({}, {"status": FileStatus.ACCEPTED}, True, []),
        ({}, {"doc_type": DocType.MORTGAGE_CERT_SCAN}, True, []),
        ({}, {"doc_type": DocType.PRE_NOTICE_CERT_SCAN}, True, ["SCAN_MISSING"]),
        ({}, {"doc_type": DocType.OWNER_ID}, True, ["SCAN_MISSING"]),
        ({"certificate_id": "cert-2"}, {}, True, ["SCAN_MISSING"]),
        ({"certificate_id": None}, {}, True, ["SCAN_MISSING"]),
        ({}, {}, False, ["SCAN_MISSING"]),
        *(
            ({}, {"status": status}, True, ["SCAN_MISSING"])
            for status in set(FileStatus) - {FileStatus.READY, FileStatus.ACCEPTED}
        ),
    ],
)
def test_an_electronic_certificate_is_filed_on_its_own_sound_file(file, version, intact, expected):
    certificate = a_certificate(carrier=Carrier.ELECTRONIC)
    refusal = electronic_refusal(
        certificate,
        a_file(**file),
        a_version(**{"status": FileStatus.READY} | version),
        intact=intact,
    )
    assert codes([refusal]) == expected


GOING = {"open_case_id": "case-1"}


@pytest.mark.parametrize("movement", [Movement.REGISTER_EXPECTED, Movement.COLLECT])
@pytest.mark.parametrize(
    ("catalog", "state", "releases", "expected"),
    [
        (Catalog.RIGHT_CERT, GOING, (), ["RELEASE_IN_PROGRESS"]),
        (Catalog.RIGHT_CERT, GOING, ("case-2",), ["RELEASE_IN_PROGRESS"]),
        (Catalog.RIGHT_CERT, GOING, ("case-1",), []),
        (Catalog.RIGHT_CERT, {}, (), []),
        (Catalog.SAFEKEEPING, GOING, (), []),
    ],
)
def test_no_right_arises_on_what_is_being_released(catalog, state, releases, expected, movement):
    """INV-05, DRG-R03: but what the release itself waits for is fetched."""
    asked = arising_refusals(catalog, [a_collateral(**state)], movement, releases=releases)
    assert codes(asked) == expected


@pytest.mark.parametrize("state", PledgeState)
def test_no_right_is_obtained_on_what_was_released(state):
    ended = state in {PledgeState.RELEASED, PledgeState.DISPOSED, PledgeState.EXTINGUISHED}
    was = [a_collateral(pledge_state=state)]
    for movement in (Movement.COLLECT, Movement.FILE_ELECTRONIC):
        asked = codes(arising_refusals(Catalog.RIGHT_CERT, was, movement))
        assert asked == (["STATE_CONFLICT"] if ended else [])
