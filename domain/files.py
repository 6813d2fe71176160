"""Archive files (档案文件) and their versions: what may come in, and when it counts.

Source: ARC-20 to ARC-28.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from domain.dossiers import DocType, Dossier, DossierStatus, open_supplement
from domain.people import Actor
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.roles import Operation

MAX_TITLE_LENGTH = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileStatus(StrEnum):
    """State of a file version (文件状态)."""

    PENDING = "PENDING"
    QUARANTINED = "QUARANTINED"
    READY = "READY"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"
    VOIDED = "VOIDED"  # what the document says is no longer so
    DESTROYED = "DESTROYED"


# Its bytes were found as announced, and nobody has turned it down.
SOUND = frozenset({FileStatus.READY, FileStatus.ACCEPTED})
# What was attached and came to this since says nothing any more.
FALLEN = frozenset(
    {FileStatus.QUARANTINED, FileStatus.REJECTED, FileStatus.VOIDED, FileStatus.DESTROYED}
)
READABLE = frozenset(
    {
        FileStatus.READY,
        FileStatus.ACCEPTED,
        FileStatus.REJECTED,
        FileStatus.SUPERSEDED,
        FileStatus.VOIDED,
    }
)


class FileClass(StrEnum):
    """Level of a document in the archive (档案类别). Source: ARC-02."""

    A = "A"  # 权证类
    B = "B"  # 要件类
    C = "C"  # 管理类
    D = "D"  # 保全类


class FileSource(StrEnum):
    """Where a file came from (来源)."""

    WEB = "WEB"
    MOBILE = "MOBILE"
    INTEGRATION = "INTEGRATION"
    GENERATED = "GENERATED"


DOCUMENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "application/pdf": "PDF",
        "image/jpeg": "JPEG",
        "image/png": "PNG",
        "image/tiff": "TIFF",
        "image/heic": "HEIC",
        "image/heif": "HEIF",
        "application/ofd": "OFD",
    }
)
MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"video/mp4": "MP4", "audio/mpeg": "MP3"})

# Dossiers that still take files (ARC-25).
ADDABLE = frozenset({DossierStatus.OPEN, DossierStatus.FILED, DossierStatus.SUPPLEMENTING})
# Documents that this server draws itself; nobody may bring one along.
GENERATED = frozenset({DocType.CUSTODY_RECEIPT, DocType.SETTLEMENT_PROOF, DocType.APPROVAL_SHEET})

_CLASSES: Mapping[DocType, FileClass] = MappingProxyType(
    {
        DocType.CERT_SCAN: FileClass.A,
        DocType.CUSTODY_RECEIPT: FileClass.A,
        DocType.PRE_NOTICE_CERT_SCAN: FileClass.A,
        DocType.MORTGAGE_CERT_SCAN: FileClass.A,
        DocType.PLEDGE_CERT_SCAN: FileClass.A,
        DocType.FIRST_INSPECTION: FileClass.C,
        DocType.INSPECTION_REPORT: FileClass.C,
        DocType.INSPECTION_PHOTO: FileClass.C,
        DocType.REPAYMENT_RECORD: FileClass.C,
        DocType.OTHER: FileClass.C,
        DocType.EVIDENCE: FileClass.D,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """A document of a dossier (档案文件); its content is its versions."""

    id: str
    dossier_id: str
    loan_no: str
    doc_type: DocType
    title: str
    file_class: FileClass
    certificate_id: str | None = None
    cert_no_norm: str | None = None  # the number the scan shows
    case_id: str | None = None
    status: FileStatus = FileStatus.PENDING
    current_version_id: str | None = None
    versions: int = 1
    voided_at: datetime | None = None
    void_reason: str | None = None
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """One upload of a file (文件版本): never overwritten, known by its SHA-256 (INV-06)."""

    id: str
    file_id: str
    dossier_id: str
    doc_type: DocType
    n: int
    object_key: str
    object_version_id: str | None = None
    sha256: str
    size: int
    mime: str
    pages: int | None = None
    width: int | None = None
    height: int | None = None
    captured_at: datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    source: FileSource = FileSource.WEB
    reason: str | None = None
    status: FileStatus = FileStatus.PENDING
    duplicate_of: str | None = None  # the same bytes serve another loan (ARC-27)
    uploaded_by: str
    requested_at: datetime
    uploaded_at: datetime | None = None
    expires_at: datetime
    decided_by: str | None = None
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What was measured on the stored object, never what a client said."""

    sha256: str
    size: int
    mime: str | None
    pages: int | None
    unreadable: str | None  # why it cannot be opened


def file_class(doc_type: DocType) -> FileClass:
    """The archive level of a document; most papers are key documents (要件类)."""
    return _CLASSES.get(doc_type, FileClass.B)


def accepted_types(doc_type: DocType) -> Mapping[str, str]:
    """Content types this document may have; sound and film only as evidence (ARC-22)."""
    if doc_type is DocType.EVIDENCE:
        return {**DOCUMENT_TYPES, **MEDIA_TYPES}
    return DOCUMENT_TYPES


def size_limit(doc_type: DocType, mime: str, policy: Policy) -> int:
    """Bytes a file may have at most (ARC-22)."""
    if mime in MEDIA_TYPES:
        return policy.number("archive.size.media")
    if doc_type is DocType.INSPECTION_PHOTO:
        return policy.number("archive.size.photo")
    return policy.number("archive.size.scan")


def takes(dossier: Dossier, doc_type: DocType) -> bool:
    """Whether a dossier takes a document: a closed one only on an approval (ARC-25)."""
    return dossier.status in ADDABLE or open_supplement(dossier, doc_type) is not None


