"""What the registry tells: once, late, out of order, under an older number, or without a time."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from domain.case_steps import stepped
from domain.deregistration import (
    CLOSED_STATES,
    MAX_NOTICES,
    CaseState,
    CaseStep,
    Registry,
    RegistryNotice,
    RegistryStatus,
    TimelineEntry,
)
from domain.dossiers import DocType
from domain.registry import (
    MAX_AHEAD,
    Told,
    application_key,
    entered_first,
    filed,
    filing_refusals,
    heard,
    is_late,
    is_repeated,
    notice_refusals,
    step_of,
)
from tests.domain.builders import NOW, a_case, a_document, codes

S, R = CaseState, RegistryStatus
HOUR = timedelta(hours=1)


def at(hours, status=R.PENDING, note="because", number="N1"):
    return RegistryNotice(status=status, at=NOW + hours * HOUR, note=note, acceptance_no=number)


def a_filed_case(hours=0, **changes):
    registry = filed(Registry(), authority="R", acceptance_no="N1", filed_at=NOW + hours * HOUR)
    return a_case(**{"state": S.FILED, "registry": registry} | changes)


def told(case, notice, *, timed=True):
    """The case as the resolver leaves it."""
    if is_repeated(case.registry, Told(notice=notice, timed=timed)):
        return case
    assert codes(notice_refusals(case, notice, now=NOW + HOUR)) == []
    registry, step = heard(case, notice), step_of(case, notice)
    if step is not None and not is_late(case, notice):
        to = S.REGISTRY_DONE if notice.status is R.DONE else None
        case = stepped(case, step, by="registry", now=NOW, to=to)
    return replace(case, registry=registry)


def refiled(case, hours, number="N1"):
    registry = filed(
        case.registry, authority="R", acceptance_no=number, filed_at=NOW + hours * HOUR
    )
    return replace(case, state=S.FILED, registry=registry)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (R.PENDING, S.FILED),
        (R.NEED_MORE_MATERIAL, S.NEED_MORE_MATERIAL),
        (R.REJECTED, S.REGISTRY_REJECTED),
        (R.CANCELLED, S.WITHDRAWN),
        (R.DONE, S.REGISTRY_DONE),
    ],
)
def test_each_word_of_the_registry_has_its_state(status, state):
    case = told(a_filed_case(), at(1, status))
    assert (case.state, case.registry.status) == (state, status)
    assert case.registry.done_at == (NOW + HOUR if status is R.DONE else None)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_registrys_time_decides_in_whatever_order_it_is_told(order):
    notices = [at(1), at(2, R.NEED_MORE_MATERIAL), at(3)]
    case = a_filed_case()
    for place in order:
        case = told(case, notices[place])
    assert (case.state, case.registry.status) == (S.FILED, R.PENDING)
    assert [one.at for one in case.registry.history] == [NOW + n * HOUR for n in range(4)]


@pytest.mark.parametrize("late", [R.PENDING, R.NEED_MORE_MATERIAL])
@pytest.mark.parametrize("hours", [1, 5])
@pytest.mark.parametrize("answer", [R.DONE, R.REJECTED, R.CANCELLED])
def test_after_the_answer_another_demand_is_history_alone(answer, hours, late):
    answered = told(a_filed_case(), at(3, answer))
    after = told(answered, at(hours, late))
    assert (after.state, after.registry.status) == (answered.state, answer)
    assert after.registry.done_at == answered.registry.done_at
    assert len(after.registry.history) == 3


@pytest.mark.parametrize("hours", [2, 3, 4])
@pytest.mark.parametrize("demand", [R.PENDING, R.NEED_MORE_MATERIAL])
@pytest.mark.parametrize("answer", [R.DONE, R.REJECTED, R.CANCELLED])
def test_an_answer_counts_in_whatever_order_it_comes_with_a_demand(answer, demand, hours):
    notices = [at(hours, answer), at(3, demand)]
    ends = {
        told(told(a_filed_case(), first), second).registry.status
        for first, second in (notices, notices[::-1])
    }
    assert ends == {answer}


def test_of_one_moment_the_demand_counts_in_whatever_order_it_comes():
    notices = [at(1, R.PENDING), at(1, R.NEED_MORE_MATERIAL)]
    for first, second in (notices, notices[::-1]):
        assert told(told(a_filed_case(), first), second).state is S.NEED_MORE_MATERIAL


@pytest.mark.parametrize("second", [R.REJECTED, R.CANCELLED, R.DONE])
@pytest.mark.parametrize("first", [R.REJECTED, R.CANCELLED, R.DONE])
def test_a_second_answer_is_refused_unless_it_is_the_same_or_older(first, second):
    case = told(a_filed_case(), at(2, first))
    found = codes(notice_refusals(case, at(3, second), now=NOW))
    if first is second:
        assert found == []
        assert told(case, at(3, second)).state is case.state
    else:
        undone = first is R.DONE and second is R.CANCELLED
        assert found == ["IRREVERSIBLE" if undone else "STATE_CONFLICT"]
    entered = second is R.DONE
    assert told(case, at(1, second)).state is (S.REGISTRY_DONE if entered else case.state)


@pytest.mark.parametrize("answer", [R.REJECTED, R.CANCELLED])
def test_an_entry_counts_in_whatever_order_it_comes_with_a_later_answer(answer):
    """In the right order the answer after the entry is refused; what is told late is not."""
    entered = told(a_filed_case(), at(1, R.DONE))
    assert codes(notice_refusals(entered, at(2, answer), now=NOW)) != []
    late = told(told(a_filed_case(), at(2, answer)), at(1, R.DONE))
    assert (late.state, late.registry.done_at) == (S.REGISTRY_DONE, entered.registry.done_at)
    assert late.registry.status is R.DONE
    assert codes(notice_refusals(late, at(3, R.CANCELLED), now=NOW)) == ["IRREVERSIBLE"]
    assert told(late, at(2, answer)) == late


@pytest.mark.parametrize("state", S)
def test_an_entry_made_before_a_rejection_counts_until_the_case_is_over_or_filed_again(state):
    rejected = told(a_filed_case(), at(2, R.REJECTED))
    case = replace(rejected, state=state)
    over = state in CLOSED_STATES
    assert entered_first(case, at(1, R.DONE))
    after = told(case, at(1, R.DONE))
    assert (after.state, after.registry.done_at is None) == (
        (state, True) if over else (S.REGISTRY_DONE, False)
    )
    assert not entered_first(after, at(0, R.DONE))  # told once
    again = refiled(rejected, 3, number="N2")
    assert not entered_first(again, at(1, R.DONE))
    assert told(again, at(1, R.DONE)).state is S.FILED


def test_an_entry_is_compared_with_the_answers_of_its_own_filing_alone():
    again = told(refiled(told(a_filed_case(), at(2, R.REJECTED)), 3), at(5, R.REJECTED))
    assert told(again, at(4, R.DONE)).state is S.REGISTRY_DONE


@pytest.mark.parametrize(
    ("notice", "first"),
    [
        (at(1, R.DONE), True),
        (at(2, R.DONE), False),  # of the moment of the first answer
        (at(1, R.DONE, number="N9"), False),
        (at(1, R.REJECTED), False),
    ],
)
def test_an_entry_is_first_where_every_answer_came_after_it(notice, first):
    case = told(told(a_filed_case(), at(3, R.REJECTED)), at(2, R.CANCELLED))
    assert case.state is S.REGISTRY_REJECTED
    assert entered_first(case, notice) is first


@pytest.mark.parametrize("status", R)
def test_the_same_notice_again_changes_nothing(status):
    notice = at(1, status)
    case = told(a_filed_case(), notice)
    assert told(case, notice) == case
    assert told(case, replace(notice, note="worded anew")) == case
    assert told(case, notice, timed=False) == case
    assert told(case, replace(notice, at=NOW + 2 * HOUR), timed=False) == case


def test_without_a_time_another_note_is_another_notice():
    case = told(a_filed_case(), at(1, R.NEED_MORE_MATERIAL, "a seal"), timed=False)
    case = told(case, at(2, R.NEED_MORE_MATERIAL, "a form"), timed=False)
    assert [one.note for one in case.registry.history] == [None, "a seal", "a form"]


def test_without_a_time_the_same_words_count_again_after_the_next_filing():
    notice = at(1, R.NEED_MORE_MATERIAL, "a seal")
    case = refiled(told(a_filed_case(), notice, timed=False), 2)
    again = told(case, replace(notice, at=NOW + 3 * HOUR), timed=False)
    assert again.state is S.NEED_MORE_MATERIAL


@pytest.mark.parametrize("status", [R.NEED_MORE_MATERIAL, R.REJECTED, R.CANCELLED, R.DONE])
def test_an_answer_that_came_before_the_bank_put_down_its_filing_counts(status):
    assert told(a_filed_case(hours=2), at(1, status)).registry.status is status


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (R.PENDING, False),
        (R.NEED_MORE_MATERIAL, False),
        (R.REJECTED, False),
        (R.CANCELLED, False),
        (R.DONE, True),
    ],
)
def test_under_the_same_number_only_an_entry_outruns_the_next_filing(status, counts):
    case = refiled(told(a_filed_case(), at(1, R.NEED_MORE_MATERIAL)), 3)
    assert is_late(case, at(2, status)) is not counts
    assert is_late(case, at(3, status)) is False


@pytest.mark.parametrize("status", R)
def test_what_is_told_of_an_earlier_application_is_history_alone(status):
    case = refiled(told(a_filed_case(), at(1, R.REJECTED)), 2, number="N2")
    after = told(case, at(4, status, number="N1"))
    assert (after.state, after.registry.status) == (S.FILED, R.PENDING)
    assert told(after, at(3, R.DONE, number="N2")).state is S.REGISTRY_DONE


@pytest.mark.parametrize(
    ("notice", "refused"),
    [
        (at(1, number="N9"), ["VALUE_INVALID"]),
        (at(1, R.REJECTED, note=None), ["VALUE_INVALID"]),
        (at(1, R.REJECTED, note=" "), ["VALUE_INVALID"]),
        (replace(at(0), at=NOW + MAX_AHEAD), []),
        (replace(at(0), at=NOW + MAX_AHEAD + timedelta(seconds=1)), ["VALUE_INVALID"]),
    ],
)
def test_a_notice_names_its_application_and_a_rejection_its_reason(notice, refused):
    assert codes(notice_refusals(a_filed_case(), notice, now=NOW)) == refused


def test_of_what_was_never_filed_nothing_is_told():
    assert codes(notice_refusals(a_case(), at(1, R.DONE), now=NOW)) == ["STATE_CONFLICT"]


def test_the_history_has_a_limit():
    case = told(a_filed_case(), at(-1, R.REJECTED))
    for number in range(MAX_NOTICES + 5):
        case = told(case, replace(at(1), at=NOW + timedelta(seconds=number)))
    assert len(case.registry.history) == MAX_NOTICES
    assert not entered_first(case, at(-2, R.DONE))  # its answer is forgotten


def _filing(case, **changes):
    facts = {"authority": "R", "acceptance_no": "N1", "filed_at": NOW, "now": NOW}
    return codes(filing_refusals(case, **facts | changes))


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, []),
        ({"authority": " "}, ["VALUE_INVALID"]),
        ({"acceptance_no": ""}, ["VALUE_INVALID"]),
        ({"filed_at": NOW + MAX_AHEAD}, []),
        ({"filed_at": NOW + MAX_AHEAD + timedelta(seconds=1)}, ["VALUE_INVALID"]),
    ],
)
def test_a_filing_has_a_number_that_no_other_case_has(changes, refused):
    assert _filing(a_case(state=S.VAULT_OUT), **changes) == refused
    assert _filing(a_case(state=S.DRAFT), **changes) == ["STATE_CONFLICT", *refused]


@pytest.mark.parametrize(
    ("answer", "added", "refused"),
    [
        (R.REJECTED, (), ["DOC_MISSING"]),
        (R.REJECTED, (DocType.APPROVAL_SHEET,), ["DOC_MISSING"]),  # drawn here
        (R.REJECTED, (DocType.REGISTRY_APPLICATION,), []),
        (R.CANCELLED, (), []),
    ],
)
def test_after_a_rejection_the_registry_is_shown_something_new(answer, added, refused):
    """All of it in one moment: what was there counts, not when."""
    shown = a_document(DocType.REGISTRY_APPLICATION)
    case = told(a_filed_case(documents=(shown,)), at(0, answer))
    new = tuple(replace(a_document(code), file_version_id=f"new_{code}") for code in added)
    case = replace(case, state=S.VAULT_OUT, documents=(shown, *new))
    assert _filing(case) == refused


@pytest.mark.parametrize("step", [CaseStep.VAULT_OUT, CaseStep.APPROVE])
@pytest.mark.parametrize(("hours", "refused"), [(0, []), (-11, ["VALUE_INVALID"])])
def test_nothing_is_filed_before_the_day_on_which_the_case_was_ready(step, hours, refused):
    entry = TimelineEntry(at=NOW, step=step, by="handler", state=S.VAULT_OUT)
    case = a_case(state=S.VAULT_OUT, timeline=(entry,))
    assert _filing(case, filed_at=NOW + hours * HOUR) == refused


def test_numbers_are_compared_as_they_are_meant():
    assert application_key("登记中心（一）", "n 1") == application_key("登记中心(一)", "N1")
    assert application_key("A", "N1") != application_key("B", "N1")
    registry = filed(Registry(), authority="A", acceptance_no=" N1 ", filed_at=NOW)
    again = filed(registry, authority="A", acceptance_no="N2", filed_at=NOW)
    back = filed(again, authority="A", acceptance_no="N1", filed_at=NOW)
    assert back.keys == (application_key("A", "N2"), application_key("A", "N1"))
    assert (registry.acceptance_no, back.filings) == ("N1", 3)
