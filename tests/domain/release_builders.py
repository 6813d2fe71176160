"""A release in which everything is in order, and what changing one fact makes of it."""

from typing import Any

from domain.certificates import CustodyState
from domain.collaterals import Seizure
from domain.deregistration import DeregKind, HandlingMode
from domain.dossiers import DocType
from domain.release import Evaluation, Outcome, evaluate
from domain.release_question import ReleaseFacts, Stage
from domain.watch import (
    HoldReason,
    HoldScope,
    LegalCase,
    LegalHold,
    RiskSignal,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)
from tests.domain.builders import (
    CALENDAR,
    NOW,
    PLACE,
    POLICY,
    TODAY,
    a_case,
    a_case_lock,
    a_certificate,
    a_collateral,
    a_contract,
    a_credit,
    a_loan,
)

PARTIAL_PAPERS = (
    DocType.DEREG_APPLICATION,
    DocType.OWNER_ID,
    DocType.VALUATION_REPORT,
    DocType.SUPPLEMENT_AGREEMENT,
)
INSIDE = a_certificate(custody_state=CustodyState.IN_VAULT, lock=a_case_lock())


def some_facts(**changes: Any) -> ReleaseFacts:
    """One settled loan, one contract, one flat, one paper in the vault, held by the case."""
    facts: dict[str, Any] = {
        "collateral": a_collateral(),
        "contracts": (a_contract(),),
        "loans": {"L1": a_loan()},
        "credit_contracts": {"CC1": a_credit()},
        "certificates": (INSIDE,),
        "case": a_case(),
    }
    return ReleaseFacts(**facts | changes)


def asked(
    *, stage: Stage = Stage.SUBMIT, mode: HandlingMode = HandlingMode.BANK, **changes: Any
) -> Evaluation:
    """The evaluation of `some_facts`; `today` may be another day."""
    today = changes.pop("today", TODAY)
    facts = some_facts(**changes)
    kind = DeregKind.FULL_SETTLEMENT if facts.case is None else facts.case.kind
    return evaluate(
        facts,
        kind=kind,
        stage=stage,
        mode=mode,
        policy=POLICY,
        calendar=CALENDAR,
        today=today,
    )


def failures(**changes: Any) -> dict[str, list[str]]:
    """The codes of each precondition that failed."""
    return {
        result.id: [refusal.code.value for refusal in result.refusals]
        for result in asked(**changes).results
        if result.outcome is Outcome.FAIL
    }


def a_seizure(**changes: Any) -> Seizure:
    """A court's seizure in force, for three years."""
    facts: dict[str, Any] = {
        "doc_no": "S-1",
        "court": "court",
        "starts_on": TODAY,
        "ends_on": TODAY.replace(year=TODAY.year + 3),
    }
    return Seizure(**facts | changes)


def a_hold(**changes: Any) -> LegalHold:
    """A legal hold on the collateral."""
    facts: dict[str, Any] = {
        "id": "hold-1",
        "no": "LH1",
        "scope": HoldScope.COLLATERAL,
        "target": "COL1",
        "reason": HoldReason.LITIGATION,
        "placed_at": NOW,
    }
    return LegalHold(**PLACE | facts | changes)


def a_signal(**changes: Any) -> RiskSignal:
    """A mild signal about repayment."""
    facts: dict[str, Any] = {
        "id": "signal-1",
        "no": "RS1",
        "category": SignalCategory.REPAYMENT,
        "severity": SignalSeverity.ORANGE,
        "subject_kind": SubjectKind.COLLATERAL,
        "subject": "COL1",
        "published_at": NOW,
    }
    return RiskSignal(**PLACE | facts | changes)


def a_legal_case(**changes: Any) -> LegalCase:
    """Litigation about the collateral."""
    facts: dict[str, Any] = {
        "id": "suit-1",
        "no": "LS1",
        "subject_kind": SubjectKind.COLLATERAL,
        "subject": "COL1",
        "opened_at": NOW,
    }
    return LegalCase(**PLACE | facts | changes)