def request_refusals(
    *,
    doc_type: DocType,
    title: str,
    size: int,
    sha256: str,
    mime: str,
    dossier: Dossier,
    policy: Policy,
) -> Iterator[Refusal | None]:
    """Every rule that an announced upload breaks, before a byte is sent."""
    if not takes(dossier, doc_type):
        yield shut(dossier)
    if not _SHA256.fullmatch(sha256):
        yield invalid("sha256", "64 lower-case hexadecimal digits", rule_id="ARC-20")
    if not 0 < len(title) <= MAX_TITLE_LENGTH:
        yield invalid("title", f"1 to {MAX_TITLE_LENGTH} characters", rule_id="ARC-20")
    yield _type_refusal(doc_type, mime)
    limit = size_limit(doc_type, mime, policy)
    if size < 1:
        yield invalid("size", "at least one byte", rule_id="ARC-20")
    if size > limit:
        yield Refusal(
            code=RefusalCode.LIMIT_EXCEEDED,
            rule_id="ARC-22",
            field="size",
            detail={"field": "size", "actual": str(size), "limit": str(limit)},
        )


def made_here(doc_type: DocType, source: FileSource) -> Refusal | None:
    """What the server draws itself is never taken from a client (ARC-29)."""
    if doc_type in GENERATED:
        return invalid("docType", "this document is made here, not uploaded", rule_id="ARC-29")
    if source is FileSource.GENERATED:
        return invalid("source", "an upload comes from a client", rule_id="ARC-29")
    return None


def attaches_itself(doc_type: DocType) -> Refusal | None:
    """What the server draws it attaches too: no other file may stand for it in a case (ARC-29)."""
    if doc_type in GENERATED:
        return invalid("code", "this document is drawn and attached here", rule_id="ARC-29")
    return None


def may_fetch(actor: Actor, version: FileVersion) -> bool:
    """Who may have a file's content: who may download, and of a receipt whoever handles paper.

    A keeper sees no file of a loan, and still prints the receipt of what was just put in.
    """
    if actor.may(Operation.DOWNLOAD_FILE, version.org_path):
        return True
    receipt = version.doc_type is DocType.CUSTODY_RECEIPT
    return receipt and actor.may(Operation.HAND_OVER, version.org_path)


def arrival_refusals(promised: FileVersion, arrived: Arrived) -> Iterator[Refusal | None]:
    """Every way in which what is stored differs from what was announced (ARC-20, ARC-22)."""
    if arrived.size != promised.size:
        yield Refusal(
            code=RefusalCode.SIZE_MISMATCH,
            rule_id="ARC-20",
            detail={"actual": str(arrived.size), "expected": str(promised.size)},
        )
    if arrived.sha256 != promised.sha256:
        yield Refusal(code=RefusalCode.HASH_MISMATCH, rule_id="ARC-20", field="sha256")
    if arrived.unreadable is not None:
        yield Refusal(
            code=RefusalCode.UNREADABLE_FILE,
            rule_id="ARC-22",
            detail={"reason": arrived.unreadable},
        )
    if arrived.mime is not None:
        yield _type_refusal(promised.doc_type, arrived.mime, announced=promised.mime)


def waiting(version: FileVersion) -> Refusal | None:
    """Only an announced version still waits for its bytes."""
    if version.status is FileStatus.PENDING:
        return None
    return state_conflict(
        "ARC-21", subject=f"Version {version.id}", state=version.status, event="COMPLETE_UPLOAD"
    )


def shut_out(version: FileVersion, dossier: Dossier) -> Refusal | None:
    """What was announced before its dossier was closed stays outside, but on an approval (4.8)."""
    approved = any(one.file_version_id == version.id for one in dossier.supplements)
    return None if approved or dossier.status in ADDABLE else shut(dossier)


def unfiled(version: FileVersion) -> bool:
    """Whether a document that was drawn here still waits to be stored (ARC-29)."""
    return version.source is FileSource.GENERATED and version.status is FileStatus.PENDING


def filed(version: FileVersion, *, stored: str, by: str, now: datetime) -> FileVersion:
    """A document that was drawn here once its bytes lie in the store; nobody has to check it.

    stored: the store's version.
    """
    assert unfiled(version)
    return replace(
        version,
        status=FileStatus.ACCEPTED,
        object_version_id=stored,
        uploaded_at=now,
        decided_by=by,
    )


def decision_refusals(version: FileVersion, *, checker: str) -> Iterator[Refusal | None]:
    """Who may accept or reject a version, and while it waits for that (ARC-21, §9 SoD)."""
    if version.status is not FileStatus.READY:
        yield state_conflict(
            "ARC-21", subject=f"Version {version.id}", state=version.status, event="DECIDE"
        )
    if version.uploaded_by == checker:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="ARC-21",
            detail={"person": checker, "part": "uploader"},
        )


def shut(dossier: Dossier) -> Refusal:
    """A closed dossier changes no more (ARC-25)."""
    return Refusal(
        code=RefusalCode.IMMUTABLE,
        rule_id="ARC-25",
        detail={"subject": f"Dossier {dossier.dossier_no}", "reason": dossier.status},
    )


def _type_refusal(doc_type: DocType, mime: str, announced: str | None = None) -> Refusal | None:
    accepted = accepted_types(doc_type)
    if mime in accepted and announced in {None, mime} | _same_family(mime):
        return None
    names = accepted.values() if announced is None or announced not in accepted else [announced]
    return Refusal(
        code=RefusalCode.UNSUPPORTED_TYPE,
        rule_id="ARC-22",
        field="mime",
        detail={"actual": mime, "accepted": ", ".join(names)},
    )


def _same_family(mime: str) -> set[str]:
    """HEIC is HEIF with one codec; devices announce either."""
    heif = {"image/heic", "image/heif"}
    return heif if mime in heif else set()
