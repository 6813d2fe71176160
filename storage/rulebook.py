"""Policy values and the working calendar, read once and again whenever they change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from chinese_calendar.constants import holidays, workdays

from domain.calendar import WorkCalendar
from domain.policy import Policy, PolicyValue, resolve
from storage.mongo import Mongo
from storage.writes import Update

_KEY = "rulebook"
_MAX_VALUES = 20_000
BUMP = Update({"_id": _KEY}, {"$inc": {"edition": 1}}, upsert=True)

_PUBLISHED: Mapping[date, bool] = MappingProxyType(
    dict.fromkeys(holidays, False) | dict.fromkeys(workdays, True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds on one business date."""

    policy: Policy
    calendar: WorkCalendar


class Rulebook:
    """Keeps the newest edition at hand; one small read tells whether it is still the newest."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._edition: int | None = None
        self._values: list[PolicyValue] = []
        self._calendar = _calendar([])
        self._resolved: dict[date, Policy] = {}

    async def on(self, today: date) -> Rules:
        """The rules in force on that business date."""
        meta = await self._mongo.database["meta"].find_one({"_id": _KEY})
        edition = meta["edition"] if meta else 0
        if edition != self._edition:
            await self._read(edition)
        if today not in self._resolved:
            self._resolved = {today: resolve(self._values, on=today)}
        return Rules(policy=self._resolved[today], calendar=self._calendar)

    async def _read(self, edition: int) -> None:
        values = await self._mongo.database["policy_values"].find({}).to_list(_MAX_VALUES)
        days = await self._mongo.database["work_calendar"].find({}).to_list(_MAX_VALUES)
        self._values = [_value(record) for record in values]
        self._calendar = _calendar(days)
        self._resolved = {}
        self._edition = edition


def _value(record: Mapping[str, Any]) -> PolicyValue:
    until = record.get("effective_to")
    return PolicyValue(
        key=record["key"],
        value=record["value"],
        effective_from=date.fromisoformat(record["effective_from"]),
        effective_to=None if until is None else date.fromisoformat(until),
    )


def _calendar(days: list[dict[str, Any]]) -> WorkCalendar:
    told = {date.fromisoformat(day["_id"]): bool(day["is_working"]) for day in days}
    known = {**_PUBLISHED, **told}
    return WorkCalendar(exceptions=known, published=frozenset(day.year for day in known))
