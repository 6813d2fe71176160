"""Kinds of the feed that open the books (期初建账): papers and cases from an older system.

Each is taken once; afterwards only events and mutations change it (CUS-01).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.book import Posting, booked, due_entries, entry, opened
from domain.case_deadlines import with_deadlines
from domain.case_steps import stepped
from domain.certificates import (
    CERT_TYPES,
    MAX_CERT_NO,
    TERMINAL,
    Carrier,
    Catalog,
    CertType,
    CustodyState,
    Holder,
    LegalState,
    Lock,
    LockKind,
    TitleCertificate,
    VaultPlace,
    normalised,
)
from domain.checkout_returns import next_escalation
from domain.checkouts import CheckOut, CheckOutPurpose, CheckOutState, check_out_lock
from domain.collaterals import Collateral, PledgeState
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.deregistration import Applicant, CaseState, CaseStep, DeregistrationCase
from domain.guarantees import GuaranteeContract
from domain.orgs import Org
from domain.pre_notices import convertible, still_secured
from domain.processing import PRE_NOTICES, arising_refusals
from domain.refusals import Refusal, RefusalCode, Refused, invalid, refuse_if
from domain.release_papers import no_release, not_free
from domain.reminders import watched
from domain.roles import Role
from domain.vaulting import contract_of
from domain.vaults import (
    PacketStatus,
    SealedPacket,
    SealUse,
    Slot,
    Vault,
    frozen,
    occupied,
    other_contract,
)
from resolvers.case_locks import LOCKABLE, lock_papers
from resolvers.import_parties import read_slots
from resolvers.imports import Kind, Known, LineStatus, open_cases
from resolvers.seals import seal_asked
from schema.imports import CertificateLine, DeregistrationCaseLine, PlaceLine
from storage.records import new_id
from storage.writes import Insert

_ON_PAPER = frozenset(CustodyState) - {
    CustodyState.NOT_RECEIVED,
    CustodyState.ELECTRONIC_ON_FILE,
    *TERMINAL,
}
# How the bank's own right stands once its paper is at its end, unless the line says otherwise.
_ENDED = {
    CustodyState.SURRENDERED: LegalState.CANCELLED,
    CustodyState.REDEEMED: LegalState.CANCELLED,
    CustodyState.REPLACED: LegalState.SUPERSEDED,
}
_OUT = frozenset(
    {CustodyState.CHECKED_OUT, CustodyState.WITH_HANDLER, CustodyState.RECEIVED_PENDING_VAULT}
)


async def _read_certificates(known: Known, lines: Sequence[CertificateLine]) -> None:
    await known.read(Collateral, [no for line in lines for no in line.collaterals])
    numbers = [no for line in lines for no in line.collaterals]
    await known.read_lists("ties", GuaranteeContract, "links.collateral_no", numbers)
    await open_cases(known, [known.get(Collateral, no) for no in numbers])
    norms = sorted({normalised(line.cert_no) for line in lines})
    for paper in await known.decision.find(TitleCertificate, {"cert_no_norm": {"$in": norms}}):
        known.found[TitleCertificate, _key(paper.cert_type, paper.issuer_code, paper.cert_no)] = (
            paper
        )
    places = [line.place for line in lines if line.place is not None]
    await known.read(Vault, [place.vault for place in places])
    await known.read(Vault, [line.vault for line in lines if line.vault is not None])
    await read_slots(known, (place.vault for place in places))
    await known.read(SealedPacket, [place.packet_no for place in places], field_name="packet_no")
    for place in places:
        if await known.decision.exists(seal_asked(place.seal_no)):
            known.seals.add(place.seal_no)


def _take_certificate(known: Known, line: CertificateLine) -> tuple[LineStatus, str]:
    collaterals = [known.need(Collateral, no, "collaterals") for no in line.collaterals]
    key = _key(line.cert_type, line.issuer_code or line.issuer, line.cert_no)
    old = known.get(TitleCertificate, key)
    if old is not None:
        return LineStatus.UNCHANGED, old.id
    _fits(line)
    _out_fits(line)
    for field, day in (("issue_date", line.issue_date), ("out_on", line.out_on)):
        if day is not None and day > known.today:
            raise Refused(invalid(field, "lies in the future"))
    contracts = sorted(
        {
            contract.no
            for no in line.collaterals
            for contract in known.listed("ties", no)
            if contract.active_link(no)
        }
    )
    catalog = CERT_TYPES[line.cert_type].catalog
    if line.cert_type is CertType.OTHER and line.catalog is not None:
        catalog = line.catalog
    own_right = catalog is Catalog.RIGHT_CERT
    obtained = own_right and line.custody_state is not CustodyState.NOT_RECEIVED
    standing = LegalState.REGISTERED if obtained else LegalState.PENDING
    legal = line.legal_state or (_ENDED.get(line.custody_state) if own_right else None) or standing
    _states_fit(line, legal)
    if legal is LegalState.REGISTERED:
        going_on = [one.open_case_id for one in collaterals if one.open_case_id is not None]
        refuse_if(arising_refusals(catalog, collaterals, Movement.OPENING, releases=going_on))
    id = new_id(TitleCertificate)
    blank = TitleCertificate(
        id=id,
        catalog=catalog,
        cert_type=line.cert_type,
        carrier=line.carrier,
        cert_no=line.cert_no,
        cert_no_norm=normalised(line.cert_no),
        issuer=line.issuer,
        issuer_code=normalised(line.issuer_code or line.issuer),
        issue_date=line.issue_date,
        registered_on=line.registered_on,
        registered_until=line.registered_until,
        expires_on=line.expires_on,
        right_holder=known.sealer.seal(line.right_holder, record=id, field="right_holder"),
        right_amount=line.right_amount,
        rank=line.rank,
        pages=line.pages,
        collateral_nos=tuple(line.collaterals),
        guarantee_contract_nos=tuple(contracts),
        legal_state=legal,
        priority_date=line.registered_on or line.issue_date,
        org_code=collaterals[0].org_code,
        org_path=collaterals[0].org_path,
    )
    place = None if line.place is None else _put(known, blank, line.place)
    check_out = _check_out(known, blank, line)
    lock = None if check_out is None else check_out_lock(check_out)
    if line.custody_state in LOCKABLE and lock is None:
        lock = _into_release(known, id, collaterals)
    certificate, event = moved(
        blank,
        Movement.OPENING,
        to=line.custody_state,
        event_id=new_id(CustodyEvent),
        operators=[_feed(known)],
        now=known.now,
        today=known.today,
        opening=True,
        seal_no=None if line.place is None else line.place.seal_no,
        place=place,
        holder=None if line.holder is None else Holder(login=line.holder, since=known.now),
        due_date=line.due_date,
        lock=lock,
        collected_on=None if line.custody_state is CustodyState.NOT_RECEIVED else line.issue_date,
    )
    certificate = _looked_after(known, certificate, collaterals, line)
    for collateral in collaterals:
        if still_secured(collateral, [certificate]) and collateral.right_lapsed_on is not None:
            known.keep(replace(collateral, right_lapsed_on=None))
    known.decision.add(event)
    for kind, vault in due_entries(certificate, event):
        held = opened(entry(certificate, event, kind, vault, id=new_id(Posting)))
        certificate = booked(certificate, known.decision.add(held))
    known.add(certificate)
    known.found[TitleCertificate, key] = certificate
    return LineStatus.CREATED, certificate.id


def _into_release(known: Known, id: str, collaterals: Sequence[Collateral]) -> Lock | None:
    """The hold of a release that is open on what a paper covers; it is of that release, too."""
    for collateral in collaterals:
        case = known.get(DeregistrationCase, collateral.open_case_id or "")
        if case is not None:
            after = replace(case, certificate_ids=(*case.certificate_ids, id))
            known.found[DeregistrationCase, case.id] = known.keep(after)
            return Lock(kind=LockKind.DEREGISTRATION, id=case.id)
    return None


def _check_out(
    known: Known, certificate: TitleCertificate, line: CertificateLine
) -> CheckOut | None:
    """The check-out of a paper that is out, so that it comes back like any other (X12)."""
    if line.custody_state is not CustodyState.CHECKED_OUT:
        return None
    assert line.holder is not None
    assert line.due_date is not None
    if line.vault is not None:
        known.need(Vault, line.vault, "vault")
    out = CheckOut(
        id=new_id(CheckOut),
        certificate_id=certificate.id,
        purpose=line.purpose or CheckOutPurpose.NON_LITIGATION_USE,
        reason="Taken over while it was out.",
        requester=line.holder,
        borrower=line.holder,
        signed_by=line.holder,
        state=CheckOutState.OUT,
        requested_at=known.now,
        due_date=line.due_date,
        out_on=line.out_on,
        vault=line.vault,
        org_code=certificate.org_code,
        org_path=certificate.org_path,
    )
    return known.decision.add(replace(out, escalate_on=next_escalation(out, known.rules.policy)))


def _out_fits(line: CertificateLine) -> None:
    """What is told of a check-out belongs to a paper that is out, and to its days (CUS-09)."""
    told = (line.purpose, line.out_on, line.vault)
    if line.custody_state is not CustodyState.CHECKED_OUT:
        if any(one is not None for one in told):
            raise Refused(invalid("purpose", "only CHECKED_OUT has purpose, out_on and vault"))
        return
    if line.purpose is CheckOutPurpose.PARTIAL_CHANGE:
        raise Refused(invalid("purpose", "this belongs to a partial release", rule_id="3.6"))
    if line.out_on is not None and line.due_date is not None and line.due_date <= line.out_on:
        raise Refused(
            invalid("out_on", f"due later than it went out, {line.out_on}", rule_id="CUS-09")
        )


def _looked_after(
    known: Known,
    certificate: TitleCertificate,
    collaterals: Sequence[Collateral],
    line: CertificateLine,
) -> TitleCertificate:
    """The paper with its deadlines: from when it could be converted, and when to look again."""
    rules = known.rules
    told = [c.convertible_from for c in collaterals if c.convertible_from is not None]
    since = line.convertible_from or min(told, default=None)
    if since is not None and certificate.cert_type in PRE_NOTICES:
        certificate = convertible(certificate, since, policy=rules.policy, calendar=rules.calendar)
    return watched(certificate, policy=rules.policy, calendar=rules.calendar, today=known.today)


def _fits(line: CertificateLine) -> None:
    """The state, the place and the due date of a paper belong together (INV-01)."""
    if len(normalised(line.cert_no)) > MAX_CERT_NO:  # wide characters may stand for several
        raise Refused(invalid("cert_no", f"at most {MAX_CERT_NO} characters", rule_id="CUS-02"))
    inside = line.custody_state is CustodyState.IN_VAULT
    if inside != (line.place is not None):
        raise Refused(invalid("place", "IN_VAULT has a place, and only IN_VAULT", rule_id="INV-01"))
    checked_out = line.custody_state is CustodyState.CHECKED_OUT
    if checked_out != (line.due_date is not None):
        raise Refused(invalid("due_date", "CHECKED_OUT has a due date, and only that"))
    if line.convertible_from is not None and line.cert_type not in PRE_NOTICES:
        raise Refused(invalid("convertible_from", "only a pre-notice has it", rule_id="CUS-16"))
    if line.custody_state in _OUT and line.holder is None:
        raise Refused(invalid("holder", f"{line.custody_state} has a holder"))


def _states_fit(line: CertificateLine, legal: LegalState) -> None:
    """The carrier, the state and the right of a paper belong together (CUS-13, X06, X16)."""
    electronic = line.carrier is Carrier.ELECTRONIC
    if electronic and line.custody_state in _ON_PAPER:
        raise Refused(
            Refusal(
                code=RefusalCode.ELECTRONIC_CERT,
                rule_id="CUS-13",
                field="custody_state",
                detail={"certificate": line.cert_no},
            )
        )
    if not electronic and line.custody_state is CustodyState.ELECTRONIC_ON_FILE:
        raise Refused(invalid("carrier", "it is paper, not electronic", rule_id="X24"))
    if legal is LegalState.VOID and line.custody_state is CustodyState.IN_VAULT:
        raise Refused(invalid("legal_state", "what is void is in no vault", rule_id="X06"))
    surrendered = line.custody_state is CustodyState.SURRENDERED
    if surrendered and legal is not LegalState.CANCELLED:
        raise Refused(invalid("legal_state", "what was surrendered is cancelled", rule_id="X16"))


def _put(known: Known, certificate: TitleCertificate, place: PlaceLine) -> VaultPlace:
    """Lays the paper into its packet and slot; one seal for the papers of one packet."""
    refuse_if([frozen(known.need(Vault, place.vault, "place"))])
    label = f"{place.vault}/{place.cabinet}/{place.slot}"
    slot = known.need(Slot, label, "place")
    packet = known.get(SealedPacket, place.packet_no)
    if packet is None:
        if place.seal_no in known.seals:
            raise Refused(
                Refusal(
                    code=RefusalCode.SEAL_REUSED,
                    rule_id="CUS-07",
                    field="place",
                    detail={"seal": place.seal_no},
                )
            )
        if not slot.is_free(packet_no=place.packet_no, proposal_id="", now=known.now):
            raise Refused(
                Refusal(
                    code=RefusalCode.SLOT_OCCUPIED,
                    rule_id="CUS-08",
                    field="place",
                    detail={"slot": label},
                )
            )
        packet = known.decision.add(_packet(known, certificate, place))
        known.decision.write(
            "seals",
            Insert({"_id": place.seal_no, "packet_no": place.packet_no, "used_at": known.now}),
        )
        known.seals.add(place.seal_no)
        known.found[Slot, label] = known.decision.save(occupied(slot, place.packet_no))
    elif (packet.status, packet.seal_no, packet.slot, packet.cabinet, packet.vault) != (
        PacketStatus.SEALED,
        place.seal_no,
        place.slot,
        place.cabinet,
        place.vault,
    ):
        raise Refused(
            invalid("place", f"packet {place.packet_no} lies elsewhere or is sealed anew")
        )
    else:
        refuse_if([other_contract(packet, contract_of(certificate))])
        packet = replace(packet, certificate_ids=(*packet.certificate_ids, certificate.id))
        packet = known.decision.save(packet)
    known.found[SealedPacket, place.packet_no] = packet
    return VaultPlace(
        vault=place.vault, cabinet=place.cabinet, slot=place.slot, packet_no=place.packet_no
    )


def _packet(known: Known, certificate: TitleCertificate, place: PlaceLine) -> SealedPacket:
    vault = known.need(Vault, place.vault, "place")
    return SealedPacket(
        id=new_id(SealedPacket),
        packet_no=place.packet_no,
        guarantee_contract_no=contract_of(certificate),
        seal_no=place.seal_no,
        seal_history=(SealUse(seal_no=place.seal_no, sealed_at=known.now),),
        vault=place.vault,
        cabinet=place.cabinet,
        slot=place.slot,
        certificate_ids=(certificate.id,),
        org_code=vault.org_code,
        org_path=vault.org_path,
    )


async def _read_cases(known: Known, lines: Sequence[DeregistrationCaseLine]) -> None:
    numbers = [line.collateral for line in lines]
    await known.read(Collateral, [*numbers, *(no for line in lines for no in line.replaced_by)])
    await known.read(DeregistrationCase, [line.no for line in lines], field_name="no")
    await known.read_lists("ties", GuaranteeContract, "links.collateral_no", numbers)
    await known.read_lists("papers", TitleCertificate, "collateral_nos", numbers)
    found = [known.get(Collateral, no) for no in numbers]
    await known.read(Org, [c.org_code for c in found if c is not None])


def _take_case(known: Known, line: DeregistrationCaseLine) -> tuple[LineStatus, str]:
    old = known.get(DeregistrationCase, line.no)
    if old is not None:
        return LineStatus.UNCHANGED, old.id
    collateral = known.need(Collateral, line.collateral, "collateral")
    refuse_if([not_free(collateral, line.kind), no_release(line.kind)])
    if line.submitted_on > known.today:
        raise Refused(invalid("submitted_on", "lies in the future"))
    replacements = [known.need(Collateral, no, "replaced_by") for no in line.replaced_by]
    contracts = [
        contract
        for contract in known.listed("ties", collateral.no)
        if contract.active_link(collateral.no)
    ]
    papers = [
        paper
        for paper in known.listed("papers", collateral.no)
        if paper.custody_state not in TERMINAL
    ]
    org = known.get(Org, collateral.org_code)
    case = DeregistrationCase(
        id=new_id(DeregistrationCase),
        no=line.no,
        collateral_id=collateral.id,
        collateral_no=collateral.no,
        kind=line.kind,
        handling_mode=line.handling_mode,
        guarantee_contract_nos=tuple(contract.no for contract in contracts),
        loan_nos=tuple(sorted({no for c in contracts for no in c.secured_loans})),
        certificate_ids=tuple(paper.id for paper in papers),
        applicant=Applicant(owners=tuple(line.applicants)),
        new_collateral_nos=tuple(new.no for new in replacements),
        opened_by=line.opened_by,
        handler=line.handler,
        county=org is not None and org.county,
        previous_pledge_state=collateral.pledge_state,
        org_code=collateral.org_code,
        org_path=collateral.org_path,
    )
    case = stepped(case, CaseStep.OPEN, by=line.opened_by, now=known.now, to=CaseState.PRECHECKED)
    rules = known.rules
    case = with_deadlines(
        case, today=line.submitted_on, policy=rules.policy, calendar=rules.calendar
    )
    lock_papers(known.decision, case, papers)
    known.keep(replace(collateral, pledge_state=PledgeState.RELEASING, open_case_id=case.id))
    known.found[DeregistrationCase, line.no] = known.add(case)
    return LineStatus.CREATED, case.id


def _feed(known: Known) -> Operator:
    return Operator(
        login=known.by, role=Role.CORE_FEED, org_code="", at=known.now, request_id="import"
    )


def _key(cert_type: CertType, issuer: str | None, number: str | None) -> str:
    return f"{cert_type}|{normalised(issuer or '')}|{normalised(number or '')}"


OPENING_KINDS: dict[str, Any] = {
    "Certificate": Kind(read=_read_certificates, take=_take_certificate),
    "DeregistrationCase": Kind(read=_read_cases, take=_take_case),
}
