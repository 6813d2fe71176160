"""Filing papers that are drawn here (自动生成资料): stored first, recorded with their decision.

What a decision that is given up leaves in the store is swept with receipts (ADR 16); those are
stored after their decision (ADR 18), and drawn again where that failed.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.dossiers import DocType, Dossier
from domain.files import ArchiveFile, FileSource, FileStatus, FileVersion, file_class
from domain.roles import SYSTEM
from resolvers.deed import Deed
from resolvers.filing import MIME
from resolvers.receipts import day_prefix
from storage.objects import random_key
from storage.outside import Outside
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class DrawnPaper:
    """A document as it was drawn, and what it is filed as."""

    doc_type: DocType
    title: str
    content: bytes
    pages: int
    case_id: str | None = None
    reason: str | None = None  # why there is a new version, where there is one


async def file_paper(
    deed: Deed,
    paper: DrawnPaper,
    dossiers: Sequence[Dossier],
    *,
    earlier: Mapping[str, ArchiveFile] | None = None,
) -> list[FileVersion]:
    """The paper as an accepted file of each dossier, or the next version of an earlier one.

    earlier: files of the same paper, by the id of their dossier.
    """
    day = day_prefix(deed.today)
    keys = [random_key(day) for _ in dossiers]
    stored = await Outside(lambda: _stored(deed, keys, paper.content))
    known = earlier or {}
    filed = []
    for dossier, key, stored_id in zip(dossiers, keys, stored, strict=True):
        old = known.get(dossier.id)
        version = _version(deed, paper, dossier, key=key, stored_id=stored_id, old=old)
        if old is None:
            deed.decision.add(_file(paper, dossier, version))
        else:
            await _supersede(deed, old, version)
        filed.append(deed.decision.add(version))
    return filed


async def _stored(deed: Deed, keys: Sequence[str], content: bytes) -> list[str]:
    """One object a dossier, since each file has its own life; gives their versions."""
    objects = deed.stores.objects
    return await asyncio.gather(*(objects.put_bytes(key, content, mime=MIME) for key in keys))


def _version(
    deed: Deed,
    paper: DrawnPaper,
    dossier: Dossier,
    *,
    key: str,
    stored_id: str,
    old: ArchiveFile | None,
) -> FileVersion:
    return FileVersion(
        id=new_id(FileVersion),
        file_id=new_id(ArchiveFile) if old is None else old.id,
        dossier_id=dossier.id,
        doc_type=paper.doc_type,
        n=1 if old is None else old.versions + 1,
        object_key=key,
        object_version_id=stored_id,
        sha256=hashlib.sha256(paper.content).hexdigest(),
        size=len(paper.content),
        mime=MIME,
        pages=paper.pages,
        source=FileSource.GENERATED,
        reason=None if old is None else paper.reason,
        status=FileStatus.ACCEPTED,
        uploaded_by=SYSTEM,
        requested_at=deed.now,
        uploaded_at=deed.now,
        expires_at=deed.now,
        decided_by=SYSTEM,
        org_code=dossier.org_code,
        org_path=dossier.org_path,
    )


def _file(paper: DrawnPaper, dossier: Dossier, version: FileVersion) -> ArchiveFile:
    return ArchiveFile(
        id=version.file_id,
        dossier_id=dossier.id,
        loan_no=dossier.loan_no,
        doc_type=paper.doc_type,
        title=paper.title,
        file_class=file_class(paper.doc_type),
        case_id=paper.case_id,
        status=FileStatus.ACCEPTED,
        current_version_id=version.id,
        org_code=dossier.org_code,
        org_path=dossier.org_path,
    )


async def _supersede(deed: Deed, file: ArchiveFile, version: FileVersion) -> None:
    if file.current_version_id is not None:
        before = await deed.decision.get(FileVersion, file.current_version_id)
        deed.decision.save(replace(before, status=FileStatus.SUPERSEDED))
    deed.decision.save(
        replace(
            file,
            status=FileStatus.ACCEPTED,
            current_version_id=version.id,
            versions=version.n,
        )
    )
