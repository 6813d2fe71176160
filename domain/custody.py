"""The life of the paper (权证保管): every legal movement, and the event it leaves behind.

Source: domain 3.4 (X01 to X26) and CUS-01: nothing else changes a certificate.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from domain.certificates import UNVAULTED, CustodyState, LegalState, TitleCertificate
from domain.refusals import Refusal, RefusalCode, state_conflict

State = CustodyState


class Movement(StrEnum):
    """A custody event (保管事件). OPENING is a record taken over from an older system."""

    OPENING = "OPENING"
    REGISTER_EXPECTED = "REGISTER_EXPECTED"
    VOID_EXPECTED = "VOID_EXPECTED"
    COLLECT = "COLLECT"
    INITIATE_HANDOVER = "INITIATE_HANDOVER"
    ACCEPT_HANDOVER = "ACCEPT_HANDOVER"
    REJECT_HANDOVER = "REJECT_HANDOVER"
    RECALL_HANDOVER = "RECALL_HANDOVER"
    VAULT_IN = "VAULT_IN"
    RELOCATE = "RELOCATE"
    RESEAL = "RESEAL"
    CHECK_OUT = "CHECK_OUT"
    RENEW_CHECK_OUT = "RENEW_CHECK_OUT"
    RETURN_SAME = "RETURN_SAME"
    RETURN_EXCHANGED = "RETURN_EXCHANGED"
    RECEIVE_EXCHANGED = "RECEIVE_EXCHANGED"
    VAULT_OUT_FOR_DEREG = "VAULT_OUT_FOR_DEREG"
    DEREG_RETURN = "DEREG_RETURN"
    DEREG_HANDOVER = "DEREG_HANDOVER"
    REGISTRY_CANCELLED = "REGISTRY_CANCELLED"
    SURRENDER = "SURRENDER"
    RETURN_TO_OWNER = "RETURN_TO_OWNER"
    TRANSFER_OUT = "TRANSFER_OUT"
    DISPATCH = "DISPATCH"
    RECEIVE_DISPATCHED = "RECEIVE_DISPATCHED"
    MARK_MISSING = "MARK_MISSING"
    FOUND = "FOUND"
    CONFIRM_LOST = "CONFIRM_LOST"
    REISSUE = "REISSUE"
    RECEIVE_REISSUED = "RECEIVE_REISSUED"
    FILE_ELECTRONIC = "FILE_ELECTRONIC"
    CANCEL_ELECTRONIC = "CANCEL_ELECTRONIC"
    REDEEM = "REDEEM"
    LAPSE = "LAPSE"
    REINSTATE = "REINSTATE"
    CONVERT = "CONVERT"


RULE_OF: Mapping[Movement, str] = MappingProxyType(
    {
        Movement.OPENING: "CUS-01",
        Movement.REGISTER_EXPECTED: "X01",
        Movement.VOID_EXPECTED: "INV-10",
        Movement.COLLECT: "X02",
        Movement.INITIATE_HANDOVER: "X03",
        Movement.ACCEPT_HANDOVER: "X04",
        Movement.REJECT_HANDOVER: "X05",
        Movement.RECALL_HANDOVER: "X05",
        Movement.VAULT_IN: "X06",
        Movement.RELOCATE: "X07",
        Movement.RESEAL: "CUS-07",
        Movement.CHECK_OUT: "X10",
        Movement.RENEW_CHECK_OUT: "X11",
        Movement.RETURN_SAME: "X12",
        Movement.RETURN_EXCHANGED: "X13",
        Movement.RECEIVE_EXCHANGED: "X13",
        Movement.VAULT_OUT_FOR_DEREG: "X14",
        Movement.DEREG_RETURN: "X15",
        Movement.DEREG_HANDOVER: "DRG-4.9",
        Movement.REGISTRY_CANCELLED: "DRG-4.2",
        Movement.SURRENDER: "X16",
        Movement.RETURN_TO_OWNER: "X17",
        Movement.TRANSFER_OUT: "X18",
        Movement.DISPATCH: "X19",
        Movement.RECEIVE_DISPATCHED: "X19",
        Movement.MARK_MISSING: "X20",
        Movement.FOUND: "X21",
        Movement.CONFIRM_LOST: "X22",
        Movement.REISSUE: "X23",
        Movement.RECEIVE_REISSUED: "X23",
        Movement.FILE_ELECTRONIC: "X24",
        Movement.CANCEL_ELECTRONIC: "X25",
        Movement.REDEEM: "X26",
        Movement.LAPSE: "CUS-16",
        Movement.REINSTATE: "CUS-16",
        Movement.CONVERT: "CUS-16",
    }
)

TRANSITIONS: Mapping[tuple[CustodyState, Movement], frozenset[CustodyState]] = MappingProxyType(
    {
        (State.NOT_RECEIVED, Movement.COLLECT): frozenset({State.WITH_HANDLER}),
        (State.WITH_HANDLER, Movement.INITIATE_HANDOVER): frozenset({State.IN_TRANSIT}),
        (State.IN_TRANSIT, Movement.ACCEPT_HANDOVER): frozenset(
            {State.RECEIVED_PENDING_VAULT, State.WITH_HANDLER}
        ),
        (State.IN_TRANSIT, Movement.REJECT_HANDOVER): frozenset({State.WITH_HANDLER}),
        (State.IN_TRANSIT, Movement.RECALL_HANDOVER): frozenset({State.WITH_HANDLER}),
        (State.RECEIVED_PENDING_VAULT, Movement.VAULT_IN): frozenset({State.IN_VAULT}),
        (State.IN_VAULT, Movement.RELOCATE): frozenset({State.IN_VAULT}),
        (State.IN_VAULT, Movement.RESEAL): frozenset({State.IN_VAULT}),
        (State.IN_VAULT, Movement.VAULT_OUT_FOR_DEREG): frozenset({State.OUT_FOR_DEREG}),
        (State.OUT_FOR_DEREG, Movement.DEREG_RETURN): frozenset({State.RECEIVED_PENDING_VAULT}),
        (State.OUT_FOR_DEREG, Movement.DEREG_HANDOVER): frozenset({State.OUT_FOR_DEREG}),
        (State.OUT_FOR_DEREG, Movement.RETURN_EXCHANGED): frozenset({State.REPLACED}),
        (State.OUT_FOR_DEREG, Movement.SURRENDER): frozenset({State.SURRENDERED}),
        (State.IN_VAULT, Movement.SURRENDER): frozenset({State.SURRENDERED}),
        (State.OUT_FOR_DEREG, Movement.RETURN_TO_OWNER): frozenset({State.RETURNED_TO_OWNER}),
        (State.IN_VAULT, Movement.RETURN_TO_OWNER): frozenset({State.RETURNED_TO_OWNER}),
        (State.IN_VAULT, Movement.CHECK_OUT): frozenset({State.CHECKED_OUT}),
        (State.CHECKED_OUT, Movement.RENEW_CHECK_OUT): frozenset({State.CHECKED_OUT}),
        (State.CHECKED_OUT, Movement.RETURN_SAME): frozenset({State.RECEIVED_PENDING_VAULT}),
        (State.CHECKED_OUT, Movement.RETURN_EXCHANGED): frozenset({State.REPLACED}),
        (State.IN_VAULT, Movement.TRANSFER_OUT): frozenset({State.TRANSFERRED_OUT}),
        (State.IN_VAULT, Movement.DISPATCH): frozenset({State.IN_TRANSIT}),
        (State.IN_TRANSIT, Movement.RECEIVE_DISPATCHED): frozenset({State.RECEIVED_PENDING_VAULT}),
        (State.IN_VAULT, Movement.MARK_MISSING): frozenset({State.MISSING}),
        (State.RECEIVED_PENDING_VAULT, Movement.MARK_MISSING): frozenset({State.MISSING}),
        (State.MISSING, Movement.FOUND): frozenset({State.RECEIVED_PENDING_VAULT}),
        **{
            (state, Movement.CONFIRM_LOST): frozenset({State.LOST})
            for state in (
                State.MISSING,
                State.CHECKED_OUT,
                State.IN_TRANSIT,
                State.WITH_HANDLER,
                State.OUT_FOR_DEREG,
            )
        },
        (State.LOST, Movement.REISSUE): frozenset({State.REPLACED}),
        (State.NOT_RECEIVED, Movement.FILE_ELECTRONIC): frozenset({State.ELECTRONIC_ON_FILE}),
        (State.ELECTRONIC_ON_FILE, Movement.CANCEL_ELECTRONIC): frozenset({State.SURRENDERED}),
        (State.IN_VAULT, Movement.REDEEM): frozenset({State.REDEEMED}),
    }
)

# A certificate begins with one of these; it comes from no state.
BEGINNINGS: Mapping[Movement, CustodyState] = MappingProxyType(
    {
        Movement.REGISTER_EXPECTED: State.NOT_RECEIVED,
        Movement.RECEIVE_EXCHANGED: State.RECEIVED_PENDING_VAULT,
        Movement.RECEIVE_REISSUED: State.WITH_HANDLER,
    }
)
# What no keeper or holder does with a paper whose entry the core refused (CUS-21). That it was
# brought back, found, lost or not found is a fact, and told all the same.
HELD_BY_BOOK = frozenset(
    {
        Movement.INITIATE_HANDOVER,
        Movement.VAULT_IN,
        Movement.RELOCATE,
        Movement.RESEAL,
        Movement.CHECK_OUT,
        Movement.VAULT_OUT_FOR_DEREG,
        Movement.SURRENDER,
        Movement.RETURN_TO_OWNER,
        Movement.TRANSFER_OUT,
        Movement.DISPATCH,
        Movement.REDEEM,
    }
)
# These change the right and leave the paper where it is.
LEGAL_ONLY = frozenset(
    {
        Movement.REGISTRY_CANCELLED,
        Movement.LAPSE,
        Movement.REINSTATE,
        Movement.CONVERT,
        Movement.VOID_EXPECTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One person's part in an event, in the own request (操作人)."""

    login: str
    role: str
    org_code: str
    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file version an event rests on, pinned by its hash (ARC-24)."""

    file_version_id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyEvent:
    """One line of a certificate's ledger (保管流水): append-only, chained by hash (INV-03)."""

    id: str
    certificate_id: str
    seq: int
    type: Movement
    rule_id: str
    from_state: CustodyState | None
    to_state: CustodyState
    legal_state: LegalState
    operators: tuple[Operator, ...]
    request_ref: str | None = None
    vault: str | None = None
    cabinet: str | None = None
    slot: str | None = None
    packet_no: str | None = None
    seal_no: str | None = None
    evidence: tuple[Evidence, ...] = ()
    reason: str | None = None
    overdue_days: int | None = None  # of a paper brought back, as they stood that day
    biz_date: date
    recorded_at: datetime
    prev_hash: str
    hash: str = ""
    org_path: str


