"""What ends with a lien (解除担保): the right, the links, and when nothing is left to give back.

Source: domain 4.2, INV-05; X16, X17, X25.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.case_files import STANDING
from domain.case_steps import impossible
from domain.certificates import (
    TERMINAL,
    Carrier,
    Catalog,
    CustodyState,
    LegalState,
    TitleCertificate,
)
from domain.collaterals import GONE, Collateral, Insurance, PledgeState
from domain.deregistration import (
    CaseState,
    CaseStep,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
    RegistryStatus,
)
from domain.dossiers import DocType
from domain.files import FileStatus, FileVersion
from domain.guarantees import GuaranteeContract, GuaranteeStatus
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.release_kinds import FORCED
from domain.release_papers import not_entitled

# How the bank stopped relying on it, where it was not simply released.
_ENDS_AS = {
    DeregKind.ENFORCED: PledgeState.DISPOSED,
    DeregKind.EXTINGUISHED: PledgeState.EXTINGUISHED,
}
_RETURNABLE = {
    HandlingMode.BANK: CaseState.REGISTRY_DONE,
    HandlingMode.ONLINE: CaseState.REGISTRY_DONE,
    HandlingMode.OWNER: CaseState.VAULT_OUT,
}


def with_papers(case: DeregistrationCase, papers: Sequence[TitleCertificate]) -> DeregistrationCase:
    """The case with those papers of its collateral besides that are not at their end (INV-05)."""
    known = set(case.certificate_ids)
    more = [p.id for p in papers if p.id not in known and not p.is_over]
    return replace(case, certificate_ids=(*case.certificate_ids, *more)) if more else case


def with_loans(
    case: DeregistrationCase, contracts: Sequence[GuaranteeContract]
) -> DeregistrationCase:
    """The case with those loans besides that its contracts have come to secure."""
    secured = {
        no
        for contract in contracts
        if contract.no in case.guarantee_contract_nos
        for no in contract.secured_loans
    }
    more = sorted(secured - set(case.loan_nos))
    return replace(case, loan_nos=(*case.loan_nos, *more)) if more else case


def without_paper(papers: Sequence[TitleCertificate]) -> bool:
    """Whether no paper is left that would have to leave a vault before a filing (4.2).

    The right may be on an electronic certificate, its paper be lost, or be out or gone with the
    release of something else that it covers.
    """
    past = TERMINAL | {CustodyState.LOST, CustodyState.OUT_FOR_DEREG}
    left = [paper for paper in papers if paper.custody_state not in past]
    return all(paper.carrier is Carrier.ELECTRONIC for paper in left)


def handling_refusal(
    mode: HandlingMode, papers: Sequence[TitleCertificate], *, delivered: bool
) -> Refusal | None:
    """Which way of handling a collateral's papers rule out (4.2); asked when a case is opened."""
    if mode is HandlingMode.OWNER and all(one.carrier is Carrier.ELECTRONIC for one in papers):
        return invalid("handlingMode", "no paper is there to give the owner", rule_id="DRG-4.2")
    if mode is HandlingMode.ONLINE and delivered:
        return invalid("handlingMode", "a pledge by delivery is in no register", rule_id="DRG-4.2")
    return None


def is_proven(case: DeregistrationCase, result: FileVersion | None) -> bool:
    """Whether the registry's entry is on record with its evidence; only then the right ends.

    result: the file that the case keeps as such; one that was rejected since proves nothing (X16).
    """
    entered = case.registry.status is RegistryStatus.DONE
    return entered and result is not None and result.status in STANDING


def released(collateral: Collateral, kind: DeregKind) -> Collateral:
    """The collateral once the bank no longer relies on it, and why (2.1).

    What insures it pays the bank no longer, unless the thing is gone: then the bank's claim goes
    on in the compensation (DRG-L07; Civil Code art. 390).
    """
    policies = collateral.insurance
    if kind is not DeregKind.EXTINGUISHED:
        policies = unpledged(policies)
    ends_as = _ENDS_AS.get(kind, PledgeState.RELEASED)
    return replace(collateral, pledge_state=ends_as, insurance=policies)


