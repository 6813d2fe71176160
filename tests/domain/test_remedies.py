"""Who can mend what stands in the way, where the code alone does not tell."""

from dataclasses import replace

import pytest

from domain.certificates import CustodyState
from domain.deregistration import DeregKind
from domain.dossiers import DocType
from domain.loans import LoanStatus
from domain.preconditions import Remedy
from tests.domain.builders import NOW, a_case, a_loan
from tests.domain.release_builders import INSIDE, asked

D, R = DocType, Remedy


def fixers(rule_id, **facts):
    """Who can mend that precondition's refusals."""
    return next(list(r.fixable_by) for r in asked(**facts).results if r.id == rule_id)


@pytest.mark.parametrize(
    ("kind", "given", "fixer"),
    [
        (DeregKind.FULL_SETTLEMENT, D.OTHER, R.OWNER),
        (DeregKind.FULL_SETTLEMENT, D.OWNER_ID, R.OWNER),
        (DeregKind.COURT_ORDERED, D.COURT_DOC, R.OWNER),
        (DeregKind.COURT_ORDERED, D.OWNER_ID, R.CERT_HANDLER),
        (DeregKind.EXTINGUISHED, D.OTHER, R.CERT_HANDLER),
    ],
)
def test_p10_the_owner_brings_his_own_papers_and_the_handler_the_rest(kind, given, fixer):
    assert fixers("DRG-P10", case=a_case(given, kind=kind)) == [fixer]


@pytest.mark.parametrize(
    ("state", "fixer"),
    [
        (CustodyState.NOT_RECEIVED, R.CERT_HANDLER),
        (CustodyState.WITH_HANDLER, R.CERT_HANDLER),
        (CustodyState.OUT_FOR_DEREG, R.CERT_HANDLER),
        (CustodyState.CHECKED_OUT, R.PAPER_BORROWER),
        (CustodyState.IN_TRANSIT, R.VAULT_KEEPER),
        (CustodyState.RECEIVED_PENDING_VAULT, R.VAULT_KEEPER),
        (CustodyState.MISSING, R.VAULT_KEEPER),
        (CustodyState.LOST, R.CERT_HANDLER),
    ],
)
def test_p06_whoever_has_the_paper_brings_it(state, fixer):
    assert fixers("DRG-P06", certificates=(replace(INSIDE, custody_state=state),)) == [fixer]


def test_p12_what_was_never_settled_does_not_settle_by_itself():
    owing = a_loan(status=LoanStatus.ACTIVE, balance=1, settled_on=None, as_of=NOW)
    assert fixers("DRG-P12", loans={"L1": owing}) == [R.BORROWER]
    today = a_loan(settled_on=NOW.date())
    assert fixers("DRG-P12", loans={"L1": today}) == [R.TIME]
