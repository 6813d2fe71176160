"""Mutations of check-outs: request, decide, let out under dual control, renew, bring back."""

from dataclasses import replace
from datetime import date
from typing import Any

from domain.certificates import (
    CERT_TYPES,
    CustodyState,
    Holder,
    LegalState,
    LockKind,
    TitleCertificate,
)
from domain.checkouts import (
    CheckOut,
    CheckOutPurpose,
    CheckOutState,
    Exchange,
    Renewal,
    RenewalState,
    RequestFacts,
    Signature,
    check_out_lock,
    decided,
    decision_refusals,
    exchange_refusals,
    mismatches,
    next_escalation,
    overdue_days,
    parts,
    priority_carried,
    renewal_refusals,
    request_refusals,
    return_refusals,
    role_of,
    seal_broken,
    signing_refusals,
    unsigned,
    vault_out_refusals,
    waiting_renewal,
)
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Evidence, Movement, moved
from domain.dual_control import (
    Proposal,
    ProposalState,
    confirmation_refusals,
    conflicting_part,
)
from domain.files import READABLE, FileVersion
from domain.people import Operation, User
from domain.pre_notices import converted_priority, units_of
from domain.processing import PRE_NOTICES, collection_refusals
from domain.refusals import (
    Forbidden,
    Refusal,
    RefusalCode,
    invalid,
    refuse_if,
    state_conflict,
)
from domain.vaults import SealedPacket, frozen
from domain.watch import Incident, IncidentKind, SignalSeverity
from resolvers.holds import holds_on, litigation_open
from resolvers.incidents import incident_of
from resolvers.mutation import Deed, mutation
from resolvers.packets import open_packets, seal_refusals
from resolvers.papers import duplicate_of, paper_facts, printed
from resolvers.proposals import confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.reminders import obtained
from resolvers.vault_work import both_keepers, case_lock, end_proposal, keeper_of, parts_of
from schema.checkouts import (
    CheckOutCancelInput,
    CheckOutDecideInput,
    CheckOutDecideRenewalInput,
    CheckOutInput,
    CheckOutPayload,
    CheckOutReceiveExchangedInput,
    CheckOutReceiveInput,
    CheckOutRenewInput,
    CheckOutRequestInput,
    CheckOutReturnInput,
    CheckOutVaultOutConfirmInput,
    CheckOutVaultOutInput,
)
from schema.custody import ProposalPayload
from storage.decisions import Decision
from storage.records import new_id


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Ask to take a paper out of the vault for a time (申请临时出库, X08).",
)
async def check_out_request(deed: Deed, input: CheckOutRequestInput) -> dict[str, Any]:
    """X08: nothing moves, the paper is held for the request."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    facts = await _facts(deed, certificate, deed.actor.login)
    refuse_if(
        [
            *request_refusals(
                facts,
                input.purpose,
                input.due_date,
                requester=deed.actor.login,
                substitute=input.substitute,
                policy=deed.policy,
                calendar=deed.calendar,
                today=deed.today,
            ),
            await _unknown(deed, input.substitute),
            _told("reason", input.reason),
        ]
    )
    check_out = CheckOut(
        id=new_id(CheckOut),
        certificate_id=certificate.id,
        purpose=input.purpose,
        reason=input.reason.strip(),
        requester=deed.actor.login,
        substitute=input.substitute,
        requested_at=deed.now,
        due_date=input.due_date,
        vault=certificate.place.vault if certificate.place else None,
        org_code=certificate.org_code,
        org_path=certificate.org_path,
    )
    deed.decision.save(replace(certificate, lock=check_out_lock(check_out)))
    return {"check_out": deed.decision.add(check_out)}


@mutation(
    Operation.APPROVE_CHECK_OUT,
    CheckOutPayload,
    description="Approve or reject a check-out; each approver another person (审批出库, X09).",
)
async def check_out_decide(deed: Deed, input: CheckOutDecideInput) -> dict[str, Any]:
    """X09, and the approvals of 3.6 in their order."""
    check_out = await deed.subject(CheckOut, input.check_out_id)
    refuse_if(
        [
            *decision_refusals(check_out, approver=deed.actor),
            None if input.approve else _told("reason", input.reason or ""),
        ]
    )
    signature = Signature(
        role=role_of(check_out),
        login=deed.actor.login,
        approved=input.approve,
        at=deed.now,
        reason=input.reason,
    )
    after = decided(
        check_out, signature, today=deed.today, policy=deed.policy, calendar=deed.calendar
    )
    if after.state is CheckOutState.REJECTED:
        await let_go(deed.decision, after)
    return {"check_out": deed.decision.save(after)}


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Give up an own check-out before the paper leaves (撤销出库, X09).",
)
async def check_out_cancel(deed: Deed, input: CheckOutCancelInput) -> dict[str, Any]:
    """X09, by the requester."""
    check_out = await deed.subject(CheckOut, input.check_out_id)
    if deed.actor.login != check_out.requester:
        raise Forbidden("Only the requester may give up a check-out.")
    waiting = check_out.state in {CheckOutState.REQUESTED, CheckOutState.APPROVED}
    refuse_if([None if waiting else _stuck(check_out, "CANCEL"), _told("reason", input.reason)])
    await let_go(deed.decision, check_out)
    given_up = replace(
        check_out, state=CheckOutState.CANCELLED, decided_reason=input.reason.strip()
    )
    return {"check_out": deed.decision.save(given_up)}


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Sign for the paper as its borrower, in an own request (借用人签收, X10).",
)
async def check_out_sign(deed: Deed, input: CheckOutInput) -> dict[str, Any]:
    """X10: the borrower's signature, without which no second keeper lets the paper go."""
    check_out = await deed.get(CheckOut, input.check_out_id)
    refuse_if(signing_refusals(check_out, borrower=deed.actor.login, today=deed.today))
    return {"check_out": deed.decision.save(replace(check_out, signed_by=deed.actor.login))}


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to let a checked-out paper go; first keeper (临时出库提议, X10).",
)
async def check_out_vault_out_propose(deed: Deed, input: CheckOutVaultOutInput) -> dict[str, Any]:
    """X10, first half."""
    check_out, certificate, unfit = await _leaving(deed, input)
    refuse_if(unfit)
    await _end_waiting(deed, check_out)
    vault = await keeper_of(deed, input.vault)
    proposal = proposed(
        deed,
        Movement.CHECK_OUT,
        _payload(input),
        [certificate.id],
        vault,
        check_out_id=check_out.id,
    )
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    CheckOutPayload,
    description="Confirm that a checked-out paper goes; second keeper (临时出库复核, X10).",
)
async def check_out_vault_out_confirm(
    deed: Deed, input: CheckOutVaultOutConfirmInput
) -> dict[str, Any]:
    """X10, second half: every guard again, the packet opened, the rest under a new seal."""
    proposal = await deed.subject(Proposal, input.proposal_id)
    wanted = input.vault_out
    check_out, certificate, unfit = await _leaving(deed, wanted)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=_payload(wanted), checker=deed.actor.login, now=deed.now
            ),
            *unfit,
            unsigned(check_out),
        ]
    )
    keepers = await both_keepers(deed, proposal)
    await open_packets(
        deed,
        [certificate],
        _seals(certificate, wanted),
        keepers=keepers,
        reason=Movement.CHECK_OUT,
    )
    deed.move(
        certificate,
        Movement.CHECK_OUT,
        CustodyState.CHECKED_OUT,
        operators=keepers,
        request_ref=check_out.id,
        seal_no=wanted.seal_no.strip(),
        place=None,
        holder=Holder(login=check_out.signed_by, since=deed.now),
        due_date=check_out.due_date,
    )
    confirmed(deed, proposal)
    out = replace(
        check_out, state=CheckOutState.OUT, borrower=check_out.signed_by, out_on=deed.today
    )
    out = replace(out, escalate_on=next_escalation(out, deed.policy))
    await give_receipts(deed)
    return {"check_out": deed.decision.save(out)}


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Ask for more time before the due date has passed (申请续借, X11).",
)
async def check_out_renew(deed: Deed, input: CheckOutRenewInput) -> dict[str, Any]:
    """X11, asked by the borrower."""
    check_out = await deed.get(CheckOut, input.check_out_id)
    waiting = waiting_renewal(check_out)
    refuse_if(
        [
            *await _renewable(deed, check_out, input.new_due, deed.actor.login),
            None if waiting is None else _stuck(check_out, "RENEW while a renewal waits"),
            _told("reason", input.reason),
        ]
    )
    renewal = Renewal(new_due=input.new_due, reason=input.reason.strip(), requested_at=deed.now)
    return {
        "check_out": deed.decision.save(replace(check_out, renewals=(*check_out.renewals, renewal)))
    }


