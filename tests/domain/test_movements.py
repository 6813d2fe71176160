"""What may happen to a certificate next: surrender, return and redemption as they are done."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.certificates import Carrier, CertType, CustodyState, LegalState, Lock, LockKind
from domain.checkouts import CheckOut, CheckOutPurpose, CheckOutState
from domain.custody import Evidence, Movement
from domain.deregistration import CaseState, HandlingMode, Registry, RegistryStatus
from domain.loans import Instalment, LoanStatus
from domain.movements import MovementFacts, movement_refusals
from domain.vaults import VaultStatus
from tests.domain.builders import CALENDAR, NOW, POLICY, TODAY, a_case, a_certificate, a_loan, codes
from tests.domain.release_builders import a_hold
from tests.domain.vault_builders import a_handover, a_packet, a_scan, a_vault

INSIDE, OUT = CustodyState.IN_VAULT, CustodyState.OUT_FOR_DEREG
TITLE = {"cert_type": CertType.REAL_ESTATE_TITLE, "legal_state": LegalState.PENDING}
CANCELLED = {"legal_state": LegalState.CANCELLED}
ENTERED = a_case(
    state=CaseState.REGISTRY_DONE,
    registry=Registry(
        status=RegistryStatus.DONE, result=Evidence(file_version_id="fv-1", sha256="0" * 64)
    ),
)
UNPROVEN = a_case(state=CaseState.REGISTRY_DONE, registry=Registry(status=RegistryStatus.DONE))
FILED = a_case(state=CaseState.FILED)
HIS_OWN = a_case(state=CaseState.VAULT_OUT, handling_mode=HandlingMode.OWNER)


def told(movement: Movement, paper: dict[str, Any], **facts: Any) -> list[str]:
    """The codes of what keeps such a paper from a movement."""
    known: dict[str, Any] = {"vault": None, "holds": (), "scans": (), "case": None, "beside": ()}
    known |= {"holds_beside": (), "check_out": None, "packet": None, "dispatched": False}
    known["handover"] = None
    known |= {"litigation_open": False, "policy": POLICY, "calendar": CALENDAR, "desk": None}
    known |= {"overdue": (), "cancelled": False, "stays": False}
    known |= {
        "released": False,
        "loans": (),
        "today": TODAY,
        "certificate": a_certificate(**paper),
    }
    case = facts.get("case")
    known["proven"] = case is not None and case.registry.result is not None
    return codes(movement_refusals(movement, MovementFacts(**known | facts)))


@pytest.mark.parametrize("state", [INSIDE, OUT])
@pytest.mark.parametrize(
    ("paper", "case", "expected"),
    [
        ({}, None, ["STATE_CONFLICT"]),
        ({}, FILED, ["STATE_CONFLICT"]),
        (CANCELLED, UNPROVEN, ["STATE_CONFLICT"]),
        (CANCELLED, ENTERED, []),
        ({"legal_state": LegalState.SUPERSEDED}, ENTERED, ["VALUE_INVALID"]),
        (TITLE, ENTERED, ["VALUE_INVALID"]),
        (TITLE, None, ["VALUE_INVALID", "STATE_CONFLICT"]),
    ],
)
def test_the_banks_paper_is_surrendered_after_the_entry_alone(state, paper, case, expected):
    assert told(Movement.SURRENDER, paper | {"custody_state": state}, case=case) == expected


@pytest.mark.parametrize(
    ("state", "paper", "case", "released", "expected"),
    [
        (INSIDE, TITLE, None, False, ["STATE_CONFLICT"]),
        (INSIDE, TITLE, ENTERED, False, ["STATE_CONFLICT"]),
        (INSIDE, TITLE, ENTERED, True, []),
        (INSIDE, CANCELLED, ENTERED, True, ["VALUE_INVALID"]),
        (INSIDE, TITLE, HIS_OWN, False, ["STATE_CONFLICT"]),
        (OUT, TITLE, FILED, False, ["STATE_CONFLICT"]),
        (OUT, TITLE, ENTERED, False, []),
        (OUT, TITLE, HIS_OWN, False, []),
        (OUT, {}, HIS_OWN, False, []),
        (OUT, {}, FILED, False, ["VALUE_INVALID", "STATE_CONFLICT"]),
    ],
)
def test_an_owners_paper_goes_back_once_released_or_where_he_deregisters(
    state, paper, case, released, expected
):
    given = paper | {"custody_state": state}
    assert told(Movement.RETURN_TO_OWNER, given, case=case, released=released) == expected


@pytest.mark.parametrize(
    ("state", "paper", "expected"),
    [
        (INSIDE, TITLE, []),
        (INSIDE, {}, ["VALUE_INVALID"]),
        (CustodyState.CHECKED_OUT, TITLE, ["STATE_CONFLICT"]),
    ],
)
def test_an_owners_paper_goes_back_earlier_where_tier_2_agreed(state, paper, expected):
    agreed = {"custody_state": state, "lock": Lock(kind=LockKind.OWNER_RETURN, id="o")}
    assert told(Movement.RETURN_TO_OWNER, paper | agreed) == expected
    other = agreed | {"lock": Lock(kind=LockKind.CHECK_OUT, id="c")}
    assert "STATE_CONFLICT" in told(Movement.RETURN_TO_OWNER, paper | other)


@pytest.mark.parametrize(
    ("movement", "paper"), [(Movement.SURRENDER, CANCELLED), (Movement.RETURN_TO_OWNER, TITLE)]
)
def test_a_releases_paper_goes_nowhere_while_a_handover_of_it_waits(movement, paper):
    given = paper | {"custody_state": OUT}
    assert told(movement, given, case=ENTERED) == []
    waiting = a_handover("cert-1")
    assert told(movement, given, case=ENTERED, handover=waiting) == ["OPEN_REQUEST_EXISTS"]


OUT_REQUEST = CheckOut(
    id="c",
    certificate_id="cert-1",
    purpose=CheckOutPurpose.LITIGATION,
    reason="why",
    requester="legal-1",
    requested_at=NOW,
    due_date=TODAY + timedelta(days=1),
    state=CheckOutState.APPROVED,
    take_by=TODAY,
    org_code="OB",
    org_path="/HO",
)
ASKED = {"custody_state": INSIDE, "lock": Lock(kind=LockKind.CHECK_OUT, id="c")}


@pytest.mark.parametrize(
    ("changes", "held", "expected"),
    [
        ({}, False, []),
        ({}, True, []),
        ({"purpose": CheckOutPurpose.CERT_RENEWAL}, True, ["LEGAL_HOLD"]),
        ({"state": CheckOutState.REQUESTED}, False, ["STATE_CONFLICT"]),
        ({"take_by": TODAY - timedelta(days=1)}, False, ["STATE_CONFLICT"]),
        ({"due_date": TODAY}, False, ["DUE_DATE_INVALID"]),  # it went out too late
    ],
)
def test_a_paper_that_was_asked_for_goes_as_its_request_says(changes, held, expected):
    request = replace(OUT_REQUEST, **changes)
    holds = (a_hold(),) if held else ()
    assert told(Movement.CHECK_OUT, ASKED, check_out=request, holds=holds) == expected


ON_FILE = {"carrier": Carrier.ELECTRONIC, "custody_state": CustodyState.ELECTRONIC_ON_FILE}


def test_who_is_late_elsewhere_by_now_takes_nothing():
    late = [(replace(OUT_REQUEST, id="d"), "another paper")]
    found = told(Movement.CHECK_OUT, ASKED, check_out=OUT_REQUEST, overdue=late)
    assert found == ["BORROWER_OVERDUE"]


@pytest.mark.parametrize(
    ("cancelled", "stays", "expected"),
    [(False, False, ["STATE_CONFLICT"]), (True, True, ["STATE_CONFLICT"]), (True, False, [])],
)
def test_what_is_electronic_ends_with_an_entry_that_leaves_nothing_of_it(
    cancelled, stays, expected
):
    facts = {"cancelled": cancelled, "stays": stays}
    assert told(Movement.CANCEL_ELECTRONIC, ON_FILE, **facts) == expected


@pytest.mark.parametrize(
    ("legal_state", "expected"),
    [(LegalState.REGISTERED, []), (LegalState.LAPSED, ["STATE_CONFLICT"])],
)
def test_of_a_right_that_is_over_nothing_is_issued_anew(legal_state, expected):
    lost = {"custody_state": CustodyState.LOST, "legal_state": legal_state}
    assert told(Movement.REISSUE, lost) == expected


def test_a_desk_whose_vault_is_counted_lets_nothing_in():
    waiting = {"custody_state": CustodyState.RECEIVED_PENDING_VAULT}
    scans = [a_scan(cert_no_norm=a_certificate().cert_no_norm)]
    assert told(Movement.VAULT_IN, waiting, scans=scans, desk=a_vault()) == []
    counted = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)
    assert told(Movement.VAULT_IN, waiting, scans=scans, desk=counted) == ["VAULT_FROZEN"]


def test_a_packet_moves_as_a_whole():
    inside = {"custody_state": INSIDE}
    locked = a_certificate(id="cert-2", lock=Lock(kind=LockKind.DEREGISTRATION, id="d"))
    for movement in (Movement.DISPATCH, Movement.RELOCATE):
        assert told(movement, inside, beside=(a_certificate(id="cert-2"),)) == []
        assert told(movement, inside, beside=(locked,)) == ["OPEN_REQUEST_EXISTS"]
    assert told(Movement.DISPATCH, inside, holds_beside=(a_hold(),)) == ["LEGAL_HOLD"]
    assert told(Movement.RELOCATE, inside, holds_beside=(a_hold(),)) == []


def test_a_counted_vault_keeps_what_its_keepers_would_give_back():
    counted = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)
    agreed = TITLE | {"custody_state": INSIDE, "lock": Lock(kind=LockKind.OWNER_RETURN, id="o")}
    assert told(Movement.RETURN_TO_OWNER, agreed, vault=counted) == ["VAULT_FROZEN"]


def test_a_missing_paper_that_something_holds_is_not_found_yet():
    missing = {"custody_state": CustodyState.MISSING}
    scans = [a_scan(cert_no_norm=a_certificate().cert_no_norm)]
    assert told(Movement.FOUND, missing, scans=scans) == []
    assert told(Movement.FOUND, missing) == ["SCAN_MISSING"]
    assert told(Movement.FOUND, ASKED | missing, scans=scans) == ["OPEN_REQUEST_EXISTS"]


@pytest.mark.parametrize("dispatched", [False, True])
def test_what_is_on_its_way_to_somebody_is_not_on_its_way_to_another_vault(dispatched):
    moving = {"custody_state": CustodyState.IN_TRANSIT}
    stuck = {True: ["STATE_CONFLICT"], False: []}
    for movement in (
        Movement.ACCEPT_HANDOVER,
        Movement.REJECT_HANDOVER,
        Movement.RECALL_HANDOVER,
    ):
        assert told(movement, moving, dispatched=dispatched) == stuck[dispatched]
    received = told(Movement.RECEIVE_DISPATCHED, moving, dispatched=dispatched)
    assert received == stuck[not dispatched]


@pytest.mark.parametrize("carrier", Carrier)
def test_only_what_is_electronic_is_filed(carrier):
    awaited = {"custody_state": CustodyState.NOT_RECEIVED, "carrier": carrier}
    paper = carrier is Carrier.PAPER
    assert told(Movement.FILE_ELECTRONIC, awaited) == (["VALUE_INVALID"] if paper else [])
    proposed = awaited | {"lock": Lock(kind=LockKind.VAULT_PROPOSAL, id="p")}
    assert "OPEN_REQUEST_EXISTS" in told(Movement.FILE_ELECTRONIC, proposed)


@pytest.mark.parametrize(
    ("purpose", "due", "litigation", "renewed", "exchanged"),
    [
        ("CERT_RENEWAL", 0, False, [], []),
        ("CERT_RENEWAL", -1, False, ["DUE_DATE_INVALID"], []),
        ("APPRAISAL_AUDIT", 0, False, ["RENEWAL_LIMIT"], ["PURPOSE_NOT_ALLOWED"]),
        ("LITIGATION", 0, False, ["RENEWAL_LIMIT"], ["PURPOSE_NOT_ALLOWED"]),
        ("LITIGATION", 0, True, [], ["PURPOSE_NOT_ALLOWED"]),
    ],
)
def test_what_is_out_stays_longer_or_is_exchanged_as_its_purpose_allows(
    purpose, due, litigation, renewed, exchanged
):
    paper = ASKED | {"custody_state": CustodyState.CHECKED_OUT}
    out = replace(
        OUT_REQUEST,
        state=CheckOutState.OUT,
        purpose=CheckOutPurpose(purpose),
        due_date=TODAY + timedelta(days=due),
    )
    facts = {"check_out": out, "litigation_open": litigation}
    assert told(Movement.RENEW_CHECK_OUT, paper, **facts) == renewed
    assert told(Movement.RETURN_EXCHANGED, paper, **facts) == exchanged


@pytest.mark.parametrize(
    ("state", "expected"),
    [(CaseState.DRAFT, ["STATE_CONFLICT"]), (CaseState.APPROVED, [])],
)
def test_a_paper_leaves_for_an_approved_case(state, expected):
    held = {"lock": Lock(kind=LockKind.DEREGISTRATION, id="case-1"), "custody_state": INSIDE}
    found = told(Movement.VAULT_OUT_FOR_DEREG, held, case=a_case(state=state))
    assert found == expected


@pytest.mark.parametrize(
    ("paper", "released", "expected"),
    [
        ({"legal_state": LegalState.SUPERSEDED}, True, []),
        ({"legal_state": LegalState.SUPERSEDED}, False, ["STATE_CONFLICT"]),
        (CANCELLED, True, ["STATE_CONFLICT"]),
        (TITLE, True, ["STATE_CONFLICT"]),
    ],
)
def test_after_the_entry_only_what_is_exchanged_still_goes_to_the_registry(
    paper, released, expected
):
    facts = {"case": ENTERED, "released": released}
    held = paper | {"custody_state": INSIDE}
    assert told(Movement.VAULT_OUT_FOR_DEREG, held, **facts) == expected


def test_nothing_leaves_a_packet_whose_seal_is_broken():
    broken = a_packet(seal_broken_at=NOW)
    for movement in (Movement.CHECK_OUT, Movement.VAULT_OUT_FOR_DEREG, Movement.DISPATCH):
        assert told(movement, {"custody_state": INSIDE}, packet=broken) == ["STATE_CONFLICT"]
    assert told(Movement.RELOCATE, {"custody_state": INSIDE}, packet=broken) == []


DEPOSIT = {"cert_type": CertType.DEPOSIT_RECEIPT, "custody_state": INSIDE}
SOUND = a_loan(status=LoanStatus.ACTIVE, settled_on=None)
LATE = a_loan(status=LoanStatus.OVERDUE, settled_on=None)
OWES = {"status": LoanStatus.ACTIVE, "settled_on": None, "balance": 1, "disbursed_on": TODAY}
YESTERDAY = TODAY - timedelta(days=1)


def _unpaid(due):
    part = Instalment(seq=1, due_date=due, principal=1, interest=0)
    return a_loan(**OWES, schedule=(part,))


@pytest.mark.parametrize(
    ("paper", "loan", "expected"),
    [
        ({"expires_on": TODAY}, SOUND, []),
        ({"expires_on": TODAY + timedelta(days=1)}, SOUND, ["PURPOSE_NOT_ALLOWED"]),
        ({"expires_on": TODAY + timedelta(days=1)}, LATE, []),
        ({}, _unpaid(YESTERDAY), []),
        ({}, _unpaid(TODAY), ["PURPOSE_NOT_ALLOWED"]),
        ({}, a_loan(**OWES, maturity=YESTERDAY), []),
        ({}, a_loan(**OWES, maturity=TODAY), ["PURPOSE_NOT_ALLOWED"]),
        ({}, a_loan(**OWES | {"balance": 0}, maturity=YESTERDAY), ["PURPOSE_NOT_ALLOWED"]),
        ({}, SOUND, ["PURPOSE_NOT_ALLOWED"]),
        (
            {"cert_type": CertType.INSURANCE_POLICY_PLEDGE, "expires_on": TODAY},
            SOUND,
            ["PURPOSE_NOT_ALLOWED"],
        ),
    ],
)
def test_a_receipt_is_redeemed_when_due_or_in_default(paper, loan, expected):
    assert told(Movement.REDEEM, DEPOSIT | paper, loans=[loan]) == expected
