"""Receipts as tests need them: sound by default, changed by keyword."""

from typing import Any

from domain.certificates import CertType, CustodyState, LegalState
from domain.custody import RULE_OF, CustodyEvent, Movement
from domain.receipts import Receipt, ReceiptItem, ReceiptKind
from tests.domain.builders import NOW, PLACE, TODAY
from tests.domain.vault_builders import an_operator


def a_receipt_item(**changes: Any) -> ReceiptItem:
    """A paper put into the slot of `a_slot`."""
    facts: dict[str, Any] = {
        "certificate_id": "cert-1",
        "event_id": "evnt-1",
        "event_hash": "ab" * 32,
        "movement": Movement.VAULT_IN,
        "cert_type": CertType.MORTGAGE_REG_PROOF,
        "cert_no": "粤（2025）广州市不动产证明第00000001号",
        "pages": 2,
        "vault": "V1",
        "cabinet": "A-01",
        "slot": "03",
        "packet_no": "P1",
        "seal_no": "S1",
    }
    return ReceiptItem(**facts | changes)


def a_receipt(**changes: Any) -> Receipt:
    """The receipt of a vault-in by u1 and u2."""
    facts: dict[str, Any] = {
        "id": "rcpt-1",
        "no": "CR20250610-0000000001",
        "kind": ReceiptKind.VAULT_IN,
        "items": (a_receipt_item(),),
        "operators": (an_operator("u1"), an_operator("u2")),
        "counterpart": "handler",
        "request_ref": "prop-1",
        "loan_nos": ("L1",),
        "issued_at": NOW,
        "issued_on": TODAY,
    }
    return Receipt(**PLACE | facts | changes)


def an_event(movement: Movement, **changes: Any) -> CustodyEvent:
    """A line of the ledger of `a_certificate`."""
    facts: dict[str, Any] = {
        "id": "evnt-1",
        "certificate_id": "cert-1",
        "seq": 1,
        "type": movement,
        "rule_id": RULE_OF[movement],
        "from_state": CustodyState.RECEIVED_PENDING_VAULT,
        "to_state": CustodyState.IN_VAULT,
        "legal_state": LegalState.REGISTERED,
        "operators": (an_operator("u1"), an_operator("u2")),
        "biz_date": TODAY,
        "recorded_at": NOW,
        "prev_hash": "",
        "org_path": PLACE["org_path"],
    }
    return CustodyEvent(**facts | changes)