@mutation(
    Operation.APPROVE_CHECK_OUT,
    CheckOutPayload,
    description="Give or refuse more time (审批续借, X11).",
)
async def check_out_decide_renewal(deed: Deed, input: CheckOutDecideRenewalInput) -> dict[str, Any]:
    """X11, decided: every limit is asked again."""
    check_out = await deed.subject(CheckOut, input.check_out_id)
    renewal = waiting_renewal(check_out)
    if renewal is None:
        refuse_if([_stuck(check_out, "DECIDE_RENEWAL")])
        raise AssertionError
    unfit = [*decision_refusals(check_out, approver=deed.actor, state=CheckOutState.OUT)]
    if input.approve:
        assert check_out.borrower is not None
        unfit += await _renewable(deed, check_out, renewal.new_due, check_out.borrower)
    refuse_if(unfit)
    answer = replace(
        renewal,
        state=RenewalState.APPROVED if input.approve else RenewalState.REJECTED,
        decided_by=deed.actor.login,
        decided_at=deed.now,
    )
    after = replace(check_out, renewals=(*check_out.renewals[:-1], answer))
    if input.approve:
        certificate = await deed.get(TitleCertificate, check_out.certificate_id)
        deed.move(
            certificate,
            Movement.RENEW_CHECK_OUT,
            CustodyState.CHECKED_OUT,
            request_ref=check_out.id,
            reason=renewal.reason,
            due_date=renewal.new_due,
        )
        after = replace(after, due_date=renewal.new_due)
        after = replace(after, escalate_on=next_escalation(after, deed.policy))
    return {"check_out": deed.decision.save(after)}


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Bring a paper back to the vault's desk; a keeper receives it (归还, X12, X13).",
)
async def check_out_return(deed: Deed, input: CheckOutReturnInput) -> dict[str, Any]:
    """X12 or X13, the borrower's half: the borrower answers for it until a keeper has it."""
    check_out = await deed.get(CheckOut, input.check_out_id)
    if deed.actor.login not in {check_out.borrower, check_out.requester, check_out.substitute}:
        raise Forbidden("Only the borrower may bring a paper back.")
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    exchange = input.exchange
    refuse_if(
        return_refusals(check_out, certificate, exchanged=exchange is not None, reason=input.reason)
    )
    brought = None
    if exchange is not None:
        version = await deed.get(FileVersion, exchange.evidence_file_version_id)
        refuse_if([_unread(version)])
        brought = Exchange(change=exchange.change, evidence_version_id=version.id)
    offered = replace(
        check_out,
        return_offered_by=deed.actor.login,
        exchange=brought,
        decided_reason=input.reason or check_out.decided_reason,
    )
    return {"check_out": deed.decision.save(offered)}


