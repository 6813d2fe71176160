"""Whether a lien may go (解押预检): every precondition, each with its answer and its facts.

The same evaluation answers the dry run, the submission, each approval, the vault-out and the
filing. Source: domain 4.3, DRG-R01, R02.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.deregistration import HandlingMode
from domain.policy import Policy
from domain.preconditions import PRECONDITIONS
from domain.refusals import Refusal
from domain.release_question import Question, ReleaseFacts, Stage


class Outcome(StrEnum):
    """The answer of one precondition (结论)."""

    PASS = "PASS"  # noqa: S105 - an answer, not a password
    FAIL = "FAIL"
    WARNING = "WARNING"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreconditionResult:
    """One precondition's answer: its refusals, or the facts on which it passed."""

    id: str
    outcome: Outcome
    refusals: tuple[Refusal, ...] = ()
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Every precondition's answer at one stage on one business date (预检结果)."""

    stage: Stage
    on: date
    policy_version: str
    results: tuple[PreconditionResult, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way; warnings do not."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every refusal of every failed precondition, in the order of their ids."""
        return tuple(
            refusal
            for result in self.results
            if result.outcome is Outcome.FAIL
            for refusal in result.refusals
        )


def evaluate(
    facts: ReleaseFacts,
    *,
    stage: Stage,
    mode: HandlingMode,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Evaluation:
    """Asks every precondition of a full settlement; none stops the others (4.3)."""
    question = Question(
        facts=facts, stage=stage, mode=mode, policy=policy, calendar=calendar, today=today
    )
    results = [_answer(rule_id, ask, question) for rule_id, ask in PRECONDITIONS]
    return Evaluation(stage=stage, on=today, policy_version=policy.version, results=tuple(results))


def _answer(
    rule_id: str, ask: Callable[[Question], Iterator[Refusal]], question: Question
) -> PreconditionResult:
    refusals = tuple(ask(question))
    outcome = Outcome.PASS
    if refusals:
        outcome = Outcome.WARNING if _only_warns(rule_id, question.stage) else Outcome.FAIL
    return PreconditionResult(
        id=rule_id, outcome=outcome, refusals=refusals, facts=_seen(rule_id, question)
    )


def _only_warns(rule_id: str, stage: Stage) -> bool:
    """Warnings never block; the archive blocks only the closing (DRG-P13, W1, W2)."""
    if rule_id == "DRG-P13":
        return stage is not Stage.CLOSE
    return rule_id in {"DRG-W1", "DRG-W2"}


def _seen(rule_id: str, question: Question) -> dict[str, str]:
    """The facts an answer rests on, kept as evidence (DRG-R02)."""
    facts = question.facts
    match rule_id:
        case "DRG-P01" | "DRG-P08" | "DRG-P12":
            return {
                loan.loan_no: f"{loan.status} as of {loan.as_of.isoformat(timespec='seconds')}"
                for loan in question.secured(question.scope)
            }
        case "DRG-P02":
            return {c.no: c.mode for c in question.scope}
        case "DRG-P03":
            return {c.no: ", ".join(c.secured_loans) for c in question.others}
        case "DRG-P04":
            search = facts.collateral.latest_search
            return {} if search is None else {search.no: search.searched_on.isoformat()}
        case "DRG-P06":
            return {c.label: c.custody_state for c in facts.certificates}
        case "DRG-P10" if facts.case is not None:
            return {d.code: d.file_version_id for d in facts.case.documents}
        case "DRG-P13":
            return {d.dossier_no: d.status for d in facts.dossiers}
        case _:
            return {}
