"""A vault of its own for a test that counts: keepers, a supervisor, counters, and papers inside."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.client import REFUSALS, Bank, Story, cabinets, vault_plan

STOCKTAKE = (
    "stocktake { id no state recounts resolveDue expectedCount countedCount differenceCount"
    " openDifferenceCount version results { no result certificateId certNo homeVault"
    f" resolvedBy resolution expected {{ slot packetNo sealNo }} found {{ slot }} }} }} {REFUSALS}"
)
SUPERVISOR = "count-supervisor"
COUNTERS = ("counter-1", "counter-2")
_vaults = itertools.count(1)


@dataclass
class Room:
    """One vault under test."""

    bank: Bank
    code: str
    keepers: tuple[str, str]
    stories: list[Story] = field(default_factory=list)
    stocktake_id: str = ""

    def waiting(self) -> Story:
        """A paper at the desk, scanned."""
        story = self.bank.mortgage()
        self.bank.collect(story)
        self.bank.scan(story)
        self.bank.hand_to_vault(story, desk=self.code, receiver=self.keepers[0])
        return story

    def plan(self, story: Story, **changes: Any) -> dict[str, Any]:
        return vault_plan(story, vault=self.code, **changes)

    def put_in(self, story: Story) -> Story:
        self.bank.vault(story, self.plan(story), keepers=self.keepers)
        return story

    def filled(self, papers: int) -> "Room":
        self.stories = [self.put_in(self.waiting()) for _ in range(papers)]
        return self

    def opening(self, kind: str = "SUPERVISOR", counters=COUNTERS) -> dict[str, Any]:
        return {"vault": self.code, "kind": kind, "counters": list(counters)}

    def open(self, login: str = SUPERVISOR, **opening: Any) -> "Room":
        payload = self.bank.done(login, "stocktakeOpen", self.opening(**opening), STOCKTAKE)
        self.stocktake_id = payload["stocktake"]["id"]
        return self

    def part(self, *cabinets: str) -> "Room":
        """A count of those cabinets, opened."""
        given = {**self.opening(), "cabinets": list(cabinets)}
        payload = self.bank.done(SUPERVISOR, "stocktakeOpen", given, STOCKTAKE)
        self.stocktake_id = payload["stocktake"]["id"]
        return self

    def count(self, login: str, *items: dict[str, Any], complete: bool = True) -> Any:
        given = {"stocktakeId": self.stocktake_id, "items": items, "complete": complete}
        return self.bank.do(login, "stocktakeCount", given, STOCKTAKE)

    def counted(self, *items: dict[str, Any], counters=COUNTERS) -> "Room":
        """Both have seen the same."""
        for login in counters:
            assert self.count(login, *items)["refusals"] == []
        return self

    def finalise(self, login: str = SUPERVISOR) -> Any:
        given = {"stocktakeId": self.stocktake_id}
        return self.bank.do(login, "stocktakeFinalise", given, STOCKTAKE)

    def on(self, name: str, no: int, login: str = SUPERVISOR, reason: str = "looked") -> Any:
        """One of the mutations on a difference."""
        given = {"stocktakeId": self.stocktake_id, "no": no, "reason": reason}
        return self.bank.do(login, name, given, STOCKTAKE)

    def now(self, select: str) -> Any:
        return self.bank.query(
            "auditor",
            f"query($id: ID!) {{ stocktake(id: $id) {{ {select} }} }}",
            id=self.stocktake_id,
        )["stocktake"]


def a_room(bank: Bank) -> Room:
    """An open vault with two keepers."""
    n = next(_vaults)
    code = f"VC{n:03}"
    keepers = (f"{code}-keeper-1", f"{code}-keeper-2")
    line = {"code": code, "name": code, "org": "LC"}
    people = {
        keepers[0]: ("VAULT_KEEPER", "LC", [code]),
        keepers[1]: ("VAULT_KEEPER", "LC", [code]),
        SUPERVISOR: ("VAULT_SUPERVISOR", "LC", []),
        COUNTERS[0]: ("AUDITOR", "T2", []),
        COUNTERS[1]: ("AUDITOR", "T2", []),
    }
    bank.load(
        ("Vault", {**line, "cabinets": cabinets("A")}),
        *(
            (
                "User",
                {
                    "login": login,
                    "name": login,
                    "org": org,
                    "roles": [{"role": role}],
                    "vaults": vaults,
                },
            )
            for login, (role, org, vaults) in people.items()
        ),
    )
    return Room(bank=bank, code=code, keepers=keepers)


def seen(story: Story, **changes: Any) -> dict[str, Any]:
    """The paper where and as the vault-in left it."""
    return {
        "certNo": story.cert_no,
        "cabinet": "A",
        "slot": f"{story.n:03}",
        "packetNo": f"P{story.n:05}",
        "sealNo": f"S{story.n:05}",
        **changes,
    }
