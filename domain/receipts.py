"""Receipts (回单): what the bank gives who brings, puts in, takes out, gets or gets back paper.

A receipt holds every fact that is printed on it, so that its document can be drawn again, byte by
byte, whatever becomes of the certificates later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.certificates import Catalog, CertType, CustodyState, TitleCertificate
from domain.custody import CustodyEvent, Movement, Operator

MAX_DOSSIERS = 50  # a facility's paper may secure more loans; the certificate leads to the receipt


class ReceiptKind(StrEnum):
    """What a receipt is given for (回单种类)."""

    VAULT_IN = "VAULT_IN"
    VAULT_OUT = "VAULT_OUT"
    HANDOVER = "HANDOVER"
    OWNER_RETURN = "OWNER_RETURN"
    SAFEKEEPING = "SAFEKEEPING"


_KINDS: Mapping[Movement, ReceiptKind] = MappingProxyType(
    {
        Movement.VAULT_IN: ReceiptKind.VAULT_IN,
        Movement.VAULT_OUT_FOR_DEREG: ReceiptKind.VAULT_OUT,
        Movement.CHECK_OUT: ReceiptKind.VAULT_OUT,
        Movement.ACCEPT_HANDOVER: ReceiptKind.HANDOVER,
        Movement.DEREG_RETURN: ReceiptKind.HANDOVER,
        Movement.DEREG_HANDOVER: ReceiptKind.HANDOVER,
        Movement.RETURN_TO_OWNER: ReceiptKind.OWNER_RETURN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptItem:
    """One paper on a receipt, as its custody event tells (回单明细)."""

    certificate_id: str
    event_id: str
    event_hash: str
    movement: Movement
    cert_type: CertType
    cert_no: str | None
    pages: int | None
    vault: str | None
    cabinet: str | None
    slot: str | None
    packet_no: str | None
    seal_no: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A numbered receipt (回单), given once and never changed."""

    id: str
    no: str
    kind: ReceiptKind
    items: tuple[ReceiptItem, ...]
    operators: tuple[Operator, ...]
    counterpart: str | None  # login of who gave or got the papers, where that is one of us
    request_ref: str | None
    loan_nos: tuple[str, ...]  # of the dossiers that it is filed in
    issued_at: datetime
    issued_on: date
    file_ids: tuple[str, ...] = ()
    sha256: str = ""  # of the document
    size: int = 0
    org_code: str
    org_path: str


def receipt_kind(event: CustodyEvent, certificate: TitleCertificate) -> ReceiptKind | None:
    """What kind of receipt an event is worth; none for what changes no hands.

    A certificate that goes straight from the vault to the registry (X16) leaves the vault too. What
    the owner leaves with the bank is his; the bank's own right comes from the registry (X02).
    """
    if event.type is Movement.COLLECT and certificate.catalog is Catalog.SAFEKEEPING:
        return ReceiptKind.SAFEKEEPING
    if event.type is Movement.SURRENDER and event.from_state is CustodyState.IN_VAULT:
        return ReceiptKind.VAULT_OUT
    return _KINDS.get(event.type)


def by_kind(
    events: Iterable[CustodyEvent], papers: Mapping[str, TitleCertificate]
) -> dict[ReceiptKind, list[CustodyEvent]]:
    """The events of one decision by the receipt they share. papers: by id."""
    shared: dict[ReceiptKind, list[CustodyEvent]] = {}
    for event in events:
        kind = receipt_kind(event, papers[event.certificate_id])
        if kind is not None:
            shared.setdefault(kind, []).append(event)
    return shared


def receipt_no(id: str, on: date) -> str:
    """The number on it, from the receipt's own id.

    A running number would have every receipt of a vault wait for the one before it, and leave a gap
    wherever a decision is given up.
    """
    return f"CR{on:%Y%m%d}-{id[-10:]}"


def receipt_item(event: CustodyEvent, certificate: TitleCertificate) -> ReceiptItem:
    """The line of one paper."""
    assert event.certificate_id == certificate.id
    return ReceiptItem(
        certificate_id=certificate.id,
        event_id=event.id,
        event_hash=event.hash,
        movement=event.type,
        cert_type=certificate.cert_type,
        cert_no=certificate.cert_no,
        pages=certificate.pages,
        vault=event.vault,
        cabinet=event.cabinet,
        slot=event.slot,
        packet_no=event.packet_no,
        seal_no=event.seal_no,
    )


def counterpart(kind: ReceiptKind, certificate: TitleCertificate) -> str | None:
    """The other side: who gave a paper that was received, who has one that left the vault."""
    if kind is ReceiptKind.HANDOVER:
        return certificate.given_by
    if kind is ReceiptKind.VAULT_OUT and certificate.holder is not None:
        return certificate.holder.login
    return None
