"""Things of the vault as tests need them: sound by default, changed by keyword."""

from typing import Any

from domain.custody import Movement, Operator
from domain.dual_control import Proposal, expiry, payload_hash
from domain.handovers import Handover, HandoverItem
from domain.processing import PaperFacts
from domain.vaulting import Scan
from domain.vaults import SealedPacket, SealUse, Slot, Vault
from tests.domain.builders import NOW, PLACE, POLICY, TODAY, a_certificate


def a_vault(**changes: Any) -> Vault:
    """An open vault."""
    return Vault(**PLACE | {"id": "vault-1", "code": "V1", "name": "vault"} | changes)


def a_slot(**changes: Any) -> Slot:
    """An empty slot for one packet."""
    facts: dict[str, Any] = {"id": "slot-1", "vault": "V1", "cabinet": "A-01", "slot": "03"}
    return Slot(**PLACE | facts | changes)


def a_packet(**changes: Any) -> SealedPacket:
    """A sealed packet in the slot of `a_slot`."""
    facts: dict[str, Any] = {
        "id": "packet-1",
        "packet_no": "P1",
        "guarantee_contract_no": "GC1",
        "seal_no": "S1",
        "seal_history": (SealUse(seal_no="S1", sealed_at=NOW),),
        "vault": "V1",
        "cabinet": "A-01",
        "slot": "03",
        "certificate_ids": ("cert-1",),
    }
    return SealedPacket(**PLACE | facts | changes)


def a_scan(**changes: Any) -> Scan:
    """An accepted scan of both pages of `a_certificate`."""
    facts: dict[str, Any] = {
        "file_version_id": "fv-1",
        "sha256": "0" * 64,
        "cert_no_norm": a_certificate().cert_no_norm,
        "pages": 2,
        "intact": True,
    }
    return Scan(**facts | changes)


def an_operator(login: str = "u1", **changes: Any) -> Operator:
    """One person's part in an event."""
    facts: dict[str, Any] = {
        "login": login,
        "role": "VAULT_KEEPER",
        "org_code": "LC-1",
        "at": NOW,
        "request_id": f"request-{login}",
    }
    return Operator(**facts | changes)


def a_proposal(**changes: Any) -> Proposal:
    """A vault-in proposed by u1 at ten o'clock."""
    payload = changes.pop("payload", {"slot": "A-01-03", "sealNo": "S1"})
    facts: dict[str, Any] = {
        "id": "proposal-1",
        "movement": Movement.VAULT_IN,
        "payload": payload,
        "payload_hash": payload_hash(payload),
        "proposer": an_operator("u1"),
        "certificate_ids": ("cert-1",),
        "expires_at": expiry(NOW, POLICY),
    }
    return Proposal(**PLACE | facts | changes)


def a_handover(*certificate_ids: str, **changes: Any) -> Handover:
    """Papers on their way from a handler to the desk of vault V1."""
    facts: dict[str, Any] = {
        "id": "handover-1",
        "no": "H1",
        "giver": "handler",
        "desk": "V1",
        "items": tuple(HandoverItem(certificate_id=id) for id in certificate_ids or ("cert-1",)),
        "initiated_at": NOW,
        "due_on": TODAY,
    }
    return Handover(**PLACE | facts | changes)


def paper_facts(**changes):
    facts: dict[str, Any] = {
        "cert_no": "粤(2024)第1号",
        "issuer": "registry",
        "issuer_code": "R-4401",
        "issue_date": TODAY,
        "right_holder": "bank",
        "right_amount": 0,
        "registered_on": TODAY,
        "registered_until": None,
        "expires_on": None,
        "rank": 1,
        "pages": 1,
    }
    return PaperFacts(**facts | changes)
