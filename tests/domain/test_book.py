"""The book: which events it is asked to enter, what answers mean, and how failures are settled."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import (
    MAX_ANSWERS,
    NOMINAL,
    EntryKind,
    Posting,
    PostingAnswer,
    PostingOutcome,
    PostingStatus,
    answer_refusals,
    answered,
    as_booked,
    booked,
    core_count,
    count,
    due_entries,
    entry,
    entry_kind,
    opened,
)
from domain.book_failures import (
    MAX_ATTEMPTS,
    retried,
    retry_refusals,
    reversal_refusals,
    reversed_,
)
from domain.certificates import CertType, CustodyState, VaultPlace
from domain.custody import TRANSITIONS, Movement, illegal, moved
from tests.domain.builders import NOW, TODAY, a_certificate, codes
from tests.domain.invariants import book_agrees
from tests.domain.vault_builders import an_operator

S, M, K = CustodyState, Movement, EntryKind
FAILED, POSTED = PostingOutcome.FAILED, PostingOutcome.POSTED
V1 = VaultPlace(vault="V1", cabinet="A", slot="1", packet_no="P1")
INTO = {(S.RECEIVED_PENDING_VAULT, M.VAULT_IN)}
OUT_OF = {
    (S.IN_VAULT, movement)
    for movement in (
        M.VAULT_OUT_FOR_DEREG,
        M.SURRENDER,
        M.RETURN_TO_OWNER,
        M.CHECK_OUT,
        M.TRANSFER_OUT,
        M.DISPATCH,
        M.MARK_MISSING,
        M.REDEEM,
    )
}


# What somebody decides to do with a paper; anything else only tells what has happened to it.
DECIDED = {movement for _, movement in INTO | OUT_OF} - {M.MARK_MISSING} | {
    M.INITIATE_HANDOVER,
    M.RELOCATE,
    M.RESEAL,
}


def an_event(movement=M.VAULT_IN, **facts):
    """A paper of V1 after a movement, and the event of it."""
    start = facts.pop("start", S.IN_VAULT if movement is not M.VAULT_IN else None)
    paper = a_certificate(**({"custody_state": start} if start else {}), **facts.pop("paper", {}))
    to = facts.pop("to", S.IN_VAULT)
    place = facts.pop("place", V1)
    if start is S.IN_VAULT:
        paper = replace(paper, place=place)
    return moved(
        paper,
        movement,
        to=to,
        event_id="event-1",
        operators=[an_operator("u1"), an_operator("u2")],
        now=NOW,
        today=TODAY,
        place=place if to is S.IN_VAULT else None,
        **facts,
    )


def a_posting(**changes) -> Posting:
    """The entry of a vault-in at ten, that nobody has answered."""
    paper, event = an_event()
    return replace(entry(paper, event, K.IN, "V1", id="pstg_0123456789"), **changes)


def an_answer(outcome=POSTED, minute=1, **changes) -> PostingAnswer:
    """The core's word so many minutes after ten."""
    facts = {"posted_on": TODAY if outcome is POSTED else None} | changes
    return PostingAnswer(outcome=outcome, answered_at=NOW + timedelta(minutes=minute), **facts)


@pytest.mark.parametrize(("state", "movement"), TRANSITIONS)
def test_exactly_what_enters_or_leaves_a_vault_is_entered(state, movement):
    for to in TRANSITIONS[state, movement]:
        _, event = an_event(movement, start=state, to=to)
        expected = K.IN if (state, movement) in INTO else None
        expected = K.OUT if (state, movement) in OUT_OF else expected
        assert entry_kind(event) is expected


@pytest.mark.parametrize(
    ("booked_in", "movement", "to", "expected"),
    [
        (None, M.VAULT_IN, S.IN_VAULT, [(K.IN, "V1")]),
        ("V1", M.VAULT_IN, S.IN_VAULT, []),  # its way out was reversed
        ("V2", M.VAULT_IN, S.IN_VAULT, [(K.OUT, "V2"), (K.IN, "V1")]),
        ("V1", M.CHECK_OUT, S.CHECKED_OUT, [(K.OUT, "V1")]),
        (None, M.CHECK_OUT, S.CHECKED_OUT, []),  # its way in was reversed
        ("V1", M.RELOCATE, S.IN_VAULT, []),
    ],
)
def test_only_what_the_book_does_not_say_yet_is_entered(booked_in, movement, to, expected):
    paper, event = an_event(movement, to=to, paper={"booked_in": booked_in})
    assert list(due_entries(paper, event)) == expected


