"""What else may stand in the way of a release: legal holds, legal cases and risk signals."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.refusals import Refusal, RefusalCode


class HoldScope(StrEnum):
    """What a legal hold freezes (冻结范围)."""

    DOSSIER = "DOSSIER"
    FILE = "FILE"
    CERTIFICATE = "CERTIFICATE"
    COLLATERAL = "COLLATERAL"
    CUSTOMER = "CUSTOMER"


class HoldReason(StrEnum):
    """Why a hold was placed (冻结原因)."""

    LITIGATION = "LITIGATION"
    REGULATOR = "REGULATOR"
    AUDIT = "AUDIT"
    AML = "AML"
    COMPLAINT = "COMPLAINT"


class SignalSeverity(StrEnum):
    """Severity of a risk signal (风险等级)."""

    BLUE = "BLUE"
    YELLOW = "YELLOW"
    ORANGE = "ORANGE"
    RED = "RED"


class SignalCategory(StrEnum):
    """What a risk signal is about (风险类别). Source: SIG-07."""

    CUSTOMER_INFO = "CUSTOMER_INFO"
    FUND_USE = "FUND_USE"
    PARTNER = "PARTNER"
    ASSET_QUALITY = "ASSET_QUALITY"
    REPAYMENT = "REPAYMENT"
    COLLATERAL = "COLLATERAL"
    CERTIFICATE = "CERTIFICATE"
    COLLATERAL_DISPUTE = "COLLATERAL_DISPUTE"
    FRAUD = "FRAUD"
    AML = "AML"
    LITIGATION = "LITIGATION"
    ARCHIVE = "ARCHIVE"
    OTHER = "OTHER"


class SubjectKind(StrEnum):
    """What a signal, alert, incident or legal case is attached to."""

    LOAN = "LOAN"
    CUSTOMER = "CUSTOMER"
    COLLATERAL = "COLLATERAL"
    CERTIFICATE = "CERTIFICATE"
    DOSSIER = "DOSSIER"
    FILE = "FILE"
    HANDOVER = "HANDOVER"
    DISPATCH = "DISPATCH"
    VAULT = "VAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """A freeze placed by the bank's own lawyers or auditors (法律冻结)."""

    id: str
    no: str
    scope: HoldScope
    target: str  # business number of what is held
    reason: HoldReason
    placed_at: datetime
    released_at: datetime | None = None
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSignal:
    """A risk signal (风险信号): open until it is determined eliminated."""

    id: str
    no: str
    category: SignalCategory
    severity: SignalSeverity
    subject_kind: SubjectKind
    subject: str  # business number of what it is about
    reason: str = ""
    published_at: datetime
    eliminated_at: datetime | None = None
    outcome: str | None = None  # what eliminated it
    elimination_proposed_on: date | None = None  # its loan was settled; people determine it
    elimination_reason: str | None = None
    category_raw: str | None = None  # as the core names it, where we know no such category
    org_code: str
    org_path: str
    version: int = 0


class IncidentKind(StrEnum):
    """What went wrong (事件类别)."""

    MISSING = "MISSING"
    SUSPECTED_LOSS = "SUSPECTED_LOSS"
    LOSS = "LOSS"
    RETURN_MISMATCH = "RETURN_MISMATCH"
    SEAL_BROKEN = "SEAL_BROKEN"
    REVERSED_SETTLEMENT = "REVERSED_SETTLEMENT"
    BOOK_DIFFERENCE = "BOOK_DIFFERENCE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that went wrong and is looked into (事件), open until it is closed."""

    id: str
    no: str
    kind: IncidentKind
    severity: SignalSeverity
    subject_kind: SubjectKind
    subject: str  # number or id of what it is about
    reason: str = ""
    discovered_at: datetime
    reported_at: datetime | None = None
    reported_by: str | None = None
    accountability: str | None = None  # who answers for a confirmed loss (责任认定)
    closed_at: datetime | None = None
    outcome: str | None = None
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalCase:
    """Litigation or execution by this bank (诉讼、执行)."""

    id: str
    no: str
    subject_kind: SubjectKind
    subject: str
    opened_at: datetime
    closed_at: datetime | None = None
    org_code: str
    org_path: str
    version: int = 0


def held(holds: Iterable[LegalHold]) -> Refusal | None:
    """A paper under an open legal hold stays where it is.

    Source: CUS-24 (X14, X17, X18, X19, X26).
    """
    numbers = [hold.no for hold in holds if hold.released_at is None]
    if not numbers:
        return None
    return Refusal(
        code=RefusalCode.LEGAL_HOLD, rule_id="CUS-24", detail={"holds": ", ".join(numbers)}
    )
