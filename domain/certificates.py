"""Title certificates (权证) and safekeeping papers (代保管品): their types, numbers and states."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.collaterals import CollateralKind

MAX_CERT_NO = 150  # characters of a number, normalised; what is longer could not be counted


class Catalog(StrEnum):
    """Whose right the paper proves (目录): the bank's, or the owner's kept for him."""

    RIGHT_CERT = "RIGHT_CERT"
    SAFEKEEPING = "SAFEKEEPING"


class CertType(StrEnum):
    """Type of certificate (权证类型)."""

    REAL_ESTATE_TITLE = "REAL_ESTATE_TITLE"
    HOUSE_TITLE_LEGACY = "HOUSE_TITLE_LEGACY"
    LAND_USE_TITLE_LEGACY = "LAND_USE_TITLE_LEGACY"
    MORTGAGE_REG_PROOF = "MORTGAGE_REG_PROOF"
    OTHER_RIGHT_LEGACY = "OTHER_RIGHT_LEGACY"
    PRE_NOTICE_TITLE = "PRE_NOTICE_TITLE"
    PRE_NOTICE_MORTGAGE = "PRE_NOTICE_MORTGAGE"
    CONSTRUCTION_MORTGAGE = "CONSTRUCTION_MORTGAGE"
    PURCHASE_CONTRACT = "PURCHASE_CONTRACT"
    VEHICLE_REG = "VEHICLE_REG"
    DEPOSIT_RECEIPT = "DEPOSIT_RECEIPT"
    TREASURY_BOND_RECEIPT = "TREASURY_BOND_RECEIPT"
    INSURANCE_POLICY_PLEDGE = "INSURANCE_POLICY_PLEDGE"
    PROPERTY_INSURANCE = "PROPERTY_INSURANCE"
    WEALTH_PRODUCT_PLEDGE = "WEALTH_PRODUCT_PLEDGE"
    WAREHOUSE_RECEIPT = "WAREHOUSE_RECEIPT"
    EQUITY_PLEDGE_NOTICE = "EQUITY_PLEDGE_NOTICE"
    RECEIVABLE_PLEDGE_REG = "RECEIVABLE_PLEDGE_REG"
    MOVABLE_MORTGAGE_REG = "MOVABLE_MORTGAGE_REG"
    OTHER = "OTHER"


class Carrier(StrEnum):
    """Paper or electronic (载体)."""

    PAPER = "PAPER"
    ELECTRONIC = "ELECTRONIC"


class Perfection(StrEnum):
    """What makes the right: registration, delivery of the paper, or nothing (公示方式)."""

    REGISTRATION = "REGISTRATION"
    DELIVERY = "DELIVERY"
    NONE = "NONE"


class CustodyState(StrEnum):
    """Where the paper is and who answers for it (保管状态)."""

    NOT_RECEIVED = "NOT_RECEIVED"
    WITH_HANDLER = "WITH_HANDLER"
    IN_TRANSIT = "IN_TRANSIT"
    RECEIVED_PENDING_VAULT = "RECEIVED_PENDING_VAULT"
    IN_VAULT = "IN_VAULT"
    CHECKED_OUT = "CHECKED_OUT"
    OUT_FOR_DEREG = "OUT_FOR_DEREG"
    MISSING = "MISSING"
    LOST = "LOST"
    ELECTRONIC_ON_FILE = "ELECTRONIC_ON_FILE"
    SURRENDERED = "SURRENDERED"
    RETURNED_TO_OWNER = "RETURNED_TO_OWNER"
    REDEEMED = "REDEEMED"
    TRANSFERRED_OUT = "TRANSFERRED_OUT"
    REPLACED = "REPLACED"


TERMINAL = frozenset(
    {
        CustodyState.SURRENDERED,
        CustodyState.RETURNED_TO_OWNER,
        CustodyState.REDEEMED,
        CustodyState.TRANSFERRED_OUT,
        CustodyState.REPLACED,
    }
)


class LegalState(StrEnum):
    """Whether the registered right exists (权利状态)."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REGISTERED = "REGISTERED"
    LAPSED = "LAPSED"
    SUPERSEDED = "SUPERSEDED"
    CANCELLED = "CANCELLED"
    VOID = "VOID"


# No right stands any more; what has lapsed or is void does not come back.
ENDED_RIGHTS = frozenset(
    {LegalState.LAPSED, LegalState.SUPERSEDED, LegalState.CANCELLED, LegalState.VOID}
)


