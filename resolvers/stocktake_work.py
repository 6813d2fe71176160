"""What stock-takes and the schedule share: the end of a paper that was not found (盘亏, X20)."""

from collections.abc import Sequence
from datetime import date, datetime

from domain.certificates import CustodyState, Holder, LockKind, TitleCertificate
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.dual_control import Proposal, ProposalState
from domain.people import Role
from domain.stocktake_results import has_moved_on
from domain.stocktakes import CountLine, Stocktake
from domain.vaults import PacketStatus, SealedPacket, Slot, vacated, without
from domain.watch import (
    Incident,
    IncidentKind,
    RiskSignal,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)
from resolvers.vault_work import end_proposal_in
from storage.decisions import Decision
from storage.records import new_id

SYSTEM = "SYSTEM"  # who acts where the clock does


async def give_up_line(
    decision: Decision, stocktake: Stocktake, line: CountLine, *, now: datetime, today: date
) -> str:
    """Ends a missing paper whose time has passed, once; what became of it (X20)."""
    assert line.certificate_id is not None
    certificate = await decision.get(TitleCertificate, line.certificate_id)
    if has_moved_on(certificate, stocktake.vault):
        return f"Moved since the count: {certificate.custody_state}."
    clock = Operator(
        login=SYSTEM, role=Role.SYSTEM, org_code=stocktake.org_code, at=now, request_id="job"
    )
    await mark_missing(decision, stocktake, line, operators=[clock], now=now, today=today)
    return "Marked missing: not resolved in time."


async def mark_missing(
    decision: Decision,
    stocktake: Stocktake,
    line: CountLine,
    *,
    operators: Sequence[Operator],
    now: datetime,
    today: date,
) -> None:
    """X20: the paper is missing, with a red signal and an incident; who ended the count asks on."""
    assert line.certificate_id is not None
    certificate = await decision.get(TitleCertificate, line.certificate_id)
    certificate = await _unproposed(decision, certificate)
    reason = f"Not found by stock-take {stocktake.no}."
    await _out_of_its_packet(decision, stocktake, certificate, reason, now)
    after, event = moved(
        certificate,
        Movement.MARK_MISSING,
        to=CustodyState.MISSING,
        event_id=new_id(CustodyEvent),
        operators=operators,
        now=now,
        today=today,
        request_ref=stocktake.id,
        reason=reason,
        place=None,
        holder=Holder(login=stocktake.ended_by, since=now),
    )
    decision.add(event)
    decision.save(after)
    number = f"{stocktake.no}-{line.no}"
    decision.add(
        RiskSignal(
            id=new_id(RiskSignal),
            no=f"RS-{number}",
            category=SignalCategory.CUSTODY,
            severity=SignalSeverity.RED,
            subject_kind=SubjectKind.CERTIFICATE,
            subject=certificate.id,
            reason=reason,
            published_at=now,
            org_code=certificate.org_code,
            org_path=certificate.org_path,
        )
    )
    decision.add(
        incident_of(
            certificate, IncidentKind.MISSING, no=f"IN-{number}", reason=reason, discovered_at=now
        )
    )


def incident_of(
    certificate: TitleCertificate,
    kind: IncidentKind,
    *,
    no: str,
    reason: str,
    discovered_at: datetime,
    severity: SignalSeverity = SignalSeverity.RED,
) -> Incident:
    """An incident on a certificate that begins now."""
    return Incident(
        id=new_id(Incident),
        no=no,
        kind=kind,
        severity=severity,
        subject_kind=SubjectKind.CERTIFICATE,
        subject=certificate.id,
        reason=reason,
        discovered_at=discovered_at,
        org_code=certificate.org_code,
        org_path=certificate.org_path,
    )


async def _unproposed(decision: Decision, certificate: TitleCertificate) -> TitleCertificate:
    """The certificate once nothing waits for a second keeper who would not find it (CUS-04d)."""
    lock = certificate.lock
    if lock is None or lock.kind is not LockKind.VAULT_PROPOSAL:
        return certificate
    proposal = await decision.get(Proposal, lock.id)
    await end_proposal_in(decision, proposal, ProposalState.WITHDRAWN)
    return await decision.get(TitleCertificate, certificate.id)


async def _out_of_its_packet(
    decision: Decision,
    stocktake: Stocktake,
    certificate: TitleCertificate,
    reason: str,
    now: datetime,
) -> None:
    packet = await decision.first(SealedPacket, {"certificate_ids": certificate.id})
    if packet is None:
        return
    left = decision.save(
        without(packet, certificate.id, by=stocktake.counters, reason=reason, now=now)
    )
    if left.status is not PacketStatus.EMPTY:
        return
    where = {"vault": packet.vault, "cabinet": packet.cabinet, "slot": packet.slot}
    slot = await decision.first(Slot, where)
    if slot is not None:
        decision.save(vacated(slot, packet.packet_no))
