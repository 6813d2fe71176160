"""What the import feed takes (数据接入): one line a record, by business numbers.

Amounts are decimal strings of yuan; a date may be told as a moment and then counts as the business
date in Asia/Shanghai. A line is the whole record: what it leaves out is at its default.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from domain.book import PostingOutcome
from domain.calendar import SHANGHAI, business_date, within_years
from domain.certificates import (
    MAX_CERT_NO,
    Carrier,
    Catalog,
    CertType,
    CustodyState,
    LegalState,
)
from domain.checkouts import CheckOutPurpose
from domain.collaterals import (
    CollateralKind,
    TitleSearchResult,
    ValuationKind,
    ValuationMethod,
)
from domain.deregistration import DeregKind, HandlingMode
from domain.guarantees import DeterminationReason, GuaranteeKind, GuaranteeMode, GuaranteeStatus
from domain.loans import (
    Classification,
    CreditContractKind,
    DisbursementBasis,
    LoanStatus,
    Product,
    RepaymentKind,
    SettlementChannel,
)
from domain.money import fen
from domain.orgs import OrgLevel
from domain.parties import CustomerType, IdType, PartnerKind
from domain.roles import Role
from domain.vaults import MAX_NAME_LENGTH, VaultStatus
from domain.watch import (
    HoldReason,
    HoldScope,
    IncidentKind,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)


def _fen(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError('an amount is a decimal string, like "1234.50"')
    return fen(value)


def _day(value: Any) -> date:
    if not isinstance(value, str):
        raise ValueError('a date is text, like "2025-06-20"')
    if len(value) == len("2025-06-20"):
        return within_years(date.fromisoformat(value))
    return business_date(_moment(value))


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError('a moment is text, like "2025-06-20T10:00:00+08:00"')
    moment = within_years(datetime.fromisoformat(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


Amount = Annotated[
    int,
    BeforeValidator(_fen),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^-?(0|[1-9]\d{0,13})(\.\d{1,2})?$",
            "description": "Yuan as a decimal string.",
        }
    ),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A business date, `2025-06-20`, or an RFC 3339 moment on it.",
        }
    ),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "An RFC 3339 moment; without an offset, in Shanghai.",
        }
    ),
]
No = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f/]+$")]
Label = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH, pattern=r"^[^\x00-\x1f/]+$")]
Text = Annotated[str, Field(max_length=300)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Line(BaseModel):
    """A record of the feed; unknown fields are refused, so that nothing is lost unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class OrgLine(Line):
    """An organisation (机构). Its parent must be known; code and parent never change."""

    code: No
    name: Name
    level: OrgLevel
    parent: No | None = Field(default=None, description="Code of the organisation above.")
    county: bool = Field(default=False, description="Whether it serves a county (县域).")
    has_vault: bool = False
    archives_centralised: bool = True
    is_operating: bool | None = Field(
        default=None, description="Whether it lends; by default operating branches do."
    )


class RoleLine(Line):
    """A role held at an organisation."""

    role: Role
    org: No | None = Field(default=None, description="Where; by default the user's own.")
    valid_from: Day | None = None
    valid_to: Day | None = None


class UserLine(Line):
    """A person who signs in (用户); `login` is the subject of the token."""

    login: No
    name: Name
    org: No
    roles: list[RoleLine] = Field(default_factory=list, max_length=20)
    vaults: list[No] = Field(
        default_factory=list,
        max_length=20,
        description="Codes of the vaults kept; what a change of keepers here decided stays.",
    )
    dedicated: bool = False
    status: Annotated[str, Field(pattern="^(ACTIVE|DISABLED)$")] = "ACTIVE"


class CustomerLine(Line):
    """A customer (客户). Personal data are sealed as soon as they are read."""

    no: No
    type: CustomerType
    name: Name
    id_type: IdType = IdType.ID_CARD
    id_no: Annotated[str, Field(min_length=1, max_length=64)]
    phones: list[Annotated[str, Field(max_length=40)]] = Field(default_factory=list, max_length=10)
    rating: Annotated[str, Field(max_length=20)] | None = None
    group: No | None = None
    managing_org: No
    managers: list[No] = Field(default_factory=list, max_length=20, description="Logins.")


class PartnerLine(Line):
    """A partner institution (合作机构)."""

    no: No
    name: Name
    kind: PartnerKind
    org: No
    active: bool = True


