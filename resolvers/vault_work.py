"""What the mutations of the vault share: keepers, slots, holds, and ending a proposal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.certificates import CustodyState, Lock, LockKind, TitleCertificate
from domain.custody import Operator
from domain.deregistration import OPEN_STATES, DeregistrationCase
from domain.dispatches import Dispatch
from domain.dual_control import (
    Proposal,
    ProposalState,
    conflicting_part,
)
from domain.owner_returns import OwnerReturn, OwnerReturnState
from domain.refusals import Forbidden, Refusal, Refused, invalid
from domain.roles import Operation
from domain.vaults import (
    SealedPacket,
    Slot,
    Vault,
    reserved,
    unreserved,
)
from resolvers.deed import Deed
from resolvers.secured import loans_of
from storage.decisions import Decision
from storage.records import Record


async def end_proposal(deed: Deed, proposal: Proposal, state: ProposalState) -> Proposal:
    """Ends a proposal without effect, in the mutation's own decision (CUS-04d)."""
    return await end_proposal_in(deed.decision, proposal, state)


async def end_proposal_in(decision: Decision, proposal: Proposal, state: ProposalState) -> Proposal:
    """Ends a proposal without effect: its locks and its reservation go (CUS-04d)."""
    held = await decision.find(TitleCertificate, {"_id": {"$in": list(proposal.certificate_ids)}})
    for certificate in held:
        if certificate.lock is not None and certificate.lock.id == proposal.id:
            lock = await _agreed_lock(decision, proposal) or await case_lock(decision, certificate)
            decision.save(replace(certificate, lock=lock))
    if proposal.slot_id is not None:
        slot = await decision.get(Slot, proposal.slot_id)
        decision.save(unreserved(slot, proposal.id))
    return decision.save(replace(proposal, state=state))


async def _agreed_lock(decision: Decision, proposal: Proposal) -> Lock | None:
    """What holds the papers of a return to their owner that goes on without this proposal."""
    named = proposal.payload.get("ownerReturnId")
    agreed = None if named is None else await decision.get(OwnerReturn, str(named))
    if agreed is None or agreed.state is not OwnerReturnState.APPROVED:
        return None
    return agreed.lock


async def given_up(decision: Decision, agreed: OwnerReturn, *, by: str | None) -> OwnerReturn:
    """A return of owners' papers that does not come about: nothing holds them any more."""
    named = {"_id": {"$in": list(agreed.certificate_ids)}}
    for certificate in await decision.find(TitleCertificate, named):
        free = await unproposed(decision, certificate)
        if free.lock == agreed.lock:
            decision.save(replace(free, lock=await case_lock(decision, free)))
    return decision.save(replace(agreed, state=OwnerReturnState.WITHDRAWN, withdrawn_by=by))


async def unproposed(decision: Decision, certificate: TitleCertificate) -> TitleCertificate:
    """The certificate once nothing waits for a second keeper over it (CUS-04d)."""
    lock = certificate.lock
    if lock is None or lock.kind is not LockKind.VAULT_PROPOSAL:
        return certificate
    proposal = await decision.get(Proposal, lock.id)
    await end_proposal_in(decision, proposal, ProposalState.WITHDRAWN)
    return await decision.get(TitleCertificate, certificate.id)


async def keeper_of(deed: Deed, vault_code: str) -> Vault:
    """The vault, where the actor is one of its keepers. Raises: Forbidden."""
    if vault_code not in deed.actor.vaults:
        raise Forbidden("Only a keeper of this vault may do this.")
    return await vault_called(deed, vault_code, rule_id="X06")


async def vault_called(deed: Deed, code: str, *, rule_id: str) -> Vault:
    """The vault of that code where the actor's role reaches.

    Refuses: VALUE_INVALID, also for one beyond what the actor reads (INV-09). Raises: Forbidden.
    """
    vault = await _seen(deed, code)
    if vault is None:
        raise Refused(invalid("vault", f"there is no vault {code}", rule_id=rule_id))
    deed.permit(vault.org_path)
    return vault


async def packet_called(deed: Deed, number: str, *, rule_id: str) -> tuple[SealedPacket, Vault]:
    """The packet of that number and its vault, where the actor is one of its keepers.

    Refuses: VALUE_INVALID, also for one beyond what the actor reads (INV-09). Raises: Forbidden.
    """
    packet = await deed.decision.first(SealedPacket, {"packet_no": number})
    kept = packet is not None and packet.vault in deed.actor.vaults
    if packet is None or not (kept or await _seen(deed, packet.vault)):
        raise Refused(invalid("packetNo", f"there is no packet {number}", rule_id=rule_id))
    return packet, await keeper_of(deed, packet.vault)


async def _seen(deed: Deed, code: str) -> Vault | None:
    """The vault of that code; one beyond what the actor reads is like none."""
    vault = await deed.decision.first(Vault, vault_query(code))
    seen = vault is not None and deed.actor.may(Operation.READ, vault.org_path)
    return vault if seen else None


async def both_keepers(deed: Deed, proposal: Proposal) -> list[Operator]:
    """The two people of a vault event, each a keeper of that vault now (CUS-04b).

    Raises: Forbidden where the proposer is one no longer.
    """
    keeper = await deed.person(proposal.proposer.login)
    still = (
        keeper is not None
        and proposal.vault in keeper.vaults
        and keeper.may(deed.operation, proposal.org_path)
    )
    if not still:
        raise Forbidden("Whoever proposed this keeps the vault no longer; propose again.")
    return [proposal.proposer, deed.operator()]


