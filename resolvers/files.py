"""Mutations on files: ask, complete, accept, reject, fetch (上传、验收、下载)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ulid import ULID

from domain.certificates import TitleCertificate
from domain.deregistration import DeregistrationCase
from domain.dossiers import (
    DocType,
    Dossier,
    ItemStage,
    ItemStatus,
    filed_if_complete,
    supplemented,
    with_item,
)
from domain.files import (
    ADDABLE,
    READABLE,
    ArchiveFile,
    Arrived,
    FileStatus,
    FileVersion,
    arrival_refusals,
    decision_refusals,
    file_class,
    made_here,
    request_refusals,
    shut_out,
    size_limit,
    waiting,
)
from domain.people import Operation
from domain.processing import MAX_PAGES
from domain.rechecks import rejection_refusals, reopened
from domain.refusals import Refusal, RefusalCode, Refused, invalid, refuse_if
from domain.release_kinds import SETTLES
from domain.supplements import self_approved
from resolvers.context import Context
from resolvers.mutation import Deed, mutation
from schema.uploads import (
    FileAcceptInput,
    FileCompleteUploadInput,
    FileDownloadPayload,
    FilePayload,
    FileRejectInput,
    FileRequestDownloadInput,
    FileRequestUploadInput,
    FileUploadPayload,
)
from storage.objects import Measured, random_key
from storage.outside import Outside
from storage.records import Record, new_id
from storage.writes import Insert


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
    await _mark(deed, file, status=ItemStatus.UPLOADED, version=ready)
    return {"file": deed.decision.save(file), "file_version": deed.decision.save(ready)}


@mutation(
    Operation.ACCEPT_FILE,
    FilePayload,
    description="Take a verified file into the archive; never by its uploader (验收).",
)
async def file_accept(deed: Deed, input: FileAcceptInput) -> dict[str, Any]:
    """ARC-21."""
    version = await deed.subject(FileVersion, input.file_version_id)
    refuse_if(decision_refusals(version, checker=deed.actor.login))
    return await _decided(deed, version, FileStatus.ACCEPTED, reason=None)


@mutation(
    Operation.ACCEPT_FILE,
    FilePayload,
    description="Turn a verified file down, or after a recheck an accepted one (退回、质检).",
)
async def file_reject(deed: Deed, input: FileRejectInput) -> dict[str, Any]:
    """ARC-21; ARC-15 of what was accepted."""
    version = await deed.subject(FileVersion, input.file_version_id)
    dossier = await deed.decision.get(Dossier, version.dossier_id)
    refuse_if(
        [
            None if input.reason.strip() else invalid("reason", "say why"),
            *rejection_refusals(version, dossier, checker=deed.actor.login),
        ]
    )
    if version.status is FileStatus.ACCEPTED:
        deed.decision.save(reopened(dossier, version.id, reason=input.reason, now=deed.now))
        return await _standing(deed, version, FileStatus.REJECTED, reason=input.reason)
    return await _decided(deed, version, FileStatus.REJECTED, reason=input.reason)


@mutation(
    Operation.DOWNLOAD_FILE,
    FileDownloadPayload,
    description="Get a signed address to fetch a file; the access is logged first (下载, ARC-28).",
)
async def file_request_download(deed: Deed, input: FileRequestDownloadInput) -> dict[str, Any]:
    """The access log is written in the transaction that lets the address out."""
    version = await deed.subject(FileVersion, input.file_version_id)
    purpose = input.purpose.strip()
    refuse_if(
        [
            None if purpose else invalid("purpose", "say what for", rule_id="ARC-28"),
            None
            if version.status in READABLE
            else invalid("fileVersionId", f"the file is {version.status}", rule_id="ARC-21"),
        ]
    )
    file = await deed.decision.get(ArchiveFile, version.file_id)
    entry = access_entry(deed.context, version, action="URL_ISSUED", purpose=purpose, file=file)
    deed.decision.write("access_logs", Insert(entry))
    ttl = timedelta(seconds=deed.policy.number("archive.url_ttl_s"))
    return {"download": _download(deed, version, file, ttl)}


def access_entry(
    context: Context,
    version: FileVersion,
    *,
    action: str,
    purpose: str,
    file: ArchiveFile | None = None,
) -> Record:
    """A line of the access log about a file (5.7)."""
    return access_line(
        context,
        object_id=version.id,
        object_version=version.n,
        org_path=version.org_path,
        loan_no=None if file is None else file.loan_no,
        action=action,
        purpose=purpose,
    )


def access_line(
    context: Context,
    *,
    object_id: str,
    object_version: int | None,
    org_path: str,
    action: str,
    purpose: str,
    loan_no: str | None = None,
) -> Record:
    """A line of the access log (5.7): who had what in hand, as what, when and for what."""
    return {
        "_id": f"access_{ULID()}",
        "biz_date": context.today.isoformat(),
        "at": context.now,
        "user": context.actor.login,
        "org_path": org_path,
        "roles": sorted({grant.role.value for grant in context.actor.grants}),
        "action": action,
        "object_id": object_id,
        "object_version": object_version,
        "loan_no": loan_no,
        "purpose": purpose,
        "request_id": context.request_id,
        "seq": None,
    }


def download_name(file: ArchiveFile, version: FileVersion) -> str:
    """The name a browser saves under: type of document and version, no personal data."""
    suffix = version.mime.rpartition("/")[2].replace("jpeg", "jpg").replace("mpeg", "mp3")
    return f"{file.doc_type}-{file.loan_no}-v{version.n}.{suffix}"


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


def _download(deed: Deed, version: FileVersion, file: ArchiveFile, ttl: timedelta) -> Record:
    assert version.object_version_id is not None
    return {
        "url": deed.stores.objects.download_url(
            version.object_key,
            version.object_version_id,
            mime=version.mime,
            filename=download_name(file, version),
            ttl=ttl,
        ),
        "stream_path": f"/files/{version.id}",
        "sha256": version.sha256,
        "size": version.size,
        "mime": version.mime,
        "expires_at": deed.now + ttl,
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


async def _decided(
    deed: Deed, version: FileVersion, status: FileStatus, *, reason: str | None
) -> dict[str, Any]:
    file = await deed.decision.get(ArchiveFile, version.file_id)
    accepted = status is FileStatus.ACCEPTED
    await _mark(
        deed,
        file,
        status=ItemStatus.ACCEPTED if accepted else ItemStatus.REJECTED,
        version=version,
        accepted_at=deed.now if accepted else None,
        reason=reason,
    )
    return await _standing(deed, version, status, reason=reason)


async def _standing(
    deed: Deed, version: FileVersion, status: FileStatus, *, reason: str | None
) -> dict[str, Any]:
    """The version and its file as the actor has decided."""
    file = await deed.decision.get(ArchiveFile, version.file_id)
    decided = replace(
        version, status=status, decided_by=deed.actor.login, reason=reason or version.reason
    )
    return {
        "file": deed.decision.save(replace(file, status=status)),
        "file_version": deed.decision.save(decided),
    }


async def _mark(
    deed: Deed,
    file: ArchiveFile,
    *,
    status: ItemStatus,
    version: FileVersion,
    accepted_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """The dossier's checklist line follows its file."""
    dossier = await deed.decision.get(Dossier, file.dossier_id)
    item = dossier.item(file.doc_type)
    if item is None or (item.stage is ItemStage.AT_SETTLEMENT and await _leaves_debt(deed, file)):
        return
    dossier = with_item(
        dossier,
        file.doc_type,
        status=status,
        current_version_id=version.id,
        accepted_at=accepted_at,
        accepted_by=None if accepted_at is None else deed.actor.login,
        reason=reason,
    )
    deed.decision.save(filed_if_complete(dossier, today=deed.today))


async def _leaves_debt(deed: Deed, file: ArchiveFile) -> bool:
    """Whether a file belongs to a release that settles nothing: the line waits for another."""
    if file.case_id is None:
        return False
    case = await deed.decision.get(DeregistrationCase, file.case_id)
    return case.kind not in SETTLES


def _sensible_pages(pages: int | None) -> Refusal | None:
    if pages is None or 0 < pages <= MAX_PAGES:
        return None
    return invalid("pages", f"1 to {MAX_PAGES}", rule_id="ARC-20")
