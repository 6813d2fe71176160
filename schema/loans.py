"""Customers, partners, credit contracts and loans."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.loans import (
    Classification,
    CreditContractKind,
    DisbursementBasis,
    LoanStatus,
    Product,
    RepaymentKind,
    SettlementChannel,
)
from domain.parties import CustomerType, IdType, PartnerKind
from domain.watch import SubjectKind
from schema.fields import named, related
from schema.nodes import Node
from schema.scalars import Money
from schema.watch import RiskSignal
from storage.relations import Relation

if TYPE_CHECKING:
    from schema.collaterals import GuaranteeContract
    from schema.deregistration import DeregistrationCase
    from schema.dossiers import ArchiveFile, Dossier


@strawberry.type(description="A customer (客户). Personal data are masked unless you may see them.")
class Customer(Node):
    """A customer."""

    prefix: strawberry.Private[str] = "cust"

    no: str = named("Business number.")
    type: CustomerType = named("Kind of customer.")
    name: str = named("Name, masked without permission.")
    id_type: IdType = named("Kind of identity document.")
    id_no: str = named("Identity number, masked without permission.")
    phones: list[str] = named("Phone numbers, masked without permission.")
    rating: str | None = named("Rating (评级).")
    group_no: str | None = named("Number of the group it belongs to.")
    managers: list[str] = named("Logins of the relationship managers.")
    org_code: str = named("Managing organisation (客户管理行).")
    loans: list[Annotated["Loan", strawberry.lazy("schema.loans")]] = related(
        Relation(collection="loans", local="no", foreign="customer_no", many=True, order="loan_no"),
        "The customer's loans within your reach.",
    )


@strawberry.type(description="A partner institution (合作机构).")
class Partner(Node):
    """A partner."""

    prefix: strawberry.Private[str] = "part"

    no: str = named("Business number.")
    name: str = named("Name.")
    kind: PartnerKind = named("Kind of partner.")
    active: bool = named("Whether the bank works with it.")
    org_code: str = named("Responsible organisation.")


@strawberry.type(description="A credit contract (授信合同).")
class CreditContract(Node):
    """A credit contract."""

    prefix: strawberry.Private[str] = "cred"

    no: str = named("Contract number.")
    customer_no: str = named("Number of the customer.")
    kind: CreditContractKind = named("Ordinary or a facility.")
    limit: Money | None = named("Limit.")
    available: Money | None = named("What may still be drawn.")
    contingent: Money | None = named("Guarantees, acceptances and letters of credit outstanding.")
    period_from: date | None = named("First day.")
    period_to: date | None = named("Last day.")
    terminated_at: datetime | None = named("When it was terminated in writing.")
    org_code: str = named("Operating organisation.")
    version: int = named("Times changed.")
    customer: Customer | None = related(
        Relation(collection="customers", local="customer_no", foreign="no"), "The customer."
    )


@strawberry.type(description="One line of the repayment schedule (还款计划).")
class Instalment:
    """An instalment."""

    seq: int = named("Number.")
    due_date: date = named("When it is due.")
    principal: Money = named("Principal due.")
    interest: Money = named("Interest due.")
    paid_principal: Money = named("Principal paid.")
    paid_interest: Money = named("Interest paid.")
    paid_at: datetime | None = named("When it was paid.")


@strawberry.type(description="A loan (贷款、借据). Amounts are null for vault keepers.")
class Loan(Node):
    """A loan."""

    prefix: strawberry.Private[str] = "loan"

    loan_no: str = named("Loan note number (借据号).")
    contract_no: str = named("Number of the credit contract.")
    customer_no: str = named("Number of the customer.")
    partner_no: str | None = named("Number of the partner.")
    product: Product = named("Product.")
    in_scope: bool = named("Whether post-loan management covers it.")
    status: LoanStatus = named("Status in the core system.")
    classification: Classification = named("Five-category classification.")
    worst_classification: Classification = named("The worst it ever was.")
    principal_amount: Money | None = named("Amount lent.")
    balance: Money | None = named("Principal outstanding.")
    interest_receivable: Money | None = named("Interest due.")
    penalty: Money | None = named("Penalty interest (罚息).")
    compound_interest: Money | None = named("Compound interest (复利).")
    fees_due: Money | None = named("Fees advanced by the bank.")
    off_balance_interest: Money | None = named("Off-balance interest (表外利息).")
    written_off_balance: Money | None = named("Written off and still owed.")
    suspense_amount: Money | None = named("Received and not posted.")
    currency: str = named("Currency.")
    disbursed_on: date | None = named("When it was paid out.")
    maturity: date | None = named("When it ends.")
    term_months: int | None = named("Term in months.")
    repayment_kind: RepaymentKind = named("How it is repaid.")
    schedule: list[Instalment] | None = named("Repayment schedule.")
    dpd: int = named("Days past due.")
    dpd_as_of: date | None = named("The day of that count.")
    settled_on: date | None = named("When it was paid in full.")
    settlement_channel: SettlementChannel | None = named("How the last money came.")
    settlement_final_on: date | None = named("When that can no longer be reversed, if told.")
    disbursement_basis: DisbursementBasis = named("What was in hand at disbursement.")
    limitation_expires_on: date | None = named("When the limitation period ends (诉讼时效).")
    encumbered_by: str | None = named("What the bank has pledged the claim for.")
    managers: list[str] = named("Logins of the relationship managers.")
    release_notice_due: date | None = named(
        "Of a settled loan: until when the owner hears that deregistration is available."
    )
    proof_requested_on: date | None = named("When a proof of settlement was asked for.")
    proof_due: date | None = named("When that proof is due; none once it was given.")
    org_code: str = named("Operating organisation (经营行).")
    org_path: str = named("Its path.")
    as_of: datetime = named("When the core system told so.")
    version: int = named("Times changed.")
    customer: Customer | None = related(
        Relation(collection="customers", local="customer_no", foreign="no"), "The borrower."
    )
    partner: Partner | None = related(
        Relation(collection="partners", local="partner_no", foreign="no"), "The partner."
    )
    contract: CreditContract | None = related(
        Relation(collection="credit_contracts", local="contract_no", foreign="no"),
        "The credit contract.",
    )
    guarantee_contracts: list[
        Annotated["GuaranteeContract", strawberry.lazy("schema.collaterals")]
    ] = related(
        Relation(
            collection="guarantee_contracts",
            local="loan_no",
            foreign="secured_loans",
            many=True,
            order="no",
        ),
        "Guarantee contracts that secure it.",
    )
    dossier: Annotated["Dossier", strawberry.lazy("schema.dossiers")] | None = related(
        Relation(collection="dossiers", local="loan_no", foreign="loan_no"), "Its dossier."
    )
    files: list[Annotated["ArchiveFile", strawberry.lazy("schema.dossiers")]] = related(
        Relation(collection="files", local="loan_no", foreign="loan_no", many=True),
        "Its archive files.",
    )
    cases: list[Annotated["DeregistrationCase", strawberry.lazy("schema.deregistration")]] = (
        related(
            Relation(collection="dereg_cases", local="loan_no", foreign="loan_nos", many=True),
            "Deregistration cases it takes part in.",
        )
    )
    risk_signals: list[RiskSignal] = related(
        Relation(
            collection="risk_signals",
            local="loan_no",
            foreign="subject",
            many=True,
            where={"subject_kind": SubjectKind.LOAN.value},
        ),
        "Risk signals about it, closed ones too.",
    )