class CreditContractLine(Line):
    """A credit contract (授信合同)."""

    no: No
    customer: No
    kind: CreditContractKind = CreditContractKind.ORDINARY
    limit: Amount = 0
    available: Amount = Field(default=0, description="What may still be drawn (未用额度).")
    contingent: Amount = Field(
        default=0, description="Guarantees, acceptances, letters of credit outstanding (或有)."
    )
    period_from: Day | None = None
    period_to: Day | None = None
    terminated_at: Moment | None = Field(
        default=None, description="When the facility was terminated in writing."
    )
    approved_level: OrgLevel | None = Field(
        default=None, description="Level that approved the credit; a substitution needs as much."
    )
    org: No


class InstalmentLine(Line):
    """An instalment of the repayment schedule."""

    seq: Count
    due_date: Day
    principal: Amount
    interest: Amount
    paid_principal: Amount = 0
    paid_interest: Amount = 0
    paid_at: Moment | None = None


class LoanLine(Line):
    """A loan (贷款、借据) with its balances and settlement facts."""

    loan_no: No
    contract: No
    customer: No
    partner: No | None = None
    product: Product
    status: LoanStatus
    classification: Classification = Classification.NORMAL
    principal_amount: Amount
    balance: Amount = Field(description="Principal outstanding.")
    interest_receivable: Amount = 0
    penalty: Amount = Field(default=0, description="罚息.")
    compound_interest: Amount = Field(default=0, description="复利.")
    fees_due: Amount = Field(default=0, description="Litigation, preservation, appraisal fees.")
    off_balance_interest: Amount = 0
    written_off_balance: Amount = 0
    suspense_amount: Amount = Field(default=0, description="Received and not posted.")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    disbursed_at: Day | None = None
    maturity: Day | None = None
    term_months: Count | None = None
    repayment_kind: RepaymentKind = RepaymentKind.OTHER
    schedule: list[InstalmentLine] = Field(default_factory=list, max_length=600)
    dpd: Count = 0
    dpd_as_of: Day | None = None
    settled_at: Day | None = Field(default=None, description="When it was paid in full.")
    settlement_channel: SettlementChannel | None = Field(
        default=None, description="How the last money came; decides when it is final."
    )
    settlement_finality_at: Day | None = Field(
        default=None, description="From when it cannot be reversed, where the core system knows."
    )
    disbursement_basis: DisbursementBasis = DisbursementBasis.NONE
    acceptance_date: Day | None = Field(
        default=None, description="Date of the registry's receipt (抵押收件单)."
    )
    limitation_expires_on: Day | None = None
    encumbered_by: Text | None = Field(
        default=None, description="ABS pool or re-pledge of the claim, if any."
    )
    breach_open: bool = Field(
        default=False, description="Whether a breach is reported and not yet determined."
    )
    aml_flag: bool = False
    operating_org: No
    managers: list[No] = Field(default_factory=list, max_length=10, description="Logins.")
    as_of: Moment | None = Field(default=None, description="As of; by default now.")


class GuarantorLine(Line):
    """A guarantor, by number."""

    party: No
    own_or_third: Annotated[str, Field(pattern="^(OWN|THIRD)$")] = "OWN"
    joint: bool = False


class LinkLine(Line):
    """A collateral under the contract."""

    collateral: No
    secured_amount: Amount = Field(default=0, description="As registered.")
    rank: Annotated[int, Field(ge=1, le=99)] = 1
    prior_claims: Amount = Field(
        default=0, description="All registered claims that rank before it, the bank's own too."
    )
    active: bool = True


class GuaranteeContractLine(Line):
    """A guarantee contract (担保合同) with its loans and collateral."""

    no: No
    credit_contract: No
    kind: GuaranteeKind
    mode: GuaranteeMode = GuaranteeMode.ORDINARY
    status: GuaranteeStatus = GuaranteeStatus.EFFECTIVE
    guarantors: list[GuarantorLine] = Field(default_factory=list, max_length=50)
    max_claim: Amount | None = None
    registered_max_claim: Amount | None = None
    claim_period_from: Day | None = None
    claim_period_to: Day | None = None
    determined_at: Day | None = None
    determined_reason: DeterminationReason | None = None
    secured_loans: list[No] = Field(default_factory=list, max_length=1_000)
    links: list[LinkLine] = Field(default_factory=list, max_length=500)
    org: No


class OwnerLine(Line):
    """A registered owner, by party number; never a name."""

    party: No
    share: Decimal | None = Field(default=None, ge=0, le=1)
    deceased: bool = False
    minor: bool = False


class LocationLine(Line):
    """A place."""

    province: Text | None = None
    city: Text | None = None
    district: Text | None = None
    address: Text | None = None
    lat: Decimal | None = Field(default=None, ge=-90, le=90)
    lng: Decimal | None = Field(default=None, ge=-180, le=180)


