"""What is kept proves itself: an altered event, entry or place is found and named."""

import asyncio
from datetime import datetime, timedelta

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


@pytest.fixture(scope="module")
def vaulted(bank: Bank):
    return bank.vaulted()


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


def _one_byte(value):
    """The same with its last byte changed, whatever it is."""
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    if isinstance(value, datetime):
        return value + timedelta(milliseconds=1)
    return value + 1


@pytest.mark.parametrize(
    "field",
    [
        "type",
        "rule_id",
        "from_state",
        "to_state",
        "legal_state",
        "operators.0.login",
        "operators.1.at",
        "request_ref",
        "slot",
        "seal_no",
        "evidence.0.sha256",
        "biz_date",
        "recorded_at",
        "prev_hash",
        "hash",
        "org_path",
        "seq",
    ],
)
def test_one_changed_byte_anywhere_in_an_event_is_found_and_named(
    bank: Bank, endpoints, database, vaulted, field
):
    event = database.custody_events.find_one({"certificate_id": vaulted.certificate_id, "seq": 5})
    value = event
    for part in field.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    change = {"$set": {field: _one_byte(value)}}
    database.custody_events.update_one({"_id": event["_id"]}, change)
    try:
        told = bank.query(
            "auditor",
            "query($id: ID!) { custodyHistory(certificateId: $id) {"
            " verified brokenEventId events { id } } }",
            id=vaulted.certificate_id,
        )["custodyHistory"]
        assert (told["verified"], told["brokenEventId"]) == (False, event["_id"])
        assert any(event["_id"] in finding for finding in found(endpoints))
    finally:
        database.custody_events.replace_one({"_id": event["_id"]}, event)
    assert history(bank, vaulted) == {"verified": True, "brokenEventId": None}


def test_a_removed_event_is_missed(bank: Bank, endpoints, database, vaulted):
    last = database.custody_events.find_one({"certificate_id": vaulted.certificate_id, "seq": 5})
    database.custody_events.delete_one({"_id": last["_id"]})
    try:
        assert history(bank, vaulted) == {"verified": False, "brokenEventId": None}
        assert [f for f in found(endpoints) if vaulted.certificate_id in f]
    finally:
        database.custody_events.insert_one(last)


@pytest.mark.parametrize(
    ("collection", "changes", "rule"),
    [
        ("certificates", {"custody_state": "RETURNED_TO_OWNER"}, "INV-03"),
        ("certificates", {"place": None}, "INV-01"),
        ("certificates", {"legal_state": "CANCELLED"}, "INV-03"),
        ("certificates", {"booked_in": None}, "INV-08"),
        ("certificates", {"booked_in": "V9"}, "INV-08"),
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


def test_a_paper_whose_entry_is_gone_is_found(bank: Bank, endpoints, database):
    story = bank.vaulted()
    entry = database.postings.find_one({"certificate_id": story.certificate_id})
    database.postings.delete_one({"_id": entry["_id"]})
    try:
        told = [finding for finding in found(endpoints) if story.certificate_id in finding]
        assert [finding[:6] for finding in told] == ["INV-08", "INV-08"]
    finally:
        database.postings.insert_one(entry)
    assert not [finding for finding in found(endpoints) if story.certificate_id in finding]


def test_an_altered_line_of_the_audit_log_is_found(bank: Bank, endpoints, database):
    bank.mortgage()
    assert not [finding for finding in found(endpoints) if finding.startswith("audit_log")]
    entry = database.audit_log.find_one({"seq": {"$ne": None}})
    database.audit_log.update_one({"_id": entry["_id"]}, {"$set": {"actor": "somebody"}})
    try:
        assert [f for f in found(endpoints) if entry["_id"] in f]
    finally:
        database.audit_log.replace_one({"_id": entry["_id"]}, entry)
