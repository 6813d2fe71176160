"""Mutations of the transfer between vaults: sent and received, each by two keepers (X19)."""

from dataclasses import dataclass, replace
from typing import Any

from domain.certificates import CustodyState, Holder, TitleCertificate
from domain.custody import Movement
from domain.dispatches import (
    Arrival,
    Dispatch,
    DispatchState,
    arrival_refusals,
    dispatch_due,
    dispatch_refusals,
    received,
)
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.orgs import Org
from domain.people import User
from domain.refusals import Refusal, refuse_if
from domain.roles import Operation
from domain.vaults import PacketStatus, SealedPacket, Vault, resealed, sent_off
from domain.watch import Incident, IncidentKind, SignalSeverity
from resolvers.deed import Deed
from resolvers.holds import holds_on
from resolvers.incidents import end_losses, incident_of
from resolvers.incidents import paper as about_paper
from resolvers.mutation import mutation
from resolvers.packets import leave_slot
from resolvers.proposals import compared, confirmed, proposed
from resolvers.vault_work import (
    both_keepers,
    conflicts,
    hold_for,
    keeper_of,
    packet_called,
    parts_of,
    read_papers,
)
from schema.custody import ProposalPayload
from schema.dispatches import (
    DispatchPayload,
    DispatchReceiveConfirmInput,
    DispatchReceiveInput,
    PacketDispatchConfirmInput,
    PacketDispatchInput,
)
from storage.records import new_id


@dataclass(frozen=True, kw_only=True)
class _Sending:
    """A packet about to leave, and what is asked of it."""

    packet: SealedPacket
    certificates: list[TitleCertificate]
    vault: Vault
    payload: dict[str, Any]
    refusals: list[Refusal | None]