@mutation(
    Operation.MOVE_VAULT,
    CheckOutPayload,
    description="Receive the same paper back at the vault's desk (签收归还, X12).",
)
async def check_out_receive(deed: Deed, input: CheckOutReceiveInput) -> dict[str, Any]:
    """X12, the keeper's half. What differs from the record stays out, as an incident (CUS-15)."""
    check_out, certificate = await _brought(deed, input.check_out_id, input.vault, exchanged=False)
    differing = [
        *mismatches(
            certificate, cert_no=input.cert_no, pages=input.pages, like_scan=input.like_scan
        )
    ]
    if differing:
        deed.decision.add(_incident(deed, certificate, differing))
        waiting = deed.decision.save(replace(check_out, return_offered_by=None))
        return {"check_out": waiting, "refusals": differing}
    days = overdue_days(check_out, deed.today)
    deed.move(
        certificate,
        Movement.RETURN_SAME,
        CustodyState.RECEIVED_PENDING_VAULT,
        request_ref=check_out.id,
        overdue_days=days,
        holder=Holder(desk=input.vault, since=deed.now),
        due_date=None,
        given_by=check_out.return_offered_by,
        lock=await case_lock(deed.decision, certificate),
    )
    back = replace(
        check_out,
        state=CheckOutState.RETURNED,
        returned_on=deed.today,
        overdue_days=days,
        escalate_on=None,
    )
    return {"check_out": deed.decision.save(back)}


