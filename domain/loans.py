"""Loans (贷款、借据) and credit contracts (授信合同): the money, as the core system tells it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.money import yuan
from domain.orgs import OrgLevel
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode


class LoanStatus(StrEnum):
    """Status of a loan as the core system reports it (贷款状态)."""

    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    OVERDUE = "OVERDUE"
    EXTENDED = "EXTENDED"
    IN_LITIGATION = "IN_LITIGATION"
    TRANSFERRED_TO_PRESERVATION = "TRANSFERRED_TO_PRESERVATION"
    WRITTEN_OFF = "WRITTEN_OFF"
    ASSIGNED = "ASSIGNED"
    SETTLED = "SETTLED"
    CANCELLED = "CANCELLED"


class Product(StrEnum):
    """Loan product (产品)."""

    HOUSING_NEW = "HOUSING_NEW"
    HOUSING_RESALE = "HOUSING_RESALE"
    COMMERCIAL_PROPERTY = "COMMERCIAL_PROPERTY"
    HOME_EQUITY = "HOME_EQUITY"
    CONSUMER = "CONSUMER"
    BUSINESS = "BUSINESS"
    AUTO = "AUTO"
    PLEDGE = "PLEDGE"
    CREDIT_CARD_OVERDRAFT = "CREDIT_CARD_OVERDRAFT"
    RURAL_SPECIAL = "RURAL_SPECIAL"
    ENTRUSTED = "ENTRUSTED"


OUT_OF_SCOPE = frozenset({Product.CREDIT_CARD_OVERDRAFT, Product.RURAL_SPECIAL, Product.ENTRUSTED})


class Classification(StrEnum):
    """Five-category classification (五级分类)."""

    NORMAL = "NORMAL"
    SPECIAL_MENTION = "SPECIAL_MENTION"
    SUBSTANDARD = "SUBSTANDARD"
    DOUBTFUL = "DOUBTFUL"
    LOSS = "LOSS"


NON_PERFORMING = frozenset(
    {Classification.SUBSTANDARD, Classification.DOUBTFUL, Classification.LOSS}
)


class SettlementChannel(StrEnum):
    """How the last repayment came in (还款渠道); decides when it can no longer be reversed."""

    CASH = "CASH"
    OWN_ACCOUNT = "OWN_ACCOUNT"
    DIRECT_DEBIT = "DIRECT_DEBIT"
    CHEQUE = "CHEQUE"
    OTHER = "OTHER"


class RepaymentKind(StrEnum):
    """How the loan is repaid (还款方式)."""

    EQUAL_INSTALMENT = "EQUAL_INSTALMENT"
    EQUAL_PRINCIPAL = "EQUAL_PRINCIPAL"
    INTEREST_FIRST = "INTEREST_FIRST"
    BULLET = "BULLET"
    OTHER = "OTHER"


class DisbursementBasis(StrEnum):
    """What was in hand when the money went out (放款依据)."""

    OTHER_RIGHT_CERT = "OTHER_RIGHT_CERT"  # 见他项权证
    ACCEPTANCE_RECEIPT = "ACCEPTANCE_RECEIPT"  # 见抵押收件单
    LETTER_OF_GUARANTEE = "LETTER_OF_GUARANTEE"  # 见保函
    NONE = "NONE"


class CreditContractKind(StrEnum):
    """An ordinary credit contract or a facility drawn repeatedly (授信合同类型)."""

    ORDINARY = "ORDINARY"
    FACILITY = "FACILITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditContract:
    """A credit contract (授信合同). Amounts in fen; `available` is what may still be drawn."""

    id: str
    no: str
    customer_no: str
    kind: CreditContractKind
    limit: int
    available: int = 0
    contingent: int = 0  # 保函、承兑、信用证 still outstanding
    period_from: date | None = None
    period_to: date | None = None
    terminated_at: datetime | None = None
    approved_level: OrgLevel | None = None  # who approved the credit (原审批层级)
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One line of the repayment schedule (还款计划), in fen."""

    seq: int
    due_date: date
    principal: int
    interest: int
    paid_principal: int = 0
    paid_interest: int = 0
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan (贷款), one loan note (借据). Amounts in fen."""

    id: str
    loan_no: str
    contract_no: str
    customer_no: str
    partner_no: str | None = None
    product: Product
    in_scope: bool
    status: LoanStatus
    classification: Classification = Classification.NORMAL
    worst_classification: Classification = Classification.NORMAL
    principal_amount: int
    balance: int
    interest_receivable: int = 0
    penalty: int = 0  # 罚息
    compound_interest: int = 0  # 复利
    fees_due: int = 0
    off_balance_interest: int = 0
    written_off_balance: int = 0
    suspense_amount: int = 0  # repayments received but not posted
    currency: str = "CNY"
    disbursed_on: date | None = None
    maturity: date | None = None
    term_months: int | None = None
    repayment_kind: RepaymentKind = RepaymentKind.OTHER
    schedule: tuple[Instalment, ...] = ()
    dpd: int = 0
    dpd_as_of: date | None = None
    settled_on: date | None = None
    settlement_channel: SettlementChannel | None = None
    settlement_final_on: date | None = None
    disbursement_basis: DisbursementBasis = DisbursementBasis.NONE
    acceptance_on: date | None = None
    limitation_expires_on: date | None = None
    encumbered_by: str | None = None  # 资产证券化入池 or 再贷款质押
    breach_open: bool = False  # a breach that nobody has determined yet (未认定违约)
    aml_flag: bool = False
    written_off_once: bool = False
    managers: tuple[str, ...] = ()
    release_notice_due: date | None = None  # until when the owner hears that it is settled (4.7)
    proof_requested_on: date | None = None
    proof_due: date | None = None  # of the settlement proof that was asked for
    next_look_on: date | None = None  # when one of these asks for something next
    org_code: str
    org_path: str
    told_at: datetime | None = None  # when the core says it is true, where it says so
    as_of: datetime
    version: int = 0

    @property
    def undrawn(self) -> bool:
        """Approved but not paid out: nothing is owed yet, and much may be."""
        return self.status is LoanStatus.APPROVED

    @property
    def ever_non_performing(self) -> bool:
        """Whether the loan was ever substandard or worse, or written off (曾为不良)."""
        return self.worst_classification in NON_PERFORMING or self.written_off_once


IN_DEFAULT = frozenset(
    {
        LoanStatus.OVERDUE,
        LoanStatus.IN_LITIGATION,
        LoanStatus.TRANSFERRED_TO_PRESERVATION,
        LoanStatus.WRITTEN_OFF,
    }
)


def in_default(loan: Loan, today: date) -> bool:
    """Whether it is not served as agreed (违约): by its status, or by what is overdue today."""
    return loan.status in IN_DEFAULT or days_past_due(loan, today) > 0


def days_past_due(loan: Loan, today: date) -> int:
    """How long the oldest unpaid instalment has been due (逾期天数), by today's date (7.1).

    Whatever is still owed has been due since the maturity. What the core told last counts where its
    schedule tells less; it may be of an earlier day.
    """
    unpaid = [
        instalment.due_date
        for instalment in loan.schedule
        if instalment.paid_principal + instalment.paid_interest
        < instalment.principal + instalment.interest
    ]
    if loan.maturity is not None and owed(loan):
        unpaid.append(loan.maturity)
    late = (today - min(unpaid)).days if unpaid and not is_extinguished(loan) else 0
    return max(loan.dpd, late)


OWED_PARTS = (
    ("principal", "balance"),
    ("interest", "interest_receivable"),
    ("penalty", "penalty"),
    ("compoundInterest", "compound_interest"),
    ("fees", "fees_due"),
    ("offBalanceInterest", "off_balance_interest"),
    ("writtenOffBalance", "written_off_balance"),
    ("suspense", "suspense_amount"),
)


def owed(loan: Loan) -> dict[str, int]:
    """What still stands open on a loan, in fen, part by part; empty when nothing does.

    Written-off and off-balance amounts still count; unposted repayments stand open too.
    Source: Civil Code art. 389; DRG-P01.
    """
    return {part: amount for part, name in OWED_PARTS if (amount := getattr(loan, name)) != 0}


def is_extinguished(loan: Loan) -> bool:
    """Whether nothing is owed and nothing can be drawn any more."""
    return not loan.undrawn and not any(getattr(loan, name) for _, name in OWED_PARTS)


def is_paid(loan: Loan) -> bool:
    """The same, whatever has come in besides and is not posted yet (挂账): that undoes nothing."""
    return is_extinguished(replace(loan, suspense_amount=0))


def never_drawn(loan: Loan) -> bool:
    """Whether no money ever left under a loan, and nothing is owed for it."""
    paid_out = loan.disbursed_on is not None or loan.settled_on is not None
    return not paid_out and not owed(loan)


def draws(old: Loan | None, new: Loan) -> bool:
    """Whether money goes out, or may from now on: a new loan, more of it, or one taken up again.

    A settlement or a repayment that is undone draws nothing, though the debt rises (DRG-R03).
    """
    if new.status in {LoanStatus.SETTLED, LoanStatus.CANCELLED}:
        return False
    if old is None or old.undrawn or new.principal_amount > old.principal_amount:
        return True
    if never_drawn(old):
        return new.undrawn or not never_drawn(new)
    undone = _repaid(old) - _repaid(new)
    return not is_extinguished(old) and principal_owed(new) - principal_owed(old) > max(0, undone)


def principal_owed(loan: Loan) -> int:
    """The principal that is outstanding, in the books or written off: the debt goes on (P08)."""
    return loan.balance + loan.written_off_balance


def _repaid(loan: Loan) -> int:
    return sum(instalment.paid_principal for instalment in loan.schedule)


def not_settled(loan: Loan, *, rule_id: str = "DRG-P01") -> Refusal | None:
    """Principal, interest of every kind, fees and unposted repayments must all be zero.

    Source: DRG-P01; Civil Code art. 389, 561.
    """
    if is_extinguished(loan):
        return None
    parts = {part: yuan(amount) for part, amount in owed(loan).items()}
    said = ", ".join(f"{part} {amount}" for part, amount in parts.items())
    return Refusal(
        code=RefusalCode.NOT_SETTLED,
        rule_id=rule_id,
        detail={
            "loan": loan.loan_no,
            "status": loan.status,
            **parts,
            "owed": said or "approved and not yet drawn",
        },
    )


def final_on(loan: Loan, *, policy: Policy, calendar: WorkCalendar) -> date | None:
    """The first day on which the settlement cannot be reversed; None while not settled.

    Source: DRG-P12 (T+1 working day for direct debit and cheque, T for cash and own account).
    """
    if loan.settlement_final_on is not None or loan.settled_on is None:
        return loan.settlement_final_on
    channel = loan.settlement_channel or SettlementChannel.OTHER
    return calendar.wd(loan.settled_on, policy.number(f"dereg.finality.{channel}"))


NEVER_SETTLED = "the day it is settled (none is recorded)"


def not_final(loan: Loan, *, policy: Policy, calendar: WorkCalendar, today: date) -> Refusal | None:
    """A settlement that could still be reversed; a cancelled loan may tell of none (P12)."""
    day = final_on(loan, policy=policy, calendar=calendar)
    cancelled = loan.status is LoanStatus.CANCELLED and day is None
    if cancelled or (day is not None and day <= today):
        return None
    known = NEVER_SETTLED if day is None else day.isoformat()
    return Refusal(
        code=RefusalCode.SETTLEMENT_NOT_FINAL,
        rule_id="DRG-P12",
        detail={"loan": loan.loan_no, "final_on": known},
    )


def not_ours(loan: Loan) -> Refusal | None:
    """A claim that has been assigned is the assignee's to release (DRG-P08)."""
    if loan.status is not LoanStatus.ASSIGNED:
        return None
    return Refusal(
        code=RefusalCode.CLAIM_TRANSFERRED,
        rule_id="DRG-P08",
        detail={"loan": loan.loan_no},
    )
