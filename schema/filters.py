"""Filters and orders of the lists."""

from datetime import date
from enum import StrEnum

import strawberry

from domain.alerts import AlertKind
from domain.certificates import CertType, CustodyState, LegalState
from domain.checkouts import CheckOutPurpose, CheckOutState
from domain.collaterals import CollateralKind, PledgeState
from domain.deregistration import CaseState, DeregKind, HandlingMode
from domain.dossiers import DocType, DossierStatus
from domain.files import FileStatus
from domain.loans import Classification, LoanStatus, Product
from schema.fields import named


@strawberry.input(description="Which loans; every given part must hold.")
class LoanFilter:
    """Of loans."""

    loan_no: str | None = named("Exactly this number.", default=None)
    status: list[LoanStatus] | None = named("One of these statuses.", default=None)
    product: list[Product] | None = named("One of these products.", default=None)
    classification: list[Classification] | None = named("One of these classes.", default=None)
    customer_no: str | None = named("Of this customer.", default=None)
    org_code: str | None = named("Of this operating organisation.", default=None)
    min_dpd: int | None = named("At least so many days past due.", default=None)
    maturing_before: date | None = named("Ending before this day.", default=None)


@strawberry.input(description="Which collateral; every given part must hold.")
class CollateralFilter:
    """Of collateral."""

    no: str | None = named("Exactly this number.", default=None)
    kind: list[CollateralKind] | None = named("One of these kinds.", default=None)
    pledge_state: list[PledgeState] | None = named("One of these states.", default=None)
    unit_no: str | None = named("With this unit number.", default=None)
    org_code: str | None = named("Of this organisation.", default=None)
    valued_before: date | None = named("Last valued before this day.", default=None)


@strawberry.input(description="Which certificates; every given part must hold.")
class CertificateFilter:
    """Of certificates."""

    cert_no: str | None = named("This number, however it is written.", default=None)
    cert_type: list[CertType] | None = named("One of these types.", default=None)
    custody_state: list[CustodyState] | None = named("One of these states.", default=None)
    legal_state: list[LegalState] | None = named("One of these legal states.", default=None)
    vault: str | None = named("In this vault.", default=None)
    holder: str | None = named("In the hands of this login.", default=None)
    collateral_no: str | None = named("Of this collateral.", default=None)
    org_code: str | None = named("Of this organisation.", default=None)
    overdue_only: bool = named("Only overdue check-outs.", default=False)
    expected_before: date | None = named("Expected before this day and not obtained.", default=None)


@strawberry.input(description="Which dossiers; every given part must hold.")
class DossierFilter:
    """Of dossiers."""

    loan_no: str | None = named("Of this loan.", default=None)
    status: list[DossierStatus] | None = named("One of these states.", default=None)
    org_code: str | None = named("Of this organisation.", default=None)
    missing: DocType | None = named("Lacking this required document.", default=None)


@strawberry.input(description="Which files; every given part must hold.")
class FileFilter:
    """Of files."""

    dossier_id: strawberry.ID | None = named("Of this dossier.", default=None)
    loan_no: str | None = named("Of this loan.", default=None)
    certificate_id: strawberry.ID | None = named("Showing this certificate.", default=None)
    doc_type: list[DocType] | None = named("One of these types.", default=None)
    status: list[FileStatus] | None = named("One of these states.", default=None)


@strawberry.input(description="Which deregistration cases; every given part must hold.")
class CaseFilter:
    """Of cases."""

    no: str | None = named("Exactly this number.", default=None)
    state: list[CaseState] | None = named("One of these states.", default=None)
    kind: list[DeregKind] | None = named("One of these kinds.", default=None)
    handling_mode: list[HandlingMode] | None = named("One of these modes.", default=None)
    collateral_no: str | None = named("Of this collateral.", default=None)
    org_code: str | None = named("Of this organisation.", default=None)
    due_before: date | None = named("With a step due before this day.", default=None)


