"""Vaults through the feed: their limit counts what they have already (CUS-08)."""

from tests.client import Bank, vault_plan


def shelves(first: int, count: int, code: str = "VFULL") -> tuple[str, dict]:
    cabinets = [
        {"cabinet": f"C{n}", "slots": [f"{slot:03}" for slot in range(500)]}
        for n in range(first, first + count)
    ]
    return "Vault", {"code": code, "name": "Full", "org": "LC", "cabinets": cabinets}


def test_a_vault_never_gets_more_slots_than_it_may_have(bank: Bank):
    assert [a["status"] for a in bank.load(shelves(0, 5), shelves(5, 5))] == ["CREATED", "UPDATED"]
    refused = bank.load(shelves(10, 1), shelves(0, 1), all_taken=False)
    assert [answer["status"] for answer in refused] == ["REJECTED", "UNCHANGED"]
    assert [refusal["code"] for refusal in refused[0]["refusals"]] == ["LIMIT_EXCEEDED"]
    assert bank.load(shelves(9, 1))[0]["status"] == "UNCHANGED"


def test_a_slot_never_holds_less_than_lies_in_it_and_a_refused_line_changes_nothing(bank: Bank):
    def told(capacity: int, *slots: str) -> tuple[str, dict]:
        cabinet = {"cabinet": "TWO", "capacity": capacity, "slots": slots}
        return "Vault", {"code": "V1", "name": "Main", "org": "LC", "cabinets": [cabinet]}

    bank.load(told(2, "1"))
    for _ in range(2):
        story = bank.waiting()
        bank.vault(story, vault_plan(story, cabinet="TWO", slot="1"))
    [refused] = bank.load(told(1, "0", "1"), all_taken=False)
    assert [one["code"] for one in refused["refusals"]] == ["VALUE_INVALID"]
    assert bank.load(told(2, "1"))[0]["status"] == "UNCHANGED"
    assert bank.load(told(2, "0"))[0]["status"] == "UPDATED"  # it was not there yet


def test_full_vaults_stand_beside_each_other_in_one_delivery(bank: Bank):
    bank.load(shelves(0, 10, "VFULL"), shelves(0, 10, "VFULL2"))
    told = bank.load(shelves(3, 1, "VFULL"), shelves(3, 1, "VFULL2"))
    assert [answer["status"] for answer in told] == ["UNCHANGED", "UNCHANGED"]
