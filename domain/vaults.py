"""Vaults (库房), cabinets, slots (库位), sealed packets (封包) and their seals (封签)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.refusals import Refusal, RefusalCode, invalid, state_conflict

MAX_SLOTS_PER_VAULT = 5_000
MAX_SLOT_CAPACITY = 100  # packets
MAX_NAME_LENGTH = 64  # characters of a cabinet, a slot, a packet or a seal


class VaultStatus(StrEnum):
    """Whether paper may move (库房状态)."""

    OPEN = "OPEN"
    FROZEN_FOR_COUNT = "FROZEN_FOR_COUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault (库房) of a loan centre, branch or county sub-centre."""

    id: str
    code: str
    name: str
    status: VaultStatus = VaultStatus.OPEN
    passed_on_at: datetime | None = None  # since then its keepers change here alone (CUS-20)
    counted_from: date | None = None  # the day its intervals of counting began
    count_look_on: date | None = None  # when a count is due next; none means look now
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place for one packet (库位)."""

    id: str
    vault: str
    cabinet: str
    slot: str
    capacity: int = 1
    packet_nos: tuple[str, ...] = ()
    reserved_by: str | None = None  # a proposal that waits for its second person
    reserved_until: datetime | None = None
    closed: bool = False  # out of use; nothing is laid there any more
    org_code: str
    org_path: str
    version: int = 0

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"{self.vault}/{self.cabinet}/{self.slot}"

    def is_free(self, *, packet_no: str, proposal_id: str, now: datetime) -> bool:
        """Whether that packet may come here: room is left and no other proposal waits for it."""
        if self.closed or (self.is_reserved(now) and self.reserved_by != proposal_id):
            return False
        return packet_no in self.packet_nos or len(self.packet_nos) < self.capacity

    def is_reserved(self, now: datetime) -> bool:
        """Whether a proposal that may still be confirmed waits for this slot."""
        return self.reserved_until is not None and now <= self.reserved_until


class PacketStatus(StrEnum):
    """Whether a packet still holds paper (封包状态)."""

    SEALED = "SEALED"
    DISPATCHED = "DISPATCHED"
    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealUse:
    """One seal's time on a packet; opened by two keepers, with a reason."""

    seal_no: str
    sealed_at: datetime
    opened_at: datetime | None = None
    opened_by: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPacket:
    """A sealed packet (封包): the papers of one guarantee contract under one unbroken seal."""

    id: str
    packet_no: str
    guarantee_contract_no: str
    seal_no: str | None
    seal_history: tuple[SealUse, ...] = ()
    vault: str
    cabinet: str
    slot: str
    certificate_ids: tuple[str, ...] = ()
    status: PacketStatus = PacketStatus.SEALED
    seal_broken_at: datetime | None = None  # by a count; a new seal ends it
    org_code: str
    org_path: str
    version: int = 0


def frozen(vault: Vault) -> Refusal | None:
    """Nothing moves while a vault is counted (CUS-18)."""
    if vault.status is VaultStatus.OPEN:
        return None
    return Refusal(code=RefusalCode.VAULT_FROZEN, rule_id="CUS-18", detail={"vault": vault.code})


def closed_slot(slot: Slot) -> Refusal | None:
    """A slot out of use takes nothing in (CUS-08)."""
    if not slot.closed:
        return None
    return invalid("slot", f"slot {slot.label} is closed", rule_id="CUS-08")


def slot_taken(slot: Slot, *, packet_no: str, proposal_id: str, now: datetime) -> Refusal | None:
    """One packet a slot, and a reserved slot waits for its proposal (CUS-08)."""
    if slot.closed:
        return closed_slot(slot)
    if slot.is_free(packet_no=packet_no, proposal_id=proposal_id, now=now):
        return None
    return Refusal(
        code=RefusalCode.SLOT_OCCUPIED,
        rule_id="CUS-08",
        field="slot",
        detail={"slot": slot.label},
    )


