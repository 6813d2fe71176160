"""What the bank's own lawyers have placed on papers (法律冻结): holds, and cases under way."""

from collections.abc import Sequence
from typing import Any

from domain.certificates import TitleCertificate
from domain.collaterals import Collateral
from domain.watch import HoldScope, LegalCase, LegalHold, SubjectKind
from resolvers.secured import loans_of
from storage.decisions import Decision


async def holds_on(decision: Decision, certificates: Sequence[TitleCertificate]) -> list[LegalHold]:
    """Open holds on these papers or the collateral they cover (CUS-24).

    A hold on a dossier or a customer keeps files, not papers, as in P05. The collateral is read
    to fence it: a hold placed on it meanwhile makes the decision run again.
    """
    papers = [c.id for c in certificates] + [c.cert_no for c in certificates if c.cert_no]
    numbers = sorted({no for c in certificates for no in c.collateral_nos})
    await decision.find(Collateral, {"no": {"$in": numbers}})
    return await decision.find(
        LegalHold,
        {
            "released_at": None,
            "$or": [
                {"scope": HoldScope.COLLATERAL.value, "target": {"$in": numbers}},
                {"scope": HoldScope.CERTIFICATE.value, "target": {"$in": papers}},
            ],
        },
    )


async def litigation_open(decision: Decision, certificate: TitleCertificate) -> bool:
    """Whether a legal case is under way about the paper, what it covers or what it secures."""
    loans = await loans_of(decision, [certificate])
    papers = [name for name in (certificate.id, certificate.cert_no) if name is not None]
    subjects: list[dict[str, Any]] = [
        {"subject_kind": kind.value, "subject": {"$in": names}}
        for kind, names in (
            (SubjectKind.CERTIFICATE, papers),
            (SubjectKind.COLLATERAL, list(certificate.collateral_nos)),
            (SubjectKind.LOAN, [loan.loan_no for loan in loans]),
            (SubjectKind.CUSTOMER, sorted({loan.customer_no for loan in loans})),
        )
    ]
    cases = await decision.find(LegalCase, {"$or": subjects, "closed_at": None})
    return bool(cases)
