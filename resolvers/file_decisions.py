"""An archivist accepts a file or rejects it (资料审核)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.deregistration import DeregistrationCase
from domain.dossiers import Dossier, ItemStage, ItemStatus, filed_if_complete, with_item
from domain.files import ArchiveFile, FileStatus, FileVersion, decision_refusals
from domain.rechecks import rejection_refusals, reopened
from domain.refusals import invalid, refuse_if
from domain.release_kinds import SETTLES
from domain.roles import Operation
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.uploads import FileAcceptInput, FilePayload, FileRejectInput


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


async def _decided(
    deed: Deed, version: FileVersion, status: FileStatus, *, reason: str | None
) -> dict[str, Any]:
    file = await deed.decision.get(ArchiveFile, version.file_id)
    accepted = status is FileStatus.ACCEPTED
    await mark_item(
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


async def mark_item(
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