# Where a paper stands outside a vault, and should not for long (CUS-06).
UNVAULTED = frozenset(
    {CustodyState.WITH_HANDLER, CustodyState.IN_TRANSIT, CustodyState.RECEIVED_PENDING_VAULT}
)


# Where an owner's paper waits to be fetched; a handler still has it after the registry's entry.
WAITING_FOR_OWNER = frozenset(
    {CustodyState.IN_VAULT, CustodyState.RECEIVED_PENDING_VAULT, CustodyState.OUT_FOR_DEREG}
)


class LockKind(StrEnum):
    """What kind of open request holds a certificate (在途业务)."""

    VAULT_PROPOSAL = "VAULT_PROPOSAL"
    DEREGISTRATION = "DEREGISTRATION"
    CHECK_OUT = "CHECK_OUT"
    OWNER_RETURN = "OWNER_RETURN"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertTypeFacts:
    """What is true of every certificate of a type. Source: domain 3.1."""

    catalog: Catalog
    perfection: Perfection
    carriers: frozenset[Carrier]
    collateral: frozenset[CollateralKind]


_PAPER = frozenset({Carrier.PAPER})
_ELECTRONIC = frozenset({Carrier.ELECTRONIC})
_BOTH = _PAPER | _ELECTRONIC
_K = CollateralKind
_BUILT = frozenset({_K.RESIDENTIAL, _K.COMMERCIAL_PROPERTY})
_REAL = _BUILT | {_K.LAND, _K.UNDER_CONSTRUCTION, _K.PRESALE_UNIT}
_PRESALE = _BUILT | {_K.PRESALE_UNIT}
_MOVABLE = frozenset({_K.VEHICLE, _K.EQUIPMENT, _K.OTHER})


def _facts(
    catalog: Catalog,
    perfection: Perfection,
    carriers: frozenset[Carrier],
    collateral: frozenset[CollateralKind],
) -> CertTypeFacts:
    return CertTypeFacts(
        catalog=catalog, perfection=perfection, carriers=carriers, collateral=collateral
    )


_R, _S = Catalog.RIGHT_CERT, Catalog.SAFEKEEPING
_REG, _DELIV, _NO = Perfection.REGISTRATION, Perfection.DELIVERY, Perfection.NONE

