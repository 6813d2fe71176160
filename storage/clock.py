"""The one clock that rules, jobs and deadlines read; demonstrations may hold it still."""

from datetime import UTC, datetime

from storage.mongo import Mongo

_KEY = "clock"


class Clock:
    """Real time, or the moment at which a demonstration holds it."""

    def __init__(self) -> None:
        self._held: datetime | None = None

    def now(self) -> datetime:
        """The moment in UTC, to the millisecond, as records keep it."""
        moment = self._held or datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    async def load(self, mongo: Mongo) -> None:
        """Goes on where a demonstration left it."""
        kept = await mongo.database["meta"].find_one({"_id": _KEY})
        self._held = kept["now"] if kept else None

    async def hold(self, mongo: Mongo, moment: datetime | None) -> None:
        """Holds the clock at a moment, or frees it."""
        held = None if moment is None else moment.astimezone(UTC)
        await mongo.database["meta"].update_one({"_id": _KEY}, {"$set": {"now": held}}, upsert=True)
        self._held = held