@strawberry.input(description="Which check-outs; every given part must hold.")
class CheckOutFilter:
    """Of check-outs."""

    certificate_id: strawberry.ID | None = named("Of this certificate.", default=None)
    state: list[CheckOutState] | None = named("One of these states.", default=None)
    purpose: list[CheckOutPurpose] | None = named("One of these purposes.", default=None)
    borrower: str | None = named("With this person.", default=None)
    requester: str | None = named("Asked for by this person.", default=None)
    vault: str | None = named("Out of this vault.", default=None)
    org_code: str | None = named("Of this organisation.", default=None)
    overdue_only: bool = named("Out beyond the due date.", default=False)


@strawberry.input(description="Which alerts; every given part must hold.")
class AlertFilter:
    """Of alerts."""

    mine: bool = named("Only those meant for you.", default=False)
    open_only: bool = named("Leave out acknowledged ones.", default=True)
    kind: list[AlertKind] | None = named("One of these kinds.", default=None)
    subject: str | None = named("About this number or id.", default=None)
    org_code: str | None = named("Of this organisation.", default=None)


class LoanOrder(StrEnum):
    """How loans are sorted."""

    LOAN_NO = "LOAN_NO"
    DPD_DESC = "DPD_DESC"
    MATURITY = "MATURITY"
    DISBURSED_ON = "DISBURSED_ON"


class CollateralOrder(StrEnum):
    """How collateral is sorted."""

    NO = "NO"
    VALUED_ON = "VALUED_ON"


class CertificateOrder(StrEnum):
    """How certificates are sorted."""

    CREATED = "CREATED"
    EXPECTED_BY = "EXPECTED_BY"
    VAULT_DUE = "VAULT_DUE"
    DUE_DATE = "DUE_DATE"


class DossierOrder(StrEnum):
    """How dossiers are sorted."""

    CREATED = "CREATED"
    LOAN_NO = "LOAN_NO"


class FileOrder(StrEnum):
    """How files are sorted."""

    CREATED = "CREATED"
    CREATED_DESC = "CREATED_DESC"


class CheckOutOrder(StrEnum):
    """How check-outs are sorted."""

    CREATED_DESC = "CREATED_DESC"
    DUE_DATE = "DUE_DATE"


class CaseOrder(StrEnum):
    """How cases are sorted."""

    CREATED_DESC = "CREATED_DESC"
    NEXT_DUE = "NEXT_DUE"


class AlertOrder(StrEnum):
    """How alerts are sorted."""

    DUE_ON = "DUE_ON"
    CREATED_DESC = "CREATED_DESC"


_MEANINGS = {
    LoanOrder: {
        "LOAN_NO": "By number.",
        "DPD_DESC": "Most days past due first.",
        "MATURITY": "Ending soonest first.",
        "DISBURSED_ON": "Paid out earliest first.",
    },
    CollateralOrder: {"NO": "By number.", "VALUED_ON": "Valued longest ago first."},
    CertificateOrder: {
        "CREATED": "Oldest record first.",
        "EXPECTED_BY": "Expected earliest first.",
        "VAULT_DUE": "Due in the vault earliest first.",
        "DUE_DATE": "Due back earliest first.",
    },
    DossierOrder: {"CREATED": "Oldest record first.", "LOAN_NO": "By number of the loan."},
    FileOrder: {"CREATED": "Oldest record first.", "CREATED_DESC": "Newest record first."},
    CheckOutOrder: {"CREATED_DESC": "Newest first.", "DUE_DATE": "Due back earliest first."},
    CaseOrder: {
        "CREATED_DESC": "Newest case first.",
        "NEXT_DUE": "Due soonest first, then what waits for nothing.",
    },
    AlertOrder: {"DUE_ON": "Due soonest first.", "CREATED_DESC": "Newest alert first."},
}
for _order, _meanings in _MEANINGS.items():
    strawberry.enum(_order, description=(_order.__doc__ or "").rstrip(".") + ".")
    for _value in _order.__strawberry_definition__.values:  # type: ignore[attr-defined]
        _value.description = _meanings[_value.name]
