"""Random networks of security: the product's answer is the oracle's, rule by rule.

The oracle is written from the sentences alone (`release_oracle`); neither knows the other.
"""

import random
from collections import Counter
from typing import Any

import pytest

from domain.release import Evaluation, Outcome, evaluate
from domain.release_question import Question
from tests.domain.release_networks import a_network, as_read
from tests.domain.release_oracle_rest import WHOLE, broken, meets_exactly, warns

SEED = 20250610
NETWORKS, CHUNKS = 6_000, 6
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
    question = a_network(random.Random(f"{SEED}:{number}"))
    evaluation = _asked(as_read(question))
    ours, theirs = _said_by_the_oracle(question), _said_by_the_product(evaluation)
    differs = {rule: (ours[rule], theirs.get(rule)) for rule in ours if ours[rule] != theirs[rule]}
    where = f"network {SEED}:{number}, {question.kind} {question.stage} {question.mode}"
    assert not differs, f"{where}: oracle, product: {differs}"
    assert theirs.keys() == ours.keys(), where
    ready = all(outcome != "FAIL" for outcome, _ in ours.values())
    assert evaluation.ready is ready, where
    seen.update((rule, outcome) for rule, (outcome, _) in ours.items())
    seen.update(code for _, codes in ours.values() for code in codes)
    seen[question.kind, "ready" if ready else "not ready"] += 1
    seen[question.stage, question.mode] += 1
    if ours["DRG-4.6"][0] == "PASS" and meets_exactly(question):
        seen["equality"] += 1


@pytest.fixture(scope="module")
def seen() -> Counter[Any]:
    """What the networks were like: outcomes by rule, codes, kinds that were ready."""
    counts: Counter[Any] = Counter()
    for number in range(NETWORKS):
        _compared(number, counts)
    return counts


def test_every_network_is_judged_as_its_sentences_say(seen):
    assert seen[Outcome.PASS] == 0