class InsuranceLine(Line):
    """A policy on the collateral (财产保险)."""

    policy_no: No
    insurer: Text | None = None
    ends_on: Day | None = None
    bank_is_beneficiary: bool = Field(
        default=False, description="Whether it pays the bank first; ends with a release here."
    )


class CollateralLine(Line):
    """A collateral (押品). Its pledge state changes only by what is done here."""

    no: No
    kind: CollateralKind
    name: Name
    location: LocationLine = Field(default_factory=LocationLine)
    owners: list[OwnerLine] = Field(default_factory=list, max_length=50)
    area_m2: Decimal | None = Field(default=None, ge=0)
    unit_no: Annotated[str, Field(max_length=64)] | None = None
    convertible_from: Day | None = Field(
        default=None,
        description="From when formal registration was possible (可办证); a new date counts for"
        " its pre-notices too.",
    )
    prior_claims: Amount = Field(
        default=0, description="Registered claims of others that rank before the bank."
    )
    in_dispute: bool = False
    moves_with: No | None = Field(
        default=None, description="Number of its land, or of the house on it (房地一体)."
    )
    own_bank_deposit: bool = Field(
        default=False, description="For a deposit receipt: whether it is this bank's."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    encumbered_by: Text | None = Field(default=None, description="Re-pledge by the bank, if any.")
    insurance: list[InsuranceLine] = Field(default_factory=list, max_length=20)
    org: No


class ValuationLine(Line):
    """A valuation (估值); the newest date is the collateral's latest value."""

    no: No
    collateral: No
    value: Amount
    value_date: Day
    method: ValuationMethod = ValuationMethod.OTHER
    appraiser: No | None = None
    kind: ValuationKind = ValuationKind.REVALUATION
    approved_by: No | None = None


class SeizureLine(Line):
    """A court's seizure or freeze (查封、冻结) of a collateral; `doc_no` is its number."""

    collateral: No
    doc_no: No
    court: Name
    starts_on: Day
    ends_on: Day | None = None
    lifted_on: Day | None = None
    rank: Annotated[int, Field(ge=1, le=99)] = 1


class TitleSearchLine(Line):
    """A title search (查册). `CANCELLED` proves the end of a right the owner deregistered."""

    no: No
    collateral: No
    searched_on: Day
    result: TitleSearchResult


class WorkCalendarLine(Line):
    """One day of the working calendar (工作日历) that differs, or confirms, Monday to Friday."""

    date: Day
    is_working: bool


class PolicyValueLine(Line):
    """A policy value (参数) from a day on."""

    key: Annotated[str, Field(max_length=100)]
    value: Annotated[str, Field(min_length=1, max_length=40)]
    effective_from: Day
    effective_to: Day | None = None


class CabinetLine(Line):
    """A cabinet and its slots."""

    cabinet: Label
    slots: list[Label] = Field(min_length=1, max_length=500)
    capacity: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="Packets a slot holds."
    )


class VaultLine(Line):
    """A vault (库房) with its cabinets; slots are added, never taken away."""

    code: No
    name: Name
    org: No
    status: VaultStatus = VaultStatus.OPEN
    cabinets: list[CabinetLine] = Field(default_factory=list, max_length=200)


class PlaceLine(Line):
    """Where a paper lies, under which seal."""

    vault: No
    cabinet: Label
    slot: Label
    packet_no: Label
    seal_no: Label


class CertificateLine(Line):
    """A certificate taken over from an older system (期初建账); later only events change it."""

    cert_type: CertType
    carrier: Carrier = Carrier.PAPER
    catalog: Catalog | None = Field(default=None, description="Only for type OTHER.")
    cert_no: Annotated[str, Field(min_length=1, max_length=MAX_CERT_NO)]
    issuer: Name
    issuer_code: No | None = None
    issue_date: Day
    right_holder: Name
    right_amount: Amount | None = None
    registered_on: Day | None = None
    registered_until: Day | None = Field(default=None, description="When the registration ends.")
    expires_on: Day | None = Field(
        default=None, description="When the deposit matures, or the policy or term ends."
    )
    convertible_from: Day | None = Field(
        default=None,
        description="Of a pre-notice: from when formal registration was possible; by default as"
        " its collateral says.",
    )
    rank: Annotated[int, Field(ge=1, le=99)] = 1
    pages: Annotated[int, Field(ge=1, le=10_000)] = 1
    collaterals: list[No] = Field(min_length=1, max_length=50)
    legal_state: LegalState | None = Field(
        default=None, description="By default REGISTERED for the bank's own right."
    )
    custody_state: CustodyState
    place: PlaceLine | None = Field(default=None, description="For IN_VAULT: where it lies.")
    holder: No | None = Field(default=None, description="For papers out: login of the holder.")
    due_date: Day | None = Field(default=None, description="For CHECKED_OUT: when it is due.")
    purpose: CheckOutPurpose | None = Field(
        default=None, description="For CHECKED_OUT: what for; NON_LITIGATION_USE unless told."
    )
    out_on: Day | None = Field(default=None, description="For CHECKED_OUT: when it left.")
    vault: No | None = Field(default=None, description="For CHECKED_OUT: the vault it left.")


