"""Papers that leave the bank: receipts redeemed, claims handed over; one fact decides each time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.certificates import CERT_TYPES, CertType, CustodyState, Perfection
from domain.claim_transfers import (
    MAX_ASSIGNEE_LENGTH,
    ClaimTransfer,
    ClaimTransferState,
    approval_refusals,
    handover_refusals,
    leaving_ones,
)
from domain.collaterals import PledgeState
from domain.custody import Evidence
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileClass, FileStatus
from domain.loans import IN_DEFAULT, LoanStatus
from domain.orgs import OrgLevel
from domain.redemption import (
    REDEEMABLE,
    Proceeds,
    ProceedsUse,
    RedemptionGround,
    ground_of,
    redemption_refusals,
)
from domain.roles import Role
from domain.vault_out import document_refusals
from tests.domain.builders import (
    NOW,
    PLACE,
    TODAY,
    a_certificate,
    a_collateral,
    a_grant,
    a_loan,
    a_version,
    an_actor,
    codes,
)

DAY = timedelta(days=1)
OWED = a_loan(status=LoanStatus.ACTIVE, balance=100)
RECEIPT = a_certificate(
    cert_type=CertType.DEPOSIT_RECEIPT,
    custody_state=CustodyState.IN_VAULT,
    registered_until=TODAY,
)
TO_DEBT = Proceeds(amount=1, use=ProceedsUse.APPLIED_TO_DEBT, to="L1")


def test_what_is_redeemed_is_perfected_by_delivery():
    assert all(CERT_TYPES[one].perfection is Perfection.DELIVERY for one in REDEEMABLE)


@pytest.mark.parametrize("cert_type", CertType)
def test_only_receipts_whose_normal_end_it_is_are_redeemed(cert_type):
    paper = replace(RECEIPT, cert_type=cert_type)
    expected = [] if cert_type in REDEEMABLE else ["PURPOSE_NOT_ALLOWED"]
    assert codes(redemption_refusals(paper, [OWED], TO_DEBT, today=TODAY)) == expected


@pytest.mark.parametrize(
    ("due", "ground"),
    [
        (TODAY - DAY, RedemptionGround.MATURITY),
        (TODAY, RedemptionGround.MATURITY),
        (TODAY + DAY, None),
        (None, None),
    ],
)
def test_a_receipt_is_due_on_its_day(due, ground):
    paper = replace(RECEIPT, registered_until=due)
    assert ground_of(paper, [OWED], today=TODAY) is ground
    expected = [] if ground else ["PURPOSE_NOT_ALLOWED"]
    assert codes(redemption_refusals(paper, [OWED], TO_DEBT, today=TODAY)) == expected


@pytest.mark.parametrize("status", LoanStatus)
def test_default_of_a_secured_debt_is_a_ground_before_the_day(status):
    paper = replace(RECEIPT, registered_until=TODAY + DAY)
    loans = [OWED, replace(OWED, loan_no="L2", status=status)]
    expected = RedemptionGround.DEFAULT if status in IN_DEFAULT else None
    assert ground_of(paper, loans, today=TODAY) is expected


@pytest.mark.parametrize(("dpd", "in_default"), [(0, False), (1, True)])
def test_one_day_past_due_is_default(dpd, in_default):
    paper = replace(RECEIPT, registered_until=None)
    found = ground_of(paper, [replace(OWED, dpd=dpd)], today=TODAY)
    assert found is (RedemptionGround.DEFAULT if in_default else None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": 0}, ["VALUE_INVALID"]),
        ({"amount": -1}, ["VALUE_INVALID"]),
        ({"to": ""}, ["VALUE_INVALID"]),
        ({"to": "x" * 101}, ["VALUE_INVALID"]),
        ({"to": "L9"}, ["VALUE_INVALID"]),
        ({"to": "L9", "use": ProceedsUse.DEPOSITED}, []),
        ({"to": "x" * 100, "use": ProceedsUse.DEPOSITED}, []),
    ],
)
def test_the_proceeds_pay_a_secured_debt_or_are_deposited(changes, expected):
    proceeds = replace(TO_DEBT, **changes)
    assert codes(redemption_refusals(RECEIPT, [OWED], proceeds, today=TODAY)) == expected


def test_a_debt_that_is_paid_takes_no_proceeds_and_need_not_be_paid_first():
    paid = codes(redemption_refusals(RECEIPT, [a_loan()], TO_DEBT, today=TODAY))
    assert paid == ["VALUE_INVALID"]
    assert codes(redemption_refusals(RECEIPT, [OWED], TO_DEBT, today=TODAY)) == []


def a_file(**changes):
    facts = {
        "id": "file-1",
        "dossier_id": "dossier-1",
        "loan_no": "L1",
        "doc_type": DocType.REDEMPTION_AUTHORITY,
        "title": "agreement",
        "file_class": FileClass.B,
    }
    return ArchiveFile(**PLACE | facts | changes)


@pytest.mark.parametrize("status", FileStatus)
@pytest.mark.parametrize("doc_type", [DocType.REDEMPTION_AUTHORITY, DocType.CERT_RECEIPT])
@pytest.mark.parametrize("loan_no", ["L1", "L2"])
def test_a_document_is_of_the_type_of_the_loan_and_accepted(status, doc_type, loan_no):
    refused = codes(
        document_refusals(
            a_file(loan_no=loan_no),
            a_version(doc_type=doc_type, status=status),
            doc_type=DocType.REDEMPTION_AUTHORITY,
            loan_nos={"L1"},
            field="agreementFileVersionId",
            rule_id="X26",
        )
    )
    wrong = (doc_type is DocType.CERT_RECEIPT) + (loan_no == "L2")
    missing = [] if status is FileStatus.ACCEPTED else ["DOC_MISSING"]
    assert refused == ["VALUE_INVALID"] * wrong + missing


def an_approver(level, login="boss"):
    return an_actor(
        login, a_grant(Role.APPROVER, org_level=level, org_path="/HO", jurisdiction_path="/HO")
    )


def _approve(**changes):
    facts = {
        "collaterals": [a_collateral()],
        "loans": [OWED],
        "assignee": "AMC",
        "approver": an_approver(OrgLevel.TIER1_BRANCH),
        "open_transfer": None,
    }
    given = facts | changes
    collaterals, loans = given.pop("collaterals"), given.pop("loans")
    return codes(approval_refusals(collaterals, loans, **given))


def a_transfer(**changes):
    facts = {
        "id": "transfer-1",
        "no": "CT1",
        "collateral_nos": ("COL1",),
        "loan_nos": ("L1",),
        "assignee": "AMC",
        "agreement": Evidence(file_version_id="fv-1", sha256="0" * 64),
        "approved_by": "boss",
        "approved_at": NOW,
    }
    return ClaimTransfer(**PLACE | facts | changes)


@pytest.mark.parametrize("level", OrgLevel)
def test_a_first_tier_branch_or_head_office_approves(level):
    enough = level in {OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE}
    expected = [] if enough else ["APPROVAL_LEVEL"]
    assert _approve(approver=an_approver(level)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"loans": []}, ["VALUE_INVALID"]),
        ({"loans": [a_loan()]}, ["VALUE_INVALID"]),
        ({"loans": [a_loan(), OWED]}, []),
        ({"assignee": ""}, ["VALUE_INVALID"]),
        ({"assignee": "x" * MAX_ASSIGNEE_LENGTH}, []),
        ({"assignee": "x" * (MAX_ASSIGNEE_LENGTH + 1)}, ["VALUE_INVALID"]),
        ({"open_transfer": a_transfer()}, ["OPEN_REQUEST_EXISTS"]),
        ({"loans": [replace(OWED, managers=("boss",))]}, ["SOD_VIOLATION"]),
        ({"collaterals": [a_collateral(open_case_id="case-1")]}, ["OPEN_REQUEST_EXISTS"]),
    ],
)
def test_what_keeps_an_assignment_from_being_approved(changes, expected):
    assert _approve(**changes) == expected


@pytest.mark.parametrize("state", PledgeState)
def test_only_a_pledge_that_stands_goes_with_its_claim(state):
    standing = {PledgeState.EFFECTIVE, PledgeState.PARTIALLY_RELEASED, PledgeState.IN_ENFORCEMENT}
    expected = [] if state in standing else ["STATE_CONFLICT"]
    collaterals = [a_collateral(pledge_state=state)]
    assert _approve(collaterals=collaterals) == expected
    paper = a_certificate(custody_state=CustodyState.IN_VAULT)
    assert codes(handover_refusals(a_transfer(), collaterals, [paper], [OWED])) == expected


@pytest.mark.parametrize("state", ClaimTransferState)
def test_papers_go_once_and_only_while_it_is_approved(state):
    paper = a_certificate(custody_state=CustodyState.IN_VAULT)
    refused = codes(handover_refusals(a_transfer(state=state), [a_collateral()], [paper], [OWED]))
    assert refused == ([] if state is ClaimTransferState.APPROVED else ["STATE_CONFLICT"])


@pytest.mark.parametrize("state", CustodyState)
def test_every_paper_in_somebodys_hands_must_be_in_the_vault(state):
    inside = a_certificate(custody_state=CustodyState.IN_VAULT)
    other = replace(inside, id="cert-2", custody_state=state)
    nobodys = {
        CustodyState.IN_VAULT,
        CustodyState.NOT_RECEIVED,
        CustodyState.ELECTRONIC_ON_FILE,
        CustodyState.SURRENDERED,
        CustodyState.RETURNED_TO_OWNER,
        CustodyState.REDEEMED,
        CustodyState.TRANSFERRED_OUT,
        CustodyState.REPLACED,
    }
    expected = [] if state in nobodys else ["CERT_NOT_IN_VAULT"]
    assert (
        codes(handover_refusals(a_transfer(), [a_collateral()], [inside, other], [OWED]))
        == expected
    )
    alone = codes(handover_refusals(a_transfer(), [a_collateral()], [other], [OWED]))
    assert ("VALUE_INVALID" in alone) is (state is not CustodyState.IN_VAULT)


def test_a_paper_that_also_covers_what_stays_does_not_go():
    paper = a_certificate(custody_state=CustodyState.IN_VAULT, collateral_nos=("COL1", "COL2"))
    alone = codes(handover_refusals(a_transfer(), [a_collateral()], [paper], [OWED]))
    assert alone == ["VALUE_INVALID"]
    both = a_transfer(collateral_nos=("COL1", "COL2"))
    assert codes(handover_refusals(both, [a_collateral()], [paper], [OWED])) == []
    assert leaving_ones([paper, replace(paper, custody_state=CustodyState.LOST)]) == [paper]


@pytest.mark.parametrize(
    ("loans", "expected"),
    [
        ([OWED], []),
        ([OWED, a_loan(loan_no="L2")], []),  # settled
        ([OWED, replace(OWED, loan_no="L2")], ["VALUE_INVALID"]),  # secured since
        ([a_loan()], ["VALUE_INVALID"]),  # settled since
        ([], ["VALUE_INVALID"]),
        ([a_loan(status=LoanStatus.ASSIGNED)], []),
    ],
)
def test_the_papers_go_with_the_loans_that_were_assigned(loans, expected):
    paper = a_certificate(custody_state=CustodyState.IN_VAULT)
    assert codes(handover_refusals(a_transfer(), [a_collateral()], [paper], loans)) == expected


def test_the_approver_has_a_part_in_it():
    assert a_transfer().parts() == {"boss": "approver"}
