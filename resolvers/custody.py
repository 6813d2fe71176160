"""Mutations on certificates before they reach the vault: expect, collect, file electronically."""

from dataclasses import replace
from typing import Any

from domain.certificates import (
    CERT_TYPES,
    Catalog,
    CertType,
    CustodyState,
    Holder,
    LegalState,
    Lock,
    LockKind,
    TitleCertificate,
)
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Evidence, Movement, moved
from domain.deregistration import OPEN_STATES, DeregistrationCase
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.expected_days import conversion_dated, expected_by, expected_from, first_drawn
from domain.files import ArchiveFile, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.processing import (
    PaperFacts,
    arising_refusals,
    cancellation_refusal,
    collection_refusals,
    electronic_refusal,
    expectation_refusals,
    out_of_scope,
)
from domain.refusals import Refusal, invalid, refuse_if
from domain.roles import Operation
from domain.vaulting import locked
from resolvers.counties import county_alone, county_papers
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.papers import (
    MAX_SAME,
    duplicate_of,
    paper_facts,
    printed,
    same_number_query,
    scan_falls_due,
    sealed_holder,
)
from resolvers.proposals import confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.releasing import entered_for
from resolvers.reminders import obtained
from resolvers.scans import is_intact
from resolvers.secured import collaterals_query, contracts_query
from resolvers.vault_work import read_papers
from schema.custody import (
    CertificateCancelElectronicInput,
    CertificateCollectInput,
    CertificateFileElectronicConfirmInput,
    CertificateFileElectronicInput,
    CertificatePayload,
    CertificateRegisterExpectedInput,
    ProposalPayload,
)
from storage.decisions import asked
from storage.records import new_id


@mutation(
    Operation.PROCESS_CERTIFICATE,
    CertificatePayload,
    description="Expect a certificate (登记应取权证, X01).",
)
async def certificate_register_expected(
    deed: Deed, input: CertificateRegisterExpectedInput
) -> dict[str, Any]:
    """X01."""
    collaterals = await deed.subjects(Collateral, input.collateral_ids)
    numbers = [collateral.no for collateral in collaterals]
    contracts = await deed.decision.find(
        GuaranteeContract, {"links.collateral_no": {"$in": numbers}}
    )
    loans = await _loans(deed, contracts)
    county_alone(deed, loans)
    catalog = CERT_TYPES[input.cert_type].catalog
    if input.cert_type is CertType.OTHER and input.catalog is not None:
        catalog = input.catalog
    refuse_if(
        [
            *expectation_refusals(input.cert_type, input.carrier, collaterals),
            *arising_refusals(catalog, collaterals, Movement.REGISTER_EXPECTED),
            *out_of_scope(loans),
        ]
    )
    named = input.guarantee_contract_nos
    standing = [c.no for c in contracts if any(c.active_link(no) for no in numbers)]
    if named is not None and not set(named) <= set(standing):
        refuse_if([invalid("guaranteeContractNos", "not active on this collateral")])
    loan = first_drawn(loans)
    expected = TitleCertificate(
        id=new_id(TitleCertificate),
        catalog=catalog,
        cert_type=input.cert_type,
        carrier=input.carrier,
        collateral_nos=tuple(numbers),
        guarantee_contract_nos=tuple(standing if named is None else named),
        expected_from=expected_from(
            input.cert_type, loan, collaterals, policy=deed.policy, today=deed.today
        ),
        expected_by=expected_by(
            input.cert_type,
            loan,
            collaterals,
            policy=deed.policy,
            calendar=deed.calendar,
            today=deed.today,
        ),
        org_code=collaterals[0].org_code,
        org_path=collaterals[0].org_path,
    )
    certificate, event = moved(
        await _dated(deed, expected),
        Movement.REGISTER_EXPECTED,
        to=CustodyState.NOT_RECEIVED,
        event_id=new_id(CustodyEvent),
        operators=[deed.operator()],
        now=deed.now,
        today=deed.today,
    )
    deed.decision.add(event)
    return {"certificate": deed.decision.add(certificate)}


