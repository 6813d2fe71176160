"""Mutations on lost paper (遗失): report it, find it again, give it up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from domain.calendar import SHANGHAI
from domain.certificates import (
    CustodyState,
    Holder,
    Lock,
    LockKind,
    TitleCertificate,
)
from domain.custody import Movement
from domain.dispatches import OVER, Dispatch, DispatchState, given_up
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.handovers import Handover, HandoverItemState, decided
from domain.losses import (
    found_refusals,
    loss_refusals,
    report_due,
    report_refusals,
)
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from domain.vaults import Vault
from domain.watch import Incident, IncidentKind
from resolvers.checkout_returns import lost_while_out
from resolvers.deed import Deed
from resolvers.dispatches import end_journey
from resolvers.incidents import end_losses, incident_of, open_losses, paper
from resolvers.mutation import mutation
from resolvers.proposals import compared, confirmed, proposed
from resolvers.releasing import released_at_last
from resolvers.scans import accepted_scans
from resolvers.suspensions import suspend_case
from resolvers.vault_work import (
    both_keepers,
    case_lock,
    conflicts,
    keeper_of,
    parts_of,
    read_papers,
    unproposed,
)
from schema.custody import CertificatePayload, ProposalPayload
from schema.losses import (
    CertificateConfirmLostInput,
    CertificateFoundConfirmInput,
    CertificateFoundInput,
    IncidentPayload,
    IncidentReportInput,
)
from storage.records import new_id


@mutation(
    Operation.MANAGE_VAULT,
    IncidentPayload,
    description="Report a paper that cannot be found; due one working day after (报告, CUS-19).",
)
async def incident_report(deed: Deed, input: IncidentReportInput) -> dict[str, Any]:
    """CUS-19. What is already known of the paper is reported; its first discovery counts."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    known = await open_losses(deed.decision, certificate)
    incident = _of_loss(known)
    refuse_if(
        report_refusals(
            certificate,
            incident,
            discovered_on=input.discovered_on,
            reason=input.reason,
            today=deed.today,
        )
    )
    discovered_at = deed.now
    if input.discovered_on < deed.today:
        discovered_at = datetime.combine(input.discovered_on, time(), SHANGHAI).astimezone(UTC)
    reported: dict[str, Any] = {
        "reported_at": deed.now,
        "reported_by": deed.actor.login,
        "reason": input.reason,
    }
    if incident is not None:
        earliest = min(incident.discovered_at, discovered_at)
        after = deed.decision.save(replace(incident, discovered_at=earliest, **reported))
        return {"incident": after}
    fresh = incident_of(
        paper(certificate),
        IncidentKind.SUSPECTED_LOSS,
        no=f"IN{deed.today:%Y%m%d}-{new_id(Incident)[-10:]}",
        reason=input.reason,
        discovered_at=discovered_at,
    )
    return {"incident": deed.decision.add(replace(fresh, **reported))}


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose that a missing paper was found; first keeper (找回提议, X21).",
)
async def certificate_found_propose(deed: Deed, input: CertificateFoundInput) -> dict[str, Any]:
    """X21, first half."""
    await deed.subject(TitleCertificate, input.certificate_id)
    proposal_id = new_id(Proposal)
    certificate, vault, unfit = await _found(deed, input, proposal_id)
    refuse_if(unfit)
    proposal = proposed(
        deed, Movement.FOUND, _found_payload(input), [certificate.id], vault, id=proposal_id
    )
    lock = Lock(kind=LockKind.VAULT_PROPOSAL, id=proposal.id)
    deed.decision.save(replace(certificate, lock=lock))
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    CertificatePayload,
    description="Confirm that a missing paper was found; second keeper (找回复核, X21).",
)
async def certificate_found_confirm(
    deed: Deed, input: CertificateFoundConfirmInput
) -> dict[str, Any]:
    """X21, second half: the paper waits at the desk for its vault-in; its incidents close."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _found(deed, input.found, proposal.id)
    payload = _found_payload(input.found)
    certificate, vault, unfit = await compared(deed, proposal, payload, reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal,
                payload=payload,
                checker=deed.actor.login,
                now=deed.now,
            ),
            *unfit,
        ]
    )
    after = deed.move(
        certificate,
        Movement.FOUND,
        CustodyState.RECEIVED_PENDING_VAULT,
        operators=await both_keepers(deed, proposal),
        request_ref=proposal.id,
        holder=Holder(login=deed.actor.login, desk=vault.code, since=deed.now),
        lock=await case_lock(deed.decision, certificate),
    )
    await end_losses(deed.decision, [certificate], "FOUND", now=deed.now)
    confirmed(deed, proposal)
    return {"certificate": after}


@mutation(
    Operation.CONFIRM_LOSS,
    CertificatePayload,
    description="Give a reported paper up as lost; second-tier branch or above (确认遗失, X22).",
)
async def certificate_confirm_lost(
    deed: Deed, input: CertificateConfirmLostInput
) -> dict[str, Any]:
    """X22. Whatever waited for the paper ends."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    incident = _of_loss(await open_losses(deed.decision, certificate))
    due = None
    if incident is not None:
        due = report_due(incident.discovered_at, policy=deed.policy, calendar=deed.calendar)
    refuse_if(
        loss_refusals(
            certificate,
            incident,
            approver=deed.actor.login,
            grants=deed.actor.grants_for(Operation.CONFIRM_LOSS, certificate.org_path),
            accountability=input.accountability,
            late_reason=input.late_reason,
            report_due=due,
        )
    )
    assert incident is not None
    certificate = await unproposed(deed.decision, certificate)
    certificate = await lost_while_out(deed, certificate)
    await _off_handovers(deed, certificate)
    await _off_dispatches(deed, certificate)
    after = deed.move(
        certificate,
        Movement.CONFIRM_LOST,
        CustodyState.LOST,
        request_ref=incident.id,
        reason=incident.reason,
        holder=None,
    )
    await suspend_case(deed, certificate, after)
    await released_at_last(deed, after)
    late = f" Reported late: {input.late_reason}" if input.late_reason else ""
    deed.decision.save(
        replace(
            incident,
            kind=IncidentKind.LOSS,
            accountability=f"{input.accountability.strip()}{late}",
        )
    )
    return {"certificate": after}