@mutation(
    Operation.MOVE_VAULT,
    CheckOutPayload,
    description="Receive a new certificate in the old one's place (签收换证, X13).",
)
async def check_out_receive_exchanged(
    deed: Deed, input: CheckOutReceiveExchangedInput
) -> dict[str, Any]:
    """X13, the keeper's half: the old one ends superseded, the new one waits for the vault."""
    check_out, old = await _brought(deed, input.check_out_id, input.vault, exchanged=True)
    assert check_out.exchange is not None
    paper = paper_facts(input.paper)
    facts = CERT_TYPES[input.cert_type]
    new = TitleCertificate(
        id=new_id(TitleCertificate),
        catalog=facts.catalog if input.cert_type is not old.cert_type else old.catalog,
        cert_type=input.cert_type,
        carrier=old.carrier,
        collateral_nos=old.collateral_nos,
        guarantee_contract_nos=old.guarantee_contract_nos,
        expected_by=old.expected_by,
        org_code=old.org_code,
        org_path=old.org_path,
    )
    refuse_if(
        [
            *exchange_refusals(
                check_out,
                old,
                new_type=input.cert_type,
                new_no=paper.cert_no,
                change=check_out.exchange.change,
            ),
            *collection_refusals(
                new,
                paper,
                duplicate=await duplicate_of(deed, new, paper),
                movement=Movement.COLLECT,
                today=deed.today,
            ),
        ]
    )
    version = await deed.get(FileVersion, check_out.exchange.evidence_version_id)
    evidence = [Evidence(file_version_id=version.id, sha256=version.sha256)]
    days = overdue_days(check_out, deed.today)
    reads = printed(deed, new, paper)
    received, event = moved(
        new,
        Movement.RECEIVE_EXCHANGED,
        to=CustodyState.RECEIVED_PENDING_VAULT,
        event_id=new_id(CustodyEvent),
        operators=[deed.operator()],
        now=deed.now,
        today=deed.today,
        request_ref=check_out.id,
        evidence=evidence,
        **(reads | {"priority_date": await _rank(deed, old, reads["priority_date"])}),
        supersedes=old.id,
        collected_on=deed.today,
        holder=Holder(desk=input.vault, since=deed.now),
        given_by=check_out.return_offered_by,
    )
    deed.decision.add(event)
    deed.decision.add(received)
    await obtained(deed, received)
    lapsed = old.legal_state is LegalState.LAPSED
    deed.move(
        old,
        Movement.RETURN_EXCHANGED,
        CustodyState.REPLACED,
        request_ref=check_out.id,
        evidence=evidence,
        reason=check_out.exchange.change.value,
        overdue_days=days,
        legal_state=old.legal_state if lapsed else LegalState.SUPERSEDED,
        superseded_by=new.id,
        holder=None,
        due_date=None,
        lock=None,
    )
    done = replace(
        check_out,
        state=CheckOutState.EXCHANGED,
        returned_on=deed.today,
        overdue_days=days,
        escalate_on=None,
        exchange=replace(check_out.exchange, certificate_id=new.id),
    )
    return {"check_out": deed.decision.save(done)}


