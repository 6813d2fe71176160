"""Mutations on pre-notices (预告登记): when they can be converted, and the application in time."""

from dataclasses import dataclass, replace
from typing import Any

from domain.certificates import Conversion, TitleCertificate
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Evidence, Movement
from domain.dossiers import DocType
from domain.dual_control import Proposal, confirmation_refusals
from domain.expected_days import conversion_dated
from domain.files import ArchiveFile, FileVersion
from domain.losses import proof_refusals
from domain.pre_notices import (
    before_lapse,
    conversion_refusals,
    convertible,
    convertible_refusals,
    is_secured_again,
    reinstatement_refusals,
    withdrawal_refusals,
    withdrawn,
)
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from domain.watch import RiskSignal
from resolvers.counties import county_papers
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.proposals import compared, confirmed, proposed
from resolvers.reminders import looked_after
from schema.custody import (
    CertificateFileConversionInput,
    CertificateMarkConvertibleInput,
    CertificatePayload,
    CertificateReinstateConfirmInput,
    CertificateReinstateInput,
    CertificateWithdrawConversionInput,
    ProposalPayload,
)


@dataclass(frozen=True, kw_only=True)
class _Reinstating:
    """A lapse about to be undone, and what is asked of it."""

    certificate: TitleCertificate
    conversion: Conversion
    evidence: Evidence
    refusals: list[Refusal | None]


@mutation(
    Operation.PROCESS_CERTIFICATE,
    CertificatePayload,
    description="Tell from when a pre-notice could become a registration (可办证, CUS-16).",
)
async def certificate_mark_convertible(
    deed: Deed, input: CertificateMarkConvertibleInput
) -> dict[str, Any]:
    """CUS-16: the last day to apply runs from here; a date told wrong may be told again."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    since = input.convertible_from
    refuse_if(convertible_refusals(certificate, since, today=deed.today))
    certificate = convertible(certificate, since, policy=deed.policy, calendar=deed.calendar)
    # The full right that is awaited in its place is due from here as well (CUS-27).
    same = {"collateral_nos": {"$in": list(certificate.collateral_nos)}}
    for awaited in await deed.decision.find(TitleCertificate, same):
        dated = conversion_dated(awaited, since, policy=deed.policy, calendar=deed.calendar)
        if dated != awaited:
            deed.decision.save(dated)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    CertificatePayload,
    description="Record the application that turns a pre-notice into a registration (期转现申请).",
)
async def certificate_file_conversion(
    deed: Deed, input: CertificateFileConversionInput
) -> dict[str, Any]:
    """CUS-16: filed in time, it stops the lapse."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    conversion = Conversion(
        filed_on=input.filed_on,
        acceptance_no=input.acceptance_no.strip(),
        recorded_by=deed.actor.login,
    )
    refuse_if(
        conversion_refusals(
            certificate,
            conversion,
            policy=deed.policy,
            calendar=deed.calendar,
            today=deed.today,
        )
    )
    certificate = replace(certificate, conversion=conversion)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    CertificatePayload,
    description="Take back an application that the registry returned; the lapse runs again (退件).",
)
async def certificate_withdraw_conversion(
    deed: Deed, input: CertificateWithdrawConversionInput
) -> dict[str, Any]:
    """CUS-16: past its last day, the pre-notice lapses with the clock's next round."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    told: dict[str, Any] = {"returned_on": input.returned_on, "reason": input.reason}
    refuse_if(withdrawal_refusals(certificate, today=deed.today, **told))
    certificate = withdrawn(certificate, **told)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    ProposalPayload,
    description="Propose to undo a lapse: the application was in time, recorded late (恢复效力).",
)
async def certificate_reinstate_propose(
    deed: Deed, input: CertificateReinstateInput
) -> dict[str, Any]:
    """CUS-16, first half. The paper may be out for this very conversion, so nothing holds it."""
    await deed.subject(TitleCertificate, input.certificate_id)
    reinstating = await _reinstating(deed, input)
    refuse_if(reinstating.refusals)
    paper = reinstating.certificate
    proposal = proposed(deed, Movement.REINSTATE, _as_told(input), [paper.id], paper)
    return {"proposal": proposal}


@mutation(
    Operation.REVIEW_ELECTRONIC,
    CertificatePayload,
    description="Confirm that a lapse was none; a second person, every guard again (恢复效力复核).",
)
async def certificate_reinstate_confirm(
    deed: Deed, input: CertificateReinstateConfirmInput
) -> dict[str, Any]:
    """CUS-16: the right stands as before, its signal is eliminated, the collateral counts again."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    payload = _as_told(input.reinstatement)
    reading = _reinstating(deed, input.reinstatement)
    reinstating = await compared(deed, proposal, payload, reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal,
                payload=payload,
                checker=deed.actor.login,
                now=deed.now,
            ),
            *reinstating.refusals,
        ]
    )
    lapsed, conversion = reinstating.certificate, reinstating.conversion
    events = await deed.decision.find(CustodyEvent, {"certificate_id": lapsed.id})
    after = deed.move(
        lapsed,
        Movement.REINSTATE,
        lapsed.custody_state,
        operators=[proposal.proposer, deed.operator()],
        request_ref=proposal.id,
        evidence=[reinstating.evidence],
        reason=f"Applied for on {conversion.filed_on}, recorded late.",
        legal_state=before_lapse(sorted(events, key=lambda event: event.seq)),
        conversion=replace(conversion, recorded_by=proposal.proposer.login),
    )
    await _secure_again(deed, lapsed)
    confirmed(deed, proposal)
    return {"certificate": deed.decision.save(looked_after(deed, after))}