def seal_used(seal_no: str, *, known: bool) -> Refusal | None:
    """A seal number is used once, forever (CUS-07)."""
    if len(seal_no) > MAX_NAME_LENGTH:
        return invalid("sealNo", f"at most {MAX_NAME_LENGTH} characters", rule_id="CUS-07")
    if not known:
        return None
    return Refusal(
        code=RefusalCode.SEAL_REUSED, rule_id="CUS-07", field="sealNo", detail={"seal": seal_no}
    )


def seal_broken(packet: SealedPacket | None, event: str) -> Refusal | None:
    """A packet whose seal was found broken is sealed anew before paper leaves it (CUS-07, X10)."""
    if packet is None or packet.seal_broken_at is None:
        return None
    return state_conflict(
        "CUS-07", subject=f"Packet {packet.packet_no}", state="SEAL_BROKEN", event=event
    )


def other_contract(packet: SealedPacket | None, contract_no: str) -> Refusal | None:
    """One guarantee contract a packet (CUS-07)."""
    if packet is None or packet.guarantee_contract_no == contract_no:
        return None
    return invalid(
        "packetNo", f"packet {packet.packet_no} holds another guarantee contract", rule_id="CUS-07"
    )


def elsewhere(packet: SealedPacket | None, slot: Slot) -> Refusal | None:
    """A packet that holds paper stays in its slot until it is relocated."""
    if packet is None or packet.status is PacketStatus.EMPTY:
        return None
    if packet.status is PacketStatus.DISPATCHED:
        return invalid(
            "packetNo",
            f"packet {packet.packet_no} is on its way to another vault",
            rule_id="CUS-07",
        )
    if (packet.vault, packet.cabinet, packet.slot) == (slot.vault, slot.cabinet, slot.slot):
        return None
    return invalid("packetNo", f"packet {packet.packet_no} lies in another slot", rule_id="CUS-07")


def resealed(
    packet: SealedPacket,
    *,
    contents: Sequence[str],
    seal_no: str | None,
    keepers: tuple[str, ...],
    reason: str,
    now: datetime,
) -> SealedPacket:
    """The packet opened by two keepers and closed over new contents under a new seal.

    With nothing left inside it ends EMPTY and unsealed. Source: CUS-07.
    """
    assert (seal_no is None) == (not contents)
    history = tuple(
        replace(use, opened_at=now, opened_by=keepers, reason=reason)
        if use.opened_at is None
        else use
        for use in packet.seal_history
    )
    if seal_no is not None:
        history += (SealUse(seal_no=seal_no, sealed_at=now),)
    return replace(
        packet,
        seal_no=seal_no,
        seal_history=history,
        certificate_ids=tuple(contents),
        status=PacketStatus.SEALED if contents else PacketStatus.EMPTY,
        seal_broken_at=None,
    )


def without(
    packet: SealedPacket, certificate_id: str, *, by: tuple[str, ...], reason: str, now: datetime
) -> SealedPacket:
    """The packet without a paper that was not found in it; nobody opened it, so the seal stays.

    With nothing left inside it ends EMPTY and unsealed.
    """
    contents = tuple(id for id in packet.certificate_ids if id != certificate_id)
    if contents:
        return replace(packet, certificate_ids=contents)
    return resealed(packet, contents=(), seal_no=None, keepers=by, reason=reason, now=now)


def reseal_refusals(
    packet: SealedPacket, vault: Vault, *, seal_no: str, seal_known: bool, reason: str
) -> Iterator[Refusal | None]:
    """Every rule that a new seal on a packet breaks (CUS-07)."""
    if packet.status is not PacketStatus.SEALED:
        told = f"packet {packet.packet_no} is {packet.status}"
        yield invalid("packetNo", told, rule_id="CUS-07")
    if not seal_no:
        yield invalid("sealNo", "must not be empty", rule_id="CUS-07")
    if not reason.strip():
        yield invalid("reason", "say why", rule_id="CUS-07")
    yield frozen(vault)
    yield seal_used(seal_no, known=seal_known)