def _of_loss(incidents: Sequence[Incident]) -> Incident | None:
    """The one to report: what is reported already, else the first that was noticed."""
    ordered = sorted(incidents, key=lambda one: (one.reported_at is None, one.discovered_at))
    return ordered[0] if ordered else None


async def _found(
    deed: Deed, input: CertificateFoundInput, proposal_id: str
) -> tuple[TitleCertificate, Vault, list[Refusal | None]]:
    vault = await keeper_of(deed, input.vault)
    (certificate,) = await read_papers(deed, [input.certificate_id])
    parts = await parts_of(deed, [certificate])
    scans = await accepted_scans(deed, [certificate])
    unfit = [
        *found_refusals(
            certificate,
            vault,
            scans.get(certificate.id, []),
            cert_no=input.cert_no,
            pages=input.pages,
            proposal_id=proposal_id,
        ),
        *conflicts(deed, parts),
    ]
    return certificate, vault, unfit


def _found_payload(input: CertificateFoundInput) -> dict[str, Any]:
    return {
        "certificateId": input.certificate_id,
        "vault": input.vault,
        "certNo": input.cert_no,
        "pages": input.pages,
    }


async def _off_handovers(deed: Deed, certificate: TitleCertificate) -> None:
    """A handover that waits for a lost paper waits no more; the giver answered for it."""
    waiting = {"$elemMatch": {"certificate_id": certificate.id, "state": "PENDING"}}
    for handover in await deed.decision.find(Handover, {"items": waiting}):
        after = decided(
            handover,
            certificate.id,
            state=HandoverItemState.REJECTED,
            now=deed.now,
            reason="LOST",
        )
        deed.decision.save(after)


async def _off_dispatches(deed: Deed, certificate: TitleCertificate) -> None:
    """No vault waits for a lost paper; a packet goes with the last one in it (X19)."""
    query = {"certificate_ids": certificate.id, "state": {"$nin": sorted(OVER)}}
    for dispatch in await deed.decision.find(Dispatch, query):
        if certificate.id not in dispatch.awaited:
            continue
        after = deed.decision.save(given_up(dispatch, certificate.id))
        if after.state is DispatchState.LOST:
            await end_journey(deed, dispatch, (), reason=Movement.CONFIRM_LOST)
