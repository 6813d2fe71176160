"""Collateral (押品): what the bank relies on, who owns it, and what courts and registries say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import md
from domain.refusals import Refusal, RefusalCode


class CollateralKind(StrEnum):
    """Kind of collateral (押品种类)."""

    RESIDENTIAL = "RESIDENTIAL"
    COMMERCIAL_PROPERTY = "COMMERCIAL_PROPERTY"
    LAND = "LAND"
    UNDER_CONSTRUCTION = "UNDER_CONSTRUCTION"
    PRESALE_UNIT = "PRESALE_UNIT"
    VEHICLE = "VEHICLE"
    DEPOSIT = "DEPOSIT"
    TREASURY = "TREASURY"
    POLICY = "POLICY"
    WEALTH = "WEALTH"
    EQUITY = "EQUITY"
    RECEIVABLE = "RECEIVABLE"
    WAREHOUSE_RECEIPT = "WAREHOUSE_RECEIPT"
    EQUIPMENT = "EQUIPMENT"
    OTHER = "OTHER"


class PledgeState(StrEnum):
    """Whether the bank still relies on the collateral (担保状态)."""

    PROPOSED = "PROPOSED"
    EFFECTIVE = "EFFECTIVE"
    RELEASING = "RELEASING"
    PARTIALLY_RELEASED = "PARTIALLY_RELEASED"
    RELEASED = "RELEASED"
    TRANSFERRED = "TRANSFERRED"
    IN_ENFORCEMENT = "IN_ENFORCEMENT"
    DISPOSED = "DISPOSED"
    EXTINGUISHED = "EXTINGUISHED"


# The bank relies on it no longer, and never again under this record.
ENDED_PLEDGES = frozenset({PledgeState.RELEASED, PledgeState.DISPOSED, PledgeState.EXTINGUISHED})
# The bank does not rely on it.
GONE = ENDED_PLEDGES | {PledgeState.TRANSFERRED}
# It does, and releases nothing of it.
RELYING = frozenset({PledgeState.EFFECTIVE, PledgeState.PARTIALLY_RELEASED, PledgeState.PROPOSED})


class TitleSearchResult(StrEnum):
    """What the registry's book showed (查册结果)."""

    CLEAR = "CLEAR"  # the bank's right stands, nothing else
    SEIZED = "SEIZED"
    CANCELLED = "CANCELLED"  # the bank's right has been cancelled
    OTHER = "OTHER"


class ValuationKind(StrEnum):
    """Occasion of a valuation (估值类型)."""

    INITIAL = "INITIAL"
    REVALUATION = "REVALUATION"
    RELEASE = "RELEASE"


class ValuationMethod(StrEnum):
    """How the value was found (估值方法)."""

    MARKET = "MARKET"
    INCOME = "INCOME"
    COST = "COST"
    ONLINE = "ONLINE"
    OTHER = "OTHER"


# How long a court may seize a thing at most; real estate and other rights longest.
MOST_SEIZED_YEARS = 3
SEIZED_YEARS: Mapping[CollateralKind, int] = MappingProxyType(
    {
        CollateralKind.VEHICLE: 2,
        CollateralKind.EQUIPMENT: 2,
        CollateralKind.DEPOSIT: 1,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A registered owner or co-owner (权利人、共有人); `party` is a number, never a name."""

    party: str
    share: Decimal | None = None
    deceased: bool = False
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seizure:
    """A court's seizure or freeze (查封、冻结、轮候)."""

    doc_no: str
    court: str
    starts_on: date
    ends_on: date | None = None
    lifted_on: date | None = None
    rank: int = 1

    def in_force(self, kind: CollateralKind, today: date) -> bool:
        """A term that ended without renewal has no effect (查封规定 27).

        kind: of what is seized; where no end is told, no court seizes it for longer than that.
        """
        lifted = self.lifted_on is not None and self.lifted_on <= today
        longest = md(self.starts_on, 12 * SEIZED_YEARS.get(kind, MOST_SEIZED_YEARS))
        return self.starts_on <= today <= (self.ends_on or longest) and not lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleSearch:
    """A look into the registry's book (查册)."""

    no: str
    searched_on: date
    result: TitleSearchResult
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where the collateral is (坐落)."""

    province: str | None = None
    city: str | None = None
    district: str | None = None
    address: str | None = None
    lat: Decimal | None = None
    lng: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insurance:
    """A policy on the thing (财产保险), and whether the bank is paid first (第一受益人)."""

    policy_no: str
    insurer: str | None = None
    ends_on: date | None = None
    bank_is_beneficiary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """A piece of collateral (押品). Amounts in fen."""

    id: str
    no: str
    kind: CollateralKind
    name: str
    location: Location = field(default_factory=Location)
    owners: tuple[Owner, ...] = ()
    area_m2: Decimal | None = None
    unit_no: str | None = None  # 不动产单元号
    convertible_from: date | None = None
    right_lapsed_on: date | None = None  # the bank's right lapsed and nothing replaced it
    pledge_state: PledgeState = PledgeState.EFFECTIVE
    first_value: int | None = None
    latest_value: int | None = None
    latest_value_on: date | None = None
    prior_claims: int = 0
    in_dispute: bool = False
    moves_with: str | None = None  # number of the land of a house, or of the house on a land
    own_bank_deposit: bool = False  # a deposit receipt of this bank, not of another
    currency: str = "CNY"
    encumbered_by: str | None = None
    insurance: tuple[Insurance, ...] = ()
    seizures: tuple[Seizure, ...] = ()
    title_searches: tuple[TitleSearch, ...] = ()
    open_case_id: str | None = None
    owed_since: date | None = None  # when the last of its loans was seen to be settled
    free_until: date | None = None  # the last day from then on that costs no compensation
    compensation_per_day: int | None = None  # fen, as in force on that day
    org_code: str
    org_path: str
    version: int = 0

    @property
    def latest_search(self) -> TitleSearch | None:
        """The newest look into the registry's book; a later report of the same day wins."""
        if not self.title_searches:
            return None
        last = max(range(len(self.title_searches)), key=self._age)
        return self.title_searches[last]

    @property
    def eligible_value(self) -> int | None:
        """What it counts for against a debt, in fen: nothing once the right has lapsed (CUS-16)."""
        return self.latest_value if self.right_lapsed_on is None else 0

    def _age(self, index: int) -> tuple[date, int]:
        return self.title_searches[index].searched_on, index


def moves_together(one: Collateral, other: Collateral) -> bool:
    """Whether two are a house and its land (房地一体): told so, or one unit of the registry."""
    if other.no in {one.no, None}:
        return False
    if one.moves_with == other.no or other.moves_with == one.no:
        return True
    land = [item.kind is CollateralKind.LAND for item in (one, other)]
    return one.unit_no is not None and one.unit_no == other.unit_no and land[0] != land[1]


def releasing(collateral: Collateral) -> Refusal:
    """No new money, debt or right under collateral that is being released (DRG-R03)."""
    return Refusal(
        code=RefusalCode.RELEASE_IN_PROGRESS,
        rule_id="DRG-R03",
        detail={"collateral": collateral.no},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What a collateral is worth (估值), in fen."""

    id: str
    no: str
    collateral_no: str
    value: int
    value_on: date
    method: ValuationMethod
    kind: ValuationKind
    appraiser: str | None = None
    recorded_by: str | None = None  # who recorded it here; none from the feed
    approved_by: str | None = None
    org_code: str
    org_path: str
    version: int = 0