async def _reinstating(deed: Deed, input: CertificateReinstateInput) -> _Reinstating:
    certificate = await deed.get(TitleCertificate, input.certificate_id)
    deed.permit(certificate.org_path)
    conversion = Conversion(
        filed_on=input.filed_on,
        acceptance_no=input.acceptance_no.strip(),
        recorded_by=deed.actor.login,
    )
    version = await deed.get(FileVersion, input.acceptance_file_version_id)
    unproven = proof_refusals(
        certificate,
        version,
        await deed.decision.get(ArchiveFile, version.file_id),
        needed=[DocType.REGISTRY_ACCEPTANCE],
        field="acceptanceFileVersionId",
        rule_id="CUS-16",
    )
    found = reinstatement_refusals(
        certificate,
        conversion,
        policy=deed.policy,
        calendar=deed.calendar,
        today=deed.today,
    )
    return _Reinstating(
        certificate=certificate,
        conversion=conversion,
        evidence=Evidence(file_version_id=version.id, sha256=version.sha256),
        refusals=[*found, *unproven],
    )


async def _secure_again(deed: Deed, certificate: TitleCertificate) -> None:
    """What the lapse brought about ends: its signal, and that the collateral counts for nothing."""
    raised = {"no": {"$regex": f"^RS-{certificate.id}-LAPSED"}, "eliminated_at": None}
    for signal in await deed.decision.find(RiskSignal, raised):
        deed.decision.save(replace(signal, eliminated_at=deed.now))
    numbers = list(certificate.collateral_nos)
    rights = await deed.decision.find(TitleCertificate, {"collateral_nos": {"$in": numbers}})
    for collateral in await deed.decision.find(Collateral, {"no": {"$in": numbers}}):
        lapsed = collateral.right_lapsed_on is not None
        if lapsed and is_secured_again(collateral, rights, reinstated=certificate.id):
            deed.decision.save(replace(collateral, right_lapsed_on=None))


def _as_told(input: CertificateReinstateInput) -> dict[str, Any]:
    return {
        "certificateId": input.certificate_id,
        "filedOn": input.filed_on.isoformat(),
        "acceptanceNo": input.acceptance_no.strip(),
        "acceptanceFileVersionId": input.acceptance_file_version_id,
    }
