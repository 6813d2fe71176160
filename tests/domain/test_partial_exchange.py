"""A certificate of which a part was released is exchanged: when, for what, and what it covers."""

from dataclasses import replace

import pytest

from domain.certificates import Carrier, CertType, CustodyState, LegalState
from domain.collaterals import PledgeState
from domain.guarantees import GuaranteeLink
from domain.partial_exchange import (
    brought_refusals,
    left_for,
    remainder_refusals,
    still_securing,
    what_stays,
)
from tests.domain.builders import (
    a_case,
    a_case_lock,
    a_certificate,
    a_collateral,
    a_contract,
    codes,
)

OLD = a_certificate(
    collateral_nos=("COL3", "COL1", "COL2"),
    custody_state=CustodyState.OUT_FOR_DEREG,
    legal_state=LegalState.SUPERSEDED,
    lock=a_case_lock(),
)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, []),
        ({"custody_state": CustodyState.IN_VAULT}, ["STATE_CONFLICT"]),
        ({"custody_state": CustodyState.REPLACED}, ["STATE_CONFLICT"]),
        ({"legal_state": LegalState.REGISTERED}, ["STATE_CONFLICT"]),
        ({"legal_state": LegalState.CANCELLED}, ["STATE_CONFLICT"]),
        ({"lock": None}, ["STATE_CONFLICT"]),
        ({"lock": a_case_lock("case-2")}, ["STATE_CONFLICT"]),
    ],
)
def test_what_the_entry_left_over_and_is_out_for_the_case_is_exchanged(changes, refused):
    assert codes(brought_refusals(a_case(), replace(OLD, **changes))) == refused


@pytest.mark.parametrize(
    ("new_type", "number", "refused"),
    [
        (CertType.MORTGAGE_REG_PROOF, "new", []),
        (CertType.OTHER_RIGHT_LEGACY, "new", ["VALUE_INVALID"]),
        (CertType.MORTGAGE_REG_PROOF, OLD.cert_no, ["VALUE_INVALID"]),
    ],
)
def test_the_new_one_is_of_the_same_type_under_a_number_of_its_own(new_type, number, refused):
    assert codes(remainder_refusals(OLD, new_type=new_type, new_no=number)) == refused


def test_the_new_one_covers_what_is_still_relied_on():
    gone = a_collateral(no="COL3", pledge_state=PledgeState.RELEASED)
    assert what_stays(OLD, [gone]) == ("COL1", "COL2")
    assert what_stays(OLD, []) == ("COL3", "COL1", "COL2")


@pytest.mark.parametrize(
    ("left", "right", "follows"),
    [
        ({}, {}, True),
        ({"carrier": Carrier.PAPER}, {}, False),  # it comes back from the registry (X13)
        ({"superseded_by": "cert-3"}, {}, False),
        ({"legal_state": LegalState.REGISTERED}, {}, False),
        ({"custody_state": CustodyState.SURRENDERED}, {}, False),
        ({}, {"cert_type": CertType.OTHER_RIGHT_LEGACY}, False),
        ({}, {"collateral_nos": ("COL1",)}, False),
        ({}, {"collateral_nos": ("COL1", "COL2", "COL3")}, False),
    ],
)
def test_an_electronic_right_shows_what_stays_of_one_that_was_partly_released(left, right, follows):
    filed = {"carrier": Carrier.ELECTRONIC, "custody_state": CustodyState.ELECTRONIC_ON_FILE}
    old = replace(OLD, lock=None, **filed | left)
    new = replace(OLD, **{"id": "cert-2", "collateral_nos": ("COL2", "COL1")} | right)
    gone = a_collateral(no="COL3", pledge_state=PledgeState.RELEASED)
    assert left_for(new, [old], [gone]) == (old if follows else None)


def test_the_new_one_names_the_contracts_that_still_tie_it():
    tied = a_contract(links=(GuaranteeLink(collateral_no="COL2"),))
    untied = a_contract(no="GC2", links=(GuaranteeLink(collateral_no="COL2", active=False),))
    assert still_securing([tied, untied], ["COL2"]) == ("GC1",)
    assert still_securing([tied, untied], ["COL1"]) == ()