class DeregistrationCaseLine(Line):
    """A deregistration case taken over from an older system, as submitted there (期初建账)."""

    no: No
    collateral: No
    kind: DeregKind = DeregKind.FULL_SETTLEMENT
    handling_mode: HandlingMode = HandlingMode.BANK
    opened_by: No
    handler: No | None = None
    applicants: list[No] = Field(default_factory=list, max_length=50)
    replaced_by: list[No] = Field(
        default_factory=list, max_length=50, description="For a substitution: the new collateral."
    )
    submitted_on: Day


class LegalHoldLine(Line):
    """A legal hold (法律冻结); the target by number, a certificate also by id."""

    no: No
    scope: HoldScope
    target: No
    reason: HoldReason
    placed_at: Moment
    released_at: Moment | None = None
    org: No


class RiskSignalLine(Line):
    """A risk signal (风险信号), open until eliminated.

    A category that is not known here counts as OTHER, and is kept as it was told.
    """

    no: No
    category: SignalCategory
    category_raw: No | None = None
    severity: SignalSeverity
    subject_kind: SubjectKind
    subject: No
    reason: Text = ""
    published_at: Moment
    eliminated_at: Moment | None = None
    outcome: Text | None = None
    org: No

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Closed on our side, open on the core's (domain 10)."""
        told = given.get("category") if isinstance(given, dict) else None
        if not isinstance(told, str) or told in set(SignalCategory):
            return given
        return {**given, "category": SignalCategory.OTHER, "category_raw": told}


class IncidentLine(Line):
    """Something that went wrong and is looked into (事件), open until closed."""

    no: No
    kind: IncidentKind
    severity: SignalSeverity
    subject_kind: SubjectKind
    subject: No
    reason: Text = ""
    discovered_at: Moment
    reported_at: Moment | None = None
    closed_at: Moment | None = None
    outcome: Text | None = None
    org: No


class LegalCaseLine(Line):
    """Litigation or execution by this bank (诉讼、执行), open until closed."""

    no: No
    subject_kind: SubjectKind
    subject: No
    opened_at: Moment
    closed_at: Moment | None = None
    org: No


class PostingAnswerLine(Line):
    """The core system's answer to an entry of the book (记账回执); in any order."""

    serial: No = Field(description="Serial number under which the entry was asked for.")
    outcome: PostingOutcome
    answered_at: Moment = Field(description="By the core's own clock; its latest word counts.")
    posted_on: Day | None = Field(default=None, description="Accounting date, of what stands.")
    core_no: No | None = Field(default=None, description="Number of the core's voucher.")
    reason: Text | None = Field(default=None, description="Why it was refused.")


LINES: Mapping[str, type[Line]] = MappingProxyType(
    {
        "Org": OrgLine,
        "User": UserLine,
        "Customer": CustomerLine,
        "Partner": PartnerLine,
        "CreditContract": CreditContractLine,
        "Loan": LoanLine,
        "GuaranteeContract": GuaranteeContractLine,
        "Collateral": CollateralLine,
        "Valuation": ValuationLine,
        "Seizure": SeizureLine,
        "TitleSearch": TitleSearchLine,
        "WorkCalendar": WorkCalendarLine,
        "PolicyValue": PolicyValueLine,
        "Vault": VaultLine,
        "Certificate": CertificateLine,
        "DeregistrationCase": DeregistrationCaseLine,
        "LegalHold": LegalHoldLine,
        "RiskSignal": RiskSignalLine,
        "LegalCase": LegalCaseLine,
        "Incident": IncidentLine,
        "PostingAnswer": PostingAnswerLine,
    }
)


def json_schemas() -> dict[str, Any]:
    """The JSON Schema of a line of every kind."""
    return {
        kind: {
            "type": "object",
            "properties": {
                "kind": {"const": kind},
                "data": model.model_json_schema(ref_template=f"#/{kind}/$defs/{{model}}"),
            },
            "required": ["kind", "data"],
            "additionalProperties": False,
        }
        for kind, model in LINES.items()
    }
