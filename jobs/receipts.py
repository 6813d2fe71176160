"""Documents of receipts (回单): filing those that were left, sweeping those nobody names."""

from datetime import UTC, date, datetime, timedelta

from domain.calendar import business_date
from resolvers.context import Stores
from resolvers.filing import MAX_AT_ONCE, UNFILED
from resolvers.receipts import day_prefix

SETTLED_DAYS = 2  # no decision takes so long, so what is unnamed by then will never be named
MAX_DAYS = 31  # caught up with in one round
_KEY = "receipts_swept"


async def file_receipts(stores: Stores) -> int:
    """Files announced documents that a crash or an outage of the store left (ARC-29)."""
    versions = stores.mongo.database["file_versions"]
    ids = [one["_id"] for one in await versions.find(UNFILED, {"_id": 1}).to_list(MAX_AT_ONCE)]
    if not ids:
        return 0
    await stores.filer.file_anew(ids)
    return len(ids) - await versions.count_documents({"_id": {"$in": ids}, **UNFILED})


async def sweep_receipts(stores: Stores) -> int:
    """Removes stored versions that no record names, a day at a time and each day once.

    They are left where a crash came between storing a document and recording that, and it was
    stored again.

    Their keys begin with the day, so that finding them never takes a look at all that is kept.
    """
    database = stores.mongo.database
    last = business_date(stores.clock.now()) - timedelta(days=SETTLED_DAYS)
    kept = await database["meta"].find_one({"_id": _KEY})
    day = last if kept is None else date.fromisoformat(kept["through"]) + timedelta(days=1)
    removed = 0
    for _ in range(MAX_DAYS):
        if day > last:
            break
        removed += await _sweep(stores, day)
        through = {"$set": {"through": day.isoformat()}}
        await database["meta"].update_one({"_id": _KEY}, through, upsert=True)
        day += timedelta(days=1)
    return removed


async def _sweep(stores: Stores, day: date) -> int:
    versions = stores.mongo.database["file_versions"]
    removed = 0
    now = datetime.now(UTC)  # by which the store says when it stored something
    async for found in stores.objects.unfinished(prefix=day_prefix(day), before=now):
        named = await versions.find_one({"object_key": found.key}, {"object_version_id": 1})
        if named is None or named["object_version_id"] not in {None, found.version_id}:
            await stores.objects.remove(found.key, found.version_id)
            removed += 1
    return removed
