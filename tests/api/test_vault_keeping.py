"""A vault's supervisor through HTTP: substitutes, changes of keepers, slots, the inventory."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient

from tests.client import NOON, REFUSALS, Bank, Story, codes, vault_plan

PROPOSED = f"proposal {{ id }} {REFUSALS}"
CHANGE = f"change {{ id state signatures {{ login }} overseenBy }} {REFUSALS}"
COUNTERS = ("counter-1", "counter-2")
KEEPER = {"roles": [{"role": "VAULT_KEEPER"}], "org": "T2"}


@pytest.fixture(autouse=True)
def vault_of_its_own(bank: Bank):
    """A vault with two keepers, a third who may join, a supervisor and a stand-in."""
    slots = [f"{number:03}" for number in range(1, 100)]
    bank.load(
        (
            "Vault",
            {
                "code": "V3",
                "name": "Third",
                "org": "T2",
                "cabinets": [{"cabinet": "A", "slots": slots}],
            },
        ),
        ("User", {"login": "k-old-1", "name": "o", "vaults": ["V3"], **KEEPER}),
        ("User", {"login": "k-old-2", "name": "o", "vaults": ["V3"], **KEEPER}),
        ("User", {"login": "k-new", "name": "n", **KEEPER}),
        ("User", {"login": "clerk", "name": "c", "org": "T2"}),
        (
            "User",
            {
                "login": "supervisor",
                "name": "s",
                "org": "LC",
                "roles": [{"role": "VAULT_SUPERVISOR"}],
            },
        ),
    )
    yield
    bank.clock(NOON)


def appointing(**changes: Any) -> dict[str, Any]:
    return {
        "vault": "V1",
        "keeper": "keeper-3",
        "substitute": "clerk",
        "validFrom": "2025-06-23",
        "validTo": "2025-06-24",
        **changes,
    }


def test_a_substitute_keeps_the_vault_on_the_appointed_days_alone(bank: Bank):
    days = {"validFrom": "2025-07-07", "validTo": "2025-07-08"}
    story = bank.waiting()
    plan = vault_plan(story)
    given = appointing(**days)
    assert bank.error_code("clerk", "certificateVaultInPropose", plan) == "FORBIDDEN"
    answer = bank.done(
        "supervisor",
        "vaultAppointSubstitute",
        given,
        f"substitute {{ login substitutions {{ vault keeper validFrom validTo }} }} {REFUSALS}",
    )
    duty = {"vault": "V1", "keeper": "keeper-3", **days}
    assert duty in answer["substitute"]["substitutions"]
    bank.clock("2025-07-06T23:59:00+08:00")
    assert bank.error_code("clerk", "certificateVaultInPropose", plan) == "FORBIDDEN"
    bank.clock("2025-07-07T09:00:00+08:00")
    assert bank.error_code("keeper-3", "certificateVaultInPropose", plan) == "FORBIDDEN"
    proposed = bank.done("clerk", "certificateVaultInPropose", plan, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    bank.done("keeper-1", "certificateVaultInConfirm", confirm)
    bank.clock("2025-07-09T00:01:00+08:00")
    other = waiting_at(bank)
    assert bank.error_code("clerk", "certificateVaultInPropose", vault_plan(other)) == "FORBIDDEN"
    assert codes(bank.do("keeper-3", "certificateVaultInPropose", vault_plan(other))) == []
    keepers = bank.query(
        "supervisor", '{ vault(code: "V1") { substitutes { login leaves { vault } } } }'
    )
    assert "clerk" in [one["login"] for one in keepers["vault"]["substitutes"]]


def waiting_at(bank: Bank) -> Story:
    """The same, received by a keeper while another is on leave."""
    story = bank.mortgage()
    bank.collect(story)
    bank.scan(story)
    given = {"certificateIds": [story.certificate_id], "desk": "V1"}
    handed = bank.done("handler-1", "handoverInitiate", given, f"handover {{ id }} {REFUSALS}")
    item = {"handoverId": handed["handover"]["id"], "certificateId": story.certificate_id}
    bank.done("keeper-1", "handoverAcceptItem", item)
    return story


def test_a_duty_that_ended_before_the_confirmation_does_not_count(bank: Bank):
    days = {"validFrom": "2025-08-04", "validTo": "2025-08-04"}
    bank.done("supervisor", "vaultAppointSubstitute", appointing(**days))
    bank.clock("2025-08-04T23:50:00+08:00")
    story = waiting_at(bank)
    plan = vault_plan(story)
    proposed = bank.done("clerk", "certificateVaultInPropose", plan, PROPOSED)
    confirm = {"proposalId": proposed["proposal"]["id"], "vaultIn": plan}
    bank.clock("2025-08-05T00:05:00+08:00")
    assert bank.error_code("keeper-2", "certificateVaultInConfirm", confirm) == "FORBIDDEN"


def test_a_substitution_ends_early_and_the_keeper_is_back(bank: Bank):
    days = {"validFrom": "2025-10-13", "validTo": "2025-10-31"}
    bank.done("supervisor", "vaultAppointSubstitute", appointing(**days))
    ending = {
        "vault": "V1",
        "keeper": "keeper-3",
        "validFrom": "2025-10-13",
        "lastDay": "2025-10-14",
    }
    bank.clock("2025-10-15T09:00:00+08:00")
    for wrong in (
        {"lastDay": "2025-10-13"},  # what has passed stays
        {"lastDay": "2025-10-31"},
        {"validFrom": "2025-10-14"},
        {"keeper": "keeper-1"},
    ):
        refused = bank.do("supervisor", "vaultEndSubstitution", {**ending, **wrong})
        assert codes(refused) == ["VALUE_INVALID"]
    assert bank.error_code("keeper-3", "vaultEndSubstitution", ending) == "FORBIDDEN"
    vaults = "{ me { vaults } }"
    assert "V1" in bank.query("clerk", vaults)["me"]["vaults"]
    assert "V1" not in bank.query("keeper-3", vaults)["me"]["vaults"]
    bank.done("supervisor", "vaultEndSubstitution", ending)
    assert "V1" not in bank.query("clerk", vaults)["me"]["vaults"]
    assert "V1" in bank.query("keeper-3", vaults)["me"]["vaults"]
    assert codes(bank.do("supervisor", "vaultEndSubstitution", ending)) == ["VALUE_INVALID"]


def test_the_feed_does_not_end_a_duty(bank: Bank):
    days = {"validFrom": "2025-09-01", "validTo": "2025-09-01"}
    bank.done("supervisor", "vaultAppointSubstitute", appointing(**days))
    bank.load(("User", {"login": "clerk", "name": "another name", "org": "T2"}))
    bank.clock("2025-09-01T09:00:00+08:00")
    assert "V1" in bank.query("clerk", "{ me { vaults } }")["me"]["vaults"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"keeper": "clerk"}, ["VALUE_INVALID"]),
        ({"substitute": "nobody"}, ["VALUE_INVALID"]),
        ({"validFrom": "2025-06-19"}, ["VALUE_INVALID"]),
        ({"validTo": "2025-06-22"}, ["VALUE_INVALID"]),
        ({"substitute": "keeper-1"}, ["SOD_VIOLATION"]),
        ({"substitute": "rm-1"}, ["SOD_VIOLATION"]),
        ({"substitute": "handler-1"}, ["SOD_VIOLATION"]),
        ({"substitute": "supervisor"}, ["SOD_VIOLATION"]),
        ({"vault": "V9"}, ["VALUE_INVALID"]),
    ],
)
def test_who_may_not_be_appointed(bank: Bank, changes, expected):
    refused = bank.do("supervisor", "vaultAppointSubstitute", appointing(**changes))
    assert codes(refused) == expected


def test_only_a_supervisor_appoints(bank: Bank):
    for login in ("keeper-1", "handler-1", "approver-t2"):
        assert bank.error_code(login, "vaultAppointSubstitute", appointing()) == "FORBIDDEN"


def a_count(bank: Bank, cabinets: list[str], *surplus: str, story: Story | None = None) -> None:
    """A count for the change of keepers, by two who keep nothing, to its end."""
    opening = {"vault": "V4", "kind": "KEEPER_CHANGE", "counters": list(COUNTERS)}
    shown = f"stocktake {{ id state differenceCount }} {REFUSALS}"
    given = {**opening, "cabinets": cabinets}
    stocktake = bank.done("supervisor", "stocktakeOpen", given, shown)["stocktake"]
    seen = [{"certNo": no, "cabinet": "A", "slot": "1"} for no in surplus]
    if story is not None:
        under = {"packetNo": f"P{story.n:05}", "sealNo": f"S{story.n:05}"}
        seen.append({"certNo": story.cert_no, "cabinet": "A", "slot": "1", **under})
    named = {"stocktakeId": stocktake["id"]}
    for counter in COUNTERS:
        bank.done(counter, "stocktakeCount", {**named, "items": seen, "complete": True})
    ended = bank.done("supervisor", "stocktakeFinalise", named, shown)["stocktake"]
    assert (ended["state"], ended["differenceCount"]) == ("FINALISED", len(surplus))


def test_keepers_change_once_all_have_signed_and_everything_was_counted(bank: Bank):
    cabinets = [{"cabinet": name, "slots": ["1"]} for name in ("A", "B")]
    auditor = {"roles": [{"role": "AUDITOR"}], "org": "T2"}
    bank.load(
        ("Vault", {"code": "V4", "name": "Fourth", "org": "T2", "cabinets": cabinets}),
        *(("User", {"login": login, "name": login, **auditor}) for login in COUNTERS),
        *(("User", _keeper(login, "V4")) for login in ("k4-1", "k4-2")),
        ("User", _keeper("k4-new")),
    )
    a_count(bank, [])  # before the change began
    bank.clock("2025-06-20T10:05:00+08:00")
    given = {"vault": "V4", "leaving": ["k4-1"], "joining": ["k4-new"]}
    change = bank.done("supervisor", "vaultKeeperChangeOpen", given, CHANGE)["change"]
    assert codes(bank.do("supervisor", "vaultKeeperChangeOpen", given)) == ["OPEN_REQUEST_EXISTS"]
    named = {"changeId": change["id"]}
    assert bank.error_code("k4-2", "vaultKeeperChangeSign", named) == "FORBIDDEN"
    bank.done("k4-1", "vaultKeeperChangeSign", named)
    assert codes(bank.do("k4-1", "vaultKeeperChangeSign", named)) == ["STATE_CONFLICT"]
    assert codes(bank.do("supervisor", "vaultKeeperChangeComplete", named)) == [
        "VALUE_INVALID",
        "STATE_CONFLICT",
    ]
    bank.done("k4-new", "vaultKeeperChangeSign", named)
    refused = "vaultKeeperChangeComplete"
    a_count(bank, [], "NOBODY-KNOWS-IT")
    assert codes(bank.do("supervisor", refused, named)) == ["STATE_CONFLICT"]
    a_count(bank, ["A"])
    assert codes(bank.do("supervisor", refused, named)) == ["STATE_CONFLICT"]  # B differs still
    a_count(bank, ["B"])
    story = bank.waiting(desk="V4", receiver="k4-1")
    late = vault_plan(story, vault="V4", cabinet="A", slot="1")
    bank.vault(story, late, keepers=("k4-1", "k4-2"))
    assert codes(bank.do("supervisor", refused, named)) == ["STATE_CONFLICT"]  # never counted
    a_count(bank, ["A"], story=story)
    done = bank.done("supervisor", "vaultKeeperChangeComplete", named, CHANGE)["change"]
    assert (done["state"], done["overseenBy"]) == ("COMPLETED", "supervisor")
    keepers = bank.query("supervisor", '{ vault(code: "V4") { keepers { login } } }')
    assert [one["login"] for one in keepers["vault"]["keepers"]] == ["k4-2", "k4-new"]
    assert bank.query("k4-1", "{ me { vaults } }")["me"]["vaults"] == []
    assert codes(bank.do("supervisor", "vaultKeeperChangeWithdraw", named)) == ["STATE_CONFLICT"]
    bank.load(("User", _keeper("k4-1", "V4")), ("User", _keeper("k4-new")))
    keepers = bank.query("supervisor", '{ vault(code: "V4") { keepers { login } passedOnAt } }')
    assert [one["login"] for one in keepers["vault"]["keepers"]] == ["k4-2", "k4-new"]
    assert keepers["vault"]["passedOnAt"] == "2025-06-20T02:05:00.000Z"


def _keeper(login: str, *vaults: str) -> dict[str, Any]:
    return {"login": login, "name": login, "vaults": list(vaults), **KEEPER}


@pytest.mark.parametrize(
    ("leaving", "joining"),
    [
        (["k-old-1", "k-old-2"], ["k-new"]),  # one keeper would be left
        (["k-new"], ["clerk"]),
        (["k-old-1"], ["nobody"]),
        (["k-old-1"], ["clerk"]),  # holds no role
        (["k-old-1"], ["k-old-2"]),
        ([], ["k-new"]),
        (["k-old-1"], []),
    ],
)
def test_a_change_that_may_not_begin(bank: Bank, leaving, joining):
    given = {"vault": "V3", "leaving": leaving, "joining": joining}
    refused = codes(bank.do("supervisor", "vaultKeeperChangeOpen", given))
    assert refused
    assert set(refused) <= {"VALUE_INVALID"}


def test_a_change_given_up_leaves_the_keepers(bank: Bank):
    given = {"vault": "V3", "leaving": ["k-old-1"], "joining": ["k-new"]}
    change = bank.done("supervisor", "vaultKeeperChangeOpen", given, CHANGE)["change"]
    open_ones = '{ keeperChanges(vault: "V3") { id } }'
    assert bank.query("supervisor", open_ones)["keeperChanges"] == [{"id": change["id"]}]
    named = {"changeId": change["id"]}
    bank.done("supervisor", "vaultKeeperChangeWithdraw", named)
    assert bank.query("supervisor", open_ones)["keeperChanges"] == []
    assert codes(bank.do("k-old-1", "vaultKeeperChangeSign", named)) == ["STATE_CONFLICT"]
    assert bank.query("k-old-1", "{ me { vaults } }")["me"]["vaults"] == ["V3"]


def test_slots_are_added_resized_and_closed(bank: Bank):
    added = {"vault": "V1", "cabinet": "NEW", "slots": ["1", "2"], "capacity": 2}
    bank.done("supervisor", "vaultAddSlots", added)
    assert codes(bank.do("supervisor", "vaultAddSlots", added)) == ["VALUE_INVALID"] * 2
    assert bank.error_code("keeper-1", "vaultAddSlots", added) == "FORBIDDEN"
    place = {"vault": "V1", "cabinet": "NEW", "slot": "1"}
    first, second, third = bank.waiting(), bank.waiting(), bank.waiting()
    for story in (first, second):
        bank.vault(story, vault_plan(story, cabinet="NEW", slot="1"))
    full = vault_plan(third, cabinet="NEW", slot="1")
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", full)) == ["SLOT_OCCUPIED"]
    smaller = {**place, "capacity": 1}
    assert codes(bank.do("supervisor", "slotSetCapacity", smaller)) == ["VALUE_INVALID"]
    assert codes(bank.do("supervisor", "slotClose", place)) == ["SLOT_OCCUPIED"]
    bank.done("supervisor", "slotSetCapacity", {**place, "capacity": 3})
    bank.vault(third, full)
    empty = {**place, "slot": "2"}
    closed = bank.done("supervisor", "slotClose", empty, f"slot {{ closed }} {REFUSALS}")
    assert closed["slot"]["closed"] is True
    assert codes(bank.do("supervisor", "slotClose", empty)) == ["VALUE_INVALID"]
    fourth = bank.waiting()
    there = vault_plan(fourth, cabinet="NEW", slot="2")
    assert codes(bank.do("keeper-1", "certificateVaultInPropose", there)) == ["VALUE_INVALID"]


def test_a_slot_that_closes_and_a_paper_that_comes_never_both_win(bank: Bank):
    bank.done("supervisor", "vaultAddSlots", {"vault": "V1", "cabinet": "RACE", "slots": ["1"]})
    story = bank.waiting()
    plan = vault_plan(story, cabinet="RACE", slot="1")
    place = {"vault": "V1", "cabinet": "RACE", "slot": "1"}
    with ThreadPoolExecutor(2) as pool:
        comes = pool.submit(bank.do, "keeper-1", "certificateVaultInPropose", plan)
        closes = pool.submit(bank.do, "supervisor", "slotClose", place)
    answers = [codes(comes.result()), codes(closes.result())]
    assert answers.count([]) == 1
    assert answers in ([[], ["SLOT_OCCUPIED"]], [["VALUE_INVALID"], []])


INVENTORY = """
query($first: Int, $after: String) {
  vaultInventory(vault: "V1", first: $first, after: $after) {
    nodes { id custodyState place { cabinet slot packetNo } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""


def test_the_inventory_goes_place_by_place_page_by_page(bank: Bank):
    bank.done("supervisor", "vaultAddSlots", {"vault": "V1", "cabinet": "0-FIRST", "slots": ["1"]})
    bank.done(
        "supervisor",
        "slotSetCapacity",
        {"vault": "V1", "cabinet": "0-FIRST", "slot": "1", "capacity": 5},
    )
    for _ in range(3):
        story = bank.waiting()
        bank.vault(story, vault_plan(story, cabinet="0-FIRST", slot="1"))
    seen, after = [], None
    while True:
        page = bank.query("keeper-1", INVENTORY, first=2, after=after)["vaultInventory"]
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    places = [(p["cabinet"], p["slot"], p["packetNo"]) for p in (n["place"] for n in seen)]
    assert places == sorted(places)
    assert len({node["id"] for node in seen}) == len(seen) == page["totalCount"]
    assert {node["custodyState"] for node in seen} == {"IN_VAULT"}
    assert [place[0] for place in places[:3]] == ["0-FIRST"] * 3


def test_a_cursor_of_another_list_is_refused(bank: Bank):
    other = bank.query("keeper-1", "{ certificates(first: 1) { pageInfo { endCursor } } }")
    after = other["certificates"]["pageInfo"]["endCursor"]
    assert bank.ask("keeper-1", INVENTORY, first=1, after=after)["errors"]


def test_each_page_of_the_inventory_reads_its_own_rows_alone(bank: Bank, endpoints):
    for _ in range(10):
        story = bank.waiting()
        bank.vault(story)
    before = bank.query("auditor", INVENTORY, first=10)["vaultInventory"]
    after = before["pageInfo"]["endCursor"]
    cabinets = {node["place"]["cabinet"] for node in before["nodes"][-5:]}
    assert len(cabinets) == 1  # so the page begins in the middle of a cabinet
    with MongoClient(endpoints.mongo_url) as client:
        database = client["lienkeeper"]
        database.command("profile", 2, filter={"op": "query", "appName": "lienkeeper"})
        try:
            bank.query("auditor", INVENTORY.replace("totalCount", ""), first=2, after=after)
        finally:
            database.command("profile", 0)
        plans = list(database["system.profile"].find({"ns": "lienkeeper.certificates"}))
        database["system.profile"].drop()
    (plan,) = plans
    assert not plan.get("hasSortStage")
    # The row of the cursor, a page, and one more.
    assert plan["keysExamined"] <= 1 + 3, plan["planSummary"]
    assert plan["docsExamined"] <= 1 + 3