async def _rank(deed: Deed, old: TitleCertificate, own: date) -> date | None:
    """The date from which the new certificate's rank counts (CUS-16)."""
    if old.cert_type not in PRE_NOTICES:
        return priority_carried(old, own)
    collaterals = await deed.decision.find(Collateral, {"no": {"$in": list(old.collateral_nos)}})
    units = units_of(collaterals)  # the new one covers the same
    return converted_priority(
        old,
        units=units,
        converted_units=units,
        registered_on=own,
        policy=deed.policy,
        calendar=deed.calendar,
    )


async def lost_while_out(deed: Deed, certificate: TitleCertificate) -> TitleCertificate:
    """Ends the check-out of a paper that is confirmed lost (X22)."""
    lock = certificate.lock
    if lock is None or lock.kind is not LockKind.CHECK_OUT:
        return certificate
    check_out = await deed.get(CheckOut, lock.id)
    days = overdue_days(check_out, deed.today)
    deed.decision.save(
        replace(check_out, state=CheckOutState.LOST, overdue_days=days, escalate_on=None)
    )
    return replace(certificate, lock=None, due_date=None)


async def let_go(decision: Decision, check_out: CheckOut) -> None:
    """Frees the paper of a check-out that ends before it left, and its pending proposal (X09)."""
    certificate = await decision.get(TitleCertificate, check_out.certificate_id)
    if certificate.lock == check_out_lock(check_out):
        decision.save(replace(certificate, lock=None))
    for proposal in await _waiting_proposals(decision, check_out):
        decision.save(replace(proposal, state=ProposalState.WITHDRAWN))


async def _facts(deed: Deed, certificate: TitleCertificate, borrower: str) -> RequestFacts:
    return RequestFacts(
        certificate=certificate,
        holds=await holds_on(deed.decision, [certificate]),
        overdue=await _overdue(deed.decision, borrower, deed.today),
    )


async def _overdue(decision: Decision, borrower: str, today: date) -> list[tuple[CheckOut, str]]:
    """What this person keeps beyond its time, of whatever branch (CUS-11)."""
    late = await decision.find(
        CheckOut,
        {
            "borrower": borrower,
            "state": CheckOutState.OUT.value,
            "due_date": {"$lt": today.isoformat()},
        },
    )
    return [(check_out, check_out.label) for check_out in late]


async def _unknown(deed: Deed, login: str | None) -> Refusal | None:
    if login is None:
        return None
    if await deed.decision.first(User, {"login": login, "active": True}) is not None:
        return None
    return invalid("substitute", "nobody signs in with this name", rule_id="X08")


async def _leaving(
    deed: Deed, input: CheckOutVaultOutInput
) -> tuple[CheckOut, TitleCertificate, list[Refusal | None]]:
    """The paper that goes, and every rule that keeps it."""
    vault = await keeper_of(deed, input.vault)
    check_out = await deed.get(CheckOut, input.check_out_id)
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    facts = await _facts(deed, certificate, check_out.signed_by or check_out.requester)
    place = certificate.place
    packet = (
        await deed.decision.first(SealedPacket, {"packet_no": place.packet_no}) if place else None
    )
    people = await parts_of(deed, [certificate]) | parts(check_out)
    return (
        check_out,
        certificate,
        [
            frozen(vault),
            *vault_out_refusals(
                check_out,
                facts,
                today=deed.today,
                policy=deed.policy,
                calendar=deed.calendar,
            ),
            conflicting_part(deed.actor.login, people),
            invalid("vault", f"{certificate.label} lies in {place.vault}", rule_id="X10")
            if place is not None and place.vault != vault.code
            else None,
            None if packet is None else seal_broken(input.seal_no.strip(), packet.seal_no),
            *await seal_refusals(deed, [certificate], _seals(certificate, input)),
        ],
    )