@pytest.mark.parametrize(
    ("kind", "right", "held_at", "amount", "expected"),
    [
        (K.IN, 5_000, None, None, 5_000),
        (K.IN, None, None, None, NOMINAL),
        (K.OUT, 7_000, 5_000, None, 5_000),  # what went in goes out, whatever it is worth now
        (K.PROCEEDS, 5_000, 5_000, 4_321, 4_321),
    ],
)
def test_an_entry_has_the_amount_of_its_paper(kind, right, held_at, amount, expected):
    paper, event = an_event(paper={"right_amount": right, "booked_amount": held_at})
    made = entry(paper, event, kind, "V1", id="pstg_0123456789", amount=amount)
    assert (made.amount, made.serial) == (expected, "BK20250610-0123456789")
    assert (made.biz_date, made.asked_on, made.status) == (TODAY, TODAY, PostingStatus.PENDING)


def test_what_an_older_system_kept_is_in_the_book_already():
    posting = opened(a_posting())
    assert (posting.status, posting.in_core, core_count([posting])) == ("POSTED", True, 1)


def test_the_latest_word_of_the_core_counts_in_any_order():
    words = [an_answer(FAILED, 1), an_answer(POSTED, 2), an_answer(FAILED, 3), an_answer(POSTED, 4)]
    for order in permutations(words):
        posting = a_posting()
        for word in order:
            posting = answered(posting, word)
        assert posting.answers == tuple(words)
        assert (posting.status, posting.in_core) == (PostingStatus.POSTED, True)
        assert answered(posting, order[0]) == posting  # told again


def test_of_two_words_at_one_moment_the_entry_that_stands_counts():
    for order in permutations([an_answer(FAILED), an_answer(POSTED)]):
        posting = answered(answered(a_posting(), order[0]), order[1])
        assert posting.status is PostingStatus.POSTED


@pytest.mark.parametrize(
    ("given_up", "in_core"), [(PostingStatus.RETRIED, True), (PostingStatus.REVERSED, False)]
)
def test_a_late_word_does_not_bring_back_what_was_given_up(given_up, in_core):
    posting = answered(a_posting(status=given_up), an_answer(POSTED))
    assert (posting.status, posting.in_core, len(posting.answers)) == (given_up, in_core, 1)


def test_an_answer_that_stands_has_a_date_and_answers_have_a_limit():
    bad = an_answer(POSTED, posted_on=None)
    assert codes(answer_refusals(a_posting(), bad)) == ["VALUE_INVALID"]
    full = a_posting()
    for minute in range(MAX_ANSWERS):
        assert codes(answer_refusals(full, an_answer(FAILED, minute))) == []
        full = answered(full, an_answer(FAILED, minute))
    assert codes(answer_refusals(full, an_answer(FAILED, MAX_ANSWERS))) == ["LIMIT_EXCEEDED"]
    assert codes(answer_refusals(full, an_answer(FAILED, 0))) == []  # known already


@pytest.mark.parametrize("movement", Movement)
@pytest.mark.parametrize("state", CustodyState)
def test_a_paper_whose_entry_failed_waits_and_facts_about_it_are_told(state, movement):
    paper = a_certificate(custody_state=state)
    refusal = illegal(replace(paper, posting_failed="pstg-1"), movement)
    if (state, movement) not in TRANSITIONS:
        assert codes([refusal]) == ["STATE_CONFLICT"]
    elif movement in DECIDED:
        assert codes([refusal]) == ["OPEN_REQUEST_EXISTS"]
        assert refusal.rule_id == "CUS-21"
        assert illegal(paper, movement) is None
    else:
        assert refusal is None


