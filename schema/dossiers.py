"""Dossiers, their checklist, and the files in them."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.dossiers import DocType, DossierStatus, ItemStage, ItemStatus
from domain.files import FileClass, FileSource, FileStatus
from domain.loans import Product
from schema.certificates import TitleCertificate
from schema.fields import named, related
from schema.loans import Loan
from schema.nodes import Node, Refusal
from storage.relations import Relation


@strawberry.type(description="One upload of a file (文件版本), never overwritten.")
class FileVersion(Node):
    """A file version."""

    prefix: strawberry.Private[str] = "fver"

    file_id: strawberry.ID = named("The file.")
    n: int = named("Number of the version.")
    sha256: str = named("SHA-256 of the content, lower-case hexadecimal.")
    size: int = named("Bytes.")
    mime: str = named("Type by content.")
    pages: int | None = named("Pages.")
    width: int | None = named("Width in pixels.")
    height: int | None = named("Height in pixels.")
    captured_at: datetime | None = named("When a photo was taken, by its own record.")
    latitude: Decimal | None = named("Latitude a photo tells.")
    longitude: Decimal | None = named("Longitude a photo tells.")
    source: FileSource = named("Where it came from.")
    reason: str | None = named("Why it replaces an earlier one, or was rejected.")
    status: FileStatus = named("State.")
    duplicate_of: strawberry.ID | None = named("Another loan's version with the same bytes.")
    uploaded_by: str = named("Login of the uploader.")
    uploaded_at: datetime | None = named("When it was verified.")
    decided_by: str | None = named("Login of who accepted or rejected it.")
    version: int = named("Times changed.")


@strawberry.type(description="A document of a dossier (档案文件).")
class ArchiveFile(Node):
    """An archive file."""

    prefix: strawberry.Private[str] = "file"

    loan_no: str = named("Number of the loan.")
    doc_type: DocType = named("Type of document.")
    title: str = named("Title.")
    file_class: FileClass = named("Archive level.")
    status: FileStatus = named("State of its current version.")
    versions: int = named("How many versions there are.")
    case_id: strawberry.ID | None = named("The deregistration case it belongs to.")
    voided_at: datetime | None = named("When what it says ceased to be so.")
    void_reason: str | None = named("Why.")
    org_code: str = named("Organisation.")
    version: int = named("Times changed.")
    current_version: FileVersion | None = related(
        Relation(collection="file_versions", local="current_version_id"),
        "The version that stands.",
    )
    all_versions: list[FileVersion] = related(
        Relation(
            collection="file_versions",
            foreign="file_id",
            many=True,
            order="n",
            descending=True,
        ),
        "Every version, newest first.",
    )
    certificate: TitleCertificate | None = related(
        Relation(collection="certificates", local="certificate_id"), "The certificate it shows."
    )


@strawberry.type(description="One line of a dossier's checklist (资料清单).")
class DossierItem:
    """A checklist line."""

    code: DocType = named("Document.")
    stage: ItemStage = named("When it falls due.")
    required: bool = named("Whether it must be there.")
    due: date | None = named("Due date.")
    status: ItemStatus = named("State.")
    current_version_id: strawberry.ID | None = named("The file version that stands for it.")
    accepted_at: datetime | None = named("When it was accepted.")
    accepted_by: str | None = named("Who accepted it.")
    reason: str | None = named("Why it was rejected.")
    locked: bool | None = named("Whether its release is closed; nothing changes it any more.")


@strawberry.type(description="One document that may be added to a closed dossier (补充归档).")
class Supplement:
    """An approval."""

    doc_type: DocType = named("Document.")
    reason: str = named("Why.")
    approved_by: str = named("Who approved it.")
    approved_at: datetime = named("When.")
    file_version_id: strawberry.ID | None = named("What was added on it; none while it is open.")


@strawberry.type(description="The archive file of one loan (一贷一档).")
class Dossier(Node):
    """A dossier."""

    prefix: strawberry.Private[str] = "doss"

    dossier_no: str = named("Number, never reused.")
    loan_no: str = named("Number of the loan.")
    product: Product = named("Product, which decides the checklist.")
    checklist_version: str = named("Version of the checklist.")
    status: DossierStatus = named("State.")
    items: list[DossierItem] = named("The checklist.")
    filed_on: date | None = named("When everything due was filed.")
    closed_on: date | None = named("When it was closed.")
    retention_start: date | None = named("From when retention counts.")
    supplements: list[Supplement] | None = named("What may be added after it was closed.")
    org_code: str = named("Organisation.")
    version: int = named("Times changed.")
    loan: Loan | None = related(
        Relation(collection="loans", local="loan_no", foreign="loan_no"), "The loan."
    )
    files: list[ArchiveFile] = related(
        Relation(collection="files", foreign="dossier_id", many=True), "Its files."
    )


@strawberry.input(description="One document to let into a closed dossier (ARC-25).")
class DossierApproveSupplementInput:
    """An approval."""

    dossier_id: strawberry.ID = named("The dossier.")
    doc_type: DocType = named("Document.")
    reason: str = named("Why it is added.")


@strawberry.type(description="A dossier, or why not.")
class DossierPayload:
    """Answer about a dossier."""

    dossier: Dossier | None = named("The dossier as it is now.")
    refusals: list[Refusal] = named("Every rule broken, all at once; empty means it was done.")
