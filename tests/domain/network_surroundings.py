"""What stands around a network of security: holds, suits, signals, other debts, dossiers.

Also what is over: it must not count.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from domain.deregistration import DeregistrationCase
from domain.dossiers import DocType, DossierStatus, Unfiled
from domain.files import FileStatus
from domain.loans import Loan, LoanStatus
from domain.release_question import Question
from domain.watch import (
    HoldScope,
    LegalCase,
    LegalHold,
    RiskSignal,
    SignalCategory,
    SignalSeverity,
)
from tests.domain.builders import NOW, a_loan
from tests.domain.network_parts import DAY, Chance
from tests.domain.release_builders import a_hold, a_legal_case, a_signal


def some_holds(chance: Chance) -> list[LegalHold]:
    blocking = [HoldScope.COLLATERAL, HoldScope.CERTIFICATE]
    found = [a_hold(scope=chance.one(list(HoldScope)), released_at=NOW)]
    found += [a_hold(scope=chance.one([s for s in HoldScope if s not in blocking]))]
    found = chance.dice.sample(found, chance.one([0, 0, 1, 2]))
    return [*found, a_hold(scope=chance.one(blocking))] if chance.wrong() else found


def some_suits(chance: Chance) -> list[LegalCase]:
    over = [a_legal_case(closed_at=NOW)] if chance.likely(0.2) else []
    return [*over, a_legal_case()] if chance.wrong() else over


def some_signal(chance: Chance) -> RiskSignal:
    any_kind = {
        "severity": chance.one(list(SignalSeverity)),
        "category": chance.one(list(SignalCategory)),
    }
    if chance.wrong(2):
        return a_signal(**any_kind)
    if chance.likely(0.5):
        return a_signal(**any_kind, eliminated_at=NOW)
    return a_signal(severity=chance.one([SignalSeverity.BLUE, SignalSeverity.YELLOW]))


def some_debt_elsewhere(chance: Chance, today: date) -> Loan:
    told: dict[str, Any] = {"status": chance.one([LoanStatus.OVERDUE, LoanStatus.ACTIVE])}
    if chance.likely(0.3):
        told |= {"balance": 1, "maturity": chance.one([today - DAY, today])}
    return a_loan(loan_no="L8", **told)


def some_unfiled(chance: Chance) -> Unfiled:
    """What a dossier lacks, if anything."""
    codes = [c for c in (DocType.SETTLEMENT_PROOF, DocType.CERT_RECEIPT) if chance.likely(0.3)]
    return Unfiled(dossier_no="D1", loan_no="L1", status=DossierStatus.OPEN, codes=tuple(codes))


def some_files(chance: Chance, case: DeregistrationCase) -> dict[str, FileStatus]:
    """What became of each file since it was attached; now and then it counts no more."""
    fit = [FileStatus.READY, FileStatus.ACCEPTED, FileStatus.ACCEPTED, FileStatus.SUPERSEDED]
    return {
        one.file_version_id: chance.one(list(FileStatus) if chance.wrong(0.3) else fit)
        for one in case.documents
    }


def as_read(question: Question) -> Question:
    """The question as it is asked of what the product reads: what is open and concerns it."""
    facts = question.facts
    scopes = {HoldScope.COLLATERAL, HoldScope.CERTIFICATE}
    read = replace(
        facts,
        holds=[h for h in facts.holds if h.released_at is None and h.scope in scopes],
        signals=[s for s in facts.signals if s.eliminated_at is None],
        legal_cases=[c for c in facts.legal_cases if c.closed_at is None],
    )
    return replace(question, facts=read)
