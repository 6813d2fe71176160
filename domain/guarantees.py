"""Guarantee contracts (担保合同), ordinary or maximum-amount (最高额), and what they link."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class GuaranteeKind(StrEnum):
    """Kind of security (担保方式)."""

    MORTGAGE = "MORTGAGE"
    PLEDGE = "PLEDGE"
    SURETY = "SURETY"


class GuaranteeMode(StrEnum):
    """Whether one debt is secured or all debts up to a maximum (一般/最高额)."""

    ORDINARY = "ORDINARY"
    MAX_AMOUNT = "MAX_AMOUNT"


class GuaranteeStatus(StrEnum):
    """Life of a guarantee contract (担保合同状态)."""

    DRAFT = "DRAFT"
    EFFECTIVE = "EFFECTIVE"
    RELEASED = "RELEASED"
    VOID = "VOID"


class DeterminationReason(StrEnum):
    """Why a maximum-amount claim stopped growing (债权确定事由). Source: Civil Code art. 423."""

    PERIOD_ENDED = "PERIOD_ENDED"
    REQUESTED_AFTER_TWO_YEARS = "REQUESTED_AFTER_TWO_YEARS"
    NO_NEW_CLAIM_POSSIBLE = "NO_NEW_CLAIM_POSSIBLE"
    COLLATERAL_SEIZED = "COLLATERAL_SEIZED"
    BANKRUPTCY_OR_DISSOLUTION = "BANKRUPTCY_OR_DISSOLUTION"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantor:
    """Who gives the security (担保人); `third_party` when not the debtor."""

    party: str  # business number of the customer or other party; never a name
    third_party: bool = False
    joint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeLink:
    """One collateral under one contract (押品关联), with rank (顺位); amounts in fen."""

    collateral_no: str
    secured_amount: int = 0
    rank: int = 1
    prior_claims: int = 0
    active: bool = True
    released_by_case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeContract:
    """A guarantee contract (担保合同). Amounts in fen."""

    id: str
    no: str
    credit_contract_no: str
    kind: GuaranteeKind
    mode: GuaranteeMode
    status: GuaranteeStatus = GuaranteeStatus.EFFECTIVE
    guarantors: tuple[Guarantor, ...] = ()
    max_claim: int | None = None
    registered_max_claim: int | None = None
    claim_period_from: date | None = None
    claim_period_to: date | None = None
    determined_on: date | None = None
    determined_reason: DeterminationReason | None = None
    secured_loans: tuple[str, ...] = ()  # loan numbers
    links: tuple[GuaranteeLink, ...] = ()
    org_code: str
    org_path: str
    version: int = 0

    @property
    def stands(self) -> bool:
        """Whether the contract still secures anything."""
        return self.status in {GuaranteeStatus.DRAFT, GuaranteeStatus.EFFECTIVE}

    def secures_drawn(self, on: date | None) -> bool:
        """Whether it secures what is drawn under its facility that day; none is yet to be (423)."""
        ends = [day for day in (self.determined_on, self.claim_period_to) if day is not None]
        in_time = on is None or on <= min(ends, default=on)
        return self.mode is GuaranteeMode.MAX_AMOUNT and in_time

    def active_link(self, collateral_no: str) -> GuaranteeLink | None:
        """The link that still ties that collateral to this contract."""
        if not self.stands:
            return None
        return next(
            (link for link in self.links if link.collateral_no == collateral_no and link.active),
            None,
        )
