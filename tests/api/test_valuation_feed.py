"""Valuations through the feed: of no day to come, and corrected backwards too (S17, 4.6)."""

from typing import Any

from tests.client import Bank, Story

VALUE = "query($no: String!) { collateral(no: $no) { latestValue latestValueOn } }"


def valued(story: Story, no: str, yuan: str, on: str, **more: str) -> tuple[str, Any]:
    line = {"no": f"{no}{story.n}", "collateral": story.collateral_no, "value": yuan}
    return "Valuation", {**line, "value_date": on, **more}


def value(bank: Bank, story: Story) -> tuple[str, str]:
    told = bank.query("auditor", VALUE, no=story.collateral_no)["collateral"]
    return told["latestValue"], told["latestValueOn"]


def test_a_valuation_of_a_day_to_come_is_refused(bank: Bank):
    story = bank.mortgage()
    bank.load(valued(story, "VA", "900000.00", "2025-06-20"))
    [answer] = bank.load(valued(story, "VB", "9900000.00", "2025-06-21"), all_taken=False)
    assert [refusal["code"] for refusal in answer["refusals"]] == ["VALUE_INVALID"]
    assert value(bank, story) == ("900000.00", "2025-06-20")


def test_a_valuation_corrected_to_an_older_day_is_as_old_as_that(bank: Bank):
    story = bank.mortgage()
    bank.load(valued(story, "VA", "900000.00", "2025-06-01"))
    bank.load(valued(story, "VA", "900000.00", "2024-01-01"))
    assert value(bank, story) == ("900000.00", "2024-01-01")
    bank.load(valued(story, "VB", "800000.00", "2024-02-01"))
    bank.load(valued(story, "VB", "800000.00", "2023-02-01"))
    assert value(bank, story) == ("900000.00", "2024-01-01")
    both = ("2024-03-01", "2023-03-01")
    bank.load(*(valued(story, "VC", "700000.00", on) for on in both))
    assert value(bank, story) == ("900000.00", "2024-01-01")


def test_what_was_recorded_here_and_not_approved_is_not_counted_by_being_told_again(bank: Bank):
    story = bank.mortgage()
    before = value(bank, story)
    given = {
        "collateralId": story.collateral_id,
        "no": f"VR{story.n}",
        "value": "9900000.00",
        "valueOn": "2025-06-20",
        "method": "MARKET",
        "kind": "REVALUATION",
    }
    bank.load(
        (
            "User",
            {"login": "batch-1", "name": "x", "org": "LC", "roles": [{"role": "BATCH_SUPERVISOR"}]},
        )
    )
    bank.done("batch-1", "collateralRecordValuation", given)
    again = valued(story, "VR", "9900000.00", "2025-06-20", appraiser="other", kind="REVALUATION")
    bank.load(again)
    assert value(bank, story) == before
    bank.load(valued(story, "VR", "9900000.00", "2025-06-20", approved_by="core"))
    assert value(bank, story) == ("9900000.00", "2025-06-20")
