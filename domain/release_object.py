"""What about the thing and its papers stands in the way of a release (押品、权证).

Source: domain 4.3 (DRG-P04 to P07), DRG-L04, L06.
"""

from collections.abc import Iterator
from datetime import date

from domain.certificates import (
    ENDED_RIGHTS,
    Catalog,
    CustodyState,
    LegalState,
    LockKind,
)
from domain.certificates import TitleCertificate as Paper
from domain.collaterals import GONE, Collateral, TitleSearchResult, moves_together
from domain.deregistration import CaseState, DeregistrationCase, HandlingMode
from domain.dossiers import DocType
from domain.loans import LoanStatus
from domain.refusals import Refusal, RefusalCode
from domain.release_pairs import split
from domain.release_question import Question, Stage
from domain.watch import SignalCategory, SignalSeverity

ALWAYS_BLOCKING = frozenset(
    {SignalCategory.FRAUD, SignalCategory.AML, SignalCategory.COLLATERAL_DISPUTE}
)
# A lost paper is released on what the registry took in its place (P06).
LOSS_PAPERS = (DocType.LOSS_STATEMENT, DocType.REGISTRY_ACCEPTANCE)
_LEAVING = frozenset({Stage.VAULT_OUT, Stage.FILE, Stage.CLOSE})  # papers may be out by then


def not_seized(question: Question) -> Iterator[Refusal]:
    """No court's seizure is in force, and the registry's book was looked into lately (P04).

    A seizure may be overridden by the first-tier branch on a legal opinion; a stale search never.
    """
    collateral, today = question.facts.collateral, question.today
    case = question.facts.case
    if case is None or not case.override_seizure:
        yield from seizures_on(collateral, today)
    search, limit = collateral.latest_search, question.policy.number("dereg.title_search_wd")
    stale = search is None or question.calendar.wd(search.searched_on, limit) < today
    if stale and not _is_at_hand(question):
        yield Refusal(
            code=RefusalCode.TITLE_SEARCH_STALE,
            rule_id="DRG-P04",
            detail={
                "searched_on": "none" if search is None else search.searched_on.isoformat(),
                "limit": str(limit),
            },
        )


def _is_at_hand(question: Question) -> bool:
    """Whether every paper waits outside the vault for an owner who goes himself.

    How old the search is was asked as they left.
    """
    case = question.facts.case
    owner = question.mode is HandlingMode.OWNER
    if not owner or case is None or case.state is not CaseState.VAULT_OUT:
        return False
    papers = question.facts.certificates
    return all(paper.custody_state is not CustodyState.IN_VAULT for paper in papers)


def seizures_on(collateral: Collateral, today: date) -> Iterator[Refusal]:
    """Every seizure in force, and the one that the latest title search shows (P04)."""
    for seizure in collateral.seizures:
        if seizure.in_force(collateral.kind, today):
            yield Refusal(
                code=RefusalCode.SEIZED,
                rule_id="DRG-P04",
                detail={"document": seizure.doc_no, "court": seizure.court},
            )
    search = collateral.latest_search
    if search is not None and search.result is TitleSearchResult.SEIZED:
        yield Refusal(
            code=RefusalCode.SEIZED,
            rule_id="DRG-P04",
            detail={"document": search.no, "searchedOn": search.searched_on.isoformat()},
        )


def not_held(question: Question) -> Iterator[Refusal]:
    """No legal hold on the collateral or its papers, no litigation by the bank (P05)."""
    if question.facts.holds:
        yield Refusal(
            code=RefusalCode.LEGAL_HOLD,
            rule_id="DRG-P05",
            detail={"holds": ", ".join(hold.no for hold in question.facts.holds)},
        )
    pending = [case.no for case in question.facts.legal_cases]
    pending += [
        loan.loan_no
        for loan in question.secured(question.facts.contracts)
        if loan.status is LoanStatus.IN_LITIGATION
    ]
    if pending:
        yield Refusal(
            code=RefusalCode.LITIGATION_OPEN,
            rule_id="DRG-P05",
            detail={"cases": ", ".join(pending)},
        )