@pytest.mark.parametrize(
    ("status", "retry", "reverse"),
    [
        (PostingStatus.PENDING, False, False),
        (PostingStatus.POSTED, False, False),
        (PostingStatus.POSTING_FAILED, True, True),
        (PostingStatus.RETRIED, False, False),
        (PostingStatus.REVERSED, True, False),
    ],
)
def test_what_is_settled_has_failed(status, retry, reverse):
    paper = a_certificate(custody_state=S.IN_VAULT, place=V1)
    posting = a_posting(status=status)
    conflict = ["STATE_CONFLICT"]
    assert codes(retry_refusals(posting, paper)) == ([] if retry else conflict)
    assert codes(reversal_refusals(posting, [], reason="why")) == ([] if reverse else conflict)
    assert codes(reversal_refusals(posting, [], reason=" "))[-1] == "VALUE_INVALID"


@pytest.mark.parametrize(
    ("kind", "paper", "wanted"),
    [
        (K.IN, {"custody_state": S.IN_VAULT, "place": V1}, True),
        (K.IN, {"custody_state": S.IN_VAULT, "place": V1, "booked_in": "V1"}, False),
        (K.IN, {"custody_state": S.CHECKED_OUT}, False),
        (K.OUT, {"custody_state": S.CHECKED_OUT, "booked_in": "V1"}, True),
        (K.OUT, {"custody_state": S.CHECKED_OUT}, False),
        (K.OUT, {"custody_state": S.IN_VAULT, "place": V1, "booked_in": "V1"}, False),
        (K.PROCEEDS, {"custody_state": S.REDEEMED}, True),
    ],
)
def test_a_reversed_entry_is_asked_for_anew_while_its_paper_is_where_it_put_it(kind, paper, wanted):
    posting = a_posting(kind=kind, status=PostingStatus.REVERSED)
    refused = codes(retry_refusals(posting, a_certificate(**paper)))
    assert refused == ([] if wanted else ["STATE_CONFLICT"])


@pytest.mark.parametrize(("attempt", "allowed"), [(MAX_ATTEMPTS - 1, True), (MAX_ATTEMPTS, False)])
def test_attempts_have_a_limit(attempt, allowed):
    posting = a_posting(status=PostingStatus.POSTING_FAILED, attempt=attempt)
    assert codes(retry_refusals(posting, a_certificate())) == (
        [] if allowed else ["LIMIT_EXCEEDED"]
    )


def test_a_retry_has_a_serial_of_its_own_and_begins_unanswered():
    failed = answered(a_posting(), an_answer(FAILED))
    tomorrow = TODAY + timedelta(days=1)
    old, anew = retried(failed, id="pstg_9876543210", by="sv", now=NOW, today=tomorrow)
    assert (old.status, old.settled_by, old.serial) == ("RETRIED", "sv", failed.serial)
    assert (anew.status, anew.attempt, anew.answers) == ("PENDING", 2, ())
    assert (anew.serial, anew.asked_on, anew.biz_date) == (
        "BK20250611-9876543210",
        tomorrow,
        TODAY,
    )


def test_a_later_entry_is_settled_before_an_earlier_one_is_reversed():
    first = a_posting(status=PostingStatus.POSTING_FAILED)
    later = replace(first, id="pstg-2", event_seq=first.event_seq + 1, status="PENDING")
    assert codes(reversal_refusals(first, [later], reason="why")) == ["STATE_CONFLICT"]
    undone = replace(later, status=PostingStatus.REVERSED)
    assert codes(reversal_refusals(first, [undone], reason="why")) == []
    twice = replace(first, status=PostingStatus.RETRIED, in_core=True)
    assert codes(reversal_refusals(twice, [later], reason="why")) == []


