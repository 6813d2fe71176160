"""Putting paper into the vault and moving it there (入库、移位): what must be true."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.certificates import (
    Carrier,
    CustodyState,
    LegalState,
    LockKind,
    TitleCertificate,
)
from domain.custody import Evidence, Movement, illegal
from domain.refusals import Refusal, RefusalCode, invalid
from domain.vaults import (
    MAX_NAME_LENGTH,
    SealedPacket,
    Slot,
    Vault,
    elsewhere,
    frozen,
    other_contract,
    seal_used,
    slot_taken,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultInPlan:
    """What two keepers agree on: which papers, in which packet, under which seal, where."""

    certificate_ids: tuple[str, ...]
    vault: str
    cabinet: str
    slot: str
    packet_no: str
    seal_no: str
    business_date: date | None = None

    def payload(self) -> dict[str, Any]:
        """The content the second keeper must repeat exactly."""
        return {
            "certificateIds": sorted(self.certificate_ids),
            "vault": self.vault,
            "cabinet": self.cabinet,
            "slot": self.slot,
            "packetNo": self.packet_no,
            "sealNo": self.seal_no,
            "businessDate": self.business_date and self.business_date.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """An accepted scan of a certificate and whether its stored bytes still match (CUS-03)."""

    file_version_id: str
    sha256: str
    cert_no_norm: str | None
    pages: int | None
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultInFacts:
    """What storage knows when a vault-in is proposed or confirmed."""

    certificates: Sequence[TitleCertificate]
    scans: Mapping[str, Sequence[Scan]]  # by certificate id
    vault: Vault
    slot: Slot
    packet: SealedPacket | None
    seal_known: bool


def vault_in_refusals(
    plan: VaultInPlan, facts: VaultInFacts, *, proposal_id: str, now: datetime
) -> Iterator[Refusal | None]:
    """Every rule a vault-in breaks. Asked at the proposal and again at confirmation (CUS-04e)."""
    if len(set(plan.certificate_ids)) != len(plan.certificate_ids):
        yield invalid("certificateIds", "a certificate is listed twice", rule_id="X06")
    for field, name in (("packetNo", plan.packet_no), ("sealNo", plan.seal_no)):
        if not name:
            yield invalid(field, "must not be empty", rule_id="CUS-07")
    if len(plan.packet_no) > MAX_NAME_LENGTH:
        yield invalid("packetNo", f"at most {MAX_NAME_LENGTH} characters", rule_id="CUS-07")
    contracts = {certificate.guarantee_contract_nos for certificate in facts.certificates}
    if len(contracts) > 1:
        yield invalid(
            "certificateIds", "one packet holds papers of one guarantee contract", rule_id="CUS-07"
        )
    for certificate in facts.certificates:
        yield from _certificate_refusals(certificate, Movement.VAULT_IN, proposal_id=proposal_id)
        yield _void(certificate)
        yield scan_missing(certificate, facts.scans.get(certificate.id, ()))
        yield other_contract(facts.packet, contract_of(certificate))
    yield frozen(facts.vault)
    yield slot_taken(facts.slot, packet_no=plan.packet_no, proposal_id=proposal_id, now=now)
    yield elsewhere(facts.packet, facts.slot)
    yield seal_used(plan.seal_no, known=facts.seal_known)


def relocate_refusals(
    packet: SealedPacket,
    certificates: Sequence[TitleCertificate],
    *,
    vault: Vault,
    target: Slot,
    proposal_id: str,
    now: datetime,
) -> Iterator[Refusal | None]:
    """Every rule a move of a packet to another slot of the vault breaks (X07)."""
    if not certificates:
        yield invalid("packetNo", f"packet {packet.packet_no} is empty", rule_id="X07")
    if packet.vault != target.vault:
        yield invalid("slot", "a packet is relocated inside its own vault", rule_id="X07")
    if (packet.cabinet, packet.slot) == (target.cabinet, target.slot):
        yield invalid("slot", "the packet already lies there", rule_id="X07")
    for certificate in certificates:
        yield from _certificate_refusals(certificate, Movement.RELOCATE, proposal_id=proposal_id)
    yield frozen(vault)
    yield slot_taken(target, packet_no=packet.packet_no, proposal_id=proposal_id, now=now)


def contract_of(certificate: TitleCertificate) -> str:
    """The guarantee contract under whose packet the paper goes; none is its own group."""
    return certificate.guarantee_contract_nos[0] if certificate.guarantee_contract_nos else ""


def scan_missing(certificate: TitleCertificate, scans: Sequence[Scan]) -> Refusal | None:
    """No paper goes in before its accepted, complete, unaltered scan exists (CUS-03)."""
    own = [scan for scan in scans if scan.cert_no_norm == certificate.cert_no_norm]
    reason = _scan_gap(certificate, scans, own)
    if reason is None:
        return None
    return Refusal(
        code=RefusalCode.SCAN_MISSING,
        rule_id="CUS-03",
        detail={"certificate": certificate.label, "reason": reason},
    )


def evidence_of(scans: Sequence[Scan], certificate: TitleCertificate) -> tuple[Evidence, ...]:
    """The scans a vault-in rests on, pinned by hash (ARC-24)."""
    return tuple(
        Evidence(file_version_id=scan.file_version_id, sha256=scan.sha256)
        for scan in scans
        if scan.cert_no_norm == certificate.cert_no_norm
    )


def locked(certificate: TitleCertificate, *, proposal_id: str) -> Refusal | None:
    """One open request a certificate (INV-02)."""
    lock = certificate.lock
    if lock is None or (lock.kind is LockKind.VAULT_PROPOSAL and lock.id == proposal_id):
        return None
    return Refusal(
        code=RefusalCode.OPEN_REQUEST_EXISTS,
        rule_id="INV-02",
        detail={"subject": certificate.label, "lock": f"{lock.kind} {lock.id}"},
    )


def held_by_case(certificate: TitleCertificate) -> bool:
    """Whether a deregistration holds the paper: it wants it in the vault, whatever comes first."""
    return certificate.lock is not None and certificate.lock.kind is LockKind.DEREGISTRATION


def paper_only(certificate: TitleCertificate) -> Refusal | None:
    """An electronic certificate is never vaulted or handed over (CUS-13)."""
    electronic = certificate.carrier is Carrier.ELECTRONIC
    if not electronic and certificate.custody_state is not CustodyState.ELECTRONIC_ON_FILE:
        return None
    return Refusal(
        code=RefusalCode.ELECTRONIC_CERT,
        rule_id="CUS-13",
        detail={"certificate": certificate.label},
    )


def _certificate_refusals(
    certificate: TitleCertificate, movement: Movement, *, proposal_id: str
) -> Iterator[Refusal | None]:
    yield paper_only(certificate)
    yield illegal(certificate, movement)
    if movement is Movement.VAULT_IN and held_by_case(certificate):
        return  # a deregistration wants the paper in the vault; its hold is not in the way
    yield locked(certificate, proposal_id=proposal_id)


def _void(certificate: TitleCertificate) -> Refusal | None:
    if certificate.legal_state is not LegalState.VOID:
        return None
    return invalid("certificateIds", f"certificate {certificate.label} is void", rule_id="X06")


def _scan_gap(
    certificate: TitleCertificate, scans: Sequence[Scan], own: Sequence[Scan]
) -> str | None:
    if not scans:
        return "no scan has been accepted"
    if not own:
        return "the accepted scans show another number"
    if not all(scan.intact for scan in own):
        return "a stored scan is gone or altered"
    contents = {scan.sha256: scan.pages or 0 for scan in own}  # the same page twice is one page
    shown = sum(contents.values())
    if certificate.pages is not None and shown < certificate.pages:
        return f"{shown} of {certificate.pages} pages are scanned"
    return None