def papers_in_hand(question: Question) -> Iterator[Refusal]:
    """Every paper lies in a vault and is free, or is on file; a lost one is replaced (P06).

    One that is expected may be at the registry, and its right in the book: it is collected, or
    expected no more.
    """
    for certificate in question.facts.certificates:
        if not certificate.is_over and not _in_hand(certificate, question):
            held = "" if certificate.lock is None else f" (held by {certificate.lock.kind})"
            yield _not_in_vault(certificate, f"{certificate.custody_state}{held}", "DRG-P06")


def replacement_in_custody(question: Question) -> Iterator[Refusal]:
    """What replaces the collateral is registered, its certificate in custody, first (L04).

    The paper of a right that has ended, such as a converted pre-notice, says nothing either way.
    """
    if not question.facts.replacing:
        yield Refusal(
            code=RefusalCode.CERT_NOT_IN_VAULT,
            rule_id="DRG-L04",
            detail={"certificate": "of the replacement", "state": "not named"},
        )
    for number in question.facts.replacing:
        rights = [
            paper
            for paper in question.facts.rest.papers_of(number)
            if paper.catalog is Catalog.RIGHT_CERT
            and not paper.is_over
            and paper.legal_state not in ENDED_RIGHTS
        ]
        if not rights:
            yield Refusal(
                code=RefusalCode.CERT_NOT_IN_VAULT,
                rule_id="DRG-L04",
                detail={"certificate": f"of collateral {number}", "state": "no right recorded"},
            )
        for paper in rights:
            kept = paper.custody_state in {CustodyState.IN_VAULT, CustodyState.ELECTRONIC_ON_FILE}
            if not kept or paper.legal_state is not LegalState.REGISTERED:
                yield _not_in_vault(paper, f"{paper.custody_state}, {paper.legal_state}", "DRG-L04")


def house_and_land(question: Question) -> Iterator[Refusal]:
    """A house and its land go together or not at all (L06). Source: Civil Code art. 397."""
    collateral, rest = question.facts.collateral, question.facts.rest
    for other in rest.collaterals.values():
        stays = other.pledge_state not in GONE and other.open_case_id is None
        if stays and moves_together(collateral, other) and rest.ties(other.no):
            yield split(collateral, other)


def no_grave_signal(question: Question) -> Iterator[Refusal]:
    """No open signal is RED, or about fraud, laundering or a dispute (P07)."""
    grave = [
        signal
        for signal in question.facts.signals
        if signal.severity is SignalSeverity.RED or signal.category in ALWAYS_BLOCKING
    ]
    if grave:
        yield Refusal(
            code=RefusalCode.RISK_SIGNAL_OPEN,
            rule_id="DRG-P07",
            detail={
                "signals": ", ".join(f"{s.no} {s.severity} {s.category}" for s in grave),
            },
        )


def _not_in_vault(certificate: Paper, state: str, rule_id: str) -> Refusal:
    return Refusal(
        code=RefusalCode.CERT_NOT_IN_VAULT,
        rule_id=rule_id,
        detail={"certificate": certificate.label, "state": state},
    )


def _in_hand(certificate: Paper, question: Question) -> bool:
    case, lock = question.facts.case, certificate.lock
    own = (
        case is not None
        and lock is not None
        and lock.kind is LockKind.DEREGISTRATION
        and lock.id == case.id
    )
    # What one certificate covers leaves by several releases; one of them holds the paper.
    released = lock is not None and lock.kind is LockKind.DEREGISTRATION
    along = released and not own and len(certificate.collateral_nos) > 1
    match certificate.custody_state:
        case CustodyState.IN_VAULT:
            return lock is None or own or along
        case CustodyState.ELECTRONIC_ON_FILE:
            return True
        case CustodyState.OUT_FOR_DEREG:
            out = question.stage in _LEAVING or _approved_late(question)
            return along or (own and out)
        case CustodyState.LOST:
            return _loss_proven(question.facts.shown)
        case _:
            return False


def _approved_late(question: Question) -> bool:
    """Whether an approval is asked for that fell due while the papers were out (4.5)."""
    case = question.facts.case
    late = case is not None and case.state is CaseState.VAULT_OUT
    return late and question.stage is Stage.APPROVE


def _loss_proven(case: DeregistrationCase | None) -> bool:
    return case is not None and all(case.document(code) is not None for code in LOSS_PAPERS)
