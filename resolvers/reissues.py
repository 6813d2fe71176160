"""The certificate that the registry issues for a lost one (补证, X23)."""

from datetime import date
from typing import Any

from domain.calendar import business_date
from domain.certificates import Carrier, CustodyState, Holder, LegalState, TitleCertificate
from domain.custody import CustodyEvent, Evidence, Movement, moved
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileVersion
from domain.losses import proof_refusals, reissue_refusals
from domain.processing import paper_refusals
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from resolvers.counties import county_papers
from resolvers.deed import Deed
from resolvers.incidents import end_losses, open_losses
from resolvers.mutation import mutation
from resolvers.papers import duplicate_of, paper_facts, printed, scan_falls_due
from resolvers.reminders import looked_after
from resolvers.suspensions import take_place
from schema.losses import CertificateReissueInput, ReissuePayload
from storage.records import new_id


@mutation(
    Operation.REISSUE,
    ReissuePayload,
    description="Take the certificate that the registry issued for a lost one (补证, X23).",
)
async def certificate_reissue(deed: Deed, input: CertificateReissueInput) -> dict[str, Any]:
    """X23: the old one is void for ever, the new one keeps its rank."""
    lost = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [lost])
    published, unpublished = await _proof(
        deed, lost, input.publication_file_version_id, DocType.LOSS_STATEMENT
    )
    accepted, unaccepted = await _proof(
        deed, lost, input.acceptance_file_version_id, DocType.REGISTRY_ACCEPTANCE
    )
    paper = paper_facts(input.paper)
    fresh = _successor(lost)
    refuse_if(
        [
            *reissue_refusals(
                lost,
                new_no=paper.cert_no,
                discovered_on=await _discovered_on(deed, lost),
                published_on=input.published_on,
                acceptance_no=input.acceptance_no,
                policy=deed.policy,
                calendar=deed.calendar,
                today=deed.today,
            ),
            *unpublished,
            *unaccepted,
            *paper_refusals(
                lost.catalog,
                paper,
                duplicate=await duplicate_of(deed, fresh, paper),
                rule_id="X23",
                today=deed.today,
            ),
        ]
    )
    evidence = [published, accepted]
    replaced = deed.move(
        lost,
        Movement.REISSUE,
        CustodyState.REPLACED,
        request_ref=input.acceptance_no.strip(),
        evidence=evidence,
        legal_state=LegalState.VOID,
        superseded_by=fresh.id,
        lock=None,
    )
    changes = printed(deed, fresh, paper) | {
        "priority_date": lost.priority_date,
        "legal_state": lost.legal_state,
    }
    certificate, event = moved(
        fresh,
        Movement.RECEIVE_REISSUED,
        to=CustodyState.WITH_HANDLER,
        event_id=new_id(CustodyEvent),
        operators=[deed.operator()],
        now=deed.now,
        today=deed.today,
        request_ref=input.acceptance_no.strip(),
        evidence=evidence,
        holder=Holder(login=deed.actor.login, since=deed.now),
        collected_on=deed.today,
        vault_due=deed.calendar.wd(deed.today, deed.policy.number("vault.in_due_wd")),
        **changes,
    )
    certificate = looked_after(deed, certificate)
    deed.decision.add(event)
    await _take_place(deed, lost, certificate)
    await scan_falls_due(deed, certificate)
    return {"certificate": deed.decision.add(certificate), "replaced": replaced}


async def _discovered_on(deed: Deed, lost: TitleCertificate) -> date | None:
    """The day on which the paper was first missed; none where no incident tells."""
    known = await open_losses(deed.decision, lost)
    return min((business_date(one.discovered_at) for one in known), default=None)


async def _proof(
    deed: Deed, lost: TitleCertificate, version_id: str, needed: DocType
) -> tuple[Evidence, list[Refusal | None]]:
    version = await deed.get(FileVersion, version_id)
    file = await deed.decision.get(ArchiveFile, version.file_id)
    field = "publication" if needed is DocType.LOSS_STATEMENT else "acceptance"
    unfit = proof_refusals(
        lost, version, file, needed=[needed], field=f"{field}FileVersionId", rule_id="X23"
    )
    return Evidence(file_version_id=version.id, sha256=version.sha256), list(unfit)


def _successor(lost: TitleCertificate) -> TitleCertificate:
    """The certificate that takes the place of a lost one, before anything is printed on it."""
    return TitleCertificate(
        id=new_id(TitleCertificate),
        catalog=lost.catalog,
        cert_type=lost.cert_type,
        carrier=Carrier.PAPER,
        collateral_nos=lost.collateral_nos,
        guarantee_contract_nos=lost.guarantee_contract_nos,
        convertible_from=lost.convertible_from,
        lapses_on=lost.lapses_on,
        conversion=lost.conversion,
        returned_conversions=lost.returned_conversions,
        supersedes=lost.id,
        org_code=lost.org_code,
        org_path=lost.org_path,
    )


async def _take_place(deed: Deed, lost: TitleCertificate, fresh: TitleCertificate) -> None:
    """An open case goes on with the new paper; the incident of the old one ends."""
    await take_place(deed, lost, fresh)
    await end_losses(deed.decision, [lost], f"Reissued as {fresh.cert_no}.", now=deed.now)