def sent_off(packet: SealedPacket) -> SealedPacket:
    """The packet on its way to another vault, under its seal; its dispatch holds the papers (X19).

    It keeps the place it left, as an emptied one does.
    """
    return replace(packet, certificate_ids=(), status=PacketStatus.DISPATCHED)


def vacated(slot: Slot, packet_no: str) -> Slot:
    """The slot once that packet is empty (CUS-08)."""
    return replace(slot, packet_nos=tuple(no for no in slot.packet_nos if no != packet_no))


def occupied(slot: Slot, packet_no: str) -> Slot:
    """The slot once that packet lies in it; its reservation has served."""
    packets = slot.packet_nos if packet_no in slot.packet_nos else (*slot.packet_nos, packet_no)
    return replace(slot, packet_nos=packets, reserved_by=None, reserved_until=None)


def reserved(slot: Slot, *, proposal_id: str, until: datetime) -> Slot:
    """The slot kept free for a proposal until its second person has answered (CUS-04d)."""
    return replace(slot, reserved_by=proposal_id, reserved_until=until)


def unreserved(slot: Slot, proposal_id: str) -> Slot:
    """The slot without that proposal's reservation; another's stays (CUS-04d)."""
    if slot.reserved_by != proposal_id:
        return slot
    return replace(slot, reserved_by=None, reserved_until=None)


def new_slot_refusals(
    cabinet: str, names: Sequence[str], *, capacity: int, existing: int
) -> Iterator[Refusal | None]:
    """Every rule that new slots of a vault break (CUS-08).

    existing: slots the vault has already.
    """
    for field, name in [("cabinet", cabinet), *(("slots", name) for name in names)]:
        if not 0 < len(name) <= MAX_NAME_LENGTH:
            yield invalid(field, f"1 to {MAX_NAME_LENGTH} characters", rule_id="CUS-08")
    if not names or len(set(names)) != len(names):
        yield invalid("slots", "name at least one slot, each once", rule_id="CUS-08")
    yield _capacity_fits(capacity)
    yield too_many_slots(existing + len(names), field="slots")


def too_many_slots(total: int, *, field: str) -> Refusal | None:
    """A vault has so many slots and no more, however they come (CUS-08)."""
    if total <= MAX_SLOTS_PER_VAULT:
        return None
    limit = str(MAX_SLOTS_PER_VAULT)
    return Refusal(
        code=RefusalCode.LIMIT_EXCEEDED,
        rule_id="CUS-08",
        field=field,
        detail={"field": field, "actual": str(total), "limit": limit},
    )


def capacity_refusals(slot: Slot, *, capacity: int, now: datetime) -> Iterator[Refusal | None]:
    """A slot never holds less than what lies in it or is on its way there (CUS-08)."""
    yield closed_slot(slot)
    yield _capacity_fits(capacity)
    needed = len(slot.packet_nos) + slot.is_reserved(now)
    if capacity < needed:
        yield invalid(
            "capacity", f"{needed} packets lie in {slot.label} or wait for it", rule_id="CUS-08"
        )


def closing_refusals(slot: Slot, *, now: datetime) -> Iterator[Refusal | None]:
    """A slot is taken out of use only while it is empty and nothing waits for it (CUS-08)."""
    yield closed_slot(slot)
    if slot.packet_nos or slot.is_reserved(now):
        yield Refusal(
            code=RefusalCode.SLOT_OCCUPIED,
            rule_id="CUS-08",
            field="slot",
            detail={"slot": slot.label},
        )


def _capacity_fits(capacity: int) -> Refusal | None:
    if 0 < capacity <= MAX_SLOT_CAPACITY:
        return None
    return invalid("capacity", f"1 to {MAX_SLOT_CAPACITY} packets", rule_id="CUS-08")
