"""Giving receipts (回单): drawn and filed within the decision that moves the papers."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.certificates import TitleCertificate
from domain.custody import CustodyEvent
from domain.dossiers import DocType, Dossier
from domain.files import (
    ADDABLE,
    ArchiveFile,
    FileSource,
    FileStatus,
    FileVersion,
    file_class,
)
from domain.receipts import (
    MAX_DOSSIERS,
    Receipt,
    ReceiptKind,
    by_kind,
    counterpart,
    receipt_item,
    receipt_no,
)
from papers.receipts import receipt_pdf
from resolvers.mutation import Deed
from resolvers.secured import loan_nos_of
from storage.decisions import Outside
from storage.records import new_id

BY = "SYSTEM"
MIME = "application/pdf"
KEY_BYTES = 24


async def give_receipts(deed: Deed) -> list[Receipt]:
    """A receipt for every kind of movement that this decision has made; to be called last.

    The document is stored before the decision is kept, under a key that nothing else names: a
    record without its document cannot exist. Where the decision is then overtaken or given up, the
    document stays behind, out of everyone's reach, until `jobs/receipts.py` sweeps it.
    """
    changed = deed.decision.changed
    papers = {one.id: one for one in changed if isinstance(one, TitleCertificate)}
    shared = by_kind(one for one in changed if isinstance(one, CustodyEvent))
    given = []
    for kind, events in shared.items():
        receipt = await _given(deed, kind, events, [papers[e.certificate_id] for e in events])
        if receipt is not None:
            given.append(receipt)
    return given


def day_prefix(day: date) -> str:
    """What the keys of a day's documents begin with."""
    return f"r/{day:%Y%m%d}/"


async def _given(
    deed: Deed,
    kind: ReceiptKind,
    events: Sequence[CustodyEvent],
    papers: Sequence[TitleCertificate],
) -> Receipt | None:
    """The receipt, filed; none where no dossier is there to hold it."""
    dossiers = await _dossiers(deed, papers)
    if not dossiers:
        return None
    id = new_id(Receipt)
    receipt = Receipt(
        id=id,
        no=receipt_no(id, deed.today),
        kind=kind,
        items=tuple(receipt_item(e, p) for e, p in zip(events, papers, strict=True)),
        operators=events[0].operators,
        counterpart=counterpart(kind, papers[0]),
        request_ref=events[0].request_ref,
        loan_nos=tuple(dossier.loan_no for dossier in dossiers),
        issued_at=deed.now,
        issued_on=deed.today,
        org_code=papers[0].org_code,
        org_path=papers[0].org_path,
    )
    content, pages = receipt_pdf(receipt)
    receipt = replace(receipt, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    keys = [f"{day_prefix(deed.today)}{secrets.token_urlsafe(KEY_BYTES)}" for _ in dossiers]
    stored = await Outside(lambda: _stored(deed, keys, content))
    files = [
        _file(deed, receipt, dossier, key=key, stored=version_id, pages=pages)
        for dossier, key, version_id in zip(dossiers, keys, stored, strict=True)
    ]
    return deed.decision.add(replace(receipt, file_ids=tuple(file.id for file in files)))


async def _dossiers(deed: Deed, papers: Sequence[TitleCertificate]) -> list[Dossier]:
    """The dossiers of the loans that these papers secure, while anything may still go in."""
    loans = await loan_nos_of(deed.decision, papers)
    open_ones = {"$in": sorted(ADDABLE)}
    return await deed.decision.find(
        Dossier, {"loan_no": {"$in": loans}, "status": open_ones}, limit=MAX_DOSSIERS
    )


async def _stored(deed: Deed, keys: Sequence[str], content: bytes) -> list[str]:
    """One object a dossier, since each file has its own life; gives their versions."""
    objects = deed.stores.objects
    return await asyncio.gather(*(objects.put_bytes(key, content, mime=MIME) for key in keys))


def _file(
    deed: Deed, receipt: Receipt, dossier: Dossier, *, key: str, stored: str, pages: int
) -> ArchiveFile:
    """The document as an accepted file: who drew it needs nobody to check it."""
    version = FileVersion(
        id=new_id(FileVersion),
        file_id=new_id(ArchiveFile),
        dossier_id=dossier.id,
        doc_type=DocType.CUSTODY_RECEIPT,
        n=1,
        object_key=key,
        object_version_id=stored,
        sha256=receipt.sha256,
        size=receipt.size,
        mime=MIME,
        pages=pages,
        source=FileSource.GENERATED,
        status=FileStatus.ACCEPTED,
        uploaded_by=BY,
        requested_at=deed.now,
        uploaded_at=deed.now,
        expires_at=deed.now,
        decided_by=BY,
        org_code=dossier.org_code,
        org_path=dossier.org_path,
    )
    deed.decision.add(version)
    return deed.decision.add(
        ArchiveFile(
            id=version.file_id,
            dossier_id=dossier.id,
            loan_no=dossier.loan_no,
            doc_type=DocType.CUSTODY_RECEIPT,
            title=receipt.no,
            file_class=file_class(DocType.CUSTODY_RECEIPT),
            certificate_id=receipt.items[0].certificate_id if len(receipt.items) == 1 else None,
            status=FileStatus.ACCEPTED,
            current_version_id=version.id,
            org_code=dossier.org_code,
            org_path=dossier.org_path,
        )
    )
