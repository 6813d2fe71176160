"""Receipts of movements of paper."""

from datetime import date, datetime

import strawberry

from domain.certificates import CertType
from domain.custody import Movement
from domain.receipts import MAX_DOSSIERS, ReceiptKind
from schema.certificates import Operator, TitleCertificate
from schema.dossiers import ArchiveFile
from schema.fields import named, related
from schema.nodes import Node
from storage.relations import Relation


@strawberry.type(description="One paper on a receipt, as its custody event tells (回单明细).")
class ReceiptItem:
    """A line of a receipt."""

    certificate_id: strawberry.ID = named("The certificate.")
    event_id: strawberry.ID = named("The custody event.")
    event_hash: str = named("Hash of that event in the certificate's ledger.")
    movement: Movement = named("What happened.")
    cert_type: CertType = named("Type of the certificate.")
    cert_no: str | None = named("Its number as printed.")
    pages: int | None = named("Its pages.")
    vault: str | None = named("Vault it went into or left.")
    cabinet: str | None = named("Cabinet.")
    slot: str | None = named("Slot.")
    packet_no: str | None = named("Packet.")
    seal_no: str | None = named("Seal.")


@strawberry.type(description="A numbered receipt (回单), drawn as a PDF and filed in the dossier.")
class Receipt(Node):
    """A receipt."""

    prefix: strawberry.Private[str] = "rcpt"

    no: str = named("Number on it.")
    kind: ReceiptKind = named("What it was given for.")
    items: list[ReceiptItem] = named("The papers.")
    operators: list[Operator] = named("Who acted.")
    counterpart: str | None = named("Login of who gave or got the papers, where one of us.")
    request_ref: str | None = named("The request it belongs to.")
    loan_nos: list[str] = named("Numbers of the loans in whose dossiers it is filed.")
    issued_at: datetime = named("When it was given.")
    issued_on: date = named("Business date.")
    sha256: str = named("SHA-256 of the document.")
    size: int = named("Bytes of the document.")
    files: list[ArchiveFile] = related(
        Relation(collection="files", local="file_ids", many=True, limit=MAX_DOSSIERS),
        "The document, once in each dossier; fetch its current version.",
    )
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="items.certificate_id", many=True),
        "The certificates.",
    )