def illegal(certificate: TitleCertificate, movement: Movement) -> Refusal | None:
    """A movement the table does not list from where the certificate is, or the book holds up."""
    dropped = certificate.is_dropped
    if (certificate.custody_state, movement) in TRANSITIONS and not dropped:
        return held_by_book(certificate) if movement in HELD_BY_BOOK else None
    return state_conflict(
        RULE_OF[movement],
        subject=certificate.label,
        state=certificate.legal_state if dropped else certificate.custody_state,
        event=movement,
    )


def held_by_book(certificate: TitleCertificate) -> Refusal | None:
    """A paper whose entry the core refused waits until that is retried or reversed (CUS-21)."""
    if certificate.posting_failed is None:
        return None
    return Refusal(
        code=RefusalCode.OPEN_REQUEST_EXISTS,
        rule_id="CUS-21",
        detail={"subject": certificate.label, "lock": f"POSTING {certificate.posting_failed}"},
    )


def moved(
    certificate: TitleCertificate,
    movement: Movement,
    *,
    to: CustodyState,
    event_id: str,
    operators: Sequence[Operator],
    now: datetime,
    today: date,
    request_ref: str | None = None,
    packet_no: str | None = None,
    seal_no: str | None = None,
    evidence: Sequence[Evidence] = (),
    reason: str | None = None,
    overdue_days: int | None = None,
    opening: bool = False,
    **changes: Any,
) -> tuple[TitleCertificate, CustodyEvent]:
    """The certificate after a movement and the one event that records it (INV-03).

    changes: other fields of the certificate that the movement sets.
    """
    begins = opening or movement in BEGINNINGS
    if movement in BEGINNINGS:
        assert to is BEGINNINGS[movement]
    elif movement in LEGAL_ONLY:
        assert to is certificate.custody_state
    elif not opening:
        assert to in TRANSITIONS[certificate.custody_state, movement]
    after = replace(certificate, custody_state=to, **changes)
    stood = not begins and certificate.custody_state in UNVAULTED
    if to in UNVAULTED and not stood and not opening:
        after = replace(after, unvaulted_since=today)
    place = after.place or certificate.place
    event = CustodyEvent(
        id=event_id,
        certificate_id=certificate.id,
        seq=certificate.event_seq + 1,
        type=movement,
        rule_id=RULE_OF[movement],
        from_state=None if begins else certificate.custody_state,
        to_state=to,
        legal_state=after.legal_state,
        operators=tuple(operators),
        request_ref=request_ref,
        vault=place.vault if place else None,
        cabinet=place.cabinet if place else None,
        slot=place.slot if place else None,
        packet_no=packet_no or (place.packet_no if place else None),
        seal_no=seal_no,
        evidence=tuple(evidence),
        reason=reason,
        overdue_days=overdue_days,
        biz_date=today,
        recorded_at=now,
        prev_hash=certificate.event_hash,
        org_path=certificate.org_path,
    )
    event = replace(event, hash=digest(event))
    return replace(after, event_seq=event.seq, event_hash=event.hash), event


def digest(event: CustodyEvent) -> str:
    """SHA-256 over everything the event says, including the hash of the one before."""
    return hashlib.sha256(said(event).encode()).hexdigest()


def said(event: CustodyEvent) -> str:
    """Everything the event says, as the one text that its hash is taken of."""
    facts = {name: value for name, value in _facts(event).items() if name != "hash"}
    if event.overdue_days is None:
        del facts["overdue_days"]  # what an event does not tell leaves older hashes as they are
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, default=_plain)


def broken_link(events: Sequence[CustodyEvent]) -> CustodyEvent | None:
    """The first event whose hash, predecessor, number or state does not follow; None when sound."""
    previous_hash, state = "", None
    for number, event in enumerate(events, start=1):
        follows = event.prev_hash == previous_hash and event.seq == number
        if not follows or event.hash != digest(event) or event.from_state != state:
            return event
        previous_hash, state = event.hash, event.to_state
    return None


def _facts(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: object) -> str | dict[str, Any]:
    if is_dataclass(value):
        return _facts(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