@dataclass(frozen=True, kw_only=True)
class _Arriving:
    """A packet that has arrived, and what is asked of it."""

    dispatch: Dispatch
    certificates: list[TitleCertificate]
    arrival: Arrival
    vault: Vault
    payload: dict[str, Any]
    refusals: list[Refusal | None]


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to send a packet to another vault; first keeper (调库提议, X19).",
)
async def packet_dispatch_propose(deed: Deed, input: PacketDispatchInput) -> dict[str, Any]:
    """X19, first half at the sending vault: nothing moves."""
    proposal_id = new_id(Proposal)
    sending = await _sending(deed, input, proposal_id)
    deed.as_expected(sending.packet)
    refuse_if(sending.refusals)
    proposal = proposed(
        deed,
        Movement.DISPATCH,
        sending.payload,
        sending.packet.certificate_ids,
        sending.vault,
        id=proposal_id,
    )
    hold_for(deed, proposal, sending.certificates)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    DispatchPayload,
    description="Confirm that a packet leaves for another vault; second keeper (调库发出, X19).",
)
async def packet_dispatch_confirm(deed: Deed, input: PacketDispatchConfirmInput) -> dict[str, Any]:
    """X19: the packet leaves its slot; the dispatch holds its papers until receipt."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _sending(deed, input.dispatch, proposal.id)
    sending = await compared(deed, proposal, _sent(input.dispatch), reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=sending.payload, checker=deed.actor.login, now=deed.now
            ),
            *sending.refusals,
        ]
    )
    keepers = await both_keepers(deed, proposal)
    packet, first = sending.packet, sending.certificates[0]
    assert packet.seal_no is not None
    id = new_id(Dispatch)
    dispatch = Dispatch(
        id=id,
        no=f"DT{deed.today:%Y%m%d}-{id[-10:]}",
        from_vault=sending.vault.code,
        to_vault=input.dispatch.to_vault,
        packet_no=packet.packet_no,
        seal_no=packet.seal_no,
        certificate_ids=packet.certificate_ids,
        escorts=tuple(input.dispatch.escorts),
        sent_by=tuple(keeper.login for keeper in keepers),
        sent_at=deed.now,
        due_on=dispatch_due(deed.today, policy=deed.policy, calendar=deed.calendar),
        org_code=first.org_code,
        org_path=first.org_path,
    )
    for certificate in sending.certificates:
        deed.move(
            certificate,
            Movement.DISPATCH,
            CustodyState.IN_TRANSIT,
            operators=keepers,
            request_ref=dispatch.id,
            seal_no=packet.seal_no,
            place=None,
            lock=None,
            holder=Holder(desk=sending.vault.code, since=deed.now),
        )
    await leave_slot(deed.decision, packet)
    deed.decision.save(sent_off(packet))
    confirmed(deed, proposal)
    return {"dispatch": deed.decision.add(dispatch)}


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to receive a packet; first keeper there (调库签收提议, X19).",
)
async def dispatch_receive_propose(deed: Deed, input: DispatchReceiveInput) -> dict[str, Any]:
    """X19, first half at the receiving vault."""
    await deed.subject(Dispatch, input.dispatch_id)
    proposal_id = new_id(Proposal)
    arriving = await _arriving(deed, input, proposal_id)
    refuse_if(arriving.refusals)
    proposal = proposed(
        deed,
        Movement.RECEIVE_DISPATCHED,
        arriving.payload,
        [paper.id for paper in arriving.certificates],
        arriving.vault,
        id=proposal_id,
    )
    hold_for(deed, proposal, arriving.certificates)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    DispatchPayload,
    description="Confirm the receipt of a packet; second keeper there (调库签收, X19).",
)
async def dispatch_receive_confirm(
    deed: Deed, input: DispatchReceiveConfirmInput
) -> dict[str, Any]:
    """X19: the packet is opened and what lies in it waits for the vault (X06)."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _arriving(deed, input.receipt, proposal.id)
    arriving = await compared(deed, proposal, _received(input.receipt), reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=arriving.payload, checker=deed.actor.login, now=deed.now
            ),
            *arriving.refusals,
        ]
    )
    keepers = await both_keepers(deed, proposal)
    dispatch, arrival = arriving.dispatch, arriving.arrival
    logins = tuple(keeper.login for keeper in keepers)
    for certificate in arriving.certificates:
        if certificate.id in arrival.missing:
            deed.decision.save(replace(certificate, lock=None))
            continue
        deed.move(
            certificate,
            Movement.RECEIVE_DISPATCHED,
            CustodyState.RECEIVED_PENDING_VAULT,
            operators=keepers,
            request_ref=dispatch.id,
            packet_no=dispatch.packet_no,
            seal_no=dispatch.seal_no,
            lock=None,
            given_by=None,  # who sent it stands in the dispatch, and may not vault it either
            holder=Holder(desk=arriving.vault.code, since=deed.now),
        )
    here = [one for one in arriving.certificates if one.id not in arrival.missing]
    await end_losses(deed.decision, here, "RECEIVED", now=deed.now)
    if dispatch.state is DispatchState.UNDER_WAY:
        await end_journey(deed, dispatch, logins, reason=Movement.RECEIVE_DISPATCHED)
        _tell_incidents(deed, arriving)
    confirmed(deed, proposal)
    arrived = received(dispatch, arrival, by=logins, now=deed.now)
    return {"dispatch": deed.decision.save(arrived)}


async def _sending(deed: Deed, input: PacketDispatchInput, proposal_id: str) -> _Sending:
    packet, vault = await packet_called(deed, input.packet_no, rule_id="X19")
    certificates = await read_papers(deed, packet.certificate_ids)
    target = await deed.decision.first(Vault, {"code": input.to_vault})
    org = None
    if target is not None:
        org = await deed.decision.first(Org, {"code": target.org_code})
    users = await deed.decision.find(User, {"login": {"$in": input.escorts}, "active": True})
    parts = await parts_of(deed, certificates) | dict.fromkeys(input.escorts, "escort")
    refusals = [
        *dispatch_refusals(
            packet,
            certificates,
            vault=vault,
            target=target,
            target_org=org,
            escorts=input.escorts,
            known_logins={user.login for user in users},
            holds=await holds_on(deed.decision, certificates),
            proposal_id=proposal_id,
        ),
        *conflicts(deed, parts),
    ]
    # What both keepers agree on; a packet opened or filled meanwhile is another packet.
    payload = {
        **_sent(input),
        "sealNo": packet.seal_no,
        "contents": sorted(packet.certificate_ids),
    }
    return _Sending(
        packet=packet, certificates=certificates, vault=vault, payload=payload, refusals=refusals
    )