def _seals(certificate: TitleCertificate, input: CheckOutVaultOutInput) -> dict[str, str]:
    place = certificate.place
    return {} if place is None else {place.packet_no: (input.new_seal_no or "").strip()}


def _payload(input: CheckOutVaultOutInput) -> dict[str, Any]:
    return {
        "checkOutId": input.check_out_id,
        "vault": input.vault,
        "sealNo": input.seal_no.strip(),
        "newSealNo": (input.new_seal_no or "").strip() or None,
    }


async def _waiting_proposals(decision: Decision, check_out: CheckOut) -> list[Proposal]:
    return await decision.find(
        Proposal, {"check_out_id": check_out.id, "state": ProposalState.PENDING.value}
    )


async def _end_waiting(deed: Deed, check_out: CheckOut) -> None:
    """One open vault-out a check-out; one that expired makes room (CUS-04d)."""
    for proposal in await _waiting_proposals(deed.decision, check_out):
        if proposal.is_open(deed.now):
            refuse_if(
                [
                    Refusal(
                        code=RefusalCode.OPEN_REQUEST_EXISTS,
                        rule_id="INV-02",
                        detail={"subject": check_out.label, "lock": f"PROPOSAL {proposal.id}"},
                    )
                ]
            )
        await end_proposal(deed, proposal, ProposalState.EXPIRED)


async def _renewable(
    deed: Deed, check_out: CheckOut, new_due: date, borrower: str
) -> list[Refusal | None]:
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    return [
        *renewal_refusals(
            check_out,
            new_due,
            borrower=borrower,
            litigation_open=check_out.purpose is CheckOutPurpose.LITIGATION
            and await litigation_open(deed.decision, certificate),
            policy=deed.policy,
            calendar=deed.calendar,
            today=deed.today,
        )
    ]


async def _brought(
    deed: Deed, check_out_id: str, vault_code: str, *, exchanged: bool
) -> tuple[CheckOut, TitleCertificate]:
    """The check-out whose paper a borrower has brought to this vault's desk."""
    vault = await keeper_of(deed, vault_code)
    check_out = await deed.get(CheckOut, check_out_id)
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    offered = check_out.state is CheckOutState.OUT and check_out.return_offered_by is not None
    refuse_if(
        [
            None
            if offered and exchanged is (check_out.exchange is not None)
            else _stuck(check_out, "RETURN_EXCHANGED" if exchanged else "RETURN_SAME"),
            conflicting_part(deed.actor.login, parts(check_out) | _borrower(check_out)),
            None
            if check_out.vault in {None, vault.code}
            else invalid("vault", f"it went out of {check_out.vault}", rule_id="X12"),
        ]
    )
    return check_out, certificate


def _borrower(check_out: CheckOut) -> dict[str, str]:
    people = (check_out.borrower, check_out.return_offered_by)
    return {login: "borrower" for login in people if login is not None}


def _incident(deed: Deed, certificate: TitleCertificate, differing: list[Refusal]) -> Incident:
    id = new_id(Incident)
    return incident_of(
        certificate,
        IncidentKind.RETURN_MISMATCH,
        id=id,
        no=f"INC-{id[-12:]}",
        severity=SignalSeverity.ORANGE,
        reason=", ".join(refusal.detail["what"] for refusal in differing),
        discovered_at=deed.now,
        reported_at=deed.now,
    )


def _unread(version: FileVersion) -> Refusal | None:
    if version.status in READABLE:
        return None
    return invalid("evidenceFileVersionId", "the file is not verified", rule_id="X13")


def _stuck(check_out: CheckOut, event: str) -> Refusal:
    return state_conflict("3.6", subject=check_out.label, state=check_out.state, event=event)


def _told(field: str, text: str) -> Refusal | None:
    return None if text.strip() else invalid(field, "say why", rule_id="X08")
