"""Things of the business as tests need them: sound by default, changed by keyword."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.calendar import SHANGHAI, WorkCalendar
from domain.certificates import (
    CERT_TYPES,
    Carrier,
    CertType,
    CustodyState,
    LegalState,
    Lock,
    LockKind,
    TitleCertificate,
    normalised,
)
from domain.collaterals import Collateral, CollateralKind, Owner, TitleSearch, TitleSearchResult
from domain.deregistration import (
    Applicant,
    CaseDocument,
    CaseState,
    DeregistrationCase,
    DeregKind,
    HandlingMode,
)
from domain.dossiers import DocType, Dossier
from domain.files import ArchiveFile, FileClass, FileStatus, FileVersion
from domain.guarantees import GuaranteeContract, GuaranteeKind, GuaranteeLink, GuaranteeMode
from domain.loans import (
    CreditContract,
    CreditContractKind,
    DisbursementBasis,
    Loan,
    LoanStatus,
    Product,
    SettlementChannel,
)
from domain.orgs import OrgLevel
from domain.people import Actor, RoleGrant, User
from domain.policy import resolve
from domain.refusals import Refusal
from domain.roles import Role

TODAY = date(2025, 6, 10)  # a Tuesday
NOW = datetime(2025, 6, 10, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
HOLIDAYS = tuple(date(2025, 10, day) for day in range(1, 9))
MADE_UP = (date(2025, 9, 28), date(2025, 10, 11))
CALENDAR = WorkCalendar(
    exceptions={**dict.fromkeys(HOLIDAYS, False), **dict.fromkeys(MADE_UP, True)},
    published=frozenset({2025}),
)
POLICY = resolve((), on=TODAY)
PLACE: dict[str, Any] = {"org_code": "OB-1", "org_path": "/HO/T1/T2/OB-1"}


def codes(refusals: Iterable[Refusal | None]) -> list[str]:
    """The codes of what was refused, in order."""
    return [refusal.code.value for refusal in refusals if refusal is not None]


def local(text: str) -> datetime:
    """A moment told in Shanghai's time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def a_loan(**changes: Any) -> Loan:
    """A loan that was settled long ago."""
    facts: dict[str, Any] = {
        "id": "loan-1",
        "loan_no": "L1",
        "contract_no": "CC1",
        "customer_no": "C1",
        "product": Product.HOUSING_RESALE,
        "in_scope": True,
        "status": LoanStatus.SETTLED,
        "principal_amount": 100_000_000,
        "balance": 0,
        "disbursed_on": date(2020, 5, 6),
        "settled_on": date(2025, 5, 6),
        "settlement_channel": SettlementChannel.DIRECT_DEBIT,
        "disbursement_basis": DisbursementBasis.NONE,
        "as_of": NOW,
    }
    return Loan(**PLACE | facts | changes)


def a_collateral(**changes: Any) -> Collateral:
    """A flat with one owner, searched today and clear."""
    facts: dict[str, Any] = {
        "id": "collateral-1",
        "no": "COL1",
        "kind": CollateralKind.RESIDENTIAL,
        "name": "flat",
        "owners": (Owner(party="C1"),),
        "title_searches": (a_search(),),
    }
    return Collateral(**PLACE | facts | changes)


def a_search(searched_on: date = TODAY, **changes: Any) -> TitleSearch:
    """A title search that shows nothing but the bank's right."""
    facts = {"no": "TS1", "searched_on": searched_on, "result": TitleSearchResult.CLEAR}
    return TitleSearch(**facts | changes)


def a_certificate(**changes: Any) -> TitleCertificate:
    """A registered mortgage proof, on paper; its number follows what is printed."""
    cert_type = changes.get("cert_type", CertType.MORTGAGE_REG_PROOF)
    cert_no = changes.get("cert_no", "粤(2024)广州市不动产证明第0000001号")
    facts: dict[str, Any] = {
        "id": "cert-1",
        "catalog": CERT_TYPES[cert_type].catalog,
        "cert_type": cert_type,
        "carrier": Carrier.PAPER,
        "cert_no": cert_no,
        "cert_no_norm": None if cert_no is None else normalised(cert_no),
        "issuer": "registry",
        "issuer_code": "R-4401",
        "collateral_nos": ("COL1",),
        "guarantee_contract_nos": ("GC1",),
        "pages": 2,
        "legal_state": LegalState.REGISTERED,
        "custody_state": CustodyState.RECEIVED_PENDING_VAULT,
    }
    return TitleCertificate(**PLACE | facts | changes)


