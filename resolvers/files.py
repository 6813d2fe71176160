"""Uploads (上传): announced, sent straight to the store, measured there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.certificates import TitleCertificate
from domain.deregistration import DeregistrationCase
from domain.dossiers import (
    DocType,
    Dossier,
    ItemStatus,
    supplemented,
)
from domain.files import (
    ADDABLE,
    READABLE,
    ArchiveFile,
    Arrived,
    FileStatus,
    FileVersion,
    arrival_refusals,
    file_class,
    made_here,
    request_refusals,
    shut_out,
    size_limit,
    waiting,
)
from domain.processing import MAX_PAGES
from domain.refusals import Refusal, RefusalCode, Refused, invalid, refuse_if
from domain.roles import Operation
from domain.supplements import self_approved
from resolvers.deed import Deed
from resolvers.file_decisions import mark_item
from resolvers.mutation import mutation
from schema.uploads import (
    FileCompleteUploadInput,
    FilePayload,
    FileRequestUploadInput,
    FileUploadPayload,
)
from storage.objects import Measured, random_key
from storage.outside import Outside
from storage.records import Record, new_id


@mutation(
    Operation.UPLOAD_FILE,
    FileUploadPayload,
    description="Announce a file and get a signed address to send it to (申请上传, ARC-20).",
)
async def file_request_upload(deed: Deed, input: FileRequestUploadInput) -> dict[str, Any]:
    """Nothing is a file until its bytes were verified."""
    dossier = await deed.subject(Dossier, input.dossier_id)
    mime = input.mime.strip().lower()
    refuse_if(
        [
            *request_refusals(
                doc_type=input.doc_type,
                title=input.title.strip(),
                size=input.size,
                sha256=input.sha256,
                mime=mime,
                dossier=dossier,
                policy=deed.policy,
            ),
            made_here(input.doc_type, input.source),
            self_approved(dossier, input.doc_type, uploader=deed.actor.login),
            _sensible_pages(input.pages),
        ]
    )
    file = await _file(deed, input, dossier)
    expires_at = deed.now + timedelta(seconds=deed.policy.number("archive.url_ttl_s"))
    version = FileVersion(
        id=new_id(FileVersion),
        file_id=file.id,
        dossier_id=dossier.id,
        doc_type=input.doc_type,
        n=file.versions,
        object_key=random_key("a/"),
        sha256=input.sha256,
        size=input.size,
        mime=mime,
        pages=input.pages,
        source=input.source,
        reason=input.reason,
        uploaded_by=deed.actor.login,
        requested_at=deed.now,
        expires_at=expires_at,
        org_code=dossier.org_code,
        org_path=dossier.org_path,
    )
    deed.decision.add(version)
    if dossier.status not in ADDABLE:
        deed.decision.save(supplemented(dossier, input.doc_type, version.id))
    return {"file": file, "file_version": version, "upload": _ticket(deed, version)}


@mutation(
    Operation.UPLOAD_FILE,
    FilePayload,
    description="Have a sent file measured; only then it is a file (完成上传, ARC-20 to ARC-22).",
)
async def file_complete_upload(deed: Deed, input: FileCompleteUploadInput) -> dict[str, Any]:
    """The stored object is read once: hash, type by content, pages, place and time of a photo."""
    version = await deed.subject(FileVersion, input.file_version_id)
    dossier = await deed.decision.get(Dossier, version.dossier_id)
    refuse_if([waiting(version), shut_out(version, dossier)])
    limit = size_limit(version.doc_type, version.mime, deed.policy)
    measured = await _measured(deed, version, limit)
    if measured is None:
        raise Refused(Refusal(code=RefusalCode.UPLOAD_MISSING, rule_id="ARC-20"))
    unfit = [r for r in arrival_refusals(version, _arrived(measured)) if r is not None]
    file = await deed.decision.get(ArchiveFile, version.file_id)
    seen = replace(version, object_version_id=measured.version_id, uploaded_at=deed.now)
    if unfit:
        held = deed.decision.save(replace(seen, status=FileStatus.QUARANTINED))
        if file.current_version_id is None:
            file = deed.decision.save(replace(file, status=FileStatus.QUARANTINED))
        return {"file": file, "file_version": held, "refusals": unfit}
    assert measured.contents is not None
    contents = measured.contents
    ready = replace(
        seen,
        status=FileStatus.READY,
        mime=contents.mime,
        pages=contents.pages or version.pages,
        width=contents.width,
        height=contents.height,
        captured_at=contents.captured_at,
        latitude=contents.latitude,
        longitude=contents.longitude,
        duplicate_of=await _same_bytes_elsewhere(deed, version, file),
    )
    await _supersede(deed, file)
    file = replace(file, status=FileStatus.READY, current_version_id=ready.id)
    await mark_item(deed, file, status=ItemStatus.UPLOADED, version=ready)
    return {"file": deed.decision.save(file), "file_version": deed.decision.save(ready)}


async def _measured(deed: Deed, version: FileVersion, limit: int) -> Measured | None:
    """What is stored, read once a request even when the decision is taken again."""
    known = deed.context.measured
    if version.id not in known:
        known[version.id] = await Outside(
            lambda: deed.stores.objects.measure(version.object_key, limit=limit)
        )
    return known[version.id]


def _arrived(measured: Measured) -> Arrived:
    return Arrived(
        sha256=measured.sha256 or "",
        size=measured.size,
        mime=measured.mime,
        pages=None if measured.contents is None else measured.contents.pages,
        unreadable=measured.unreadable,
    )


async def _file(deed: Deed, input: FileRequestUploadInput, dossier: Dossier) -> ArchiveFile:
    if input.file_id is not None:
        return await _next_version(deed, input, dossier)
    certificate = None
    if input.certificate_id is not None:
        certificate = await deed.get(TitleCertificate, input.certificate_id)
    if input.doc_type is DocType.CERT_SCAN and certificate is None:
        raise Refused(invalid("certificateId", "a certificate's scan names it", rule_id="CUS-03"))
    if input.case_id is not None:
        await deed.get(DeregistrationCase, input.case_id)
    return deed.decision.add(
        ArchiveFile(
            id=new_id(ArchiveFile),
            dossier_id=dossier.id,
            loan_no=dossier.loan_no,
            doc_type=input.doc_type,
            title=input.title.strip(),
            file_class=file_class(input.doc_type),
            certificate_id=None if certificate is None else certificate.id,
            cert_no_norm=None if certificate is None else certificate.cert_no_norm,
            case_id=input.case_id,
            org_code=dossier.org_code,
            org_path=dossier.org_path,
        )
    )


async def _next_version(deed: Deed, input: FileRequestUploadInput, dossier: Dossier) -> ArchiveFile:
    assert input.file_id is not None
    file = await deed.get(ArchiveFile, input.file_id)
    refuse_if(
        [
            None
            if (file.dossier_id, file.doc_type) == (dossier.id, input.doc_type)
            else invalid("fileId", "belongs to another dossier or type", rule_id="ARC-24"),
            None
            if (input.reason or "").strip()
            else invalid("reason", "say why there is a new version", rule_id="ARC-24"),
        ]
    )
    return deed.decision.save(replace(file, versions=file.versions + 1))


def _ticket(deed: Deed, version: FileVersion) -> Record:
    ttl = timedelta(seconds=deed.policy.number("archive.url_ttl_s"))
    ticket = deed.stores.objects.upload_ticket(
        version.object_key, size=version.size, sha256=version.sha256, ttl=ttl
    )
    return {
        "method": ticket.method,
        "url": ticket.url,
        "headers": _named(ticket.headers),
        "expires_at": ticket.expires_at,
    }


def _named(headers: Mapping[str, str]) -> list[Record]:
    return [{"name": name, "value": value} for name, value in headers.items()]


async def _same_bytes_elsewhere(deed: Deed, version: FileVersion, file: ArchiveFile) -> str | None:
    """Another loan's version with the same bytes: flagged, never merged (ARC-27)."""
    twins = await deed.decision.find(
        FileVersion, {"sha256": version.sha256, "_id": {"$ne": version.id}}, limit=50
    )
    others = [t for t in twins if t.dossier_id != file.dossier_id and t.status in READABLE]
    return others[0].id if others else None


async def _supersede(deed: Deed, file: ArchiveFile) -> None:
    if file.current_version_id is not None:
        old = await deed.decision.get(FileVersion, file.current_version_id)
        deed.decision.save(replace(old, status=FileStatus.SUPERSEDED))


def _sensible_pages(pages: int | None) -> Refusal | None:
    if pages is None or 0 < pages <= MAX_PAGES:
        return None
    return invalid("pages", f"1 to {MAX_PAGES}", rule_id="ARC-20")
