"""Settlement proofs and approval sheets as documents: read, scanned, and the same bytes again."""

import pytest

from domain.loans import LoanStatus
from papers.approval_sheets import approval_sheet_pdf
from papers.settlement_proofs import OWED, settlement_proof_pdf
from tests.domain.proof_builders import a_proof, a_sheet, an_approval
from tests.papers.reading import codes, sizes, text

A4 = (210.0, 297.0)


def test_a_proof_says_in_both_languages_that_nothing_is_owed():
    proof = a_proof()
    content, pages = settlement_proof_pdf(proof)
    told = text(content)
    for part in (
        "贷款结清证明",
        "Settlement proof",
        proof.no,
        "2025-06-10",
        "广州分行 (OB-1)",
        "L1",
        "CC1",
        "1000000.00 CNY",
        "已结清",
        "2025-05-06",
        "盖章",
        *(f"{name}　0.00 CNY".replace("　", "") for name in OWED),
    ):
        assert part in told.replace("　", ""), part
    assert (sizes(content), pages) == ([A4], 1)


def test_a_scanner_reads_the_number():
    assert codes(settlement_proof_pdf(a_proof())[0]) == ["SP20250610-0000000001"]


def test_a_proof_is_small_and_the_same_bytes_again():
    content, _ = settlement_proof_pdf(a_proof())
    assert content == settlement_proof_pdf(a_proof())[0]
    assert content != settlement_proof_pdf(a_proof(principal_amount=1))[0]
    assert len(content) < 200_000


@pytest.mark.parametrize("status", LoanStatus)
def test_every_status_and_the_longest_names_are_drawn(status):
    long = a_proof(loan_status=status, settled_on=None, org_name="行" * 300, loan_no="L" * 1000)
    content, pages = settlement_proof_pdf(long)
    assert codes(content) == [long.no]
    assert len(sizes(content)) == pages <= 2


def test_a_sheet_tells_who_approved_what_and_when():
    sheet = a_sheet()
    content, pages = approval_sheet_pdf(sheet)
    told = text(content)
    for part in (
        "押品注销审批表",
        sheet.case_no,
        "结清解押",
        "COL1",
        "GC1",
        "DRG-P13 PASS",
        "abcdef012345",
        "head (",
        "risk (",
        "二级分行",
        "2025-06-10 10:00:00",
        "同意",
    ):
        assert part in told, part
    assert (sizes(content), pages) == ([A4], 1)


def test_many_approvals_take_many_pages_and_none_is_lost():
    many = a_sheet(approvals=tuple(an_approval(f"login-{n:02}", note="好" * 900) for n in range(9)))
    content, pages = approval_sheet_pdf(many)
    assert pages > 1
    assert all(f"login-{n:02}" in text(content) for n in range(9))
