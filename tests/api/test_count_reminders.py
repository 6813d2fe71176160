"""Vaults that are due to be counted, through HTTP: whoever leads the count is told, once."""

import pytest

from tests.api.counting import SUPERVISOR, Room, a_room
from tests.client import NOON, Bank


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def on(bank: Bank, day: str) -> None:
    bank.clock(f"{day}T09:00:00+08:00")
    bank.run_jobs()
    bank.run_jobs()


def told(room: Room, login: str = "auditor") -> list[tuple[str, str]]:
    """Open alerts about the vault that are meant for the person; all for an auditor."""
    found = room.bank.query(
        login,
        "query($f: AlertFilter) { alerts(filter: $f, first: 100) {"
        " nodes { kind subjectKind dueOn reason } } }",
        f={"subject": room.code, "mine": login != "auditor", "kind": ["STOCKTAKE"]},
    )["alerts"]["nodes"]
    assert all(one["subjectKind"] == "VAULT" for one in found)
    return [(one["reason"].split()[1], one["dueOn"]) for one in found]


def test_counts_that_are_due_and_not_done_are_told_of_once(bank: Bank):
    room = a_room(bank)
    on(bank, "2025-06-20")  # its intervals begin
    on(bank, "2025-07-17")
    assert told(room) == []
    on(bank, "2025-07-18")  # 20 July is a Sunday
    on(bank, "2025-07-21")
    assert told(room) == [("SELF", "2025-07-18")]
    for login in (*room.keepers, SUPERVISOR):
        assert told(room, login) == [("SELF", "2025-07-18")]
    assert told(room, "keeper-1") == []  # keeps another vault
    room.open(room.keepers[0], kind="SELF", counters=room.keepers)
    room.counted(counters=room.keepers).finalise(room.keepers[0])
    on(bank, "2025-08-20")
    assert told(room) == [("SELF", "2025-07-18")]
    on(bank, "2025-08-21")
    assert told(room) == [("SELF", "2025-07-18"), ("SELF", "2025-08-21")]
    on(bank, "2025-09-19")
    assert told(room, SUPERVISOR)[-1] == ("SUPERVISOR", "2025-09-19")
    assert ("SUPERVISOR", "2025-09-19") not in told(room, room.keepers[0])


def test_the_yearly_count_is_the_branch_s_and_done_once_every_cabinet_is(bank: Bank):
    room = a_room(bank)
    more = {"vault": room.code, "cabinet": "B", "slots": ["001"]}
    bank.done(SUPERVISOR, "vaultAddSlots", more)
    on(bank, "2025-06-20")
    bank.clock("2026-01-09T09:00:00+08:00")
    for cabinets in (["A"], ["B"]):
        opening = {**room.opening("ANNUAL"), "cabinets": cabinets}
        given = bank.done("approver-t2", "stocktakeOpen", opening, "stocktake { id }" + REFUSED)
        room.stocktake_id = given["stocktake"]["id"]
        room.counted().finalise("approver-t2")
        bank.clock("2026-02-09T09:00:00+08:00")
    on(bank, "2026-06-20")
    assert "ANNUAL" not in [kind for kind, _ in told(room)]
    on(bank, "2027-01-08")
    assert told(room, "approver-t2") == [("ANNUAL", "2027-01-08")]
    assert "ANNUAL" not in [kind for kind, _ in told(room, SUPERVISOR)]


REFUSED = " refusals { code }"
