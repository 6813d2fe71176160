"""Title certificates, their ledger, and the vaults they lie in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.certificates import (
    ENDED_RIGHTS,
    UNVAULTED,
    WAITING_FOR_OWNER,
    Carrier,
    Catalog,
    CertType,
    CustodyState,
    LegalState,
    LockKind,
)
from domain.codes import code_of
from domain.custody import Movement
from domain.dossiers import DocType
from domain.dual_control import ProposalState
from domain.handovers import HandoverItemState, HandoverState
from domain.vaults import PacketStatus, VaultStatus
from schema.collaterals import Collateral, GuaranteeContract
from schema.fields import derived, named, related
from schema.nodes import Node
from schema.scalars import Money
from storage.relations import Relation

if TYPE_CHECKING:
    from schema.book import Posting
    from schema.checkouts import CheckOut
    from schema.dossiers import ArchiveFile
    from schema.organisations import User
    from schema.receipts import Receipt


@strawberry.type(description="The open request that holds a certificate (在途业务).")
class Lock:
    """A lock."""

    kind: LockKind = named("What kind of request.")
    id: strawberry.ID = named("Its id.")


@strawberry.type(description="Who has the paper in hand (持有人).")
class Holder:
    """A holder."""

    login: str | None = named("Login of the person.")
    desk: str | None = named("Code of the vault whose desk received it.")
    external: str | None = named("Someone outside the bank.")
    since: datetime = named("Since when.")


@strawberry.type(description="Where in a vault a certificate lies (库位).")
class VaultPlace:
    """A place in a vault."""

    vault: str = named("Code of the vault.")
    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")
    packet_no: str = named("Packet.")


@strawberry.type(description="One person's part in an event (操作人).")
class Operator:
    """An operator."""

    login: str = named("Login.")
    role: str = named("Role acted in.")
    org_code: str = named("Organisation.")
    at: datetime = named("When.")
    request_id: str = named("The person's own request.")


@strawberry.type(description="A file version that something rests on, pinned by its hash.")
class Evidence:
    """Pinned evidence."""

    file_version_id: strawberry.ID = named("The file version.")
    sha256: str = named("SHA-256 of its content.")


@strawberry.type(description="One line of a certificate's ledger (保管流水).")
class CustodyEvent(Node):
    """A custody event."""

    prefix: strawberry.Private[str] = "evnt"

    certificate_id: strawberry.ID = named("The certificate.")
    seq: int = named("Number in the certificate's ledger.")
    type: Movement = named("What happened.")
    rule_id: str = named("Its number in the rules, like X06.")
    from_state: CustodyState | None = named("State before.")
    to_state: CustodyState = named("State after.")
    legal_state: LegalState = named("Legal state after.")
    operators: list[Operator] = named("Who acted.")
    request_ref: str | None = named("The request it belongs to.")
    vault: str | None = named("Vault.")
    cabinet: str | None = named("Cabinet.")
    slot: str | None = named("Slot.")
    packet_no: str | None = named("Packet.")
    seal_no: str | None = named("Seal.")
    evidence: list[Evidence] = named("What it rests on.")
    reason: str | None = named("Why.")
    overdue_days: int | None = named("Days it was overdue when it came back.")
    biz_date: date = named("Business date.")
    recorded_at: datetime = named("When it was recorded.")
    prev_hash: str = named("Hash of the event before.")
    hash: str = named("Hash of this event.")
    postings: list[Annotated["Posting", strawberry.lazy("schema.book")]] = related(
        Relation(collection="postings", foreign="event_id", many=True),
        "Entries it asked of the book, oldest first (表外记账).",
    )


def _code(record: Mapping[str, Any], _today: date) -> str:
    return code_of(record["_id"])


def _coded() -> Any:
    """The field of everything that can be labelled."""
    return derived(_code, "Its scannable code, as on its label (标签码).", reads=("_id",))


def _overdue_days(certificate: Mapping[str, Any], today: date) -> int:
    due = certificate.get("due_date")
    if due is None or certificate["custody_state"] != CustodyState.CHECKED_OUT:
        return 0
    return max(0, (today - date.fromisoformat(due)).days)


def _is_overdue(certificate: Mapping[str, Any], today: date) -> bool:
    return _overdue_days(certificate, today) > 0


def _days_unvaulted(certificate: Mapping[str, Any], today: date) -> int | None:
    since = certificate.get("unvaulted_since") or certificate.get("collected_on")
    if since is None or certificate["custody_state"] not in UNVAULTED:
        return None
    return (today - date.fromisoformat(since)).days


def _days_to_lapse(certificate: Mapping[str, Any], today: date) -> int | None:
    last = certificate.get("lapses_on")
    stopped = certificate.get("conversion") is not None
    if last is None or stopped or certificate["legal_state"] in ENDED_RIGHTS:
        return None
    return (date.fromisoformat(last) - today).days


def _is_unclaimed(certificate: Mapping[str, Any], _today: date) -> bool:
    return (
        certificate["catalog"] == Catalog.SAFEKEEPING
        and certificate.get("released_on") is not None
        and certificate["custody_state"] in WAITING_FOR_OWNER
    )


def _is_booked(certificate: Mapping[str, Any], _today: date) -> bool:
    return certificate.get("booked_in") is not None


def _days_unclaimed(certificate: Mapping[str, Any], today: date) -> int | None:
    if not _is_unclaimed(certificate, today):
        return None
    return (today - date.fromisoformat(certificate["released_on"])).days


@strawberry.type(description="An application for full registration (预告转现房抵押).")
class Conversion:
    """A conversion under way."""

    filed_on: date = named("When it was filed with the registry.")
    acceptance_no: str = named("Number of the registry's receipt.")
    recorded_by: str = named("Who recorded it.")
    returned_on: date | None = named("When the registry gave it back; none where it did not.")
    return_reason: str | None = named("Why it did.")


@strawberry.type(description="A title certificate (权证), changed only by custody events.")
class TitleCertificate(Node):
    """A title certificate."""

    prefix: strawberry.Private[str] = "cert"

    catalog: Catalog = named("Whose right it proves.")
    cert_type: CertType = named("Type.")
    carrier: Carrier = named("Paper or electronic.")
    cert_no: str | None = named("Number as printed.")
    cert_no_norm: str | None = named("Number as compared.")
    issuer: str | None = named("Issuing authority.")
    issuer_code: str | None = named("Code of the authority.")
    issue_date: date | None = named("Date of issue.")
    registered_on: date | None = named("When the right was registered.")
    registered_until: date | None = named("When the registration ends.")
    expires_on: date | None = named("When the deposit matures, or the policy or term ends.")
    convertible_from: date | None = named(
        "Of a pre-notice: from when formal registration was possible (可办证)."
    )
    lapses_on: date | None = named(
        "Of a pre-notice: the last day to apply for formal registration (预告登记失效日)."
    )
    conversion: Conversion | None = named("Of a pre-notice: the application that stops the lapse.")
    returned_conversions: list[Conversion] | None = named(
        "Of a pre-notice: applications that the registry gave back (退件), if any."
    )
    right_holder: str | None = named("Right holder, masked without permission.")
    right_amount: Money | None = named("Registered amount.")
    rank: int = named("Rank.")
    collateral_nos: list[str] = named("Numbers of the collateral it covers.")
    guarantee_contract_nos: list[str] = named("Numbers of the guarantee contracts.")
    pages: int | None = named("Pages.")
    legal_state: LegalState = named("Whether the registered right exists.")
    custody_state: CustodyState = named("Where the paper is.")
    holder: Holder | None = named("Who has it in hand.")
    place: VaultPlace | None = named("Where in the vault it lies.")
    lock: Lock | None = named("The open request that holds it.")
    due_date: date | None = named("When a check-out is due back.")
    expected_from: date | None = named("The day its processing counts from.")
    expected_by: date | None = named(
        "When it should have been obtained; none for one that took another's place."
    )
    collected_on: date | None = named("When it was collected.")
    vault_due: date | None = named("When it should be in the vault.")
    vaulted_on: date | None = named("When it first went into the vault.")
    released_on: date | None = named(
        "Of an owner's paper: when no lien was left on what it covers."
    )
    priority_date: date | None = named("The date its rank counts from.")
    supersedes: strawberry.ID | None = named("The certificate it replaced.")
    superseded_by: strawberry.ID | None = named("The certificate that replaced it.")
    booked: bool = derived(
        _is_booked, "Whether the book was asked to hold it (表外).", reads=("booked_in",)
    )
    booked_in: str | None = named("Code of the vault in which the book holds it.")
    booked_amount: Money | None = named("At which amount it does.")
    posting_failed: strawberry.ID | None = named(
        "The entry that the core system refused; the paper is held until it is settled (记账失败)."
    )
    org_code: str = named("Operating organisation.")
    org_path: str = named("Its path.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    code: str = _coded()
    is_overdue_out: bool = derived(
        _is_overdue,
        "Whether a check-out is overdue today.",
        reads=("due_date", "custody_state"),
    )
    overdue_days: int = derived(
        _overdue_days,
        "Days a check-out is overdue today, else 0.",
        reads=("due_date", "custody_state"),
    )
    days_unvaulted: int | None = derived(
        _days_unvaulted,
        "Days since it was collected or came back, while it stands outside a vault.",
        reads=("unvaulted_since", "collected_on", "custody_state"),
    )
    days_to_lapse: int | None = derived(
        _days_to_lapse,
        "Days left to apply for formal registration; null where nothing runs.",
        reads=("lapses_on", "conversion", "legal_state"),
    )
    unclaimed: bool = derived(
        _is_unclaimed,
        "Whether the owner has not fetched it though the lien is gone (客户未领).",
        reads=("catalog", "released_on", "custody_state"),
    )
    days_unclaimed: int | None = derived(
        _days_unclaimed,
        "Days it has been unclaimed, else null.",
        reads=("catalog", "released_on", "custody_state"),
    )
    collaterals: list[Collateral] = related(
        Relation(
            collection="collaterals",
            local="collateral_nos",
            foreign="no",
            many=True,
            order="no",
        ),
        "The collateral it covers.",
    )
    guarantee_contracts: list[GuaranteeContract] = related(
        Relation(
            collection="guarantee_contracts",
            local="guarantee_contract_nos",
            foreign="no",
            many=True,
            order="no",
        ),
        "The guarantee contracts it belongs to.",
    )
    events: list[CustodyEvent] = related(
        Relation(
            collection="custody_events",
            foreign="certificate_id",
            many=True,
            order="seq",
        ),
        "Its ledger, oldest first.",
    )
    check_outs: list[Annotated["CheckOut", strawberry.lazy("schema.checkouts")]] = related(
        Relation(
            collection="check_outs",
            foreign="certificate_id",
            many=True,
            descending=True,
        ),
        "Its check-outs, newest first.",
    )
    scans: list[Annotated["ArchiveFile", strawberry.lazy("schema.dossiers")]] = related(
        Relation(
            collection="files",
            foreign="certificate_id",
            many=True,
            where={"doc_type": {"$ne": DocType.CUSTODY_RECEIPT.value}},
        ),
        "Files that show it.",
    )
    receipts: list[Annotated["Receipt", strawberry.lazy("schema.receipts")]] = related(
        Relation(collection="receipts", foreign="items.certificate_id", many=True),
        "Receipts given for its movements, oldest first (回单).",
    )
    postings: list[Annotated["Posting", strawberry.lazy("schema.book")]] = related(
        Relation(collection="postings", foreign="certificate_id", many=True, descending=True),
        "Its entries in the book, newest first (表外记账).",
    )


@strawberry.type(description="A certificate's ledger and whether its chain holds.")
class CustodyHistory:
    """A checked ledger."""

    events: list[CustodyEvent] = named(
        "The ledger, oldest first; an event that cannot be read any more is left out and named."
    )
    verified: bool = named("Whether every hash follows and the replayed state is the stored one.")
    broken_event_id: strawberry.ID | None = named("The first event that does not follow.")


@strawberry.type(description="A place for one packet (库位).")
class Slot(Node):
    """A slot."""

    prefix: strawberry.Private[str] = "slot"

    vault: str = named("Code of the vault.")
    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")
    capacity: int = named("Packets it holds.")
    packet_nos: list[str] = named("Packets in it.")
    reserved_until: datetime | None = named("Until when a proposal keeps it.")
    closed: bool = named("Whether it is out of use.")
    version: int = named("Times changed; give it as `expectedVersion`.")
    code: str = _coded()


@strawberry.type(description="A vault (库房).")
class Vault(Node):
    """A vault."""

    prefix: strawberry.Private[str] = "vlt"

    code: str = named("Code.")
    name: str = named("Name.")
    status: VaultStatus = named("Whether paper may move.")
    passed_on_at: datetime | None = named("When its keepers last changed here.")
    org_code: str = named("Organisation.")
    slots: list[Slot] = related(
        Relation(collection="slots", local="code", foreign="vault", many=True, order="_id"),
        "Its slots.",
    )
    keepers: list[Annotated["User", strawberry.lazy("schema.organisations")]] = related(
        Relation(collection="users", local="code", foreign="vaults", many=True, order="login"),
        "Its keepers.",
    )
    substitutes: list[Annotated["User", strawberry.lazy("schema.organisations")]] = related(
        Relation(
            collection="users",
            local="code",
            foreign="substitutions.vault",
            many=True,
            order="login",
        ),
        "Who stood, stands or will stand in for one of its keepers.",
    )


@strawberry.type(description="One seal's time on a packet (封签).")
class SealUse:
    """A use of a seal."""

    seal_no: str = named("Number, used once for ever.")
    sealed_at: datetime = named("When it was put on.")
    opened_at: datetime | None = named("When it was broken.")
    opened_by: list[str] = named("Who opened it.")
    reason: str | None = named("Why.")


@strawberry.type(description="A sealed packet (封包).")
class SealedPacket(Node):
    """A packet."""

    prefix: strawberry.Private[str] = "pack"

    packet_no: str = named("Number.")
    guarantee_contract_no: str = named("The one contract whose papers it holds.")
    seal_no: str | None = named("The seal on it.")
    seal_history: list[SealUse] = named("Its seals, oldest first.")
    vault: str = named("Vault.")
    cabinet: str = named("Cabinet.")
    slot: str = named("Slot.")
    status: PacketStatus = named("Whether it holds paper.")
    seal_broken_at: datetime | None = named(
        "When a count found its seal broken, until it is sealed anew; nothing leaves it meanwhile."
    )
    version: int = named("Times changed; give it as `expectedVersion`.")
    code: str = _coded()
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="certificate_ids", many=True),
        "What is inside.",
    )


@strawberry.type(description="A vault event that waits for its second person (待复核).")
class Proposal(Node):
    """A proposal."""

    prefix: strawberry.Private[str] = "prop"

    movement: Movement = named("What is proposed.")
    proposer: Operator = named("Who proposed.")
    state: ProposalState = named("State.")
    expires_at: datetime = named("The last moment to confirm.")
    confirmed_by: str | None = named("Who confirmed.")
    case_id: strawberry.ID | None = named("The deregistration case, if one.")
    payload_hash: str = named("Hash of what must be repeated exactly.")
    business_date: date | None = named("Day on which it happened, where one was named.")
    backdate_approval: Operator | None = named("Who approved that it is dated back (倒签).")
    version: int = named("Times changed.")
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="certificate_ids", many=True),
        "What it moves.",
    )


@strawberry.type(description="One paper of a handover (移交明细).")
class HandoverItem:
    """An item."""

    certificate_id: strawberry.ID = named("The certificate.")
    pages: int | None = named("Pages the giver counted.")
    state: HandoverItemState = named("What the receiver said.")
    condition: str | None = named("Condition noted by the receiver.")
    reason: str | None = named("Why it was rejected or recalled.")
    decided_at: datetime | None = named("When.")


def _handover_late(handover: Mapping[str, Any], today: date) -> bool:
    waiting = handover["state"] == HandoverState.PENDING
    return waiting and today > date.fromisoformat(handover["due_on"])


@strawberry.type(description="Papers on their way to a receiver (移交单).")
class Handover(Node):
    """A handover."""

    prefix: strawberry.Private[str] = "hand"

    no: str = named("Number.")
    giver: str = named("Login of the giver, who answers until each paper is accepted.")
    receiver: str | None = named("Login of the receiver.")
    desk: str | None = named("Code of the vault that receives.")
    returning_case: strawberry.ID | None = named("The case whose papers come back.")
    reassigned_case: strawberry.ID | None = named("The case whose papers go to its next handler.")
    items: list[HandoverItem] = named("The papers.")
    seal_no: str | None = named("Seal, if shipped.")
    initiated_at: datetime = named("When it began.")
    due_on: date = named("When the receiver must have decided.")
    state: HandoverState = named("State, derived from the items.")
    version: int = named("Times changed.")
    is_late: bool = derived(
        _handover_late, "Whether the receiver is late today.", reads=("state", "due_on")
    )
    certificates: list[TitleCertificate] = related(
        Relation(collection="certificates", local="items.certificate_id", many=True),
        "The certificates.",
    )
