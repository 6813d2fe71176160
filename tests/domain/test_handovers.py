"""The giver answers for every paper until the receiver has accepted it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.certificates import Carrier, CustodyState, Holder, Lock, LockKind
from domain.handovers import (
    HandoverItem,
    HandoverItemState,
    HandoverState,
    acceptance_due,
    decided,
    decision_refusals,
    desk_of,
    given,
    initiation_refusals,
    recall_refusals,
    receipt_refusals,
    received_as,
    receiver_refusals,
)
from domain.refusals import Forbidden
from domain.roles import Role
from tests.domain.builders import (
    CALENDAR,
    NOW,
    POLICY,
    TODAY,
    a_case_lock,
    a_certificate,
    a_grant,
    an_actor,
    codes,
)
from tests.domain.vault_builders import a_handover

MINE = Holder(login="handler", since=NOW)
A, R, C, P = (
    HandoverItemState.ACCEPTED,
    HandoverItemState.REJECTED,
    HandoverItemState.RECALLED,
    HandoverItemState.PENDING,
)


def _held(**changes):
    return a_certificate(**{"custody_state": CustodyState.WITH_HANDLER, "holder": MINE} | changes)


def _initiate(*certificates, **changes):
    facts = {"giver": "handler", "receiver": None, "desk": "V1", "returning_case": None} | changes
    return codes(initiation_refusals(certificates or (_held(),), **facts))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"receiver": "other", "desk": None}, []),
        ({"receiver": "handler", "desk": None}, ["SOD_VIOLATION"]),
        ({"receiver": "other"}, ["VALUE_INVALID"]),
        ({"desk": None}, ["VALUE_INVALID"]),
    ],
)
def test_a_handover_names_one_other_receiver(changes, expected):
    assert _initiate(**changes) == expected


def test_a_certificate_remembers_everyone_who_gave_it():
    paper = _held()
    for giver in ("first", "second", "first", "third"):
        paper = replace(paper, **given(paper, giver))
    assert (paper.given_by, paper.givers) == ("third", ("second", "first", "third"))
    by_nobody = replace(paper, **given(paper, None))
    assert (by_nobody.given_by, by_nobody.givers) == (None, paper.givers)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"carrier": Carrier.ELECTRONIC}, ["ELECTRONIC_CERT"]),
        ({"custody_state": CustodyState.IN_TRANSIT}, ["STATE_CONFLICT"]),
        ({"custody_state": CustodyState.IN_VAULT}, ["STATE_CONFLICT"]),
        ({"lock": Lock(kind=LockKind.CHECK_OUT, id="x")}, ["OPEN_REQUEST_EXISTS"]),
    ],
)
def test_only_a_free_paper_in_hand_is_handed_over(changes, expected):
    assert _initiate(_held(**changes)) == expected


def test_a_paper_is_listed_once():
    assert _initiate(_held(), _held()) == ["VALUE_INVALID"]


@pytest.mark.parametrize("holder", [None, Holder(login="other", since=NOW)])
def test_only_the_holder_hands_over(holder):
    with pytest.raises(Forbidden):
        _initiate(_held(holder=holder))


@pytest.mark.parametrize(
    ("state", "expected"),
    [(CustodyState.OUT_FOR_DEREG, []), (CustodyState.WITH_HANDLER, ["STATE_CONFLICT"])],
)
def test_papers_of_a_case_come_back_though_the_case_holds_them(state, expected):
    paper = _held(custody_state=state, lock=a_case_lock())
    assert _initiate(paper, returning_case="case-1") == expected


def _receive(handover=None, certificate=None, **changes):
    facts = {"receiver": "keeper", "desks": ("V1",), "cert_no": None, "pages": None} | changes
    return list(receipt_refusals(handover or a_handover(), certificate or _sent(), **facts))


def _sent(**changes):
    return a_certificate(**{"custody_state": CustodyState.IN_TRANSIT} | changes)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({}, None),
        ({"pages": 2}, None),
        ({"pages": 1}, "pages"),
        ({"cert_no": "粤（2024）广州市不动产证明第0000001号"}, None),
        ({"cert_no": "粤(2024)广州市不动产证明第0000002号"}, "certNo"),
    ],
)
def test_the_paper_is_what_the_record_says(changes, what):
    refusals = [refusal for refusal in _receive(**changes) if refusal]
    assert codes(refusals) == ([] if what is None else ["RETURN_MISMATCH"])
    assert [refusal.field for refusal in refusals] == ([] if what is None else [what])


def test_the_giver_never_accepts_for_the_receiver():
    assert codes(_receive(receiver="handler")) == ["SOD_VIOLATION"]
    named = a_handover(receiver="handler", desk=None)
    assert codes(_receive(named, receiver="handler")) == ["SOD_VIOLATION"]


@pytest.mark.parametrize(
    ("handover", "receiver", "desks", "allowed"),
    [
        (a_handover(), "keeper", ("V1",), True),
        (a_handover(), "keeper", ("V2",), False),
        (a_handover(), "keeper", (), False),
        (a_handover(receiver="other", desk=None), "other", (), True),
        (a_handover(receiver="other", desk=None), "keeper", ("V1",), False),
        (a_handover(receiver="other"), "other", ("V1",), True),
        (a_handover(receiver="other"), "other", (), False),  # keeps the vault no longer
        (a_handover(receiver="other"), "keeper", ("V1",), False),
    ],
)
def test_only_the_named_receiver_decides(handover, receiver, desks, allowed):
    def decide():
        return codes(decision_refusals(handover, _sent(), receiver=receiver, desks=desks))

    if allowed:
        assert decide() == []
        return
    with pytest.raises(Forbidden):
        decide()


@pytest.mark.parametrize("state", HandoverItemState)
def test_an_item_is_decided_once(state):
    handover = decided(a_handover(), "cert-1", state=state, now=NOW)
    expected = [] if state is P else ["STATE_CONFLICT"]
    assert codes(_receive(handover)) == expected
    assert codes(recall_refusals(handover, _sent(), giver="handler")) == expected


def test_a_paper_that_is_not_listed_cannot_be_decided():
    assert codes(_receive(a_handover("cert-9"))) == ["STATE_CONFLICT"]


def test_only_the_giver_recalls():
    with pytest.raises(Forbidden):
        list(recall_refusals(a_handover(), _sent(), giver="keeper"))


def test_four_of_five_are_accepted_and_one_goes_back():
    ids = [f"cert-{n}" for n in range(1, 6)]
    handover = a_handover(*ids)
    papers = [_sent(id=id, pages=7) for id in ids]
    for paper in papers[:4]:
        assert codes(_receive(handover, paper, pages=7)) == []
        handover = decided(handover, paper.id, state=A, now=NOW)
        assert handover.state is HandoverState.PENDING
    [refusal] = [r for r in _receive(handover, papers[4], pages=6) if r]
    assert refusal.detail == {"what": "pages", "actual": "6", "recorded": "7"}
    handover = decided(handover, "cert-5", state=R, now=NOW, reason="6 pages, 7 recorded")
    assert handover.state is HandoverState.PARTIAL
    assert [item.state for item in handover.items] == [A, A, A, A, R]
    assert handover.items[4].reason == "6 pages, 7 recorded"
    assert received_as(handover) is CustodyState.RECEIVED_PENDING_VAULT


@pytest.mark.parametrize(
    ("states", "overall"),
    [
        ((P, P), HandoverState.PENDING),
        ((A, P), HandoverState.PENDING),
        ((R, P), HandoverState.PENDING),
        ((A, A), HandoverState.ACCEPTED),
        ((R, R), HandoverState.REJECTED),
        ((C, C), HandoverState.RECALLED),
        ((A, R), HandoverState.PARTIAL),
        ((A, C), HandoverState.PARTIAL),
        ((A, R, C), HandoverState.PARTIAL),
    ],
)
def test_the_state_of_a_handover_follows_from_its_items(states, overall):
    handover = a_handover(*(f"cert-{n}" for n in range(len(states))))
    for number, state in enumerate(states):
        handover = decided(handover, f"cert-{number}", state=state, now=NOW)
    assert handover.state is overall


@pytest.mark.parametrize(
    ("start", "same_city", "due"),
    [
        (date(2025, 6, 10), True, date(2025, 6, 11)),
        (date(2025, 6, 10), False, date(2025, 6, 13)),
        (date(2025, 9, 30), True, date(2025, 10, 9)),
        (date(2025, 9, 30), False, date(2025, 10, 11)),
    ],
)
def test_acceptance_is_due_in_one_or_three_working_days(start, same_city, due):
    found = acceptance_due(start, same_city=same_city, policy=POLICY, calendar=CALENDAR)
    assert found == due


def test_a_paper_handed_to_a_person_stays_with_a_handler():
    assert received_as(a_handover(receiver="other", desk=None)) is CustodyState.WITH_HANDLER


def test_the_page_count_of_the_record_decides_when_the_giver_counted_less():
    handover = a_handover(items=(HandoverItem(certificate_id="cert-1", pages=6),))
    assert codes(_receive(handover, _sent(pages=7), pages=6)) == ["RETURN_MISMATCH"]


@pytest.mark.parametrize(
    ("state", "returning", "expected"),
    [
        (CustodyState.IN_TRANSIT, None, []),
        (CustodyState.RECEIVED_PENDING_VAULT, None, ["STATE_CONFLICT"]),
        (CustodyState.OUT_FOR_DEREG, "case-1", []),
        (CustodyState.RECEIVED_PENDING_VAULT, "case-1", ["STATE_CONFLICT"]),
        (CustodyState.IN_VAULT, "case-1", ["STATE_CONFLICT"]),
    ],
)
def test_only_a_paper_on_its_way_is_accepted(state, returning, expected):
    handover = a_handover(returning_case=returning)
    assert codes(_receive(handover, _sent(custody_state=state))) == expected


@pytest.mark.parametrize("state", HandoverState)
@pytest.mark.parametrize(("days", "late"), [(-1, False), (0, False), (1, True)])
def test_a_handover_is_late_once_its_day_has_passed_and_papers_wait(state, days, late):
    handover = a_handover(state=state, due_on=TODAY)
    expected = late and state is HandoverState.PENDING
    assert handover.is_late(TODAY + timedelta(days=days)) is expected


HANDLER, KEEPER = a_grant(Role.CERT_HANDLER), a_grant(Role.VAULT_KEEPER)
ELSEWHERE = a_grant(Role.CERT_HANDLER, jurisdiction_path="/HO/T1/T3")
AREAS = {"V1": "/HO/T1/T2", "V2": "/HO/T1/T3"}


def _named(*grants, vaults=()):
    return replace(an_actor("other", *grants), vaults=vaults)


@pytest.mark.parametrize(
    ("receiver", "desk", "fields"),
    [
        (_named(HANDLER), None, []),
        (_named(HANDLER, ELSEWHERE), None, []),
        (_named(KEEPER, vaults=("V1",)), "V1", []),
        (_named(KEEPER), None, ["receiver"]),  # keeps no vault that day
        (_named(HANDLER, KEEPER), None, []),
        (_named(), None, ["receiver"]),
        (_named(a_grant(Role.AUDITOR)), None, ["receiver"]),
        (_named(a_grant(Role.LEGAL_OFFICER)), None, ["receiver"]),
        (_named(a_grant(Role.APPROVER)), None, ["receiver"]),
        (_named(ELSEWHERE), None, ["receiver"]),
        (None, None, ["receiver"]),
    ],
)
def test_whoever_is_named_can_accept_these_papers(receiver, desk, fields):
    found = receiver_refusals([_held()], named="other", receiver=receiver, desk=desk, areas=AREAS)
    assert [refusal.field for refusal in found if refusal] == fields


@pytest.mark.parametrize(
    ("desk", "paths", "fields"),
    [
        ("V1", ["/HO/T1/T2/OB-1", "/HO/T1/T2"], []),
        ("V1", ["/HO/T1/T2/OB-1", "/HO/T1/T3/OB-2"], ["desk"]),
        ("V2", ["/HO/T1/T2/OB-1"], ["desk"]),
        ("V9", ["/HO/T1/T2/OB-1"], ["desk"]),
    ],
)
def test_a_desk_looks_after_every_paper_it_gets(desk, paths, fields):
    papers = [_held(org_path=path) for path in paths]
    found = receiver_refusals(papers, named=None, receiver=None, desk=desk, areas=AREAS)
    assert [refusal.field for refusal in found if refusal] == fields


@pytest.mark.parametrize(
    ("vaults", "desk"),
    [((), None), (("V1",), "V1"), (("V2",), None), (("V2", "V1"), "V1"), (("V9",), None)],
)
def test_a_keeper_receives_for_his_vault_that_looks_after_the_papers(vaults, desk):
    assert desk_of(_named(KEEPER, vaults=vaults), [_held()], AREAS) == desk
