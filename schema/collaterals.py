"""Collateral, guarantee contracts and valuations."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.collaterals import (
    CollateralKind,
    PledgeState,
    TitleSearchResult,
    ValuationKind,
    ValuationMethod,
)
from domain.guarantees import (
    DeterminationReason,
    GuaranteeKind,
    GuaranteeMode,
    GuaranteeStatus,
)
from domain.watch import HoldScope, SubjectKind
from schema.fields import derived, named, related
from schema.loans import CreditContract, Loan
from schema.nodes import Node
from schema.scalars import Money
from schema.watch import LegalCase, LegalHold, RiskSignal
from storage.relations import Relation

if TYPE_CHECKING:
    from schema.certificates import TitleCertificate
    from schema.deregistration import DeregistrationCase


@strawberry.type(description="Where a collateral is (坐落).")
class Location:
    """A place."""

    province: str | None = named("Province.")
    city: str | None = named("City.")
    district: str | None = named("District.")
    address: str | None = named("Address.")
    lat: Decimal | None = named("Latitude.")
    lng: Decimal | None = named("Longitude.")


@strawberry.type(description="A registered owner (权利人、共有人), by party number.")
class Owner:
    """An owner."""

    party: str = named("Number of the party.")
    share: Decimal | None = named("Share, 0 to 1.")
    deceased: bool = named("Whether the owner has died.")
    minor: bool = named("Whether the owner is a minor.")


@strawberry.type(description="A court's seizure or freeze (查封、冻结).")
class Seizure:
    """A seizure."""

    doc_no: str = named("Number of the court's document.")
    court: str = named("The court.")
    starts_on: date = named("First day.")
    ends_on: date | None = named("Last day of its term.")
    lifted_on: date | None = named("When it was lifted.")
    rank: int = named("Order among several (轮候).")


@strawberry.type(description="A look into the registry's book (查册).")
class TitleSearch:
    """A title search."""

    no: str = named("Number.")
    searched_on: date = named("When.")
    result: TitleSearchResult = named("What it showed.")
    recorded_at: datetime | None = named("When it was reported.")


@strawberry.type(description="What a collateral is worth (估值).")
class Valuation(Node):
    """A valuation."""

    prefix: strawberry.Private[str] = "valu"

    no: str = named("Number.")
    collateral_no: str = named("Number of the collateral.")
    value: Money | None = named("Value.")
    value_on: date = named("As of.")
    method: ValuationMethod = named("Method.")
    kind: ValuationKind = named("Occasion.")
    appraiser: str | None = named("Number of the appraiser.")
    recorded_by: str | None = named("Who recorded it here; null where the feed brought it.")
    approved_by: str | None = named("Who approved it; recorded ones count only then.")


@strawberry.type(description="A policy on the collateral (财产保险).")
class Insurance:
    """A policy."""

    policy_no: str = named("Number of the policy.")
    insurer: str | None = named("Who insures.")
    ends_on: date | None = named("Its last day.")
    bank_is_beneficiary: bool = named("Whether it pays the bank first (第一受益人).")


@strawberry.type(description="A collateral under a guarantee contract (押品关联).")
class GuaranteeLink:
    """A link."""

    collateral_no: str = named("Number of the collateral.")
    secured_amount: Money | None = named("Amount secured.")
    rank: int = named("Rank (顺位).")
    prior_claims: Money | None = named("Claims that rank before.")
    active: bool = named("Whether it still ties the collateral.")
    released_by_case: str | None = named("The case that released it.")


@strawberry.type(description="Who gives security (担保人), by party number.")
class Guarantor:
    """A guarantor."""

    party: str = named("Number of the party.")
    third_party: bool = named("Whether it is not the debtor.")
    joint: bool = named("Whether jointly liable.")


@strawberry.type(description="A guarantee contract (担保合同).")
class GuaranteeContract(Node):
    """A guarantee contract."""

    prefix: strawberry.Private[str] = "guar"

    no: str = named("Contract number.")
    credit_contract_no: str = named("Number of the credit contract.")
    kind: GuaranteeKind = named("Kind of security.")
    mode: GuaranteeMode = named("Ordinary or maximum-amount.")
    status: GuaranteeStatus = named("Status.")
    guarantors: list[Guarantor] = named("Who gives the security.")
    max_claim: Money | None = named("Maximum by contract (最高债权额).")
    registered_max_claim: Money | None = named("Maximum as registered.")
    claim_period_from: date | None = named("First day of the claims it secures.")
    claim_period_to: date | None = named("Last day of the claims it secures.")
    determined_on: date | None = named("When the claim was determined (债权确定).")
    determined_reason: DeterminationReason | None = named("Why it was determined.")
    links: list[GuaranteeLink] = named("Collateral under it.")
    org_code: str = named("Operating organisation.")
    version: int = named("Times changed.")
    loans: list[Loan] = related(
        Relation(
            collection="loans",
            local="secured_loans",
            foreign="loan_no",
            many=True,
            order="loan_no",
        ),
        "The loans it secures, within your reach.",
    )
    collaterals: list[Annotated["Collateral", strawberry.lazy("schema.collaterals")]] = related(
        Relation(
            collection="collaterals",
            local="links.collateral_no",
            foreign="no",
            many=True,
            order="no",
        ),
        "The collateral under it, within your reach.",
    )
    credit_contract: CreditContract | None = related(
        Relation(collection="credit_contracts", local="credit_contract_no", foreign="no"),
        "The credit contract.",
    )


def _eligible_value(collateral: Mapping[str, Any], _today: date) -> int | None:
    value: int | None = collateral["latest_value"]
    return value if value is None or collateral.get("right_lapsed_on") is None else 0


@strawberry.type(description="A piece of collateral (押品).")
class Collateral(Node):
    """A collateral."""

    prefix: strawberry.Private[str] = "coll"

    no: str = named("Business number.")
    kind: CollateralKind = named("Kind.")
    name: str = named("Name.")
    location: Location = named("Where it is.")
    owners: list[Owner] = named("Registered owners.")
    area_m2: Decimal | None = named("Area in square metres.")
    unit_no: str | None = named("Real-estate unit number (不动产单元号).")
    convertible_from: date | None = named("When formal registration became possible (可办证).")
    pledge_state: PledgeState = named("Whether the bank still relies on it.")
    first_value: Money | None = named("First value.")
    latest_value: Money | None = named("Latest value.")
    latest_value_on: date | None = named("As of.")
    right_lapsed_on: date | None = named(
        "When the bank's right lapsed, a pre-notice or one registered for a time; else null."
    )
    eligible_value: Money | None = derived(
        _eligible_value,
        "What counts against the debt: the latest value, nothing once the right has lapsed.",
        reads=("latest_value", "right_lapsed_on"),
    )
    prior_claims: Money | None = named("Claims that rank before the bank's.")
    in_dispute: bool = named("Whether its ownership is disputed.")
    moves_with: str | None = named("Number of its land, or of the house on it (房地一体).")
    own_bank_deposit: bool = named("Whether it is a deposit receipt of this bank.")
    currency: str = named("Currency of its value.")
    encumbered_by: str | None = named("What the bank has pledged it for.")
    insurance: list[Insurance] = named("Policies on it.")
    seizures: list[Seizure] = named("Seizures, past ones too.")
    title_searches: list[TitleSearch] = named("Title searches, oldest first.")
    open_case_id: strawberry.ID | None = named("The open deregistration case that holds it.")
    org_code: str = named("Operating organisation.")
    org_path: str = named("Its path.")
    version: int = named("Times changed.")
    certificates: list[Annotated["TitleCertificate", strawberry.lazy("schema.certificates")]] = (
        related(
            Relation(collection="certificates", local="no", foreign="collateral_nos", many=True),
            "Its certificates.",
        )
    )
    guarantee_contracts: list[GuaranteeContract] = related(
        Relation(
            collection="guarantee_contracts",
            local="no",
            foreign="links.collateral_no",
            many=True,
            order="no",
        ),
        "Contracts it stands under.",
    )
    valuations: list[Valuation] = related(
        Relation(
            collection="valuations",
            local="no",
            foreign="collateral_no",
            many=True,
            order="value_on",
            descending=True,
        ),
        "Valuations, newest first.",
    )
    cases: list[Annotated["DeregistrationCase", strawberry.lazy("schema.deregistration")]] = (
        related(
            Relation(
                collection="dereg_cases",
                local="no",
                foreign="collateral_no",
                many=True,
                descending=True,
            ),
            "Deregistration cases, newest first.",
        )
    )
    risk_signals: list[RiskSignal] = related(
        Relation(
            collection="risk_signals",
            local="no",
            foreign="subject",
            many=True,
            where={"subject_kind": SubjectKind.COLLATERAL.value},
        ),
        "Risk signals about it, closed ones too.",
    )
    legal_holds: list[LegalHold] = related(
        Relation(
            collection="legal_holds",
            local="no",
            foreign="target",
            many=True,
            where={"scope": HoldScope.COLLATERAL.value},
        ),
        "Legal holds on it, released ones too.",
    )
    legal_cases: list[LegalCase] = related(
        Relation(
            collection="legal_cases",
            local="no",
            foreign="subject",
            many=True,
            where={"subject_kind": SubjectKind.COLLATERAL.value},
        ),
        "Legal cases about it, closed ones too.",
    )
