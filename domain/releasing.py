"""What ends with a lien (解除担保): the right, the links, and when nothing is left to give back.

Source: domain 4.2, INV-05; X16, X17, X25.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.certificates import Carrier, Catalog, CustodyState, LegalState, TitleCertificate
from domain.collaterals import Collateral, PledgeState
from domain.deregistration import CaseState, DeregistrationCase, HandlingMode, RegistryStatus
from domain.dossiers import DocType
from domain.files import FileStatus, FileVersion
from domain.guarantees import GuaranteeContract, GuaranteeStatus
from domain.refusals import Refusal, RefusalCode, invalid

_RETURNABLE = {
    HandlingMode.BANK: CaseState.REGISTRY_DONE,
    HandlingMode.ONLINE: CaseState.REGISTRY_DONE,
    HandlingMode.OWNER: CaseState.VAULT_OUT,
}


def is_proven(case: DeregistrationCase) -> bool:
    """Whether the registry's entry is on record with its evidence; only then the right ends."""
    return case.registry.status is RegistryStatus.DONE and case.registry.result is not None


def released(collateral: Collateral) -> Collateral:
    """The collateral once the bank no longer relies on it."""
    return replace(collateral, pledge_state=PledgeState.RELEASED)


def untied(contract: GuaranteeContract, collateral_no: str, case_id: str) -> GuaranteeContract:
    """The contract without that collateral; RELEASED once nothing is tied to it any more."""
    links = tuple(
        replace(link, active=False, released_by_case=case_id)
        if link.collateral_no == collateral_no and link.active
        else link
        for link in contract.links
    )
    over = not any(link.active for link in links)
    return replace(
        contract, links=links, status=GuaranteeStatus.RELEASED if over else contract.status
    )


def ends_with_entry(certificate: TitleCertificate) -> bool:
    """Whether the registry's entry cancels this certificate's right (INV-05)."""
    return (
        certificate.catalog is Catalog.RIGHT_CERT
        and certificate.legal_state is LegalState.REGISTERED
    )


def going_back(
    case: DeregistrationCase, papers: Sequence[TitleCertificate]
) -> list[TitleCertificate]:
    """The papers that go to the owner: his own; all of them where he deregisters himself."""
    owner_handles = case.handling_mode is HandlingMode.OWNER
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.OUT_FOR_DEREG
        and (owner_handles or paper.catalog is Catalog.SAFEKEEPING)
    ]


def surrendered_ones(papers: Sequence[TitleCertificate]) -> list[TitleCertificate]:
    """The papers that go to the registry: the bank's own rights."""
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.OUT_FOR_DEREG and paper.catalog is Catalog.RIGHT_CERT
    ]


def nothing_left(papers: Sequence[TitleCertificate]) -> bool:
    """Whether every certificate of the case has come to its end."""
    return not [paper for paper in papers if paper.carrier is Carrier.PAPER]


def return_state(case: DeregistrationCase) -> CaseState:
    """The state in which papers go to the owner in that handling mode (4.2)."""
    return _RETURNABLE[case.handling_mode]


def receipt_refusals(receipt: FileVersion, *, identity_checked: bool) -> Iterator[Refusal | None]:
    """The owner signs for his papers, and is who he says (X17)."""
    if not identity_checked:
        yield invalid("identityChecked", "check the owner's identity first", rule_id="X17")
    if receipt.doc_type is not DocType.CERT_RECEIPT:
        yield invalid("receiptFileVersionId", "this file is no receipt", rule_id="X17")
    if receipt.status is not FileStatus.ACCEPTED:
        yield Refusal(
            code=RefusalCode.DOC_MISSING,
            rule_id="X17",
            field="receiptFileVersionId",
            detail={"documents": f"CERT_RECEIPT, accepted (it is {receipt.status})"},
        )
