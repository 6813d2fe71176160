"""A packet between vaults: what keeps it in, what its arrival tells, and by when it is due."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.certificates import Carrier, CustodyState, Lock, LockKind, VaultPlace
from domain.dispatches import (
    Arrival,
    Dispatch,
    DispatchState,
    arrival_refusals,
    dispatch_due,
    dispatch_refusals,
    given_up,
    received,
)
from domain.dual_control import conflicting_part
from domain.orgs import Org, OrgLevel
from domain.vaults import PacketStatus, VaultStatus, elsewhere, sent_off
from domain.watch import held
from tests.domain.builders import (
    CALENDAR,
    NOW,
    PLACE,
    POLICY,
    TODAY,
    a_case_lock,
    a_certificate,
    codes,
)
from tests.domain.release_builders import a_hold
from tests.domain.vault_builders import a_packet, a_slot, a_vault

OWN = Lock(kind=LockKind.VAULT_PROPOSAL, id="proposal-1")
OTHER = Lock(kind=LockKind.VAULT_PROPOSAL, id="proposal-2")
THERE = VaultPlace(vault="V1", cabinet="A-01", slot="03", packet_no="P1")
INSIDE = a_certificate(custody_state=CustodyState.IN_VAULT, place=THERE)
UNDER_WAY = a_certificate(custody_state=CustodyState.IN_TRANSIT)
FROZEN = a_vault(status=VaultStatus.FROZEN_FOR_COUNT)


def an_org(**changes):
    facts = {
        "id": "org-1",
        "code": "LC-1",
        "name": "centre",
        "level": OrgLevel.LOAN_CENTER,
        "parent_code": "T2",
        "org_path": "/HO/T1/T2/LC-1",
        "jurisdiction_path": "/HO/T1/T2",
    }
    return Org(**facts | changes)


def a_dispatch(**changes):
    facts = {
        "id": "dispatch-1",
        "no": "DT1",
        "from_vault": "V1",
        "to_vault": "V2",
        "packet_no": "P1",
        "seal_no": "S1",
        "certificate_ids": ("cert-1",),
        "escorts": ("e1", "e2"),
        "sent_by": ("k1", "k2"),
        "sent_at": NOW,
        "due_on": TODAY,
    }
    return Dispatch(**PLACE | facts | changes)


def _send(**changes):
    facts = {
        "packet": a_packet(),
        "certificates": (INSIDE,),
        "vault": a_vault(),
        "target": a_vault(id="vault-2", code="V2"),
        "target_org": an_org(),
        "escorts": ("e1", "e2"),
        "known_logins": {"e1", "e2"},
        "holds": (),
        "proposal_id": "proposal-1",
    }
    given = facts | changes
    packet, certificates = given.pop("packet"), given.pop("certificates")
    return codes(dispatch_refusals(packet, certificates, **given))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"packet": a_packet(status=PacketStatus.EMPTY)}, ["VALUE_INVALID"]),
        ({"packet": a_packet(status=PacketStatus.DISPATCHED)}, ["VALUE_INVALID"]),
        ({"target": None}, ["VALUE_INVALID"]),
        ({"target": a_vault()}, ["VALUE_INVALID"]),
        ({"target_org": an_org(jurisdiction_path="/HO/T1/T2/K")}, ["VALUE_INVALID"]),
        ({"vault": FROZEN}, ["VAULT_FROZEN"]),
        ({"target": replace(FROZEN, code="V2")}, []),  # what counts there is the receipt
        ({"escorts": ("e1",)}, ["VALUE_INVALID"]),
        ({"escorts": ("e1", "e1")}, ["VALUE_INVALID"]),
        ({"escorts": ("e1", "e2", "e3"), "known_logins": {"e1", "e2", "e3"}}, ["VALUE_INVALID"]),
        ({"known_logins": {"e1"}}, ["VALUE_INVALID"]),
        ({"holds": (a_hold(),)}, ["LEGAL_HOLD"]),
        ({"holds": (a_hold(released_at=NOW),)}, []),
        ({"certificates": (replace(INSIDE, lock=OWN),)}, []),
        ({"certificates": (replace(INSIDE, lock=OTHER),)}, ["OPEN_REQUEST_EXISTS"]),
        ({"certificates": (replace(INSIDE, lock=a_case_lock()),)}, ["OPEN_REQUEST_EXISTS"]),
        ({"certificates": (replace(INSIDE, place=replace(THERE, vault="V3")),)}, ["VALUE_INVALID"]),
        ({"certificates": (replace(INSIDE, carrier=Carrier.ELECTRONIC),)}, ["ELECTRONIC_CERT"]),
    ],
)
def test_what_keeps_a_packet_from_leaving(changes, expected):
    assert _send(**changes) == expected


@pytest.mark.parametrize("state", CustodyState)
def test_only_what_lies_in_the_vault_leaves_it(state):
    expected = {
        CustodyState.IN_VAULT: [],
        CustodyState.ELECTRONIC_ON_FILE: ["ELECTRONIC_CERT", "STATE_CONFLICT"],
    }.get(state, ["STATE_CONFLICT"])
    assert _send(certificates=(replace(INSIDE, custody_state=state),)) == expected


def _receive(*, dispatch=None, certificates=(UNDER_WAY,), vault=None, **arrival):
    seen = Arrival(**{"seal_no": "S1", "seal_intact": True} | arrival)
    return codes(
        arrival_refusals(
            dispatch or a_dispatch(),
            certificates,
            seen,
            vault=vault or a_vault(code="V2"),
            proposal_id="proposal-1",
        )
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"seal_intact": False}, []),  # an incident, not a reason to leave papers outside
        ({"seal_no": "S2"}, []),
        ({"vault": FROZEN}, ["VAULT_FROZEN"]),
        ({"dispatch": a_dispatch(state=DispatchState.RECEIVED)}, ["STATE_CONFLICT"]),
        ({"dispatch": a_dispatch(state=DispatchState.INCOMPLETE)}, []),
        ({"missing": ("cert-1",)}, ["VALUE_INVALID"]),
        ({"missing": ("cert-9",)}, ["VALUE_INVALID"]),
        ({"certificates": (INSIDE,)}, ["STATE_CONFLICT"]),
        ({"certificates": (replace(UNDER_WAY, lock=OWN),)}, []),
        ({"certificates": (replace(UNDER_WAY, lock=OTHER),)}, ["OPEN_REQUEST_EXISTS"]),
    ],
)
def test_what_keeps_a_packet_from_being_received(changes, expected):
    assert _receive(**changes) == expected


def test_a_missing_paper_is_not_asked_about():
    lost = replace(UNDER_WAY, id="cert-2", custody_state=CustodyState.LOST)
    both = a_dispatch(certificate_ids=("cert-1", "cert-2"))
    assert _receive(dispatch=both, certificates=(UNDER_WAY, lost), missing=("cert-2",)) == []
    assert _receive(dispatch=both, certificates=(UNDER_WAY, lost)) == ["STATE_CONFLICT"]


@pytest.mark.parametrize(
    ("intact", "seal_no", "sound"),
    [(True, "S1", True), (False, "S1", False), (True, "S2", False), (False, "S2", False)],
)
def test_a_seal_is_sound_when_it_is_the_same_and_unbroken(intact, seal_no, sound):
    assert Arrival(seal_no=seal_no, seal_intact=intact).is_sound(a_dispatch()) is sound


@pytest.mark.parametrize(
    ("login", "part"), [("e1", "escort"), ("e2", "escort"), ("k1", "giver"), ("k2", "giver")]
)
def test_neither_escort_nor_sender_receives(login, part):
    refusal = conflicting_part(login, a_dispatch().parts())
    assert refusal is not None
    assert refusal.detail["part"] == part
    assert conflicting_part("k3", a_dispatch().parts()) is None


def test_a_dispatch_waits_for_what_has_not_been_received():
    dispatch = a_dispatch(certificate_ids=("cert-1", "cert-2"), received_ids=("cert-1",))
    assert dispatch.awaited == ("cert-2",)


BOTH = a_dispatch(certificate_ids=("cert-1", "cert-2"))


@pytest.mark.parametrize(
    ("missing", "state", "awaited"),
    [
        ((), DispatchState.RECEIVED, ()),
        (("cert-2",), DispatchState.INCOMPLETE, ("cert-2",)),
        (("cert-1", "cert-2"), DispatchState.INCOMPLETE, ("cert-1", "cert-2")),
    ],
)
def test_what_was_inside_is_received_and_the_rest_waited_for(missing, state, awaited):
    seen = Arrival(seal_no="S1", seal_intact=False, missing=missing)
    after = received(BOTH, seen, by=("k3", "k4"), now=NOW)
    assert (after.state, after.awaited, after.received_by) == (state, awaited, ("k3", "k4"))
    assert after.seal_intact is False
    again = received(after, Arrival(seal_no="S1", seal_intact=True), by=("k3", "k4"), now=NOW)
    assert (again.state, again.awaited, again.seal_intact) == (DispatchState.RECEIVED, (), False)


def test_no_vault_waits_for_a_paper_that_was_confirmed_lost():
    one = given_up(BOTH, "cert-1")
    assert (one.state, one.awaited) == (DispatchState.UNDER_WAY, ("cert-2",))
    assert given_up(one, "cert-2").state is DispatchState.LOST
    seen = Arrival(seal_no="S1", seal_intact=True, missing=("cert-2",))
    rest = given_up(received(BOTH, seen, by=("k3", "k4"), now=NOW), "cert-2")
    assert (rest.state, rest.awaited) == (DispatchState.RECEIVED, ())
    assert _receive(dispatch=given_up(one, "cert-2")) == ["STATE_CONFLICT"]


@pytest.mark.parametrize(
    ("sent_on", "due_on"),
    [
        (date(2025, 6, 10), date(2025, 6, 17)),
        (date(2025, 6, 13), date(2025, 6, 20)),
        (date(2025, 9, 30), date(2025, 10, 14)),  # eight holidays, and Saturday the 11th is worked
    ],
)
def test_it_is_due_in_five_working_days(sent_on, due_on):
    assert dispatch_due(sent_on, policy=POLICY, calendar=CALENDAR) == due_on


def test_a_packet_under_way_holds_no_papers_and_takes_none():
    packet = sent_off(a_packet())
    assert (packet.status, packet.certificate_ids) == (PacketStatus.DISPATCHED, ())
    assert packet.seal_no == "S1"
    assert codes([elsewhere(packet, a_slot())]) == ["VALUE_INVALID"]


@pytest.mark.parametrize(
    ("holds", "told"),
    [((), None), ((a_hold(released_at=NOW),), None), ((a_hold(), a_hold(no="LH2")), "LH1, LH2")],
)
def test_an_open_hold_keeps_papers_where_they_are(holds, told):
    refusal = held(holds)
    assert (None if refusal is None else refusal.detail["holds"]) == told
    assert refusal is None or (refusal.code, refusal.rule_id) == ("LEGAL_HOLD", "CUS-24")


@pytest.mark.parametrize("state", DispatchState)
@pytest.mark.parametrize(("days", "late"), [(0, False), (1, True)])
def test_a_dispatch_is_late_once_its_day_has_passed_and_papers_are_awaited(state, days, late):
    dispatch = a_dispatch(state=state, due_on=TODAY)
    over = state in {DispatchState.RECEIVED, DispatchState.LOST}
    assert dispatch.is_late(TODAY + timedelta(days=days)) is (late and not over)
