"""Pledges that delivery of the paper makes (交付设立的质权): nothing is entered in any register.

They end when the paper goes back to the pledgor, or is redeemed. Source: 3.1, INV-05, X17, X26;
Civil Code art. 436, 441, 442.
"""

from collections.abc import Iterable, Iterator

from domain.certificates import (
    CERT_TYPES,
    ENDED_RIGHTS,
    TERMINAL,
    Carrier,
    Catalog,
    CustodyState,
    Perfection,
    TitleCertificate,
)
from domain.collaterals import GONE, Collateral
from domain.dossiers import DocType
from domain.redemption import ProceedsUse
from domain.refusals import Refusal, state_conflict

# What a settlement files of the registry, and what of a pledge by delivery nobody has.
REGISTRYS_PAPERS = (
    DocType.MORTGAGE_CANCEL_CONSENT,
    DocType.REGISTRY_APPLICATION,
    DocType.REGISTRY_RESULT,
)


def by_delivery(papers: Iterable[TitleCertificate]) -> bool:
    """Whether every right on a collateral is a paper that was delivered (3.1).

    A registered right beside it goes the registry's way, and the delivered one with it.
    """
    rights = [
        paper
        for paper in papers
        if paper.catalog is Catalog.RIGHT_CERT and paper.custody_state is not CustodyState.REPLACED
    ]
    return bool(rights) and all(
        CERT_TYPES[right.cert_type].perfection is Perfection.DELIVERY
        and right.carrier is Carrier.PAPER
        for right in rights
    )


def not_out(papers: Iterable[TitleCertificate]) -> Iterator[Refusal]:
    """A pledge by delivery ends as a whole: no paper of it stays behind (X17)."""
    for paper in papers:
        if paper.carrier is Carrier.PAPER and paper.custody_state is not CustodyState.OUT_FOR_DEREG:
            yield state_conflict(
                "X17", subject=paper.label, state=paper.custody_state, event="RETURN_TO_OWNER"
            )


def ends_redeemed(
    collateral: Collateral, papers: Iterable[TitleCertificate], uses: Iterable[ProceedsUse]
) -> bool:
    """Whether a redemption was the end of the pledge (X26, INV-05).

    uses: of the proceeds of every receipt of it that was redeemed. Not while another right carries
    it, nor while proceeds lie in a receipt's place (442). An open release ends it by its own steps.
    """
    carried = any(
        paper.catalog is Catalog.RIGHT_CERT
        and paper.custody_state not in TERMINAL
        and paper.legal_state not in ENDED_RIGHTS
        for paper in papers
    )
    over = collateral.pledge_state in GONE or collateral.open_case_id is not None
    applied = all(use is ProceedsUse.APPLIED_TO_DEBT for use in uses)
    return applied and not carried and not over
