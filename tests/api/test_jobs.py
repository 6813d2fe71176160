"""The schedule (定时任务): what a job cannot do keeps neither its other records nor other jobs."""

import pytest
from pymongo import MongoClient

from tests.api.test_races import at_once
from tests.client import NOON, REFUSALS, Bank, vault_plan

LATE = "2025-06-20T10:30:01+08:00"


@pytest.fixture(autouse=True)
def at_noon(bank: Bank):
    yield
    bank.clock(NOON)


@pytest.fixture
def broken(endpoints):
    """A proposal that is late before all others, and of which nothing else is known."""
    with MongoClient(endpoints.mongo_url) as client:
        database = client["lienkeeper"]
        known = database.proposals.find_one({"state": "PENDING"}, sort=[("expires_at", -1)])
        assert known is not None
        record = {"_id": "prop_broken", "state": "PENDING", "expires_at": known["expires_at"]}
        record["expires_at"] = record["expires_at"].replace(year=2020)
        database.proposals.insert_one(record)
        yield database
        database.proposals.delete_one({"_id": "prop_broken"})


@pytest.fixture
def proposal(bank: Bank) -> str:
    story = bank.waiting()
    select = f"proposal {{ id }} {REFUSALS}"
    plan = vault_plan(story)
    return bank.done("keeper-1", "certificateVaultInPropose", plan, select)["proposal"]["id"]


def test_a_record_that_cannot_be_read_keeps_no_other_waiting(bank: Bank, proposal, broken):
    bank.clock(LATE)
    answer = bank.http.post("/demo/run-jobs")
    assert answer.status_code == 500
    assert "prop_broken" not in answer.text
    assert broken.proposals.find_one({"_id": proposal})["state"] == "EXPIRED"
    told = broken.outbox.find_one({"aggregate_id": proposal, "cause": "expire_proposals"})
    assert told["position"] is not None  # the jobs behind it ran, numbering as the last


def test_rounds_that_are_begun_at_once_do_not_get_into_each_others_way(bank: Bank):
    for _ in range(20):
        story = bank.mortgage()
        bank.collect(story)
        given = {"certificateIds": [story.certificate_id], "desk": "V1"}
        bank.done("handler-1", "handoverInitiate", given, f"handover {{ id }} {REFUSALS}")
    bank.clock("2025-07-20T10:00:00+08:00")
    rounds = at_once(*[lambda: bank.http.post("/demo/run-jobs")] * 8)
    assert [one.status_code for one in rounds] == [200] * 8
    assert sum(one.json()["jobs"]["tell_late_handovers"] for one in rounds) >= 20
    assert bank.run_jobs()["tell_late_handovers"] == 0
