"""What is kept proves itself: an altered event, entry or place is found and named."""

import asyncio

import pytest
from pymongo import MongoClient

from storage.mongo import Mongo
from storage.verification import findings
from tests.client import Bank


def found(endpoints) -> list[str]:
    async def collect() -> list[str]:
        mongo = Mongo(endpoints.mongo_url, "lienkeeper")
        try:
            return [finding async for finding in findings(mongo)]
        finally:
            mongo.close()

    return asyncio.run(collect())


@pytest.fixture
def database(endpoints):
    with MongoClient(endpoints.mongo_url) as client:
        yield client["lienkeeper"]


def history(bank: Bank, story) -> dict:
    return bank.query(
        "auditor",
        "query($id: ID!) { custodyHistory(certificateId: $id) { verified brokenEventId } }",
        id=story.certificate_id,
    )["custodyHistory"]


def test_one_changed_word_in_an_event_is_found_and_named(bank: Bank, endpoints, database):
    story = bank.vaulted()
    assert history(bank, story) == {"verified": True, "brokenEventId": None}
    event = database.custody_events.find_one({"certificate_id": story.certificate_id, "seq": 4})
    database.custody_events.update_one({"_id": event["_id"]}, {"$set": {"reason": "x"}})
    try:
        assert history(bank, story) == {"verified": False, "brokenEventId": event["_id"]}
        assert any(event["_id"] in finding for finding in found(endpoints))
    finally:
        database.custody_events.replace_one({"_id": event["_id"]}, event)
    assert not [finding for finding in found(endpoints) if story.certificate_id in finding]


@pytest.mark.parametrize(
    ("collection", "changes", "rule"),
    [
        ("certificates", {"custody_state": "RETURNED_TO_OWNER"}, "INV-03"),
        ("certificates", {"place": None}, "INV-01"),
        ("certificates", {"legal_state": "CANCELLED"}, "INV-03"),
    ],
)
def test_a_state_that_no_event_led_to_is_found(
    bank: Bank, endpoints, database, collection, changes, rule
):
    story = bank.vaulted()
    before = database[collection].find_one({"_id": story.certificate_id})
    database[collection].update_one({"_id": story.certificate_id}, {"$set": changes})
    try:
        told = [finding for finding in found(endpoints) if story.certificate_id in finding]
        assert any(finding.startswith(rule) for finding in told)
    finally:
        database[collection].replace_one({"_id": story.certificate_id}, before)


def test_an_altered_line_of_the_audit_log_is_found(bank: Bank, endpoints, database):
    bank.mortgage()
    assert not [finding for finding in found(endpoints) if finding.startswith("audit_log")]
    entry = database.audit_log.find_one({"seq": {"$ne": None}})
    database.audit_log.update_one({"_id": entry["_id"]}, {"$set": {"actor": "somebody"}})
    try:
        assert [f for f in found(endpoints) if entry["_id"] in f]
    finally:
        database.audit_log.replace_one({"_id": entry["_id"]}, entry)
