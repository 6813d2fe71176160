"""What is kept proves itself: an altered event, entry or place is found and named."""

import asyncio
from datetime import datetime, timedelta

import pytest
from pymongo import MongoClient

import server
from resolvers.context import Stores
from settings import Settings
from storage.verification import findings
from tests.client import Bank, Story


def found(endpoints) -> list[str]:
    async def collect(stores: Stores) -> list[str]:
        await stores.clock.load(stores.mongo)
        now = stores.clock.now()
        return [finding async for finding in findings(stores.mongo, stores.objects, now=now)]

    return beside(endpoints, collect)


def beside(endpoints, work):
    """Runs work on the stores, as another process would."""

    async def run():
        wiring = server.wire(Settings(), endpoints)
        try:
            return await work(wiring.stores)
        finally:
            wiring.close()

    return asyncio.run(run())


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


def document_of(bank: Bank, database, story: Story) -> tuple[dict, dict]:
    """The receipt of the paper's vault-in and the version of its document, once it is filed."""
    receipt = database.receipts.find_one(
        {"items.certificate_id": story.certificate_id, "kind": "VAULT_IN"}
    )
    query = {"file_id": receipt["file_ids"][0]}
    version = database.file_versions.find_one(query)
    token = {"authorization": f"Bearer {bank.token('auditor')}"}
    assert bank.http.get(f"/files/{version['_id']}", headers=token).status_code == 200
    return receipt, database.file_versions.find_one(query)


def test_a_receipt_whose_document_was_overwritten_or_removed_is_found_and_named(
    bank: Bank, endpoints, database
):
    receipt, version = document_of(bank, database, bank.vaulted())
    named = f"INV-06: the document {version['file_id']} of receipt {receipt['_id']}"
    key, stored = version["object_key"], version["object_version_id"]

    async def overwrite(stores: Stores) -> str:
        return await stores.objects.put_bytes(key, b"other bytes", mime="application/pdf")

    async def remove(stores: Stores) -> None:
        await stores.objects.remove(key, stored)

    assert not [finding for finding in found(endpoints) if receipt["_id"] in finding]
    other = beside(endpoints, overwrite)
    assert not [finding for finding in found(endpoints) if receipt["_id"] in finding]
    only = {"_id": version["_id"]}
    database.file_versions.update_one(only, {"$set": {"object_version_id": other}})
    assert f"{named} is not what is stored." in found(endpoints)
    database.file_versions.update_one(only, {"$set": {"object_version_id": stored}})
    beside(endpoints, remove)
    assert f"{named} is gone from the store." in found(endpoints)
    database.receipts.delete_one({"_id": receipt["_id"]})  # nobody can mend it for others


@pytest.mark.parametrize(
    ("minutes", "told"), [(60, []), (61, ["is not stored yet."])], ids=["an hour", "longer"]
)
def test_a_document_that_waits_for_too_long_is_named(
    bank: Bank, endpoints, database, minutes, told
):
    receipt, version = document_of(bank, database, bank.vaulted())
    since = version["requested_at"] - timedelta(minutes=minutes)
    waiting = {"status": "READY", "object_version_id": None, "requested_at": since}
    database.file_versions.update_one({"_id": version["_id"]}, {"$set": waiting})
    try:
        about = [finding for finding in found(endpoints) if receipt["_id"] in finding]
    finally:
        database.file_versions.replace_one({"_id": version["_id"]}, version)
    assert [finding.partition(f"{receipt['_id']} ")[2] for finding in about] == told


def test_a_document_of_another_hash_or_without_a_record_is_named(bank: Bank, endpoints, database):
    receipt, version = document_of(bank, database, bank.vaulted())
    only = {"_id": version["_id"]}
    try:
        database.file_versions.update_one(only, {"$set": {"sha256": "0" * 64}})
        assert [f for f in found(endpoints) if receipt["_id"] in f and "another hash" in f]
        database.file_versions.delete_one(only)
        assert [f for f in found(endpoints) if receipt["_id"] in f and "has no record" in f]
    finally:
        database.file_versions.replace_one(only, version, upsert=True)
    assert not [finding for finding in found(endpoints) if receipt["_id"] in finding]


def _to_another_slot(database, id):
    """Certificate, packet and slots agree; no event tells of it."""
    place = database.certificates.find_one({"_id": id})["place"]
    here = {key: place[key] for key in ("vault", "cabinet", "slot")}
    there = here | {"cabinet": "B", "slot": "998"}
    packet = place["packet_no"]
    database.certificates.update_one(
        {"_id": id}, {"$set": {"place": there | {"packet_no": packet}}}
    )
    database.packets.update_one({"packet_no": packet}, {"$set": there})
    database.slots.update_one(here, {"$pull": {"packet_nos": packet}})
    database.slots.update_one(there, {"$push": {"packet_nos": packet}})


def _held_by_nothing(database, id):
    lock = {"kind": "CHECK_OUT", "id": "chko_nothing"}
    database.certificates.update_one({"_id": id}, {"$set": {"lock": lock}})


def _gone(database, id):
    database.certificates.delete_one({"_id": id})


def _in_two_slots(database, id):
    place = database.certificates.find_one({"_id": id})["place"]
    there = {"vault": place["vault"], "cabinet": "B", "slot": "999"}
    database.slots.update_one(there, {"$push": {"packet_nos": place["packet_no"]}})


def _one_too_many(database, id):
    place = database.certificates.find_one({"_id": id})["place"]
    here = {key: place[key] for key in ("vault", "cabinet", "slot")}
    database.slots.update_one(here, {"$push": {"packet_nos": "P-NOBODY-KNOWS"}})


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (_to_another_slot, ["INV-03"]),
        (_held_by_nothing, ["INV-02"]),
        (_gone, ["INV-03", "INV-03"]),  # told by its ledger, and by its packet
        (_in_two_slots, ["INV-01"]),
        (_one_too_many, ["CUS-08"]),
    ],
)
def test_what_was_changed_beside_the_ledger_is_found(
    bank: Bank, endpoints, database, change, rules
):
    id = bank.vaulted().certificate_id
    kept = {name: list(database[name].find()) for name in ("certificates", "packets", "slots")}
    before = found(endpoints)
    change(database, id)
    try:
        after = found(endpoints)
        assert sorted(one[:6] for one in after if one not in before) == rules
    finally:
        for name, records in kept.items():
            for record in records:
                database[name].replace_one({"_id": record["_id"]}, record, upsert=True)
