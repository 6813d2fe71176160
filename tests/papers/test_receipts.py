"""Receipts as documents: Chinese that can be read, small, and the same bytes again."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from domain.receipts import ReceiptKind
from papers.receipts import receipt_pdf
from tests.domain.receipt_builders import a_receipt, a_receipt_item
from tests.papers.reading import sizes, text

ROOT = Path(__file__).resolve().parent.parent.parent
MAX_BYTES = 200_000
ANOTHER = """
import hashlib
from papers.receipts import receipt_pdf
from tests.domain.receipt_builders import a_receipt
print(hashlib.sha256(receipt_pdf(a_receipt())[0]).hexdigest())
"""


def test_a_receipt_says_what_happened_in_both_languages():
    receipt = a_receipt()
    content, pages = receipt_pdf(receipt)
    told = text(content)
    item = receipt.items[0]
    for part in (
        "入库回单",
        "Vault-in receipt",
        receipt.no,
        "2025-06-10 10:00:00",
        "u1 (权证保管员, LC-1)",
        item.cert_no,
        "不动产登记证明(抵押权)",
        "V1/A-01/03",
        item.event_hash,
        *receipt.loan_nos,
    ):
        assert str(part) in told, part
    assert (sizes(content), pages) == ([(210.0, 297.0)], 1)


@pytest.mark.parametrize("kind", ReceiptKind)
def test_every_kind_is_drawn_and_small(kind):
    content, _ = receipt_pdf(a_receipt(kind=kind))
    assert content.startswith(b"%PDF")
    assert len(content) < MAX_BYTES


def test_the_same_facts_are_the_same_bytes_in_another_process():
    here = hashlib.sha256(receipt_pdf(a_receipt())[0]).hexdigest()
    command = [sys.executable, "-c", ANOTHER]
    seeded = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/Lima"}
    there = subprocess.run(command, cwd=ROOT, env=seeded, capture_output=True, check=True)
    assert there.stdout.decode().strip() == here
    assert receipt_pdf(a_receipt(no="CR20250610-OTHER"))[0] != receipt_pdf(a_receipt())[0]


def test_many_papers_take_many_pages_and_none_is_lost():
    items = tuple(a_receipt_item(cert_no=f"粤（2025）第{n:08}号") for n in range(100))
    content, pages = receipt_pdf(a_receipt(items=items))
    told = text(content)
    assert all(str(item.cert_no) in told for item in items)
    assert (len(sizes(content)), len(content) < MAX_BYTES) == (pages, True)


def test_rare_characters_and_long_numbers_do_no_harm():
    odd = a_receipt_item(cert_no="第𠮷䶮" * 300, pages=None, vault=None, packet_no=None)
    content, pages = receipt_pdf(a_receipt(items=(odd, replace(odd, cert_no=None))))
    assert "第〓〓第〓〓" in text(content)  # seen to be there, though the font lacks them
    assert pages == 1
