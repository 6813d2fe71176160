"""What is printed on a paper, as a person types it: read, sealed, compared, and its scan due."""

from typing import Any

from domain.certificates import Catalog, LegalState, TitleCertificate, normalised
from domain.dossiers import Dossier, with_item
from domain.processing import SCAN_ITEM, PaperFacts
from domain.roles import Operation
from resolvers.deed import Deed
from resolvers.secured import loan_nos_of
from schema.custody import PaperInput
from storage.records import Record

MAX_SAME = 10  # certificates of one number that are looked at; all but one are void


def paper_facts(paper: PaperInput) -> PaperFacts:
    """What a person read from the paper."""
    return PaperFacts(
        cert_no=paper.cert_no,
        issuer=paper.issuer,
        issuer_code=normalised(paper.issuer_code or paper.issuer),
        issue_date=paper.issue_date,
        right_holder=paper.right_holder,
        right_amount=paper.right_amount,
        registered_on=paper.registered_on,
        registered_until=paper.registered_until,
        expires_on=paper.expires_on,
        rank=paper.rank,
        pages=paper.pages,
    )


def sealed_holder(deed: Deed, certificate_id: str, paper: PaperFacts) -> str:
    """The right holder's name as it is kept; the same name of one certificate seals the same."""
    return deed.stores.sealer.seal(
        paper.right_holder.strip(), record=certificate_id, field="right_holder"
    )


def printed(deed: Deed, certificate: TitleCertificate, paper: PaperFacts) -> dict[str, Any]:
    """The fields of the certificate that the paper fills; the holder's name is sealed."""
    registered = certificate.catalog is Catalog.RIGHT_CERT
    return {
        "cert_no": paper.cert_no.strip(),
        "cert_no_norm": normalised(paper.cert_no),
        "issuer": paper.issuer.strip(),
        "issuer_code": paper.issuer_code,
        "issue_date": paper.issue_date,
        "registered_on": paper.registered_on,
        "registered_until": paper.registered_until,
        "expires_on": paper.expires_on,
        "right_holder": sealed_holder(deed, certificate.id, paper),
        "right_amount": paper.right_amount,
        "rank": paper.rank,
        "pages": paper.pages,
        "priority_date": paper.registered_on or paper.issue_date,
        "legal_state": LegalState.REGISTERED if registered else certificate.legal_state,
    }


async def duplicate_of(deed: Deed, certificate: TitleCertificate, paper: PaperFacts) -> str | None:
    """Id of another certificate of the same type, issuer and number that is not void (CUS-02).

    One beyond the actor's reach is not named.
    """
    query = same_number_query(certificate, paper)
    found = await deed.decision.find(TitleCertificate, query, limit=MAX_SAME)
    others = [c for c in found if c.id != certificate.id and c.legal_state is not LegalState.VOID]
    if not others:
        return None
    reached = deed.actor.may(Operation.READ, others[0].org_path)
    return others[0].id if reached else "of another branch"


def same_number_query(certificate: TitleCertificate, paper: PaperFacts) -> Record:
    """Which certificates are of the type, issuer and number that this one has from its paper."""
    return {
        "cert_type": certificate.cert_type.value,
        "issuer_code": paper.issuer_code,
        "cert_no_norm": normalised(paper.cert_no),
    }


async def scan_falls_due(deed: Deed, certificate: TitleCertificate) -> None:
    """The dossier's scan of a certificate is due some days after its collection (ARC-10)."""
    code = SCAN_ITEM.get(certificate.cert_type)
    numbers = await loan_nos_of(deed.decision, [certificate])
    if code is None or not numbers:
        return
    due = deed.calendar.wd(deed.today, deed.policy.number("archive.due.AFTER_REGISTRATION"))
    for dossier in await deed.decision.find(Dossier, {"loan_no": {"$in": numbers}}):
        item = dossier.item(code)
        if item is not None and item.due is None:
            deed.decision.save(with_item(dossier, code, due=due))
