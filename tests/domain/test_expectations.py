"""Certificates that are expected and never come: void with a reason, and what that frees."""

import pytest

from domain.certificates import CertType, CustodyState, LegalState, Lock, LockKind
from domain.custody import Movement, illegal
from domain.deregistration import DeregKind
from domain.expectations import voiding_refusals
from tests.domain.builders import a_case, a_case_lock, a_certificate, codes
from tests.domain.release_builders import INSIDE, failures

EXPECTED = {
    "id": "cert-9",
    "cert_no": None,
    "custody_state": CustodyState.NOT_RECEIVED,
    "legal_state": LegalState.PENDING,
}
DROPPED = EXPECTED | {"legal_state": LegalState.VOID}


@pytest.mark.parametrize("state", CustodyState)
def test_only_what_was_never_received_is_dropped(state):
    found = codes(voiding_refusals(a_certificate(custody_state=state), "bought elsewhere"))
    assert found == ([] if state is CustodyState.NOT_RECEIVED else ["STATE_CONFLICT"])


def test_it_is_dropped_once_with_a_reason_and_while_nobody_files_it():
    filing = Lock(kind=LockKind.VAULT_PROPOSAL, id="proposal-1")
    assert codes(voiding_refusals(a_certificate(**DROPPED), "again")) == ["STATE_CONFLICT"]
    assert codes(voiding_refusals(a_certificate(**EXPECTED), " ")) == ["VALUE_INVALID"]
    held = a_certificate(**EXPECTED, lock=filing)
    assert codes(voiding_refusals(held, "why")) == ["OPEN_REQUEST_EXISTS"]


@pytest.mark.parametrize("movement", [Movement.COLLECT, Movement.FILE_ELECTRONIC])
def test_what_was_dropped_is_not_obtained_any_more(movement):
    assert illegal(a_certificate(**EXPECTED), movement) is None
    assert codes([illegal(a_certificate(**DROPPED), movement)]) == ["STATE_CONFLICT"]


@pytest.mark.parametrize(("paper", "failed"), [(EXPECTED, ["DRG-P06"]), (DROPPED, [])])
def test_a_release_waits_for_what_is_expected_until_it_is_dropped(paper, failed):
    assert list(failures(certificates=(INSIDE, a_certificate(**paper)))) == failed


def test_a_pre_notice_stands_alone_beside_a_right_that_is_only_expected():
    notice = a_certificate(
        cert_type=CertType.PRE_NOTICE_MORTGAGE,
        custody_state=CustodyState.IN_VAULT,
        lock=a_case_lock(),
    )
    case = a_case(kind=DeregKind.PRE_NOTICE_CANCEL)
    papers = (notice, a_certificate(**EXPECTED))
    assert list(failures(case=case, certificates=papers)) == ["DRG-P06"]
    assert list(failures(case=case, certificates=papers[1:])) == ["DRG-4.1", "DRG-P06"]
    assert list(failures(case=case, certificates=(notice, a_certificate(**DROPPED)))) == []
