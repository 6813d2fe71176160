"""Who keeps a vault, and what it is made of: substitutes, changes of keepers, slots."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.people import actor
from domain.refusals import Forbidden
from domain.roles import Operation, Role
from domain.vault_keeping import (
    MAX_SUBSTITUTION_DAYS,
    OTHER_PARTS,
    FullCount,
    KeeperChange,
    KeeperChangeState,
    Signature,
    appointed,
    change_refusals,
    completion_refusals,
    passed_on,
    signing_refusals,
    substitution_refusals,
)
from domain.vaults import (
    MAX_NAME_LENGTH,
    MAX_SLOT_CAPACITY,
    MAX_SLOTS_PER_VAULT,
    capacity_refusals,
    closing_refusals,
    new_slot_refusals,
    reserved,
)
from tests.domain.builders import NOW, PLACE, TODAY, a_grant, a_user, codes
from tests.domain.vault_builders import a_slot, a_vault

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
KEEPS = a_grant(Role.VAULT_KEEPER)
KEEPER = a_user(KEEPS, login="k1", vaults=("V1",))
CLERK = a_user(id="user-2", login="clerk")
GRANT = replace(KEEPS, valid_from=TODAY + DAY, valid_to=TODAY + 3 * DAY)
VAULT = a_vault(org_path="/HO/T1/T2/LC-1")


def _appoint(**changes):
    facts = {
        "keeper": KEEPER,
        "substitute": CLERK,
        "valid_from": TODAY,
        "valid_to": TODAY,
        "appointed_by": "boss",
        "today": TODAY,
    }
    given = facts | changes
    keeper, substitute = given.pop("keeper"), given.pop("substitute")
    return codes(substitution_refusals(VAULT, keeper, substitute, **given))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"keeper": None}, ["VALUE_INVALID"]),
        ({"keeper": replace(KEEPER, vaults=("V2",))}, ["VALUE_INVALID"]),
        ({"substitute": None}, ["VALUE_INVALID"]),
        ({"substitute": replace(CLERK, active=False)}, ["VALUE_INVALID"]),
        ({"substitute": KEEPER}, ["SOD_VIOLATION"]),
        ({"substitute": replace(CLERK, vaults=("V2",))}, []),
        ({"appointed_by": "clerk"}, ["SOD_VIOLATION"]),
        ({"valid_from": TODAY - DAY}, ["VALUE_INVALID"]),
        ({"valid_to": TODAY - DAY}, ["VALUE_INVALID"]),
        ({"valid_to": TODAY + (MAX_SUBSTITUTION_DAYS - 1) * DAY}, []),
        ({"valid_to": TODAY + MAX_SUBSTITUTION_DAYS * DAY}, ["VALUE_INVALID"]),
    ],
)
def test_a_substitute_is_appointed_beforehand_and_dated(changes, expected):
    assert _appoint(**changes) == expected


@pytest.mark.parametrize("role", Role)
def test_nobody_with_another_part_stands_in(role):
    expected = ["SOD_VIOLATION"] if role in OTHER_PARTS else []
    assert _appoint(substitute=replace(CLERK, roles=(a_grant(role),))) == expected


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "allowed"),
    [
        (None, TODAY - DAY, True),
        (None, TODAY, False),
        (TODAY + 2 * DAY, None, False),
        (TODAY + 3 * DAY, None, True),
    ],
)
def test_another_part_counts_while_it_is_held(valid_from, valid_to, allowed):
    grant = a_grant(Role.CERT_HANDLER, valid_from=valid_from, valid_to=valid_to)
    found = _appoint(substitute=replace(CLERK, roles=(grant,)), valid_to=TODAY + 2 * DAY)
    assert found == ([] if allowed else ["SOD_VIOLATION"])


def standing_in():
    return appointed(KEEPER, CLERK, vault="V1", grant=GRANT, by="boss", now=NOW)


@pytest.mark.parametrize(
    ("days", "in_place"), [(0, False), (1, True), (2, True), (3, True), (4, False)]
)
def test_on_the_days_of_the_duty_one_keeps_and_the_other_does_not(days, in_place):
    away, substitute = (actor(user, today=TODAY + days * DAY) for user in standing_in())
    assert substitute.vaults == (("V1",) if in_place else ())
    assert substitute.may(Operation.MOVE_VAULT, "/HO/T1/T2/OB-1") is in_place
    assert away.vaults == (() if in_place else ("V1",))
    assert away.may(Operation.MOVE_VAULT, "/HO/T1/T2/OB-1")  # of other vaults, if any


@pytest.mark.parametrize(
    ("start", "end", "free"), [(0, 0, True), (0, 1, False), (3, 5, False), (4, 5, True)]
)
def test_one_substitute_at_a_time_on_either_side(start, end, free):
    away, substitute = standing_in()
    days = {"valid_from": TODAY + start * DAY, "valid_to": TODAY + end * DAY}
    assert _appoint(keeper=away, **days) == ([] if free else ["VALUE_INVALID"])
    second = replace(KEEPER, login="k2")
    found = _appoint(keeper=second, substitute=substitute, **days)
    assert found == ([] if free else ["SOD_VIOLATION"])


def a_change(*signed, **changes):
    facts = {
        "id": "change-1",
        "no": "KC1",
        "vault": "V1",
        "leaving": ("k1",),
        "joining": ("k3",),
        "opened_by": "boss",
        "opened_at": NOW,
        "signatures": tuple(
            Signature(login=login, signed_at=NOW, request_id=f"r-{login}") for login in signed
        ),
    }
    return KeeperChange(**PLACE | facts | changes)


SECOND = replace(KEEPER, id="user-3", login="k2")
THIRD = a_user(KEEPS, id="user-4", login="k3")


def _change(**changes):
    facts = {
        "keepers": [KEEPER, SECOND],
        "joining": [THIRD],
        "leaving_logins": ["k1"],
        "joining_logins": ["k3"],
        "open_change": None,
        "today": TODAY,
    }
    given = facts | changes
    keepers, joining = given.pop("keepers"), given.pop("joining")
    return codes(change_refusals(VAULT, keepers, joining, **given))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"open_change": a_change()}, ["OPEN_REQUEST_EXISTS"]),
        ({"leaving_logins": ["k9"]}, ["VALUE_INVALID"]),
        ({"leaving_logins": ["k1", "k2"]}, ["VALUE_INVALID"]),
        ({"leaving_logins": []}, ["VALUE_INVALID"]),
        ({"joining": []}, ["VALUE_INVALID"]),
        ({"joining": [replace(THIRD, active=False)]}, ["VALUE_INVALID"]),
        ({"keepers": [KEEPER, replace(SECOND, roles=())]}, ["VALUE_INVALID"]),  # one is left
        ({"keepers": [KEEPER, replace(SECOND, active=False)]}, ["VALUE_INVALID"]),
        ({"joining": [replace(THIRD, roles=())]}, ["VALUE_INVALID"]),
        (
            {"joining": [replace(THIRD, roles=(replace(KEEPS, valid_to=TODAY - DAY),))]},
            ["VALUE_INVALID"],
        ),
        (
            {"joining": [replace(THIRD, roles=(replace(KEEPS, jurisdiction_path="/HO/T1/T9"),))]},
            ["VALUE_INVALID"],
        ),
        (
            {"joining": [replace(THIRD, roles=(KEEPS, a_grant(Role.CERT_HANDLER)))]},
            ["SOD_VIOLATION"],
        ),
    ],
)
def test_a_change_of_keepers_names_both_sides_and_leaves_two(changes, expected):
    assert _change(**changes) == expected


def test_each_of_them_signs_once_and_nobody_else():
    assert codes(signing_refusals(a_change(), login="k1")) == []
    assert codes(signing_refusals(a_change("k1"), login="k1")) == ["STATE_CONFLICT"]
    with pytest.raises(Forbidden):
        list(signing_refusals(a_change(), login="k2"))


@pytest.mark.parametrize("state", KeeperChangeState)
def test_a_change_that_is_over_takes_no_signature(state):
    expected = [] if state is KeeperChangeState.OPEN else ["STATE_CONFLICT"]
    assert codes(signing_refusals(a_change(state=state), login="k1")) == expected


CLEAN = FullCount(finalised_at=NOW, differences=0)


@pytest.mark.parametrize(
    ("change", "count", "expected"),
    [
        (a_change("k1", "k3"), CLEAN, []),
        (a_change("k1", "k3"), None, ["STATE_CONFLICT"]),
        (a_change("k1", "k3"), replace(CLEAN, differences=1), ["STATE_CONFLICT"]),
        (a_change("k1"), CLEAN, ["VALUE_INVALID"]),
        (a_change(), None, ["VALUE_INVALID", "VALUE_INVALID", "STATE_CONFLICT"]),
        (a_change("k1", "k3", state=KeeperChangeState.COMPLETED), CLEAN, ["STATE_CONFLICT"]),
        (a_change("boss", "k3", leaving=("boss",)), CLEAN, ["SOD_VIOLATION"]),
    ],
)
def test_the_vault_passes_on_after_every_signature_and_a_clean_count(change, count, expected):
    asked = completion_refusals(
        change, a_vault(), (), supervisor="boss", count=count, uncounted=0, today=TODAY
    )
    assert codes(asked) == expected


@pytest.mark.parametrize(
    ("joining", "expected"),
    [
        (THIRD, []),
        (replace(THIRD, active=False), [("VALUE_INVALID", "changeId")]),
        (replace(THIRD, roles=()), [("VALUE_INVALID", "changeId")]),
        (replace(THIRD, roles=(KEEPS, a_grant(Role.APPROVER))), [("SOD_VIOLATION", None)]),
    ],
)
def test_who_joins_still_may_when_the_vault_passes_on(joining, expected):
    change = a_change("k1", "k3")
    asked = completion_refusals(
        change, VAULT, [joining], supervisor="boss", count=CLEAN, uncounted=0, today=TODAY
    )
    assert [(one.code, one.field) for one in asked if one is not None] == expected


@pytest.mark.parametrize("differences", [0, 1])
def test_what_came_in_since_the_count_is_counted_too(differences):
    change, count = a_change("k1", "k3"), replace(CLEAN, differences=differences)
    asked = completion_refusals(
        change, a_vault(), (), supervisor="boss", count=count, uncounted=1, today=TODAY
    )
    assert codes(asked) == ["STATE_CONFLICT"]


def test_the_vault_passes_from_one_to_the_other():
    assert passed_on(a_change(), KEEPER).vaults == ()
    assert passed_on(a_change(), THIRD).vaults == ("V1",)
    both = replace(KEEPER, vaults=("V2", "V1"))
    assert passed_on(a_change(), both).vaults == ("V2",)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"names": []}, ["VALUE_INVALID"]),
        ({"names": ["1", "1"]}, ["VALUE_INVALID"]),
        ({"names": [""]}, ["VALUE_INVALID"]),
        ({"names": ["x" * MAX_NAME_LENGTH]}, []),
        ({"names": ["x" * (MAX_NAME_LENGTH + 1)]}, ["VALUE_INVALID"]),
        ({"cabinet": ""}, ["VALUE_INVALID"]),
        ({"capacity": 0}, ["VALUE_INVALID"]),
        ({"capacity": MAX_SLOT_CAPACITY}, []),
        ({"capacity": MAX_SLOT_CAPACITY + 1}, ["VALUE_INVALID"]),
        ({"existing": MAX_SLOTS_PER_VAULT - 1}, []),
        ({"existing": MAX_SLOTS_PER_VAULT}, ["LIMIT_EXCEEDED"]),
    ],
)
def test_slots_are_added_within_their_limits(changes, expected):
    facts = {"cabinet": "A", "names": ["1"], "capacity": 1, "existing": 0} | changes
    cabinet, names = facts.pop("cabinet"), facts.pop("names")
    assert codes(new_slot_refusals(cabinet, names, **facts)) == expected


UNTIL = NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("slot", "at", "capacity", "closing"),
    [
        (a_slot(), NOW, [], []),
        (a_slot(packet_nos=("P1",), capacity=2), NOW, [], ["SLOT_OCCUPIED"]),
        (a_slot(packet_nos=("P1", "P2"), capacity=2), NOW, ["VALUE_INVALID"], ["SLOT_OCCUPIED"]),
        (reserved(a_slot(), proposal_id="p", until=UNTIL), UNTIL, [], ["SLOT_OCCUPIED"]),
        (reserved(a_slot(), proposal_id="p", until=UNTIL), UNTIL + MOMENT, [], []),
        (
            reserved(a_slot(packet_nos=("P1",), capacity=2), proposal_id="p", until=UNTIL),
            NOW,
            ["VALUE_INVALID"],
            ["SLOT_OCCUPIED"],
        ),
        (a_slot(closed=True), NOW, ["VALUE_INVALID"], ["VALUE_INVALID"]),
    ],
)
def test_a_slot_shrinks_or_closes_only_around_what_is_in_it(slot, at, capacity, closing):
    assert codes(capacity_refusals(slot, capacity=1, now=at)) == capacity
    assert codes(closing_refusals(slot, now=at)) == closing