def a_contract(*loans: str, **changes: Any) -> GuaranteeContract:
    """An ordinary mortgage on the collateral for those loans."""
    facts: dict[str, Any] = {
        "id": "contract-1",
        "no": "GC1",
        "credit_contract_no": "CC1",
        "kind": GuaranteeKind.MORTGAGE,
        "mode": GuaranteeMode.ORDINARY,
        "secured_loans": loans or ("L1",),
        "links": (GuaranteeLink(collateral_no="COL1"),),
    }
    return GuaranteeContract(**PLACE | facts | changes)


def a_credit(**changes: Any) -> CreditContract:
    """A credit contract with nothing left to draw."""
    facts: dict[str, Any] = {
        "id": "credit-1",
        "no": "CC1",
        "customer_no": "C1",
        "kind": CreditContractKind.ORDINARY,
        "limit": 300_000_000,
    }
    return CreditContract(**PLACE | facts | changes)


def a_document(code: DocType) -> CaseDocument:
    """A document of a case."""
    return CaseDocument(
        code=code, file_version_id="fv-1", sha256="0" * 64, attached_by="rm", attached_at=NOW
    )


def a_case(*documents: DocType, **changes: Any) -> DeregistrationCase:
    """A full settlement by the bank; with the application and identity unless told otherwise."""
    given = documents or (DocType.DEREG_APPLICATION, DocType.OWNER_ID)
    facts: dict[str, Any] = {
        "id": "case-1",
        "no": "DR1",
        "collateral_id": "collateral-1",
        "collateral_no": "COL1",
        "kind": DeregKind.FULL_SETTLEMENT,
        "handling_mode": HandlingMode.BANK,
        "guarantee_contract_nos": ("GC1",),
        "loan_nos": ("L1",),
        "certificate_ids": ("cert-1",),
        "applicant": Applicant(owners=("C1",)),
        "opened_by": "rm",
        "handler": "handler",
        "documents": tuple(a_document(code) for code in given),
        "previous_pledge_state": a_collateral().pledge_state,
        "state": CaseState.PRECHECKED,
    }
    return DeregistrationCase(**PLACE | facts | changes)


def a_case_lock(case_id: str = "case-1") -> Lock:
    """The hold of a deregistration on a certificate."""
    return Lock(kind=LockKind.DEREGISTRATION, id=case_id)


def a_grant(role: Role, **changes: Any) -> RoleGrant:
    """A role at a loan centre that looks after its branch."""
    facts: dict[str, Any] = {
        "role": role,
        "org_code": "LC-1",
        "org_path": "/HO/T1/T2/LC-1",
        "org_level": OrgLevel.LOAN_CENTER,
        "jurisdiction_path": "/HO/T1/T2",
        "county": role is Role.MORTGAGE_REGISTRAR,
    }
    return RoleGrant(**facts | changes)


def a_user(*grants: RoleGrant, **changes: Any) -> User:
    """A person with those roles."""
    facts: dict[str, Any] = {
        "id": "user-1",
        "login": "u1",
        "name": "sealed",
        "org_code": "LC-1",
        "org_path": "/HO/T1/T2/LC-1",
        "roles": grants,
    }
    return User(**facts | changes)


def an_actor(login: str, *grants: RoleGrant) -> Actor:
    """Who acts, with those grants in force."""
    return Actor(
        login=login,
        user_id=f"user-{login}",
        org_code="LC-1",
        org_path="/HO/T1/T2/LC-1",
        grants=grants,
    )


def a_dossier(**changes: Any) -> Dossier:
    """A dossier without checklist lines."""
    facts: dict[str, Any] = {
        "id": "dossier-1",
        "dossier_no": "D1",
        "loan_no": "L1",
        "product": Product.HOUSING_RESALE,
    }
    return Dossier(**PLACE | facts | changes)


def a_version(**changes: Any) -> FileVersion:
    """An announced scan of ten bytes."""
    facts: dict[str, Any] = {
        "id": "fv-1",
        "file_id": "file-1",
        "dossier_id": "dossier-1",
        "doc_type": DocType.CERT_SCAN,
        "n": 1,
        "object_key": "k",
        "sha256": "0" * 64,
        "size": 10,
        "mime": "application/pdf",
        "status": FileStatus.PENDING,
        "uploaded_by": "handler",
        "requested_at": NOW,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return FileVersion(**PLACE | facts | changes)


def a_file(**changes: Any) -> ArchiveFile:
    """The scan of a certificate."""
    facts: dict[str, Any] = {
        "id": "file-1",
        "dossier_id": "dossier-1",
        "loan_no": "L1",
        "doc_type": DocType.CERT_SCAN,
        "title": "scan",
        "file_class": FileClass.A,
        "certificate_id": "cert-1",
        "current_version_id": "fv-1",
    }
    return ArchiveFile(**PLACE | facts | changes)