def conflicts(deed: Deed, parts: Mapping[str, str]) -> list[Refusal | None]:
    """No keeper of a vault event has another part in it, who proposed it neither (CUS-04b, 04e).

    parts: login to the part it plays.
    """
    people = sorted({deed.actor.login, *deed.proposers})
    return [conflicting_part(login, parts) for login in people]


async def read_papers(deed: Deed, ids: Sequence[str]) -> list[TitleCertificate]:
    """Papers within the actor's reach, free of proposals that nobody confirmed in time."""
    named = await deed.several(TitleCertificate, ids)
    papers = await freed(deed.decision, named, now=deed.now)
    for paper in papers:
        deed.permit(paper.org_path)
    return papers


async def freed(
    decision: Decision, papers: Sequence[TitleCertificate], *, now: datetime
) -> list[TitleCertificate]:
    """These papers, free of proposals that nobody confirmed in time (CUS-04d)."""
    if not await _end_expired(decision, papers, now):
        return list(papers)
    return [await decision.get(TitleCertificate, paper.id) for paper in papers]


async def _end_expired(
    decision: Decision, certificates: Sequence[TitleCertificate], now: datetime
) -> bool:
    """Ends proposals that expired and still hold one of these; tells whether any was ended."""
    ended = False
    ids = [c.lock.id for c in certificates if c.lock and c.lock.kind is LockKind.VAULT_PROPOSAL]
    for proposal in await decision.find(Proposal, {"_id": {"$in": ids}}) if ids else ():
        if proposal.state is ProposalState.PENDING and not proposal.is_open(now):
            await end_proposal_in(decision, proposal, ProposalState.EXPIRED)
            ended = True
    return ended


async def slot_at(deed: Deed, vault: str, cabinet: str, slot: str) -> Slot:
    """The slot of those names. Refuses: VALUE_INVALID where there is none."""
    found = await deed.decision.first(Slot, slot_query(vault, cabinet, slot))
    if found is None:
        raise Refused(invalid("slot", f"there is no slot {vault}/{cabinet}/{slot}", rule_id="X06"))
    return found


def hold_for(
    deed: Deed,
    proposal: Proposal,
    certificates: Sequence[TitleCertificate],
    slot: Slot | None = None,
) -> None:
    """Holds papers and slot for a proposal until its second person has answered (CUS-04d)."""
    lock = Lock(kind=LockKind.VAULT_PROPOSAL, id=proposal.id)
    for certificate in certificates:
        deed.decision.save(replace(certificate, lock=lock))
    if slot is not None:
        deed.decision.save(reserved(slot, proposal_id=proposal.id, until=proposal.expires_at))


async def parts_of(deed: Deed, certificates: Sequence[TitleCertificate]) -> dict[str, str]:
    """Who has given these papers or manages their loans; none of them may be a keeper here."""
    loans = await loans_of(deed.decision, certificates)
    parts = {login: "relationship manager" for loan in loans for login in loan.managers}
    givers = {giver for c in certificates for giver in (*c.givers, c.given_by)}
    parts |= {giver: "giver" for giver in givers if giver is not None}
    return parts | await _senders(deed, certificates)


async def _senders(deed: Deed, certificates: Sequence[TitleCertificate]) -> dict[str, str]:
    """Who sent papers that wait at a desk from another vault: they gave them (X19)."""
    waiting = [
        c.id
        for c in certificates
        if c.custody_state is CustodyState.RECEIVED_PENDING_VAULT and c.given_by is None
    ]
    if not waiting:
        return {}
    sent = await deed.decision.find(Dispatch, {"certificate_ids": {"$in": waiting}})
    last = {id: dispatch for dispatch in sent for id in dispatch.certificate_ids}
    return {login: "giver" for id in waiting if id in last for login in last[id].sent_by}


async def case_lock(decision: Decision, certificate: TitleCertificate) -> Lock | None:
    """A paper that comes back while its deregistration goes on stays held by that case."""
    return (await case_locks(decision, [certificate])).get(certificate.id)


async def case_locks(
    decision: Decision, certificates: Sequence[TitleCertificate]
) -> dict[str, Lock]:
    """What holds each of these papers whose deregistration goes on, by certificate."""
    cases = await decision.find(DeregistrationCase, open_cases_query([c.id for c in certificates]))
    return {
        id: Lock(kind=LockKind.DEREGISTRATION, id=case.id)
        for case in reversed(cases)  # of several releases of one paper the first holds it
        for id in case.certificate_ids
    }


async def open_case_of(
    decision: Decision, certificate: TitleCertificate
) -> DeregistrationCase | None:
    """The deregistration of a paper that goes on."""
    return await decision.first(DeregistrationCase, open_cases_query([certificate.id]))


def open_cases_query(certificate_ids: Sequence[str]) -> Record:
    """Which deregistrations of papers go on."""
    states = [state.value for state in OPEN_STATES]
    return {"certificate_ids": {"$in": sorted(certificate_ids)}, "state": {"$in": states}}


def vault_query(code: str) -> Record:
    """Which vault has that code."""
    return {"code": code}


def slot_query(vault: str, cabinet: str, slot: str) -> Record:
    """Which slot has those names."""
    return {"vault": vault, "cabinet": cabinet, "slot": slot}
