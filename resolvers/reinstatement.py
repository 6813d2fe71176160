"""Undoing a lapse that was none: one proposes, another confirms (恢复效力)."""

from dataclasses import dataclass, replace
from typing import Any

from domain.certificates import Conversion, LegalState, TitleCertificate
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Evidence, Movement
from domain.dossiers import DocType
from domain.dual_control import Proposal, confirmation_refusals
from domain.files import ArchiveFile, FileVersion
from domain.losses import proof_refusals
from domain.processing import PRE_NOTICES, SUCCESSORS
from domain.refusals import Refusal, refuse_if
from domain.reinstatement import before_lapse, is_secured_again, reinstatement_refusals
from domain.roles import Operation
from domain.watch import RiskSignal
from resolvers.conversions import converted
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.proposals import compared, confirmed, proposed
from resolvers.reminders import looked_after
from resolvers.secured import collaterals_query
from schema.custody import (
    CertificatePayload,
    CertificateReinstateConfirmInput,
    CertificateReinstateInput,
    ProposalPayload,
)


@dataclass(frozen=True, kw_only=True)
class _Reinstating:
    """A lapse about to be undone, and what is asked of it."""

    certificate: TitleCertificate
    application: Conversion
    evidence: Evidence
    refusals: list[Refusal | None]


@mutation(
    Operation.FILE_WITH_REGISTRY,
    ProposalPayload,
    description="Propose to undo a lapse of what was applied for or renewed in time (恢复效力).",
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
    """CUS-16, CUS-17: the right stands as before, its signal is eliminated, the pledge counts."""
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
    lapsed, application = reinstating.certificate, reinstating.application
    events = await deed.decision.find(CustodyEvent, {"certificate_id": lapsed.id})
    after = deed.move(
        lapsed,
        Movement.REINSTATE,
        lapsed.custody_state,
        operators=[proposal.proposer, deed.operator()],
        request_ref=proposal.id,
        evidence=[reinstating.evidence],
        reason=f"Applied for on {application.filed_on}, recorded late.",
        legal_state=before_lapse(sorted(events, key=lambda event: event.seq)),
    )
    if lapsed.cert_type in PRE_NOTICES:
        recorded = replace(application, recorded_by=proposal.proposer.login)
        after = replace(after, conversion=recorded)
    else:
        after = replace(after, expires_on=input.reinstatement.expires_on)
    await _secure_again(deed, lapsed)
    confirmed(deed, proposal)
    after = deed.decision.save(looked_after(deed, after))
    if after.cert_type in PRE_NOTICES:
        after = await _followed(deed, after)
    return {"certificate": after}


async def _reinstating(deed: Deed, input: CertificateReinstateInput) -> _Reinstating:
    certificate = await deed.get(TitleCertificate, input.certificate_id)
    deed.permit(certificate.org_path)
    application = Conversion(
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
        application,
        expires_on=input.expires_on,
        policy=deed.policy,
        calendar=deed.calendar,
        today=deed.today,
    )
    return _Reinstating(
        certificate=certificate,
        application=application,
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
        if lapsed and is_secured_again(collateral, rights, reinstated=certificate):
            deed.decision.save(replace(collateral, right_lapsed_on=None))


async def _followed(deed: Deed, pre_notice: TitleCertificate) -> TitleCertificate:
    """The full right that was recorded meanwhile takes its place after all, with its rank."""
    kinds = sorted(kind.value for kind in SUCCESSORS[pre_notice.cert_type])
    query = {
        "collateral_nos": {"$in": list(pre_notice.collateral_nos)},
        "cert_type": {"$in": kinds},
        "legal_state": LegalState.REGISTERED.value,
    }
    for right in await deed.decision.find(TitleCertificate, query):
        covered = await deed.decision.find(Collateral, collaterals_query(right))
        after = await converted(deed, right, covered)
        if after != right:
            deed.decision.save(after)
    return await deed.decision.get(TitleCertificate, pre_notice.id)


def _as_told(input: CertificateReinstateInput) -> dict[str, Any]:
    return {
        "certificateId": input.certificate_id,
        "filedOn": input.filed_on.isoformat(),
        "acceptanceNo": input.acceptance_no.strip(),
        "acceptanceFileVersionId": input.acceptance_file_version_id,
        "expiresOn": None if input.expires_on is None else input.expires_on.isoformat(),
    }
