"""Putting committed entries in order: positions of the outbox, links of the daily chains.

A decision writes its entries unnumbered, so that no two decisions wait for one counter. The
sequencer then numbers what has been committed; only numbered entries are given out or verified.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from storage.errors import Unavailable
from storage.mongo import Mongo
from storage.records import Record

BATCH = 500
CHAINED = ("audit_log", "access_logs")
_KEPT_ASIDE = frozenset({"_id", "seq", "prev_hash", "hash"})


async def sequence(mongo: Mongo) -> int:
    """Numbers every committed entry that has no number yet; how many. Raises: Unavailable."""
    try:
        done = await _position_events(mongo)
        for collection in CHAINED:
            done += await _chain_entries(mongo, collection)
    except BulkWriteError:
        return 0  # another process numbered them first
    except PyMongoError as error:
        raise Unavailable("mongo") from error
    return done


def entry_hash(entry: Mapping[str, Any], *, seq: int, prev_hash: str) -> str:
    """SHA-256 over an entry, its number and the hash before it."""
    facts = {name: value for name, value in entry.items() if name not in _KEPT_ASIDE}
    text = json.dumps(
        [entry["_id"], seq, prev_hash, facts], sort_keys=True, ensure_ascii=False, default=_plain
    )
    return hashlib.sha256(text.encode()).hexdigest()


def broken_entry(entries: Sequence[Record]) -> Record | None:
    """The first entry of one day's chain that does not follow; None when all do."""
    previous = ""
    for seq, entry in enumerate(entries, start=1):
        right = entry_hash(entry, seq=seq, prev_hash=previous)
        if (entry.get("seq"), entry.get("prev_hash"), entry.get("hash")) != (seq, previous, right):
            return entry
        previous = right
    return None


async def _position_events(mongo: Mongo) -> int:
    outbox, total = mongo.database["outbox"], 0
    while True:
        waiting = outbox.find({"position": None}).sort("_id", 1).limit(BATCH)
        events = await waiting.to_list(BATCH)
        if not events:
            return total
        last = await outbox.find_one({}, {"position": 1}, sort=[("position", -1)])
        start = (last or {}).get("position") or 0
        await outbox.bulk_write(
            [
                UpdateOne({"_id": event["_id"], "position": None}, {"$set": {"position": place}})
                for place, event in enumerate(_in_aggregate_order(events), start=start + 1)
            ]
        )
        total += len(events)


def _in_aggregate_order(events: Sequence[Record]) -> list[Record]:
    """Events by time; those of one aggregate never out of their own order (clocks may differ)."""
    by_aggregate: dict[str, list[Record]] = defaultdict(list)
    for event in events:
        by_aggregate[event["aggregate_id"]].append(event)
    for own in by_aggregate.values():
        own.sort(key=_aggregate_seq, reverse=True)
    return [by_aggregate[event["aggregate_id"]].pop() for event in events]


def _aggregate_seq(event: Record) -> int:
    return int(event["aggregate_seq"])


async def _chain_entries(mongo: Mongo, collection: str) -> int:
    log, total = mongo.database[collection], 0
    while entries := await log.find({"seq": None}).sort("_id", 1).limit(BATCH).to_list(BATCH):
        heads: dict[str, tuple[int, str]] = {}
        updates = []
        for entry in entries:
            day = entry["biz_date"]
            if day not in heads:
                last = await log.find_one(
                    {"biz_date": day, "seq": {"$ne": None}}, sort=[("seq", -1)]
                )
                heads[day] = (last["seq"], last["hash"]) if last else (0, "")
            seq, previous = heads[day][0] + 1, heads[day][1]
            own = entry_hash(entry, seq=seq, prev_hash=previous)
            link = {"seq": seq, "prev_hash": previous, "hash": own}
            updates.append(UpdateOne({"_id": entry["_id"], "seq": None}, {"$set": link}))
            heads[day] = seq, own
        await log.bulk_write(updates)
        total += len(entries)
    return total


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    raise TypeError(type(value).__name__)
