"""A release in which everything is in order, and what changing one fact makes of it."""

from typing import Any

from domain.certificates import CustodyState
from domain.deregistration import HandlingMode
from domain.release import Evaluation, Outcome, ReleaseFacts, Stage, evaluate
from tests.domain.builders import (
    CALENDAR,
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
    return evaluate(facts, stage=stage, mode=mode, policy=POLICY, calendar=CALENDAR, today=today)


def failures(**changes: Any) -> dict[str, list[str]]:
    """The codes of each precondition that failed."""
    return {
        result.id: [refusal.code.value for refusal in result.refusals]
        for result in asked(**changes).results
        if result.outcome is Outcome.FAIL
    }
