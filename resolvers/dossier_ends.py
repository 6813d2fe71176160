"""When everything about a loan has ended, so that its dossier is sealed (结清封存, 4.8)."""

from collections.abc import Sequence
from datetime import date

from domain.calendar import business_date
from domain.certificates import TitleCertificate, names_of, normalised
from domain.deregistration import OPEN_STATES, CaseState, DeregistrationCase
from domain.dossiers import Dossier, DossierStatus, kept_longer, sealed
from domain.files import ADDABLE
from domain.guarantees import GuaranteeContract
from domain.loans import Loan, is_extinguished
from domain.watch import LegalCase, SubjectKind
from resolvers.holds import concerning
from resolvers.secured import loan_nos_of, securing
from storage.decisions import Decision

_OPEN = sorted(OPEN_STATES)


async def ends(decision: Decision, loan_no: str, *, closing: str | None = None) -> Sequence[date]:
    """When all of it ended; empty while a loan owes, is secured, being released or litigated.

    closing: id of the release that is being closed, which does not count as open.
    """
    loan = await decision.first(Loan, {"loan_no": loan_no})
    if loan is None or not is_extinguished(loan):
        return ()
    contracts = await securing(decision, loan)
    tied = any(link.active for contract in contracts if contract.stands for link in contract.links)
    others = {"loan_nos": loan_no, "state": {"$in": _OPEN}, "_id": {"$ne": closing}}
    if tied or await decision.first(DeregistrationCase, others) is not None:
        return ()
    litigation = await _litigation(decision, loan, contracts)
    if any(one.closed_at is None for one in litigation):
        return ()
    settled_on = loan.settled_on or business_date(loan.as_of)
    paid = [business_date(one.paid_at) for one in loan.schedule if one.paid_at is not None]
    over = [business_date(one.closed_at) for one in litigation if one.closed_at is not None]
    return [settled_on, *paid, *over]


async def litigation_over(decision: Decision, case: LegalCase, *, today: date) -> None:
    """What the end of litigation means to dossiers: those that waited for it are sealed (4.8).

    A dossier that was sealed before is kept from that day on, if it is the later one.
    """
    assert case.closed_at is not None
    over = business_date(case.closed_at)
    numbers = await _loans(decision, case)
    for dossier in await decision.find(Dossier, {"loan_no": {"$in": numbers}}) if numbers else ():
        if dossier.status is DossierStatus.CLOSED:
            decision.save(kept_longer(dossier, over))
        elif dossier.status in ADDABLE:
            await _seal(decision, dossier, today, over)


async def settled_since(decision: Decision, loan_no: str, *, today: date) -> None:
    """What a settlement means to a dossier whose releases were closed before it (4.8).

    One that was sealed on an earlier settlement is kept from the later one on.
    """
    dossier = await decision.first(Dossier, {"loan_no": loan_no})
    if dossier is not None and dossier.status is DossierStatus.CLOSED:
        ended = await ends(decision, loan_no)
        longer = kept_longer(dossier, max(ended)) if ended else dossier
        if longer != dossier:
            decision.save(longer)
    elif dossier is not None and dossier.status in ADDABLE:
        await _seal(decision, dossier, today)


async def _seal(decision: Decision, dossier: Dossier, today: date, *also: date) -> None:
    """Seals a dossier of which a release was closed already and nothing else is open."""
    done = {"loan_nos": dossier.loan_no, "state": CaseState.CLOSED.value}
    closings = [one.closed_on for one in await decision.find(DeregistrationCase, done)]
    ended = await ends(decision, dossier.loan_no) if closings else ()
    if ended:
        known = [day for day in closings if day is not None]
        decision.save(sealed(dossier, closed_on=today, starts=[*ended, *known, *also]))


async def _loans(decision: Decision, case: LegalCase) -> list[str]:
    """Numbers of the loans that a legal case is about."""
    match case.subject_kind:
        case SubjectKind.LOAN:
            return [case.subject]
        case SubjectKind.CUSTOMER:
            loans = await decision.find(Loan, {"customer_no": case.subject})
            return [loan.loan_no for loan in loans]
        case SubjectKind.COLLATERAL:
            tying = {"links.collateral_no": case.subject}
            contracts = await decision.find(GuaranteeContract, tying)
            return sorted({no for contract in contracts for no in contract.secured_loans})
        case SubjectKind.CERTIFICATE:
            number = {"cert_no_norm": normalised(case.subject)}
            named = {"$or": [{"_id": case.subject}, number]}
            return await loan_nos_of(decision, await decision.find(TitleCertificate, named))
    return []


async def _litigation(
    decision: Decision, loan: Loan, contracts: Sequence[GuaranteeContract]
) -> list[LegalCase]:
    """Every legal case about the loan, its borrower, its security or a paper of that."""
    covered = sorted({link.collateral_no for contract in contracts for link in contract.links})
    papers = await decision.find(TitleCertificate, {"collateral_nos": {"$in": covered}})
    about = concerning(
        {
            SubjectKind.LOAN: [loan.loan_no],
            SubjectKind.CUSTOMER: [loan.customer_no],
            SubjectKind.COLLATERAL: covered,
            SubjectKind.CERTIFICATE: names_of(papers),
        }
    )
    return await decision.find(LegalCase, about)
