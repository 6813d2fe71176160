"""What the bank's own lawyers have placed on a paper: holds, and cases under way."""

from typing import Any

from domain.certificates import TitleCertificate
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.watch import HoldScope, LegalCase, LegalHold, SubjectKind
from storage.decisions import Decision


async def holds_on(decision: Decision, certificate: TitleCertificate) -> list[LegalHold]:
    """Open holds on the certificate, by id or number, or on what it covers (CUS-24)."""
    papers = [name for name in (certificate.id, certificate.cert_no) if name is not None]
    return await decision.find(
        LegalHold,
        {
            "released_at": None,
            "$or": [
                {"scope": HoldScope.CERTIFICATE.value, "target": {"$in": papers}},
                {
                    "scope": HoldScope.COLLATERAL.value,
                    "target": {"$in": list(certificate.collateral_nos)},
                },
            ],
        },
    )


async def litigation_open(decision: Decision, certificate: TitleCertificate) -> bool:
    """Whether a legal case is under way about the paper, what it covers or what it secures."""
    contracts = await decision.find(
        GuaranteeContract, {"no": {"$in": list(certificate.guarantee_contract_nos)}}
    )
    numbers = sorted({no for contract in contracts for no in contract.secured_loans})
    loans = await decision.find(Loan, {"loan_no": {"$in": numbers}}) if numbers else []
    papers = [name for name in (certificate.id, certificate.cert_no) if name is not None]
    subjects: list[dict[str, Any]] = [
        {"subject_kind": kind.value, "subject": {"$in": names}}
        for kind, names in (
            (SubjectKind.CERTIFICATE, papers),
            (SubjectKind.COLLATERAL, list(certificate.collateral_nos)),
            (SubjectKind.LOAN, numbers),
            (SubjectKind.CUSTOMER, sorted({loan.customer_no for loan in loans})),
        )
    ]
    cases = await decision.find(LegalCase, {"$or": subjects, "closed_at": None})
    return bool(cases)