class _Life:
    """One paper that goes into vaults and out of them, and the core that answers as it likes."""

    def __init__(self) -> None:
        self.paper = a_certificate(cert_type=CertType.DEPOSIT_RECEIPT, right_amount=500)
        self.events, self.postings = [], {}
        self.now = NOW

    def move(self, movement, to, place=None):
        self.paper, event = moved(
            self.paper,
            movement,
            to=to,
            event_id=f"event-{len(self.events)}",
            operators=[an_operator("u1"), an_operator("u2")],
            now=self.now,
            today=TODAY,
            place=place,
        )
        self.events.append(event)
        for kind, vault in due_entries(self.paper, event):
            made = entry(self.paper, event, kind, vault, id=f"pstg_{len(self.postings):010}")
            self.postings[made.id] = made
            self.paper = booked(self.paper, made)

    def step(self, choice: int, number: int) -> None:
        """One of: move on, an answer, a retry, a reversal; only what the rules allow."""
        self.now += timedelta(minutes=1)
        if choice == 0 or not self.postings:
            self._move_on(number)
            return
        posting = list(self.postings.values())[number % len(self.postings)]
        others = [one for one in self.postings.values() if one.id != posting.id]
        if choice in {1, 2}:
            outcome = POSTED if choice == 1 else FAILED
            word = PostingAnswer(outcome=outcome, answered_at=self.now, posted_on=TODAY)
            if not codes(answer_refusals(posting, word)):
                self.postings[posting.id] = answered(posting, word)
        elif choice == 3 and not codes(retry_refusals(posting, self.paper)):
            id = f"pstg_{len(self.postings):010}"
            old, anew = retried(posting, id=id, by="sv", now=self.now, today=TODAY)
            self.postings |= {old.id: old, anew.id: anew}
        elif choice == 4 and not codes(reversal_refusals(posting, others, reason="why")):
            after = reversed_(posting, by="sv", now=self.now, reason="why")
            self.postings[posting.id] = after
        self.paper = as_booked(self.paper, self.postings.values())

    def _move_on(self, number: int) -> None:
        inside = self.paper.custody_state is S.IN_VAULT
        place = replace(V1, vault=f"V{number % 2 + 1}")
        if self.paper.custody_state is S.RECEIVED_PENDING_VAULT:
            if illegal(self.paper, M.VAULT_IN) is None:
                self.move(M.VAULT_IN, S.IN_VAULT, place)
        elif inside and illegal(self.paper, M.CHECK_OUT) is None:
            self.move(M.CHECK_OUT, S.CHECKED_OUT)
        elif not inside:
            self.move(M.RETURN_SAME, S.RECEIVED_PENDING_VAULT)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=25))
def test_in_every_life_the_book_holds_what_lies_in_the_vault(steps):
    life = _Life()
    for choice, number in steps:
        life.step(choice, number)
        entries = list(life.postings.values())
        book_agrees([life.paper], life.events, entries)
        last = as_booked(life.paper, entries)
        assert last == life.paper
        failed = [one for one in entries if one.status is PostingStatus.POSTING_FAILED]
        assert (life.paper.posting_failed is not None) is bool(failed)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_once_everything_is_answered_the_cores_book_agrees_too(numbers):
    life = _Life()
    for number in numbers:
        life.step(0, number)
    for id, posting in reversed(life.postings.items()):
        life.postings[id] = answered(posting, an_answer(POSTED, 9))
    inside = life.paper.custody_state is S.IN_VAULT
    assert core_count(life.postings.values()) == count(life.postings.values()) == inside


def test_an_invariant_that_never_fails_proves_nothing():
    life = _Life()
    life.move(M.VAULT_IN, S.IN_VAULT, V1)
    entries = list(life.postings.values())
    book_agrees([life.paper], life.events, entries)
    twice = replace(entries[0], event_id="event-9")
    for wrong in (
        lambda: book_agrees([life.paper], life.events, []),
        lambda: book_agrees([life.paper], life.events, [*entries, twice]),
        lambda: book_agrees([life.paper], [], entries),
        lambda: book_agrees([replace(life.paper, booked_in="V2")], life.events, entries),
        lambda: book_agrees(
            [replace(life.paper, custody_state=S.CHECKED_OUT)], life.events, entries
        ),
    ):
        with pytest.raises(AssertionError):
            wrong()


def test_the_entry_follows_the_business_date_and_is_asked_for_today():
    paper, _ = an_event()
    yesterday = date(2025, 6, 9)
    _, event = moved(
        a_certificate(),
        M.VAULT_IN,
        to=S.IN_VAULT,
        event_id="event-1",
        operators=[an_operator("u1"), an_operator("u2")],
        now=NOW,
        today=yesterday,
        place=V1,
    )
    made = entry(paper, event, K.IN, "V1", id="pstg_0123456789")
    assert (made.biz_date, made.asked_on) == (yesterday, TODAY)
