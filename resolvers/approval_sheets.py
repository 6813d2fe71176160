"""Approval sheets (审批表): drawn when the last approval of a case is in, filed and attached."""

from domain.approval_sheets import approval_sheet, with_sheet
from domain.deregistration import DeregistrationCase
from domain.dossiers import DocType, Dossier
from domain.files import ArchiveFile
from domain.receipts import MAX_DOSSIERS
from papers.approval_sheets import approval_sheet_pdf
from resolvers.deed import Deed
from resolvers.drawn_papers import DrawnPaper, file_paper
from resolvers.receipts import dossiers_query

AGAIN = "The case was approved anew."


async def with_approval_sheet(deed: Deed, case: DeregistrationCase) -> DeregistrationCase:
    """The approved case with its sheet, in the dossier of each of its loans (4.4).

    A case approved anew gets the next version of the same file. None where no dossier takes it.
    """
    query = dossiers_query(case.loan_nos)
    dossiers = await deed.decision.find(Dossier, query, limit=MAX_DOSSIERS)
    if not dossiers:
        return case
    kind = DocType.APPROVAL_SHEET
    known = await deed.decision.find(ArchiveFile, {"case_id": case.id, "doc_type": kind.value})
    content, pages = approval_sheet_pdf(approval_sheet(case, now=deed.now))
    paper = DrawnPaper(
        doc_type=kind,
        title=case.no,
        content=content,
        pages=pages,
        case_id=case.id,
        reason=AGAIN,
    )
    earlier = {file.dossier_id: file for file in known}
    filed = await file_paper(deed, paper, dossiers, earlier=earlier)
    return with_sheet(case, filed[0], now=deed.now)