CERT_TYPES: Mapping[CertType, CertTypeFacts] = MappingProxyType(
    {
        CertType.REAL_ESTATE_TITLE: _facts(_S, _NO, _BOTH, _REAL),
        CertType.HOUSE_TITLE_LEGACY: _facts(_S, _NO, _PAPER, _BUILT),
        CertType.LAND_USE_TITLE_LEGACY: _facts(_S, _NO, _PAPER, _REAL),
        CertType.MORTGAGE_REG_PROOF: _facts(_R, _REG, _BOTH, _REAL),
        CertType.OTHER_RIGHT_LEGACY: _facts(_R, _REG, _PAPER, _REAL),
        CertType.PRE_NOTICE_TITLE: _facts(_S, _REG, _BOTH, _PRESALE),
        CertType.PRE_NOTICE_MORTGAGE: _facts(_R, _REG, _BOTH, _PRESALE),
        CertType.CONSTRUCTION_MORTGAGE: _facts(
            _R, _REG, _PAPER, frozenset({_K.UNDER_CONSTRUCTION, _K.LAND})
        ),
        CertType.PURCHASE_CONTRACT: _facts(_S, _NO, _PAPER, _PRESALE),
        CertType.VEHICLE_REG: _facts(_S, _REG, _PAPER, frozenset({_K.VEHICLE})),
        CertType.DEPOSIT_RECEIPT: _facts(_R, _DELIV, _BOTH, frozenset({_K.DEPOSIT})),
        CertType.TREASURY_BOND_RECEIPT: _facts(_R, _DELIV, _PAPER, frozenset({_K.TREASURY})),
        CertType.INSURANCE_POLICY_PLEDGE: _facts(_R, _DELIV, _BOTH, frozenset({_K.POLICY})),
        CertType.PROPERTY_INSURANCE: _facts(_S, _NO, _BOTH, _REAL | _MOVABLE),
        CertType.WEALTH_PRODUCT_PLEDGE: _facts(_R, _REG, _ELECTRONIC, frozenset({_K.WEALTH})),
        CertType.WAREHOUSE_RECEIPT: _facts(_R, _DELIV, _BOTH, frozenset({_K.WAREHOUSE_RECEIPT})),
        CertType.EQUITY_PLEDGE_NOTICE: _facts(_R, _REG, _BOTH, frozenset({_K.EQUITY})),
        CertType.RECEIVABLE_PLEDGE_REG: _facts(_R, _REG, _ELECTRONIC, frozenset({_K.RECEIVABLE})),
        CertType.MOVABLE_MORTGAGE_REG: _facts(_R, _REG, _ELECTRONIC, _MOVABLE),
        CertType.OTHER: _facts(_S, _NO, _BOTH, frozenset(CollateralKind)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The one open request that holds a certificate (在途)."""

    kind: LockKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has the paper in hand."""

    login: str | None = None
    desk: str | None = None  # code of the vault whose desk received it
    external: str | None = None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """Where in a vault a certificate lies."""

    vault: str
    cabinet: str
    slot: str
    packet_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """An application to turn a pre-notice into a full registration (预告转现房抵押)."""

    filed_on: date
    acceptance_no: str  # of the registry's receipt
    recorded_by: str
    returned_on: date | None = None  # when the registry gave it back (退件)
    return_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleCertificate:
    """A title certificate (权证); changed only by custody events. Amounts in fen."""

    id: str
    catalog: Catalog
    cert_type: CertType
    carrier: Carrier
    cert_no: str | None = None  # as printed
    cert_no_norm: str | None = None
    issuer: str | None = None
    issuer_code: str | None = None
    issue_date: date | None = None
    registered_on: date | None = None
    registered_until: date | None = None
    expires_on: date | None = None  # a deposit matures, a policy or a term ends
    convertible_from: date | None = None  # a pre-notice: when formal registration was possible
    lapses_on: date | None = None  # a pre-notice: the last day to apply
    conversion: Conversion | None = None
    returned_conversions: tuple[Conversion, ...] = ()  # applications that the registry gave back
    right_holder: str | None = None
    right_amount: int | None = None
    rank: int = 1
    collateral_nos: tuple[str, ...]
    guarantee_contract_nos: tuple[str, ...] = ()
    pages: int | None = None
    legal_state: LegalState = LegalState.PENDING
    custody_state: CustodyState = CustodyState.NOT_RECEIVED
    holder: Holder | None = None
    place: VaultPlace | None = None
    lock: Lock | None = None
    due_date: date | None = None
    expected_from: date | None = None  # the day its processing counts from
    expected_by: date | None = None
    collected_on: date | None = None
    vault_due: date | None = None
    unvaulted_since: date | None = None  # since when it stands outside a vault, last time it did
    vaulted_on: date | None = None  # when it first went into the vault
    released_on: date | None = None  # an owner's paper: when no lien was left on what it covers
    next_look_on: date | None = None  # when one of its deadlines asks for something next
    priority_date: date | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    given_by: str | None = None  # who handed it over last; may not vault it
    givers: tuple[str, ...] = ()  # everyone who has since it was collected or left a vault
    booked_in: str | None = None  # code of the vault in which the book was asked to hold it (表外)
    booked_amount: int | None = None  # at which it does
    posting_failed: str | None = None  # id of the entry that the core refused; it holds the paper
    event_seq: int = 0
    event_hash: str = ""
    org_code: str
    org_path: str
    version: int = 0

    @property
    def label(self) -> str:
        """How a message names it: the printed number, else the id."""
        return self.cert_no or self.id

    @property
    def is_dropped(self) -> bool:
        """Whether it was only ever expected, and is expected no more (INV-10)."""
        never = self.custody_state is CustodyState.NOT_RECEIVED
        return never and self.legal_state is LegalState.VOID

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it any more: it is at its end, or expected no more."""
        return self.custody_state in TERMINAL or self.is_dropped


_FULL_WIDTH = str.maketrans({"（": "(", "）": ")", "：": ":"})
_SPACE = re.compile(r"\s+")


def names_of(certificates: Iterable[TitleCertificate]) -> list[str]:
    """What holds, signals and legal cases call these papers: by id, or by number."""
    return [name for c in certificates for name in (c.id, c.cert_no) if name]


def normalised(number: str) -> str:
    """The number under which duplicates are found (CUS-02, 3.1)."""
    folded = unicodedata.normalize("NFKC", number).translate(_FULL_WIDTH)
    return _SPACE.sub("", folded).upper()
