"""Who counts in a keeper's place while he is away: the vaults kept that day decide (CUS-18)."""

import pytest

from tests.api.counting import COUNTERS, SUPERVISOR, a_room
from tests.client import NOON, Bank, codes

STAND_IN = "count-stand-in"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


def test_a_substitute_counts_as_a_keeper_and_who_is_away_does_not(bank: Bank):
    room = a_room(bank)
    kept, away = room.keepers
    bank.load(("User", {"login": STAND_IN, "name": "s", "org": "LC"}))
    days = {"validFrom": "2025-11-10", "validTo": "2025-11-11"}
    duty = {"vault": room.code, "keeper": away, "substitute": STAND_IN, **days}
    bank.done(SUPERVISOR, "vaultAppointSubstitute", duty)
    bank.clock("2025-11-10T09:00:00+08:00")

    def opened(login: str, kind: str, *counters: str) -> list[str]:
        return codes(bank.do(login, "stocktakeOpen", room.opening(kind, counters)))

    assert opened(kept, "SELF", kept, away) == ["VALUE_INVALID"]
    assert opened(SUPERVISOR, "SUPERVISOR", COUNTERS[0], away) == ["SOD_VIOLATION"]
    assert opened(SUPERVISOR, "SUPERVISOR", COUNTERS[0], STAND_IN) == ["SOD_VIOLATION"]
    assert bank.error_code(away, "stocktakeOpen", room.opening("SELF", room.keepers)) == "FORBIDDEN"
    room.open(STAND_IN, kind="SELF", counters=(kept, STAND_IN))
    room.counted(counters=(kept, STAND_IN))
    assert room.finalise(STAND_IN)["refusals"] == []
