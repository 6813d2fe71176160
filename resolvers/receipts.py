"""Giving receipts (回单): drawn and announced within the decision that moves the papers."""

import hashlib
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
from domain.roles import SYSTEM
from papers.receipts import receipt_pdf
from resolvers.deed import Deed
from resolvers.filing import MIME, Drawn
from resolvers.secured import loan_nos_of
from storage.objects import random_key
from storage.records import Record, new_id


async def give_receipts(deed: Deed) -> list[Receipt]:
    """A receipt for every kind of movement that this decision has made; to be called last.

    The document is drawn, so that its hash is known, and announced to its dossiers; it is stored as
    soon as the decision is kept (`resolvers/filing.py`).
    """
    changed = deed.decision.changed
    papers = {one.id: one for one in changed if isinstance(one, TitleCertificate)}
    shared = by_kind((one for one in changed if isinstance(one, CustodyEvent)), papers)
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
    versions = [_announced(deed, receipt, dossier, pages=pages) for dossier in dossiers]
    documents = [
        Drawn(version_id=version.id, object_key=version.object_key, content=content)
        for version in versions
    ]
    deed.decision.afterwards(lambda: deed.stores.filer.begin(documents))
    return deed.decision.add(replace(receipt, file_ids=tuple(v.file_id for v in versions)))


async def _dossiers(deed: Deed, papers: Sequence[TitleCertificate]) -> list[Dossier]:
    """The dossiers of the loans that these papers secure, while anything may still go in."""
    loans = await loan_nos_of(deed.decision, papers)
    return await deed.decision.find(Dossier, dossiers_query(loans), limit=MAX_DOSSIERS)


def dossiers_query(loan_nos: Sequence[str]) -> Record:
    """Which dossiers of these loans a paper that is drawn here can still go into."""
    return {"loan_no": {"$in": list(loan_nos)}, "status": {"$in": sorted(ADDABLE)}}


def _announced(deed: Deed, receipt: Receipt, dossier: Dossier, *, pages: int) -> FileVersion:
    """The document as a file that waits for its bytes; each dossier's has its own life."""
    version = FileVersion(
        id=new_id(FileVersion),
        file_id=new_id(ArchiveFile),
        dossier_id=dossier.id,
        doc_type=DocType.CUSTODY_RECEIPT,
        n=1,
        object_key=random_key(day_prefix(deed.today)),
        sha256=receipt.sha256,
        size=receipt.size,
        mime=MIME,
        pages=pages,
        source=FileSource.GENERATED,
        uploaded_by=SYSTEM,
        requested_at=deed.now,
        expires_at=deed.now,
        org_code=dossier.org_code,
        org_path=dossier.org_path,
    )
    deed.decision.add(
        ArchiveFile(
            id=version.file_id,
            dossier_id=dossier.id,
            loan_no=dossier.loan_no,
            doc_type=DocType.CUSTODY_RECEIPT,
            title=receipt.no,
            file_class=file_class(DocType.CUSTODY_RECEIPT),
            certificate_id=receipt.items[0].certificate_id if len(receipt.items) == 1 else None,
            current_version_id=version.id,
            org_code=dossier.org_code,
            org_path=dossier.org_path,
        )
    )
    return deed.decision.add(version)