async def _arriving(deed: Deed, input: DispatchReceiveInput, proposal_id: str) -> _Arriving:
    dispatch = await deed.get(Dispatch, input.dispatch_id)
    vault = await keeper_of(deed, dispatch.to_vault)
    certificates = await read_papers(deed, dispatch.awaited)
    arrival = Arrival(
        seal_no=input.seal_no.strip(),
        seal_intact=input.seal_intact,
        missing=tuple(input.missing_certificate_ids),
    )
    parts = await parts_of(deed, certificates) | dispatch.parts()
    refusals = [
        *arrival_refusals(dispatch, certificates, arrival, vault=vault, proposal_id=proposal_id),
        *conflicts(deed, parts),
    ]
    return _Arriving(
        dispatch=dispatch,
        certificates=certificates,
        arrival=arrival,
        vault=vault,
        payload=_received(input),
        refusals=refusals,
    )


def _sent(input: PacketDispatchInput) -> dict[str, Any]:
    return {
        "packetNo": input.packet_no,
        "toVault": input.to_vault,
        "escorts": sorted(input.escorts),
    }


def _received(input: DispatchReceiveInput) -> dict[str, Any]:
    return {
        "dispatchId": input.dispatch_id,
        "sealNo": input.seal_no.strip(),
        "sealIntact": input.seal_intact,
        "missingCertificateIds": sorted(input.missing_certificate_ids),
    }


async def end_journey(
    deed: Deed, dispatch: Dispatch, keepers: tuple[str, ...], *, reason: Movement
) -> None:
    """The packet is under way no more: opened by those who received it, or lost as a whole."""
    packet = await deed.decision.first(
        SealedPacket,
        {"packet_no": dispatch.packet_no, "status": PacketStatus.DISPATCHED.value},
    )
    assert packet is not None  # nothing else opens a packet under way
    deed.decision.save(
        resealed(packet, contents=(), seal_no=None, keepers=keepers, reason=reason, now=deed.now)
    )


def _tell_incidents(deed: Deed, arriving: _Arriving) -> None:
    """A broken or foreign seal, or a paper that is not inside, is an incident of its own (X19)."""
    dispatch, arrival = arriving.dispatch, arriving.arrival
    if not arrival.is_sound(dispatch):
        seen = f"seal {arrival.seal_no}" + ("" if arrival.seal_intact else ", broken")
        reason = f"Packet {dispatch.packet_no} left under seal {dispatch.seal_no}, arrived: {seen}."
        for paper in arriving.certificates:
            _incident(deed, paper, IncidentKind.SEAL_BROKEN, SignalSeverity.ORANGE, reason)
    missing = [paper for paper in arriving.certificates if paper.id in arrival.missing]
    reason = f"Not in packet {dispatch.packet_no} when dispatch {dispatch.no} arrived."
    for paper in missing:
        _incident(deed, paper, IncidentKind.SUSPECTED_LOSS, SignalSeverity.RED, reason)


def _incident(
    deed: Deed,
    paper: TitleCertificate,
    kind: IncidentKind,
    severity: SignalSeverity,
    reason: str,
) -> None:
    id = new_id(Incident)
    deed.decision.add(
        incident_of(
            about_paper(paper),
            kind,
            id=id,
            no=f"IN{deed.today:%Y%m%d}-{id[-10:]}",
            severity=severity,
            reason=reason,
            discovered_at=deed.now,
            reported_at=deed.now,
        )
    )