def unpledged(policies: Sequence[Insurance]) -> tuple[Insurance, ...]:
    """The policies once the bank is no beneficiary of them any more (DRG-L07)."""
    return tuple(replace(policy, bank_is_beneficiary=False) for policy in policies)


def policies_to_change(before: Collateral, after: Collateral) -> list[str]:
    """Numbers of the policies of which the insurer has to strike the bank (DRG-L07)."""
    kept = {one.policy_no for one in after.insurance if one.bank_is_beneficiary}
    named = [one.policy_no for one in before.insurance if one.bank_is_beneficiary]
    return [number for number in named if number not in kept]


def left_behind(collateral: Collateral) -> Collateral:
    """What remains under a contract of which a part was released (2.1)."""
    if collateral.pledge_state is not PledgeState.EFFECTIVE:
        return collateral
    return replace(collateral, pledge_state=PledgeState.PARTIALLY_RELEASED)


def left_behind_under_way(case: DeregistrationCase) -> DeregistrationCase:
    """The open case of what remains: given up, it leaves the pledge as it is by then."""
    if case.previous_pledge_state is not PledgeState.EFFECTIVE:
        return case
    return replace(case, previous_pledge_state=PledgeState.PARTIALLY_RELEASED)


def outlives(
    certificate: TitleCertificate, case: DeregistrationCase, covered: Sequence[Collateral]
) -> bool:
    """Whether a certificate covers something else on which the bank goes on relying (DRG-L08).

    Such a one is exchanged, not surrendered. What is on its own way out stays until it is released
    too: its case may yet be given up.
    """
    return certificate.catalog is Catalog.RIGHT_CERT and any(
        other.no in certificate.collateral_nos
        and other.no != case.collateral_no
        and other.pledge_state not in GONE
        for other in covered
    )


def kept_from_owner(
    case: DeregistrationCase, papers: Sequence[TitleCertificate], covered: Sequence[Collateral]
) -> Iterator[Refusal]:
    """No owner takes a certificate to the registry that still secures something else (L08)."""
    for paper in papers:
        if outlives(paper, case, covered):
            yield state_conflict(
                "DRG-L08",
                subject=paper.label,
                state="shared with what stays",
                event="RETURN_TO_OWNER",
            )


def awaits_exchange(certificate: TitleCertificate) -> bool:
    """Whether the entry left a certificate of which only a part was released (DRG-L08)."""
    return (
        certificate.catalog is Catalog.RIGHT_CERT
        and certificate.legal_state is LegalState.SUPERSEDED
        and certificate.superseded_by is None
    )


def untied(
    contract: GuaranteeContract, collateral_no: str, case_id: str | None
) -> GuaranteeContract:
    """The contract without that collateral; RELEASED once nothing is tied to it any more.

    case_id: none where a redemption was the end.
    """
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


def left_by_entry(certificate: TitleCertificate, *, stays: bool) -> LegalState:
    """What an entry makes of a certificate's right; stays: it covers what is not released.

    What an earlier entry left for an exchange is cancelled once nothing stays (DRG-L08).
    """
    if ends_with_entry(certificate):
        return LegalState.SUPERSEDED if stays else LegalState.CANCELLED
    if awaits_exchange(certificate) and not stays:
        return LegalState.CANCELLED
    return certificate.legal_state


def going_back(
    case: DeregistrationCase, papers: Sequence[TitleCertificate]
) -> list[TitleCertificate]:
    """The papers that go to the owner: his own; all that he pledged or deregisters himself."""
    all_of_them = case.handling_mode is HandlingMode.OWNER or case.by_delivery
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.OUT_FOR_DEREG
        and (all_of_them or paper.catalog is Catalog.SAFEKEEPING)
    ]


