"""Two people, the same content, in time."""

from datetime import timedelta

import pytest

from domain.dual_control import (
    ProposalState,
    confirmation_refusals,
    conflicting_part,
    expiry,
    payload_hash,
)
from domain.policy import PolicyValue, resolve
from tests.domain.builders import NOW, POLICY, TODAY, a_case, codes, local
from tests.domain.vault_builders import a_proposal

TEN = local("2025-06-10T10:00:00")


def _answer(proposal=None, *, checker="u2", at=TEN, payload=None):
    proposal = proposal or a_proposal()
    content = proposal.payload if payload is None else payload
    return list(confirmation_refusals(proposal, payload=content, checker=checker, now=at))


def test_the_second_person_confirms_the_same_content_in_time():
    assert _answer() == []


def test_the_proposer_cannot_confirm():
    assert codes(_answer(checker="u1")) == ["DUAL_CONTROL_SAME_PERSON"]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-06-10T10:00:00", []),
        ("2025-06-10T10:29:59", []),
        ("2025-06-10T10:30:00", []),
        ("2025-06-10T10:30:01", ["PROPOSAL_EXPIRED"]),
    ],
)
def test_a_proposal_lives_thirty_minutes(at, expected):
    assert codes(_answer(at=local(at))) == expected
    assert a_proposal().is_open(local(at)) is (expected == [])


def test_the_life_of_a_proposal_is_policy():
    longer = resolve(
        [PolicyValue(key="vault.proposal_ttl_min", value="31", effective_from=TODAY)], on=TODAY
    )
    assert expiry(NOW, POLICY) == NOW + timedelta(minutes=30)
    assert expiry(NOW, longer) == NOW + timedelta(minutes=31)


def test_what_is_confirmed_is_what_was_proposed():
    [refusal] = _answer(payload={"slot": "A-01-04", "sealNo": "S1"})
    assert (refusal.code, refusal.detail) == ("PAYLOAD_CHANGED", {"fields": "slot"})


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        ({"slot": "A-01-03"}, "sealNo"),
        ({"slot": "A-01-03", "sealNo": "S1", "reason": "x"}, "reason"),
        ({"slot": "A-01-03", "sealNo": "s1"}, "sealNo"),
        ({}, "sealNo, slot"),
    ],
)
def test_one_difference_is_enough(payload, fields):
    [refusal] = _answer(payload=payload)
    assert (refusal.code, refusal.detail["fields"]) == ("PAYLOAD_CHANGED", fields)


def test_the_order_of_names_is_no_difference():
    assert payload_hash({"a": 1, "b": 2}) == payload_hash({"b": 2, "a": 1})
    assert payload_hash({"a": [1, 2]}) != payload_hash({"a": [2, 1]})


@pytest.mark.parametrize("state", [ProposalState.CONFIRMED, ProposalState.WITHDRAWN])
def test_a_proposal_that_has_ended_cannot_be_confirmed(state):
    proposal = a_proposal(state=state)
    assert codes(_answer(proposal)) == ["STATE_CONFLICT"]
    assert not proposal.is_open(TEN)


def test_a_proposal_says_that_it_expired_also_once_it_was_swept():
    swept = a_proposal(state=ProposalState.EXPIRED)
    assert codes(_answer(swept, at=TEN + timedelta(hours=1))) == ["PROPOSAL_EXPIRED"]


def test_every_reason_is_told_at_once():
    refusals = _answer(checker="u1", at=TEN + timedelta(hours=1), payload={"slot": "A-01-04"})
    assert codes(refusals) == ["PROPOSAL_EXPIRED", "DUAL_CONTROL_SAME_PERSON", "PAYLOAD_CHANGED"]


@pytest.mark.parametrize(
    ("login", "part"),
    [("rm", "applicant"), ("handler", "deregistration handler"), ("keeper", None)],
)
def test_a_keeper_plays_no_other_part_in_the_case(login, part):
    refusal = conflicting_part(login, a_case().parts())
    assert codes([refusal]) == ([] if part is None else ["SOD_VIOLATION"])
    if refusal is not None:
        assert refusal.detail == {"person": login, "part": part}
