"""Which movements are worth a receipt, and what it says."""

import pytest

from domain.certificates import Catalog, CustodyState, Holder
from domain.custody import Movement
from domain.receipts import ReceiptKind, by_kind, counterpart, receipt_item, receipt_no
from tests.domain.builders import NOW, TODAY, a_certificate
from tests.domain.receipt_builders import an_event

KINDS = {
    Movement.VAULT_IN: ReceiptKind.VAULT_IN,
    Movement.VAULT_OUT_FOR_DEREG: ReceiptKind.VAULT_OUT,
    Movement.CHECK_OUT: ReceiptKind.VAULT_OUT,
    Movement.ACCEPT_HANDOVER: ReceiptKind.HANDOVER,
    Movement.DEREG_RETURN: ReceiptKind.HANDOVER,
    Movement.DEREG_HANDOVER: ReceiptKind.HANDOVER,
    Movement.RETURN_TO_OWNER: ReceiptKind.OWNER_RETURN,
}
PAPERS = {"cert-1": a_certificate()}


@pytest.mark.parametrize("movement", Movement)
def test_these_movements_have_receipts_and_no_others(movement):
    shared = by_kind([an_event(movement, from_state=CustodyState.OUT_FOR_DEREG)], PAPERS)
    assert list(shared) == ([KINDS[movement]] if movement in KINDS else [])


@pytest.mark.parametrize("catalog", Catalog)
def test_the_owner_gets_a_receipt_for_what_he_leaves_with_the_bank(catalog):
    paper = a_certificate(catalog=catalog)
    shared = by_kind([an_event(Movement.COLLECT)], {paper.id: paper})
    assert list(shared) == ([ReceiptKind.SAFEKEEPING] if catalog is Catalog.SAFEKEEPING else [])


def test_what_goes_from_the_vault_to_the_registry_has_left_the_vault():
    shared = by_kind([an_event(Movement.SURRENDER, from_state=CustodyState.IN_VAULT)], PAPERS)
    assert list(shared) == [ReceiptKind.VAULT_OUT]


def test_papers_of_one_kind_share_a_receipt():
    events = [
        an_event(Movement.RETURN_TO_OWNER, from_state=CustodyState.IN_VAULT),
        an_event(Movement.SURRENDER, from_state=CustodyState.IN_VAULT),
        an_event(Movement.RETURN_TO_OWNER, from_state=CustodyState.IN_VAULT),
    ]
    counted = {kind: len(shared) for kind, shared in by_kind(events, PAPERS).items()}
    assert counted == {ReceiptKind.OWNER_RETURN: 2, ReceiptKind.VAULT_OUT: 1}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ReceiptKind.HANDOVER, "giver"),
        (ReceiptKind.VAULT_OUT, "holder"),
        (ReceiptKind.VAULT_IN, None),
        (ReceiptKind.OWNER_RETURN, None),
        (ReceiptKind.SAFEKEEPING, None),
    ],
)
def test_the_other_side_is_who_gave_or_who_has_it(kind, expected):
    paper = a_certificate(given_by="giver", holder=Holder(login="holder", since=NOW))
    assert counterpart(kind, paper) == expected


def test_a_line_holds_what_the_event_says():
    paper = a_certificate()
    event = an_event(Movement.VAULT_IN, certificate_id=paper.id, vault="V9", hash="h")
    item = receipt_item(event, paper)
    assert (item.cert_no, item.vault, item.event_hash) == (paper.cert_no, "V9", "h")


def test_a_number_says_the_day_and_is_the_receipts_own():
    number = receipt_no("rcpt_01M893P7Z977ZCNJ0ARVKPX84D", TODAY)
    assert number == "CR20250610-0ARVKPX84D"
