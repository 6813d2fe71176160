"""What stock-takes and the schedule share: the end of a paper that was not found (盘亏, X20)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from domain.certificates import CustodyState, Holder, LockKind, TitleCertificate
from domain.checkouts import CheckOut, CheckOutState
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.owner_returns import OwnerReturn
from domain.roles import SYSTEM, Role
from domain.stocktake_results import has_moved_on
from domain.stocktakes import CountLine, Stocktake
from domain.vaults import PacketStatus, SealedPacket, without
from domain.watch import (
    IncidentKind,
    SignalCategory,
    SignalSeverity,
)
from resolvers.book import entered
from resolvers.checkouts import let_go
from resolvers.incidents import incident_of, paper, signal_of
from resolvers.packets import leave_slot
from resolvers.vault_work import given_up, unproposed
from storage.decisions import Decision
from storage.records import new_id


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
    reason = f"Not found by stock-take {stocktake.no}."
    certificate = await _off_requests(decision, certificate, reason)
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
    decision.save(entered(decision, after, event))
    number = f"{stocktake.no}-{line.no}"
    decision.add(
        signal_of(
            paper(certificate),
            SignalSeverity.RED,
            no=f"RS-{number}",
            category=SignalCategory.CERTIFICATE,
            reason=reason,
            published_at=now,
        )
    )
    decision.add(
        incident_of(
            paper(certificate),
            IncidentKind.MISSING,
            no=f"IN-{number}",
            reason=reason,
            discovered_at=now,
        )
    )


async def _off_requests(
    decision: Decision, certificate: TitleCertificate, reason: str
) -> TitleCertificate:
    """The paper once no request waits for it that it could not be found again with (X21)."""
    lock = (await unproposed(decision, certificate)).lock
    if lock is not None and lock.kind is LockKind.CHECK_OUT:
        check_out = await decision.get(CheckOut, lock.id)
        await let_go(decision, check_out)
        ended = replace(check_out, state=CheckOutState.CANCELLED, decided_reason=reason)
        decision.save(ended)
    if lock is not None and lock.kind is LockKind.OWNER_RETURN:
        await given_up(decision, await decision.get(OwnerReturn, lock.id), by=None)
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
    if left.status is PacketStatus.EMPTY:
        await leave_slot(decision, packet)
