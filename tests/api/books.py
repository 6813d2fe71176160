"""A vault of its own for a test of the book, and the core system that answers to its entries."""

import itertools
from typing import Any

from tests.client import Bank, Story, cabinets, user_line, vault_plan

SUPERVISOR = "book-supervisor"
STRANGER = "book-stranger"  # supervises vaults of another branch
ENTRIES = "id serial kind status attempt inCore settledBy"
_numbers = itertools.count(1)


class Books:
    """One vault with three keepers, whose book a core system keeps."""

    def __init__(self, bank: Bank) -> None:
        self.bank, self.code = bank, f"VB{next(_numbers)}"
        self.keepers = tuple(f"{self.code}-keeper-{n}" for n in (1, 2, 3))
        bank.load(
            (
                "Vault",
                {
                    "code": self.code,
                    "name": "Book",
                    "org": "LC",
                    "cabinets": cabinets("A"),
                },
            ),
            *(
                ("User", user_line(login, "LC", ["VAULT_KEEPER"], [self.code]))
                for login in self.keepers
            ),
            ("User", user_line(SUPERVISOR, "LC", ["VAULT_SUPERVISOR"], [])),
            ("User", user_line(STRANGER, "T2X", ["VAULT_SUPERVISOR"], [])),
        )

    def waiting(self) -> Story:
        """A paper that was received at the vault's desk."""
        story = self.bank.mortgage()
        self.bank.collect(story)
        self.bank.scan(story)
        self.bank.hand_to_vault(story, self.code, self.keepers[2])
        return story

    def vaulted(self) -> Story:
        """A paper in the vault, whose entry nobody has answered yet."""
        story = self.waiting()
        self.bank.vault(story, self.plan(story), self.keepers[:2])
        return story

    def plan(self, story: Story, **changes: Any) -> dict[str, Any]:
        return vault_plan(story, vault=self.code, **changes)

    def postings(self, story: Story, select: str = ENTRIES) -> list[dict[str, Any]]:
        """Entries of the story's paper, oldest first."""
        found: list[Any] = self.bank.certificate(story, f"postings {{ {select} }}")["postings"]
        return found[::-1]

    def answer(self, serial: str, outcome: str, at: str = "10:01", **more: Any) -> str:
        """What became of an answer of the core system."""
        told = {
            "serial": serial,
            "outcome": outcome,
            "answered_at": f"2025-06-20T{at}:00+08:00",
            **({"posted_on": "2025-06-20", "core_no": "V1"} if outcome == "POSTED" else {}),
            **more,
        }
        status: str = self.bank.load(("PostingAnswer", told), all_taken=False)[0]["status"]
        return status

    def posted(self) -> Story:
        """A paper in the vault and in the core's book."""
        story = self.vaulted()
        assert self.answer(self.postings(story)[0]["serial"], "POSTED") == "UPDATED"
        return story

    def failed(self) -> tuple[Story, str]:
        """A paper in the vault whose entry the core refused, and the id of that entry."""
        story = self.vaulted()
        entry = self.postings(story)[0]
        assert self.answer(entry["serial"], "FAILED", reason="limit") == "UPDATED"
        return story, entry["id"]

    def reconciled(self, day: str, select: str) -> dict[str, Any]:
        """The record of the vault on that day, once the jobs ran that morning."""
        self.bank.clock(f"{day}T08:00:00+08:00")
        self.bank.run_jobs()
        found = self.bank.query(
            SUPERVISOR,
            f"query($v: String!, $d: Date!) {{ reconciliations(vault: $v, on: $d) {{ nodes {{"
            f" {select} }} }} }}",
            v=self.code,
            d=day,
        )["reconciliations"]["nodes"]
        assert len(found) == 1
        record: dict[str, Any] = found[0]
        return record
