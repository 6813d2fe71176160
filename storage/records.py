"""Entities and their records: which class lives in which collection, and in what shape.

A record is the entity's fields as BSON: enums by value, business dates as ISO text, ratios as
text, money as 64-bit integers, moments as UTC; the id is `_id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from bson.int64 import Int64
from pydantic import TypeAdapter, ValidationError
from ulid import ULID

from domain.alerts import Alert
from domain.book import Posting
from domain.certificates import TitleCertificate
from domain.checkouts import CheckOut
from domain.claim_transfers import ClaimTransfer
from domain.collaterals import Collateral, Valuation
from domain.custody import CustodyEvent
from domain.deregistration import DeregistrationCase
from domain.dispatches import Dispatch
from domain.dossiers import Dossier
from domain.dual_control import Proposal
from domain.files import ArchiveFile, FileVersion
from domain.guarantees import GuaranteeContract
from domain.handovers import Handover
from domain.loans import CreditContract, Loan
from domain.orgs import Org
from domain.owner_returns import OwnerReturn
from domain.parties import Customer, Partner
from domain.people import User
from domain.receipts import Receipt
from domain.reconciliation import Reconciliation
from domain.redemption import Redemption
from domain.settlement_proofs import SettlementProof
from domain.stocktakes import Stocktake
from domain.vault_keeping import KeeperChange
from domain.vaults import SealedPacket, Slot, Vault
from domain.watch import Incident, LegalCase, LegalHold, RiskSignal
from storage.errors import Unreadable

Record = dict[str, Any]
Long = Int64  # how a whole number beyond 32 bits comes back: an int, of a type of its own
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a class of entities is kept. `prefix` begins each id and tells its type.

    fenced: a decision that reads such an entity without changing it must still conflict with
    whoever changes it meanwhile. told: changes are events of the outbox.
    """

    collection: str
    prefix: str
    fenced: bool = True
    told: bool = True


KEPT: Mapping[type, Kept] = MappingProxyType(
    {
        Org: Kept(collection="orgs", prefix="org", fenced=False),
        User: Kept(collection="users", prefix="user", fenced=False),
        Customer: Kept(collection="customers", prefix="cust"),
        Partner: Kept(collection="partners", prefix="part", fenced=False),
        CreditContract: Kept(collection="credit_contracts", prefix="cred"),
        Loan: Kept(collection="loans", prefix="loan"),
        GuaranteeContract: Kept(collection="guarantee_contracts", prefix="guar"),
        Collateral: Kept(collection="collaterals", prefix="coll"),
        Valuation: Kept(collection="valuations", prefix="valu"),
        TitleCertificate: Kept(collection="certificates", prefix="cert"),
        CustodyEvent: Kept(collection="custody_events", prefix="evnt", fenced=False, told=False),
        Handover: Kept(collection="handovers", prefix="hand"),
        Receipt: Kept(collection="receipts", prefix="rcpt", fenced=False, told=False),
        Posting: Kept(collection="postings", prefix="pstg"),
        Reconciliation: Kept(collection="reconciliations", prefix="rcon", fenced=False),
        Vault: Kept(collection="vaults", prefix="vlt"),
        Slot: Kept(collection="slots", prefix="slot", told=False),
        SealedPacket: Kept(collection="packets", prefix="pack", told=False),
        Proposal: Kept(collection="proposals", prefix="prop"),
        CheckOut: Kept(collection="check_outs", prefix="chko"),
        Stocktake: Kept(collection="stocktakes", prefix="stoc"),
        Dispatch: Kept(collection="dispatches", prefix="disp"),
        Redemption: Kept(collection="redemptions", prefix="redm"),
        ClaimTransfer: Kept(collection="claim_transfers", prefix="ctrf"),
        OwnerReturn: Kept(collection="owner_returns", prefix="ownr"),
        KeeperChange: Kept(collection="keeper_changes", prefix="kchg"),
        DeregistrationCase: Kept(collection="dereg_cases", prefix="case"),
        SettlementProof: Kept(collection="settlement_proofs", prefix="proof"),
        Dossier: Kept(collection="dossiers", prefix="doss"),
        ArchiveFile: Kept(collection="files", prefix="file"),
        FileVersion: Kept(collection="file_versions", prefix="fver"),
        LegalHold: Kept(collection="legal_holds", prefix="hold"),
        RiskSignal: Kept(collection="risk_signals", prefix="sign"),
        LegalCase: Kept(collection="legal_cases", prefix="lcas"),
        Incident: Kept(collection="incidents", prefix="incd"),
        Alert: Kept(collection="alerts", prefix="alrt"),
    }
)
COLLECTION_OF_PREFIX: Mapping[str, str] = MappingProxyType(
    {kept.prefix: kept.collection for kept in KEPT.values()}
)
_ADAPTERS: Mapping[type, TypeAdapter[Any]] = {cls: TypeAdapter(cls) for cls in KEPT}
_FIELD_NAMES: dict[type, tuple[str, ...]] = {}
_AS_IT_IS = frozenset({type(None), bool, int, str, datetime})
_VERSIONED = frozenset(cls for cls in KEPT if "version" in {field.name for field in fields(cls)})


def new_id(cls: type) -> str:
    """A fresh id of that class: its prefix and a ULID, so ids sort by time and tell their type."""
    return f"{KEPT[cls].prefix}_{ULID()}"


def is_versioned(cls: type) -> bool:
    """Whether entities of that class change, and so carry a version."""
    return cls in _VERSIONED


def to_record(entity: object) -> Record:
    """The record of an entity."""
    record = plain(entity)
    record["_id"] = record.pop("id")
    return record


def changes(before: object, after: object) -> Record:
    """What differs between two states of an entity, by its path in the record."""
    found: Record = {}
    for name in _names(type(after)):
        old, new = getattr(before, name), getattr(after, name)
        if new is old:
            continue
        if type(new) is tuple and len(new) == len(old):
            pairs = enumerate(zip(old, new, strict=True))
            found |= {f"{name}.{place}": _plain(b) for place, (a, b) in pairs if a != b}
        elif new != old:
            found[name] = _plain(new)
    return found


def from_record(cls: type[T], record: Mapping[str, Any]) -> T:
    """The entity of a record; fields that only storage keeps are left out. Raises: Unreadable."""
    try:
        entity: T = _ADAPTERS[cls].validate_python({**record, "id": record["_id"]})
    except ValidationError as error:  # its own text quotes what the record says of people
        where = {".".join(map(str, one["loc"])) for one in error.errors(include_input=False)}
        raise Unreadable(f"{cls.__name__} {record['_id']}: {', '.join(sorted(where))}") from None
    return entity


def _names(cls: type) -> tuple[str, ...]:
    """Field names of a dataclass, looked up once."""
    names = _FIELD_NAMES.get(cls)
    if names is None:
        names = _FIELD_NAMES[cls] = tuple(field.name for field in fields(cls))
    return names


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind in _FIELD_NAMES:
        return plain(value)
    if isinstance(value, Enum):
        return value._value_  # without the property, which is slow
    match value:
        case int() | datetime() | str():
            return value
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case tuple() | list():
            return [_plain(item) for item in value]
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return plain(value)


def plain(value: object) -> Record:
    """The fields of a dataclass as they are kept, through and through."""
    return {
        name: one if type(one := getattr(value, name)) in _AS_IT_IS else _plain(one)
        for name in _names(type(value))
    }
