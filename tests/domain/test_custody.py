"""Every state with every movement, and a ledger that shows the smallest change."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.certificates import CustodyState, LegalState, VaultPlace
from domain.custody import (
    RULE_OF,
    CustodyEvent,
    Evidence,
    Movement,
    broken_link,
    digest,
    illegal,
    moved,
)
from tests.domain.builders import NOW, TODAY, a_certificate, codes
from tests.domain.vault_builders import an_operator

S, M = CustodyState, Movement
EARLIER = TODAY - timedelta(days=100)
LEGAL = {
    (S.NOT_RECEIVED, M.COLLECT): {S.WITH_HANDLER},
    (S.NOT_RECEIVED, M.FILE_ELECTRONIC): {S.ELECTRONIC_ON_FILE},
    (S.WITH_HANDLER, M.INITIATE_HANDOVER): {S.IN_TRANSIT},
    (S.IN_TRANSIT, M.ACCEPT_HANDOVER): {S.RECEIVED_PENDING_VAULT, S.WITH_HANDLER},
    (S.IN_TRANSIT, M.REJECT_HANDOVER): {S.WITH_HANDLER},
    (S.IN_TRANSIT, M.RECALL_HANDOVER): {S.WITH_HANDLER},
    (S.RECEIVED_PENDING_VAULT, M.VAULT_IN): {S.IN_VAULT},
    (S.IN_VAULT, M.RELOCATE): {S.IN_VAULT},
    (S.IN_VAULT, M.RESEAL): {S.IN_VAULT},
    (S.IN_VAULT, M.VAULT_OUT_FOR_DEREG): {S.OUT_FOR_DEREG},
    (S.IN_VAULT, M.SURRENDER): {S.SURRENDERED},
    (S.IN_VAULT, M.RETURN_TO_OWNER): {S.RETURNED_TO_OWNER},
    (S.OUT_FOR_DEREG, M.DEREG_RETURN): {S.RECEIVED_PENDING_VAULT},
    (S.OUT_FOR_DEREG, M.DEREG_HANDOVER): {S.OUT_FOR_DEREG},
    (S.OUT_FOR_DEREG, M.RETURN_EXCHANGED): {S.REPLACED},
    (S.OUT_FOR_DEREG, M.SURRENDER): {S.SURRENDERED},
    (S.OUT_FOR_DEREG, M.RETURN_TO_OWNER): {S.RETURNED_TO_OWNER},
    (S.ELECTRONIC_ON_FILE, M.CANCEL_ELECTRONIC): {S.SURRENDERED},
    (S.IN_VAULT, M.CHECK_OUT): {S.CHECKED_OUT},
    (S.CHECKED_OUT, M.RENEW_CHECK_OUT): {S.CHECKED_OUT},
    (S.CHECKED_OUT, M.RETURN_SAME): {S.RECEIVED_PENDING_VAULT},
    (S.CHECKED_OUT, M.RETURN_EXCHANGED): {S.REPLACED},
    (S.IN_VAULT, M.TRANSFER_OUT): {S.TRANSFERRED_OUT},
    (S.IN_VAULT, M.DISPATCH): {S.IN_TRANSIT},
    (S.IN_TRANSIT, M.RECEIVE_DISPATCHED): {S.RECEIVED_PENDING_VAULT},
    (S.IN_VAULT, M.MARK_MISSING): {S.MISSING},
    (S.RECEIVED_PENDING_VAULT, M.MARK_MISSING): {S.MISSING},
    (S.MISSING, M.FOUND): {S.RECEIVED_PENDING_VAULT},
    (S.MISSING, M.CONFIRM_LOST): {S.LOST},
    (S.CHECKED_OUT, M.CONFIRM_LOST): {S.LOST},
    (S.IN_TRANSIT, M.CONFIRM_LOST): {S.LOST},
    (S.WITH_HANDLER, M.CONFIRM_LOST): {S.LOST},
    (S.OUT_FOR_DEREG, M.CONFIRM_LOST): {S.LOST},
    (S.LOST, M.REISSUE): {S.REPLACED},
    (S.IN_VAULT, M.REDEEM): {S.REDEEMED},
}


@pytest.mark.parametrize("movement", Movement)
@pytest.mark.parametrize("state", CustodyState)
def test_a_movement_is_possible_exactly_where_the_table_says(state, movement):
    refusal = illegal(a_certificate(custody_state=state), movement)
    assert codes([refusal]) == ([] if (state, movement) in LEGAL else ["STATE_CONFLICT"])
    if refusal is not None:
        assert (refusal.rule_id, refusal.detail["state"]) == (RULE_OF[movement], state)


@pytest.mark.parametrize(("start", "movement"), LEGAL)
@pytest.mark.parametrize("to", CustodyState)
def test_a_movement_ends_where_the_table_says(start, movement, to):
    certificate = a_certificate(custody_state=start)
    if to not in LEGAL[start, movement]:
        with pytest.raises(AssertionError):
            _move(certificate, movement, to)
        return
    after, event = _move(certificate, movement, to)
    assert (event.from_state, event.to_state, after.custody_state) == (start, to, to)
    assert (after.event_seq, after.event_hash) == (1, event.hash)


def test_an_entry_at_the_registry_moves_no_paper():
    after, event = _move(
        a_certificate(custody_state=S.IN_VAULT),
        M.REGISTRY_CANCELLED,
        S.IN_VAULT,
        legal_state=LegalState.CANCELLED,
    )
    assert (event.from_state, event.to_state) == (S.IN_VAULT, S.IN_VAULT)
    assert (after.legal_state, event.legal_state) == (LegalState.CANCELLED, LegalState.CANCELLED)


@pytest.mark.parametrize(
    ("movement", "to"),
    [
        (M.REGISTER_EXPECTED, S.NOT_RECEIVED),
        (M.RECEIVE_EXCHANGED, S.RECEIVED_PENDING_VAULT),
        (M.RECEIVE_REISSUED, S.WITH_HANDLER),
    ],
)
def test_a_certificate_begins_from_no_state(movement, to):
    after, event = _move(a_certificate(), movement, to)
    assert (event.from_state, event.to_state, after.custody_state) == (None, to, to)
    with pytest.raises(AssertionError):
        _move(a_certificate(), movement, S.IN_VAULT)


def test_a_movement_out_of_the_vault_tells_where_the_paper_lay():
    place = VaultPlace(vault="V1", cabinet="A-01", slot="03", packet_no="P1")
    inside = a_certificate(custody_state=S.IN_VAULT, place=place)
    after, event = _move(inside, M.VAULT_OUT_FOR_DEREG, S.OUT_FOR_DEREG, place=None)
    assert after.place is None
    assert (event.vault, event.cabinet, event.slot, event.packet_no) == ("V1", "A-01", "03", "P1")


def test_a_sound_ledger_has_no_broken_link():
    assert broken_link(_ledger()) is None
    assert broken_link([]) is None


CHANGES = {
    "id": "forged",
    "overdue_days": 3,
    "certificate_id": "cert-2",
    "seq": 9,
    "type": M.RELOCATE,
    "rule_id": "X99",
    "from_state": S.LOST,
    "to_state": S.MISSING,
    "legal_state": LegalState.VOID,
    "operators": (an_operator("u1"), an_operator("u2", role="OTHER")),
    "request_ref": "other",
    "vault": "V2",
    "cabinet": "B",
    "slot": "99",
    "packet_no": "P9",
    "seal_no": "S9",
    "evidence": (Evidence(file_version_id="fv-1", sha256="1" * 64),),
    "reason": "other",
    "biz_date": date(2020, 1, 1),
    "recorded_at": NOW + timedelta(milliseconds=1),
    "prev_hash": "f" * 64,
    "hash": "f" * 64,
    "org_path": "/HO",
}


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize("name", [field.name for field in fields(CustodyEvent)])
def test_one_changed_field_anywhere_is_found(name, position):
    events = _ledger()
    events[position] = replace(events[position], **{name: CHANGES[name]})
    assert broken_link(events) == events[position]


@pytest.mark.parametrize("position", range(4))
def test_a_change_with_a_fresh_hash_breaks_the_next_link(position):
    events = _ledger()
    forged = replace(events[position], reason="forged")
    events[position] = replace(forged, hash=digest(forged))
    following = events[position + 1] if position < 3 else None
    assert broken_link(events) == following


@pytest.mark.parametrize("position", range(3))
def test_a_dropped_event_is_found(position):
    events = _ledger()
    del events[position]
    assert broken_link(events) == events[position]


def test_swapped_and_doubled_events_are_found():
    first, second, *rest = _ledger()
    assert broken_link([second, first, *rest]) == second
    assert broken_link([first, first, second, *rest]) == first


def test_the_hash_does_not_depend_on_how_long_it_is_kept():
    event = _ledger()[0]
    again = replace(event, recorded_at=datetime.fromisoformat(event.recorded_at.isoformat()))
    assert again.recorded_at.tzinfo is UTC
    assert digest(again) == event.hash


def _move(certificate, movement, to, **changes):
    return moved(
        certificate,
        movement,
        to=to,
        event_id=f"event-{certificate.event_seq + 1}",
        operators=[an_operator("u1"), an_operator("u2")],
        now=NOW,
        today=TODAY,
        **changes,
    )


def _ledger():
    """Expected, collected, handed over, received."""
    certificate = a_certificate(custody_state=S.NOT_RECEIVED)
    events = []
    for movement, to in (
        (M.REGISTER_EXPECTED, S.NOT_RECEIVED),
        (M.COLLECT, S.WITH_HANDLER),
        (M.INITIATE_HANDOVER, S.IN_TRANSIT),
        (M.ACCEPT_HANDOVER, S.RECEIVED_PENDING_VAULT),
    ):
        certificate, event = _move(certificate, movement, to)
        events.append(event)
    return events


@pytest.mark.parametrize(
    ("before", "movement", "to", "since"),
    [
        (S.NOT_RECEIVED, M.COLLECT, S.WITH_HANDLER, TODAY),
        (S.WITH_HANDLER, M.INITIATE_HANDOVER, S.IN_TRANSIT, EARLIER),
        (S.IN_TRANSIT, M.ACCEPT_HANDOVER, S.RECEIVED_PENDING_VAULT, EARLIER),
        (S.CHECKED_OUT, M.RETURN_SAME, S.RECEIVED_PENDING_VAULT, TODAY),
        (S.OUT_FOR_DEREG, M.DEREG_RETURN, S.RECEIVED_PENDING_VAULT, TODAY),
        (S.IN_VAULT, M.DISPATCH, S.IN_TRANSIT, TODAY),
        (S.MISSING, M.FOUND, S.RECEIVED_PENDING_VAULT, TODAY),
        (S.RECEIVED_PENDING_VAULT, M.VAULT_IN, S.IN_VAULT, EARLIER),
    ],
)
def test_it_stands_outside_a_vault_since_it_last_came_to(before, movement, to, since):
    paper = a_certificate(custody_state=before, unvaulted_since=EARLIER)
    after, _ = moved(paper, movement, to=to, event_id="e", operators=(), now=NOW, today=TODAY)
    assert after.unvaulted_since == since