def still_inside(case: DeregistrationCase, papers: Sequence[TitleCertificate]) -> Iterator[Refusal]:
    """Papers that have to leave their vault first, before the others go on their way (X14).

    A case's papers may lie in several vaults, and leave each by its own keepers. What can leave
    none any more stays: of an online cancellation, or reissued after the filing.
    """
    if impossible(case, CaseStep.VAULT_OUT) is not None:
        return
    for paper in papers:
        if paper.custody_state is CustodyState.IN_VAULT:
            yield state_conflict(
                "X14", subject=paper.label, state=paper.custody_state, event=CaseStep.FILE
            )


def surrendered_ones(papers: Sequence[TitleCertificate]) -> list[TitleCertificate]:
    """The papers that go to the registry: the bank's own rights, but for what outlives this."""
    return [
        paper
        for paper in papers
        if paper.custody_state is CustodyState.OUT_FOR_DEREG
        and paper.catalog is Catalog.RIGHT_CERT
        and not awaits_exchange(paper)
    ]


def nothing_left(papers: Sequence[TitleCertificate]) -> bool:
    """Whether every certificate of the case has come to its end."""
    return not [paper for paper in papers if paper.carrier is Carrier.PAPER]


def return_state(case: DeregistrationCase) -> CaseState:
    """The state in which papers go to the owner in that handling mode (4.2)."""
    return _RETURNABLE[case.handling_mode]


def goes_back(case: DeregistrationCase, *, proven: bool) -> bool:
    """Whether papers go to the owner now: after the proven entry; for it, where he goes himself.

    Where the paper was the pledge, its return is the end (Civil Code art. 436).
    """
    if case.by_delivery:
        return impossible(case, CaseStep.RETURN) is None
    owner_handles = case.handling_mode is HandlingMode.OWNER
    return case.state is return_state(case) and (owner_handles or proven)


def not_to_him(collateral: Collateral, case: DeregistrationCase) -> Refusal | None:
    """Papers go to whoever is entitled today: of an owner who has died, to proven heirs (4.9).

    Where nobody applied, nobody's application is asked for; the receipt is.
    """
    return None if case.kind in FORCED else not_entitled(collateral, case)


def undocumented(case: DeregistrationCase, result: FileVersion | None) -> Refusal | None:
    """A release is closed on the registry's own paper, taken into the archive (4.9).

    result: what the case keeps as such; of an owner's own cancellation the search that shows it
    (查册结果, 4.4). The end of a pledge by delivery is shown by his receipt.
    """
    if result is None and case.by_delivery:
        return None
    if result is not None and result.status is FileStatus.ACCEPTED:
        return None
    state = "none" if result is None else result.status
    return Refusal(
        code=RefusalCode.DOC_MISSING,
        rule_id="DRG-4.9",
        detail={"documents": f"{DocType.REGISTRY_RESULT}, accepted (it is {state})"},
    )


def receipt_refusals(receipt: FileVersion, *, identity_checked: bool) -> Iterator[Refusal | None]:
    """The owner signs for his papers, and is who he says (X17)."""
    yield identity_unchecked(identity_checked)
    if receipt.doc_type is not DocType.CERT_RECEIPT:
        yield invalid("receiptFileVersionId", "this file is no receipt", rule_id="X17")
    if receipt.status is not FileStatus.ACCEPTED:
        yield Refusal(
            code=RefusalCode.DOC_MISSING,
            rule_id="X17",
            field="receiptFileVersionId",
            detail={"documents": f"CERT_RECEIPT, accepted (it is {receipt.status})"},
        )


def identity_unchecked(checked: bool) -> Refusal | None:
    """Papers go to nobody whom the bank has not made sure of (X17)."""
    if checked:
        return None
    return invalid("identityChecked", "check the owner's identity first", rule_id="X17")
