"""Random networks of security: the product's answer is the oracle's, rule by rule.

The oracle is written from the sentences alone (`release_oracle*`); neither knows the other.
"""

import random
from collections import Counter
from typing import Any

from domain.deregistration import DeregKind, HandlingMode
from domain.release import Evaluation, evaluate
from domain.release_question import Question, Stage
from tests.domain.network_surroundings import as_read
from tests.domain.release_networks import a_network
from tests.domain.release_oracle_rest import meets_exactly
from tests.domain.release_oracle_table import WHOLE, broken, warns

SEED = 20250610
NETWORKS = 8_000
# What the networks must have been like, at least, for their agreement to mean anything.
OFTEN, SELDOM = 100, 20
CODES = (
    ("DRG-4.1", "KIND_NOT_SUPPORTED"),
    ("DRG-4.1", "VALUE_INVALID"),
    ("DRG-P04", "SEIZED"),
    ("DRG-P04", "TITLE_SEARCH_STALE"),
    ("DRG-P05", "LEGAL_HOLD"),
    ("DRG-P05", "LITIGATION_OPEN"),
    ("DRG-P08", "WRITTEN_OFF_NOT_SETTLED"),
    ("DRG-P08", "CLAIM_TRANSFERRED"),
    ("DRG-P10", "DOC_MISSING"),
    ("DRG-P10", "CONSENT_MISSING"),
    ("DRG-L01", "LOAN_NOT_SOUND"),
    ("DRG-L01", "RISK_SIGNAL_OPEN"),
    ("DRG-L05", "CONSENT_MISSING"),
    ("DRG-4.6", "VALUATION_STALE"),
    ("DRG-4.6", "LTV_EXCEEDED"),
)
Answers = dict[str, tuple[str, frozenset[tuple[str, str]]]]


def _said_by_the_product(evaluation: Evaluation) -> Answers:
    return {
        result.id: (
            result.outcome.value,
            frozenset((refusal.rule_id, refusal.code.value) for refusal in result.refusals),
        )
        for result in evaluation.results
    }


def _said_by_the_oracle(question: Question) -> Answers:
    found = broken(question)
    said: Answers = {}
    for rule in WHOLE:
        if rule not in found:
            said[rule] = ("NOT_APPLICABLE", frozenset())
        elif not found[rule]:
            said[rule] = ("PASS", frozenset())
        else:
            said[rule] = ("WARNING" if warns(rule, question) else "FAIL", frozenset(found[rule]))
    return said


def _asked(question: Question) -> Evaluation:
    return evaluate(
        question.facts,
        kind=question.kind,
        stage=question.stage,
        mode=question.mode,
        policy=question.policy,
        calendar=question.calendar,
        today=question.today,
    )


def _compared(number: int, seen: Counter[Any]) -> None:
    """One network, judged twice; its seed is told where the two differ."""
    question = a_network(random.Random(f"{SEED}:{number}"))
    evaluation = _asked(as_read(question))
    ours, theirs = _said_by_the_oracle(question), _said_by_the_product(evaluation)
    differs = {rule: (ours[rule], theirs.get(rule)) for rule in ours if ours[rule] != theirs[rule]}
    where = f"seed {SEED}:{number}, {question.kind} at {question.stage} by {question.mode}"
    assert theirs.keys() == ours.keys(), where
    assert not differs, f"{where}; by rule what the oracle and the product say: {differs}"
    ready = all(outcome != "FAIL" for outcome, _ in ours.values())
    assert evaluation.ready is ready, where
    for rule, (outcome, _) in ours.items():
        seen["passed" if outcome == "PASS" else "failed", rule] += outcome != "NOT_APPLICABLE"
    seen.update(code for _, codes in ours.values() for code in codes)
    seen.update([(question.kind, ready), (question.stage, question.mode)])
    seen["equality"] += ours["DRG-4.6"][0] == "PASS" and meets_exactly(question)


def test_every_network_is_judged_as_the_sentences_say_and_all_of_them_are_put_to_the_test():
    seen: Counter[Any] = Counter()
    for number in range(NETWORKS):
        _compared(number, seen)
    told = f"seed {SEED}: {seen}"
    assert all(seen["passed", rule] >= OFTEN for rule in WHOLE), told
    assert all(seen["failed", rule] >= 2 * SELDOM for rule in WHOLE), told
    assert all(seen[code] >= SELDOM for code in CODES), told
    assert all(seen[stage, mode] >= OFTEN for stage in Stage for mode in HandlingMode), told
    kinds = [kind for kind in DeregKind if kind is not DeregKind.CLAIM_TRANSFER]
    assert all(seen[kind, ready] >= SELDOM for kind in kinds for ready in (True, False)), told
    assert seen["equality"] >= 2 * OFTEN, told
