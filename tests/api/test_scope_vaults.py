"""Vaults and packets of other branches answer as if they were not there (INV-09)."""

import json
from typing import Any

import pytest

from tests.client import REFUSALS, Bank, codes

STRANGERS = {"hidden-keeper": "VAULT_KEEPER", "hidden-supervisor": "VAULT_SUPERVISOR"}


@pytest.fixture(scope="module", autouse=True)
def strangers(bank: Bank) -> None:
    """A keeper and a supervisor under another second-tier branch; and one here, of no vault."""
    people = [
        {"login": login, "name": "x", "org": "LCHID", "roles": [{"role": role}]}
        for login, role in STRANGERS.items()
    ]
    bank.load(
        ("Org", {"code": "T2HID", "name": "x", "level": "TIER2_BRANCH", "parent": "T1"}),
        ("Org", {"code": "LCHID", "name": "x", "level": "LOAN_CENTER", "parent": "T2HID"}),
        ("Vault", {"code": "VHID", "name": "x", "org": "LCHID"}),
        *(("User", {**person, "vaults": ["VHID"]}) for person in people),
        ("User", {"login": "idle-keeper", "name": "x", "org": "LC", "roles": people[0]["roles"]}),
    )


def told(bank: Bank, login: str, mutation: str, given: dict[str, Any], name: str) -> Any:
    """The refusals, without the name that was asked for."""
    refusals = bank.do(login, mutation, given, REFUSALS)["refusals"]
    return json.loads(json.dumps(refusals, ensure_ascii=False).replace(name, "…"))


@pytest.mark.parametrize(
    ("mutation", "more"),
    [
        ("vaultAddSlots", {"cabinet": "Z", "slots": ["1"]}),
        ("slotSetCapacity", {"cabinet": "A", "slot": "001", "capacity": 2}),
        ("slotClose", {"cabinet": "A", "slot": "001"}),
    ],
)
def test_a_vault_out_of_reach_is_like_none(bank: Bank, mutation, more):
    seen, none = (
        told(bank, "hidden-supervisor", mutation, {**more, "vault": code}, code)
        for code in ("V1", "V-none")
    )
    assert seen == none
    assert codes({"refusals": seen}) == ["VALUE_INVALID"]


@pytest.mark.parametrize(
    ("mutation", "more"),
    [
        ("packetRelocatePropose", {"cabinet": "B", "slot": "001"}),
        ("packetDispatchPropose", {"toVault": "VHID", "escorts": ["a", "b"]}),
        ("packetResealPropose", {"sealNo": "S-new", "reason": "broken"}),
    ],
)
def test_a_packet_out_of_reach_is_like_none(bank: Bank, mutation, more):
    story = bank.vaulted()
    seen, none = (
        told(bank, "hidden-keeper", mutation, {**more, "packetNo": number}, number)
        for number in (f"P{story.n:05}", "P-none")
    )
    assert seen == none
    assert codes({"refusals": seen}) == ["VALUE_INVALID"]
    own = {**more, "packetNo": f"P{story.n:05}"}
    assert bank.error_code("idle-keeper", mutation, own) == "FORBIDDEN"  # sees it, keeps it not
