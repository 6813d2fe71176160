"""What may happen to a certificate next: surrender, return and redemption as they are done."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.certificates import CertType, CustodyState, LegalState, Lock, LockKind
from domain.checkouts import CheckOut, CheckOutPurpose, CheckOutState
from domain.custody import Evidence, Movement
from domain.deregistration import CaseState, HandlingMode, Registry, RegistryStatus
from domain.loans import LoanStatus
from domain.movements import MovementFacts, movement_refusals
from domain.vaults import Vault, VaultStatus
from tests.domain.builders import NOW, TODAY, a_case, a_certificate, a_loan, codes
from tests.domain.release_builders import a_hold

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
    known |= {"holds_beside": (), "check_out": None}
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


OUT_REQUEST = CheckOut(
    id="c",
    certificate_id="cert-1",
    purpose=CheckOutPurpose.LITIGATION,
    reason="why",
    requester="legal-1",
    requested_at=NOW,
    due_date=TODAY,
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
    ],
)
def test_a_paper_that_was_asked_for_goes_as_its_request_says(changes, held, expected):
    request = replace(OUT_REQUEST, **changes)
    holds = (a_hold(),) if held else ()
    assert told(Movement.CHECK_OUT, ASKED, check_out=request, holds=holds) == expected


def test_a_packet_moves_as_a_whole():
    inside = {"custody_state": INSIDE}
    locked = a_certificate(id="cert-2", lock=Lock(kind=LockKind.DEREGISTRATION, id="d"))
    for movement in (Movement.DISPATCH, Movement.RELOCATE):
        assert told(movement, inside, beside=(a_certificate(id="cert-2"),)) == []
        assert told(movement, inside, beside=(locked,)) == ["OPEN_REQUEST_EXISTS"]
    assert told(Movement.DISPATCH, inside, holds_beside=(a_hold(),)) == ["LEGAL_HOLD"]
    assert told(Movement.RELOCATE, inside, holds_beside=(a_hold(),)) == []


def test_a_counted_vault_keeps_what_its_keepers_would_give_back():
    counted = Vault(
        id="v",
        code="V1",
        name="V1",
        org_code="LC",
        org_path="/HO",
        status=VaultStatus.FROZEN_FOR_COUNT,
    )
    agreed = TITLE | {"custody_state": INSIDE, "lock": Lock(kind=LockKind.OWNER_RETURN, id="o")}
    assert told(Movement.RETURN_TO_OWNER, agreed, vault=counted) == ["VAULT_FROZEN"]


def test_a_missing_paper_that_something_holds_is_not_found_yet():
    missing = {"custody_state": CustodyState.MISSING}
    assert told(Movement.FOUND, missing) == []
    assert told(Movement.FOUND, ASKED | missing) == ["OPEN_REQUEST_EXISTS"]


DEPOSIT = {"cert_type": CertType.DEPOSIT_RECEIPT, "custody_state": INSIDE}
SOUND = a_loan(status=LoanStatus.ACTIVE, settled_on=None)
LATE = a_loan(status=LoanStatus.OVERDUE, settled_on=None)


@pytest.mark.parametrize(
    ("paper", "loan", "expected"),
    [
        ({"expires_on": TODAY}, SOUND, []),
        ({"expires_on": TODAY + timedelta(days=1)}, SOUND, ["PURPOSE_NOT_ALLOWED"]),
        ({"expires_on": TODAY + timedelta(days=1)}, LATE, []),
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
