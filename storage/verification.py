"""Proving what is kept: chains recomputed, ledgers replayed, invariants checked on live data.

Source: domain 2.4. Each finding names the record, so that an auditor can look.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from domain.book import Posting, PostingStatus, holding
from domain.certificates import Catalog, CustodyState, LegalState, LockKind
from domain.collaterals import PledgeState
from domain.files import FileStatus
from domain.vaults import PacketStatus
from storage.ledger import ledger
from storage.mongo import Mongo
from storage.objects import MAX_READINGS, Objects
from storage.records import Record, from_record
from storage.sequence import CHAINED, broken_entry, sequence

MAX_EVENTS = 10_000
MAX_DAY = 1_000_000
UNFILED_FOR = timedelta(hours=1)  # longer than the store may be away without a word
# Where the open requests are that hold certificates.
_HOLDERS = {
    LockKind.VAULT_PROPOSAL: "proposals",
    LockKind.DEREGISTRATION: "dereg_cases",
    LockKind.CHECK_OUT: "check_outs",
    LockKind.OWNER_RETURN: "owner_returns",
}
_DUAL = frozenset(
    {
        "VAULT_IN",
        "RELOCATE",
        "RESEAL",
        "CHECK_OUT",
        "VAULT_OUT_FOR_DEREG",
        "FOUND",
        "FILE_ELECTRONIC",
        "TRANSFER_OUT",
        "DISPATCH",
        "RECEIVE_DISPATCHED",
        "REDEEM",
        "REINSTATE",
    }
)


async def findings(mongo: Mongo, objects: Objects, *, now: datetime) -> AsyncIterator[str]:
    """Everything that does not hold, one sentence each; nothing when all is sound.

    Raises: Unavailable.
    """
    await sequence(mongo)
    async for certificate in mongo.database["certificates"].find({}):
        async for finding in _certificate(mongo, certificate):
            yield finding
    async for packet in mongo.database["packets"].find({"status": PacketStatus.SEALED.value}):
        if not packet["certificate_ids"] or packet["seal_no"] is None:
            yield f"INV-01: packet {packet['_id']} is sealed and empty, or has no seal."
    async for finding in _slots(mongo):
        yield finding
    async for finding in _orphans(mongo):
        yield finding
    async for collateral in mongo.database["collaterals"].find(
        {"pledge_state": PledgeState.RELEASED.value}
    ):
        async for finding in _released(mongo, collateral):
            yield finding
    async for finding in _receipts(mongo, objects, now=now):
        yield finding
    for collection in CHAINED:
        async for finding in _chains(mongo, collection):
            yield finding


async def _certificate(mongo: Mongo, certificate: Record) -> AsyncIterator[str]:
    id = certificate["_id"]
    cursor = mongo.database["custody_events"].find({"certificate_id": id}).sort("seq", 1)
    told = ledger(await cursor.to_list(MAX_EVENTS))
    if told.broken is not None:
        yield f"INV-03: event {told.broken} of certificate {id} does not follow."
        return
    if not told.leads_to(certificate):
        yield f"INV-03: the ledger of certificate {id} does not end where the certificate is."
    if told.events and not told.tells_place_of(certificate):
        yield f"INV-03: certificate {id} does not lie where its ledger tells."
    if told.events and not told.tells_right_of(certificate):
        yield f"INV-03: the legal state of certificate {id} is not the one its ledger tells."
    for event in told.events:
        logins = {operator.login for operator in event.operators}
        if event.type in _DUAL and len(logins) < 2:
            yield f"INV-04: event {event.id} was not done by two people."
    async for finding in _place(mongo, certificate):
        yield finding
    lock = certificate["lock"]
    if lock is not None:
        holder = mongo.database[_HOLDERS[LockKind(lock["kind"])]]
        if await holder.find_one({"_id": lock["id"]}, {"_id": 1}) is None:
            yield f"INV-02: certificate {id} is held by a request that is not there."
    async for finding in _book(mongo, certificate):
        yield finding


async def _place(mongo: Mongo, certificate: Record) -> AsyncIterator[str]:
    """IN_VAULT and one sealed packet in one slot belong together (INV-01)."""
    id, place = certificate["_id"], certificate["place"]
    inside = certificate["custody_state"] == CustodyState.IN_VAULT
    packets = await mongo.database["packets"].find({"certificate_ids": id}).to_list(2)
    if not inside:
        if place is not None or packets:
            yield f"INV-01: certificate {id} is not in the vault but has a place there."
        return
    if place is None or [packet["packet_no"] for packet in packets] != [place["packet_no"]]:
        yield f"INV-01: certificate {id} does not lie in exactly one packet."
        return
    if any(packets[0][name] != place[name] for name in ("vault", "cabinet", "slot")):
        yield f"INV-01: the packet of certificate {id} lies in another slot than the paper."
    slot = await mongo.database["slots"].find_one(
        {"vault": place["vault"], "cabinet": place["cabinet"], "slot": place["slot"]}
    )
    if slot is None or place["packet_no"] not in slot["packet_nos"]:
        yield f"INV-01: the packet of certificate {id} is not in its slot."


async def _slots(mongo: Mongo) -> AsyncIterator[str]:
    """A packet lies in one slot, and a slot holds no more of them than it may (CUS-08)."""
    slots = mongo.database["slots"]
    full = {"$expr": {"$gt": [{"$size": "$packet_nos"}, "$capacity"]}}
    async for slot in slots.find(full, {"_id": 1}):
        yield f"CUS-08: slot {slot['_id']} holds more packets than it may."
    twice: list[Record] = [
        {"$unwind": "$packet_nos"},
        {"$group": {"_id": "$packet_nos", "n": {"$sum": 1}}},
        {"$match": {"n": {"$gt": 1}}},
    ]
    async for packet in slots.aggregate(twice, allowDiskUse=True):
        yield f"INV-01: packet {packet['_id']} lies in several slots."


async def _orphans(mongo: Mongo) -> AsyncIterator[str]:
    """No certificate is ever removed: neither ledger nor packet is left without it (INV-03)."""
    for collection, field in (("custody_events", "certificate_id"), ("packets", "certificate_ids")):
        stages: list[Record] = [
            {"$unwind": f"${field}"},
            {"$group": {"_id": f"${field}"}},
            {
                "$lookup": {
                    "from": "certificates",
                    "localField": "_id",
                    "foreignField": "_id",
                    "as": "found",
                }
            },
            {"$match": {"found": []}},
        ]
        async for row in mongo.database[collection].aggregate(stages, allowDiskUse=True):
            yield f"INV-03: certificate {row['_id']} is gone, and {collection} still tell of it."


async def _book(mongo: Mongo, certificate: Record) -> AsyncIterator[str]:
    """The book was asked to hold what lies in a vault, unless an entry was reversed (INV-08)."""
    id, place = certificate["_id"], certificate["place"]
    cursor = mongo.database["postings"].find({"certificate_id": id})
    entries = [from_record(Posting, record) for record in await cursor.to_list(MAX_EVENTS)]
    entry = holding(entries)
    booked_in = None if entry is None else entry.vault
    if booked_in != certificate.get("booked_in"):
        yield f"INV-08: the entries of certificate {id} do not lead to what it says of the book."
    lies_in = None if place is None else place["vault"]
    undone = any(one.status is PostingStatus.REVERSED for one in entries)
    if booked_in != lies_in and not undone:
        yield f"INV-08: the book was not asked to hold certificate {id} where it lies."


async def _released(mongo: Mongo, collateral: Record) -> AsyncIterator[str]:
    """No right of what is released still stands in the registry or is on its way (INV-05)."""
    query: dict[str, Any] = {
        "collateral_nos": collateral["no"],
        "catalog": Catalog.RIGHT_CERT.value,
        "$or": [
            {"legal_state": LegalState.REGISTERED.value},
            {"custody_state": {"$in": [CustodyState.CHECKED_OUT, CustodyState.IN_TRANSIT]}},
        ],
    }
    async for certificate in mongo.database["certificates"].find(query, {"_id": 1}):
        yield f"INV-05: {collateral['_id']} is released, certificate {certificate['_id']} is not."


async def _receipts(mongo: Mongo, objects: Objects, *, now: datetime) -> AsyncIterator[str]:
    """Each receipt's document lies in the store as it was drawn (INV-06, ARC-29)."""
    cursor = mongo.database["receipts"].find({})
    while receipts := await cursor.to_list(MAX_READINGS):
        looks = (_receipt(mongo, objects, receipt, now=now) for receipt in receipts)
        for found in await asyncio.gather(*looks):
            for finding in found:
                yield finding


