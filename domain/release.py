"""Whether a lien may go (解押预检): every precondition, each with its answer and its facts.

The same evaluation answers the dry run, the submission, each approval, the vault-out and the
filing. Source: domain 4.3, DRG-R01, R02.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.deregistration import DeregKind, HandlingMode
from domain.policy import Policy
from domain.preconditions import PRECONDITIONS, Remedy, remedy_of
from domain.refusals import Refusal
from domain.release_evidence import seen
from domain.release_kinds import RULES
from domain.release_question import Question, ReleaseFacts, Stage


class Outcome(StrEnum):
    """The answer of one precondition (结论)."""

    PASS = "PASS"  # noqa: S105 - an answer, not a password
    FAIL = "FAIL"
    WARNING = "WARNING"
    NOT_APPLICABLE = "NOT_APPLICABLE"  # this kind of release does not ask it


@dataclass(frozen=True, slots=True, kw_only=True)
class PreconditionResult:
    """One precondition's answer: its refusals, and the facts it rests on."""

    id: str
    outcome: Outcome
    refusals: tuple[Refusal, ...] = ()
    facts: Mapping[str, str]
    fixable_by: tuple[Remedy, ...] = ()  # who can mend what is wrong; nobody where nothing is


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Every precondition's answer at one stage on one business date (预检结果)."""

    kind: DeregKind
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
    kind: DeregKind,
    stage: Stage,
    mode: HandlingMode,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Evaluation:
    """Asks every precondition of that kind of release; none stops the others (4.3)."""
    question = Question(
        facts=facts,
        kind=kind,
        stage=stage,
        mode=mode,
        policy=policy,
        calendar=calendar,
        today=today,
    )
    results = tuple(_answer(rule_id, question) for rule_id, _ in PRECONDITIONS)
    return Evaluation(
        kind=kind, stage=stage, on=today, policy_version=policy.version, results=results
    )


_ASK = dict(PRECONDITIONS)


def _answer(rule_id: str, question: Question) -> PreconditionResult:
    if rule_id not in RULES[question.kind]:
        return PreconditionResult(id=rule_id, outcome=Outcome.NOT_APPLICABLE, facts={})
    refusals = tuple(_ASK[rule_id](question))
    outcome = Outcome.PASS
    if refusals:
        outcome = Outcome.WARNING if _only_warns(rule_id, question.stage) else Outcome.FAIL
    return PreconditionResult(
        id=rule_id,
        outcome=outcome,
        refusals=refusals,
        facts=seen(rule_id, question),
        fixable_by=tuple(sorted({remedy_of(refusal) for refusal in refusals})),
    )


def _only_warns(rule_id: str, stage: Stage) -> bool:
    """Warnings never block; the archive blocks only the closing (DRG-P13, W1, W2)."""
    if rule_id == "DRG-P13":
        return stage is not Stage.CLOSE
    return rule_id in {"DRG-W1", "DRG-W2"}
