"""The owner's signature for the papers that a release gave back (权证领取签收单), X17."""

from dataclasses import replace

from domain.custody import Evidence
from domain.deregistration import CaseDocument, DeregistrationCase
from domain.dossiers import DocType, ItemStatus
from domain.files import FileVersion
from resolvers.case_work import mark_items
from resolvers.deed import Deed


def pinned(receipt: FileVersion) -> Evidence:
    """The receipt as the ledger names it."""
    return Evidence(file_version_id=receipt.id, sha256=receipt.sha256)


async def signed_for(
    deed: Deed, case: DeregistrationCase, receipt: FileVersion
) -> DeregistrationCase:
    """The case with the owner's receipt among its documents, and its line in the dossiers (4.4)."""
    await mark_items(
        deed,
        case,
        DocType.CERT_RECEIPT,
        status=ItemStatus.ACCEPTED,
        current_version_id=receipt.id,
        accepted_at=deed.now,
        accepted_by=receipt.decided_by,
    )
    if any(document.file_version_id == receipt.id for document in case.documents):
        return case
    document = CaseDocument(
        code=DocType.CERT_RECEIPT,
        file_version_id=receipt.id,
        sha256=receipt.sha256,
        attached_by=deed.actor.login,
        attached_at=deed.now,
    )
    return replace(case, documents=(*case.documents, document))
