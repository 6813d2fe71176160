"""What the bank's own lawyers have placed on papers (法律冻结): holds, and cases under way."""

from collections.abc import Mapping, Sequence

from domain.certificates import TitleCertificate, names_of
from domain.collaterals import Collateral
from domain.watch import HoldScope, LegalCase, LegalHold, SubjectKind
from resolvers.secured import loans_of
from storage.decisions import Decision
from storage.records import Record


async def holds_on(decision: Decision, certificates: Sequence[TitleCertificate]) -> list[LegalHold]:
    """Open holds on these papers or the collateral they cover (CUS-24).

    What lay on a paper lies on what took its place. A hold on a dossier or a customer keeps files,
    not papers, as in P05. The collateral is read to fence it: a hold placed on it meanwhile makes
    the decision run again.
    """
    numbers = sorted({no for c in certificates for no in c.collateral_nos})
    await decision.find(Collateral, {"no": {"$in": numbers}})
    return await open_holds(decision, numbers, await _with_replaced(decision, certificates))


async def _with_replaced(
    decision: Decision, certificates: Sequence[TitleCertificate]
) -> list[TitleCertificate]:
    """These papers, and those whose place they took, one after the other (X13, X23)."""
    known = {certificate.id: certificate for certificate in certificates}
    newer = list(certificates)
    while ids := {one.supersedes for one in newer if one.supersedes} - known.keys():
        newer = await decision.find(TitleCertificate, {"_id": {"$in": sorted(ids)}})
        known |= {one.id: one for one in newer}
    return list(known.values())


async def open_holds(
    decision: Decision, collateral_nos: Sequence[str], certificates: Sequence[TitleCertificate]
) -> list[LegalHold]:
    """Open holds on these collaterals or these papers."""
    return await decision.find(
        LegalHold,
        {
            "released_at": None,
            "$or": [
                {"scope": HoldScope.COLLATERAL.value, "target": {"$in": list(collateral_nos)}},
                {"scope": HoldScope.CERTIFICATE.value, "target": {"$in": names_of(certificates)}},
            ],
        },
    )


def concerning(subjects: Mapping[SubjectKind, Sequence[str]]) -> Record:
    """That a signal or a legal case is about one of these."""
    return {
        "$or": [
            {"subject_kind": kind.value, "subject": {"$in": list(names)}}
            for kind, names in subjects.items()
        ]
    }


async def litigation_open(decision: Decision, certificate: TitleCertificate) -> bool:
    """Whether a legal case is under way about the paper, what it covers or what it secures."""
    loans = await loans_of(decision, [certificate])
    about = concerning(
        {
            SubjectKind.CERTIFICATE: names_of(await _with_replaced(decision, [certificate])),
            SubjectKind.COLLATERAL: certificate.collateral_nos,
            SubjectKind.LOAN: [loan.loan_no for loan in loans],
            SubjectKind.CUSTOMER: sorted({loan.customer_no for loan in loans}),
        }
    )
    return bool(await decision.find(LegalCase, about | {"closed_at": None}))
