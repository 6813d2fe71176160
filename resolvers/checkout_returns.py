"""A checked-out paper comes back, the same or as a new certificate; or it is lost (X12, X13)."""

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
from domain.checkout_returns import (
    exchange_proofs,
    exchange_refusals,
    mismatches,
    priority_carried,
    return_refusals,
)
from domain.checkouts import (
    CheckOut,
    CheckOutState,
    Exchange,
    overdue_days,
    parts,
    stuck,
)
from domain.collaterals import Collateral
from domain.custody import Evidence, Movement
from domain.dual_control import (
    conflicting_part,
)
from domain.files import ArchiveFile, FileVersion
from domain.handovers import given
from domain.losses import proof_refusals, unaccepted
from domain.pre_notices import converted_priority, units_of
from domain.processing import PRE_NOTICES, collection_refusals
from domain.refusals import (
    Forbidden,
    Refusal,
    invalid,
    refuse_if,
)
from domain.roles import Operation
from domain.watch import Incident, IncidentKind, SignalSeverity
from resolvers.deed import Deed
from resolvers.exchanged import Brought, received_instead
from resolvers.incidents import end_losses, incident_of
from resolvers.incidents import paper as about_paper
from resolvers.mutation import mutation
from resolvers.papers import duplicate_of, paper_facts, printed
from resolvers.secured import collaterals_query
from resolvers.suspensions import take_place
from resolvers.vault_work import case_lock, keeper_of
from schema.checkouts import (
    CheckOutPayload,
    CheckOutReceiveExchangedInput,
    CheckOutReceiveInput,
    CheckOutReturnInput,
)
from storage.records import new_id


@mutation(
    Operation.REQUEST_CHECK_OUT,
    CheckOutPayload,
    description="Bring a paper back to the vault's desk; a keeper receives it (归还, X12, X13).",
)
async def check_out_return(deed: Deed, input: CheckOutReturnInput) -> dict[str, Any]:
    """X12 or X13, the borrower's half: the borrower answers for it until a keeper has it."""
    check_out = deed.as_expected(await deed.get(CheckOut, input.check_out_id))
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
        refuse_if(
            proof_refusals(
                certificate,
                version,
                await deed.decision.get(ArchiveFile, version.file_id),
                needed=exchange_proofs(check_out, certificate),
                field="evidenceFileVersionId",
                rule_id="X13",
            )
        )
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
        **given(certificate, check_out.return_offered_by),
        lock=await case_lock(deed.decision, certificate),
    )
    await end_losses(deed.decision, [certificate], "RETURNED", now=deed.now)
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
    version = await deed.get(FileVersion, check_out.exchange.evidence_version_id)
    paper = paper_facts(input.paper)
    facts = CERT_TYPES[input.cert_type]
    same_notice = input.cert_type is old.cert_type and old.cert_type in PRE_NOTICES
    new = TitleCertificate(
        id=new_id(TitleCertificate),
        catalog=facts.catalog if input.cert_type is not old.cert_type else old.catalog,
        cert_type=input.cert_type,
        carrier=old.carrier,
        collateral_nos=old.collateral_nos,
        guarantee_contract_nos=old.guarantee_contract_nos,
        convertible_from=old.convertible_from if same_notice else None,
        lapses_on=old.lapses_on if same_notice else None,
        conversion=old.conversion if same_notice else None,
        returned_conversions=old.returned_conversions if same_notice else (),
        org_code=old.org_code,
        org_path=old.org_path,
    )
    refuse_if(
        [
            unaccepted(version, field="checkOutId", rule_id="X13"),
            *exchange_refusals(
                check_out,
                old,
                new_type=input.cert_type,
                new_no=paper.cert_no,
                change=check_out.exchange.change,
                collaterals=await deed.decision.find(Collateral, collaterals_query(old)),
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
    evidence = [Evidence(file_version_id=version.id, sha256=version.sha256)]
    days = overdue_days(check_out, deed.today)
    own = printed(deed, new, paper)["priority_date"]
    received = await received_instead(
        deed,
        old,
        new,
        Brought(
            paper=paper,
            request_ref=check_out.id,
            evidence=evidence,
            priority_date=await _rank(deed, old, own),
            desk=input.vault,
            by=check_out.return_offered_by,
        ),
    )
    await take_place(deed, old, received)
    deed.move(
        old,
        Movement.RETURN_EXCHANGED,
        CustodyState.REPLACED,
        request_ref=check_out.id,
        evidence=evidence,
        reason=check_out.exchange.change.value,
        overdue_days=days,
        legal_state=LegalState.SUPERSEDED,
        superseded_by=new.id,
        holder=None,
        due_date=None,
        lock=None,
    )
    await end_losses(deed.decision, [old], "EXCHANGED", now=deed.now)
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
    collaterals = await deed.decision.find(Collateral, collaterals_query(old))
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


async def _brought(
    deed: Deed, check_out_id: str, vault_code: str, *, exchanged: bool
) -> tuple[CheckOut, TitleCertificate]:
    """The check-out whose paper a borrower has brought to this vault's desk."""
    vault = await keeper_of(deed, vault_code)
    check_out = deed.as_expected(await deed.get(CheckOut, check_out_id))
    certificate = await deed.get(TitleCertificate, check_out.certificate_id)
    offered = check_out.state is CheckOutState.OUT and check_out.return_offered_by is not None
    refuse_if(
        [
            None
            if offered and exchanged is (check_out.exchange is not None)
            else stuck(check_out, "RETURN_EXCHANGED" if exchanged else "RETURN_SAME"),
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
        about_paper(certificate),
        IncidentKind.RETURN_MISMATCH,
        id=id,
        no=f"INC-{id[-12:]}",
        severity=SignalSeverity.ORANGE,
        reason=", ".join(refusal.detail["what"] for refusal in differing),
        discovered_at=deed.now,
        reported_at=deed.now,
    )
