"""Policy values and the working calendar, read once and again whenever they change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from chinese_calendar.constants import holidays, workdays

from domain.calendar import WorkCalendar
from domain.policy import Policy, PolicyValue, resolve
from storage.finds import find
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edition:
    """What was read at once. resolved: the policy of the last day that was asked for."""

    number: int | None
    values: list[PolicyValue]
    calendar: WorkCalendar
    resolved: dict[date, Policy]


class Rulebook:
    """Keeps the newest edition at hand; one small read tells whether it is still the newest."""

    def __init__(self, mongo: Mongo) -> None:
        self._database = mongo.direct
        self._known = _Edition(number=None, values=[], calendar=_calendar([]), resolved={})

    def on(self, today: date) -> Rules:
        """The rules in force on that business date. It blocks, so it belongs into a hop.

        Raises: PyMongoError.
        """
        meta = find(self._database, "meta", {"_id": _KEY}, limit=1)
        number = meta[0]["edition"] if meta else 0
        known = self._known
        if number != known.number:
            known = self._known = self._read(number)
        policy = known.resolved.get(today)
        if policy is None:
            policy = resolve(known.values, on=today)
            known.resolved.clear()
            known.resolved[today] = policy
        return Rules(policy=policy, calendar=known.calendar)

    def _read(self, number: int) -> _Edition:
        values = find(self._database, "policy_values", {}, limit=_MAX_VALUES)
        days = find(self._database, "work_calendar", {}, limit=_MAX_VALUES)
        return _Edition(
            number=number,
            values=[_value(record) for record in values],
            calendar=_calendar(days),
            resolved={},
        )


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