async def _receipt(mongo: Mongo, objects: Objects, receipt: Record, *, now: datetime) -> list[str]:
    """What is wrong with the documents of one receipt, one in each of its dossiers."""
    versions = mongo.database["file_versions"]
    found = []
    for file_id in receipt["file_ids"]:
        version = await versions.find_one({"file_id": file_id, "n": 1})
        wrong = await _document(objects, receipt, version, now=now)
        if wrong is not None:
            found.append(f"INV-06: the document {file_id} of receipt {receipt['_id']} {wrong}.")
    return found


async def _document(
    objects: Objects, receipt: Record, version: Record | None, *, now: datetime
) -> str | None:
    """What is wrong with one document of a receipt, if anything."""
    if version is None:
        return "has no record"
    if version["sha256"] != receipt["sha256"]:
        return "has another hash in its record than the receipt"
    if version["status"] == FileStatus.DESTROYED:
        return None
    stored = version["object_version_id"]
    if stored is None:
        late = now - version["requested_at"] > UNFILED_FOR
        return "is not stored yet" if late else None
    digest = await objects.digest(version["object_key"], stored)
    if digest is None:
        return "is gone from the store"
    return None if digest == receipt["sha256"] else "is not what is stored"


async def _chains(mongo: Mongo, collection: str) -> AsyncIterator[str]:
    for day in sorted(await mongo.database[collection].distinct("biz_date")):
        entries = await (
            mongo.database[collection].find({"biz_date": day}).sort("seq", 1).to_list(MAX_DAY)
        )
        broken = broken_entry(entries)
        if broken is not None:
            yield f"{collection}: entry {broken['_id']} of {day} does not follow."