@mutation(
    Operation.PROCESS_CERTIFICATE,
    CertificatePayload,
    description="Collect a certificate from the registry or owner (取证, X02).",
)
async def certificate_collect(deed: Deed, input: CertificateCollectInput) -> dict[str, Any]:
    """X02."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    paper = paper_facts(input.paper)
    await deed.decision.ahead(
        asked(TitleCertificate, same_number_query(certificate, paper), limit=MAX_SAME),
        asked(GuaranteeContract, contracts_query([certificate])),
        asked(Collateral, collaterals_query(certificate)),
    )
    await county_papers(deed, [certificate])
    refuse_if(await _unobtainable(deed, certificate, paper, Movement.COLLECT))
    after = deed.move(
        certificate,
        Movement.COLLECT,
        CustodyState.WITH_HANDLER,
        holder=Holder(login=deed.actor.login, since=deed.now),
        collected_on=deed.today,
        vault_due=deed.calendar.wd(deed.today, deed.policy.number("vault.in_due_wd")),
        **printed(deed, certificate, paper),
    )
    await scan_falls_due(deed, certificate)
    after = await obtained(deed, after)
    await give_receipts(deed)
    return {"certificate": after}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    ProposalPayload,
    description="Propose to file an electronic certificate (电子权证归档, X24).",
)
async def certificate_file_electronic_propose(
    deed: Deed, input: CertificateFileElectronicInput
) -> dict[str, Any]:
    """X24, first half."""
    await county_papers(deed, [await deed.subject(TitleCertificate, input.certificate_id)])
    certificate, _ = await _electronic(deed, input, own_lock="")
    proposal = proposed(
        deed, Movement.FILE_ELECTRONIC, _filing(deed, input), [certificate.id], certificate
    )
    lock = Lock(kind=LockKind.VAULT_PROPOSAL, id=proposal.id)
    deed.decision.save(replace(certificate, lock=lock))
    return {"proposal": proposal}


@mutation(
    Operation.REVIEW_ELECTRONIC,
    CertificatePayload,
    description="Confirm an electronic filing; a second person (X24).",
)
async def certificate_file_electronic_confirm(
    deed: Deed, input: CertificateFileElectronicConfirmInput
) -> dict[str, Any]:
    """X24, second half: every guard is asked again."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    refuse_if(
        confirmation_refusals(
            proposal, payload=_filing(deed, input.filing), checker=deed.actor.login, now=deed.now
        )
    )
    certificate, evidence = await _electronic(deed, input.filing, own_lock=proposal.id)
    after = deed.move(
        certificate,
        Movement.FILE_ELECTRONIC,
        CustodyState.ELECTRONIC_ON_FILE,
        operators=[proposal.proposer, deed.operator()],
        request_ref=proposal.id,
        evidence=[evidence],
        lock=None,
        collected_on=deed.today,
        **printed(deed, certificate, paper_facts(input.filing.paper)),
    )
    confirmed(deed, proposal)
    return {"certificate": await obtained(deed, after)}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    CertificatePayload,
    description="End an electronic certificate that the registry cancelled (X25).",
)
async def certificate_cancel_electronic(
    deed: Deed, input: CertificateCancelElectronicInput
) -> dict[str, Any]:
    """X25."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    done, stays = await entered_for(deed.decision, certificate)
    refuse_if([cancellation_refusal(certificate, done=done, stays=stays)])
    standing = certificate.legal_state is LegalState.REGISTERED
    after = deed.move(
        certificate,
        Movement.CANCEL_ELECTRONIC,
        CustodyState.SURRENDERED,
        legal_state=LegalState.CANCELLED if standing else certificate.legal_state,
        lock=None,
    )
    return {"certificate": after}


async def _electronic(
    deed: Deed, input: CertificateFileElectronicInput, *, own_lock: str
) -> tuple[TitleCertificate, Evidence]:
    (certificate,) = await read_papers(deed, [input.certificate_id])
    version = await deed.get(FileVersion, input.file_version_id)
    paper = paper_facts(input.paper)
    file = await deed.decision.get(ArchiveFile, version.file_id)
    refuse_if(
        [
            *await _unobtainable(deed, certificate, paper, Movement.FILE_ELECTRONIC),
            locked(certificate, proposal_id=own_lock),
            electronic_refusal(certificate, file, version, intact=await is_intact(deed, version)),
        ]
    )
    return certificate, Evidence(file_version_id=version.id, sha256=version.sha256)


async def _unobtainable(
    deed: Deed, certificate: TitleCertificate, paper: PaperFacts, movement: Movement
) -> list[Refusal | None]:
    """What keeps a certificate from being obtained with what is printed on it (X02, X24)."""
    return [
        *collection_refusals(
            certificate,
            paper,
            duplicate=await duplicate_of(deed, certificate, paper),
            movement=movement,
            today=deed.today,
        ),
        *await _arising(deed, certificate, movement),
    ]


async def _arising(
    deed: Deed, certificate: TitleCertificate, movement: Movement
) -> list[Refusal | None]:
    """What keeps a right of the bank from arising on what the certificate covers (INV-05)."""
    if certificate.catalog is not Catalog.RIGHT_CERT:
        return []
    collaterals = await deed.decision.find(Collateral, collaterals_query(certificate))
    held = {"certificate_ids": certificate.id, "state": {"$in": sorted(OPEN_STATES)}}
    open_ones = any(one.open_case_id is not None for one in collaterals)
    cases = await deed.decision.find(DeregistrationCase, held) if open_ones else []
    releases = {case.id for case in cases}
    return [*arising_refusals(certificate.catalog, collaterals, movement, releases=releases)]


def _filing(deed: Deed, input: CertificateFileElectronicInput) -> dict[str, Any]:
    paper = paper_facts(input.paper)
    return {
        "certificateId": input.certificate_id,
        "fileVersionId": input.file_version_id,
        **paper.payload(holder=sealed_holder(deed, input.certificate_id, paper)),
    }


async def _loans(deed: Deed, contracts: list[GuaranteeContract]) -> list[Loan]:
    numbers = sorted({no for contract in contracts for no in contract.secured_loans})
    return await deed.decision.find(Loan, {"loan_no": {"$in": numbers}}) if numbers else []


async def _dated(deed: Deed, expected: TitleCertificate) -> TitleCertificate:
    """A full right that takes a pre-notice's place is due from when that could be converted."""
    told = {
        "collateral_nos": {"$in": list(expected.collateral_nos)},
        "convertible_from": {"$ne": None},
    }
    known = [one.convertible_from for one in await deed.decision.find(TitleCertificate, told)]
    since = min((day for day in known if day is not None), default=None)
    if since is None or expected.expected_by is not None:
        return expected
    return conversion_dated(expected, since, policy=deed.policy, calendar=deed.calendar)
