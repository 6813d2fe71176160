"""What a decision remembers of its reads, and what goes on outside beside them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient

from domain.vaults import Slot
from storage.decisions import Decision, asked
from storage.finds import Asked
from storage.mongo import Mongo
from storage.records import to_record
from storage.transactions import decide

NOW = datetime(2025, 6, 20, 2, tzinfo=UTC)
NAME = "lienkeeper_decisions"
PLACE = {"vault": "V", "cabinet": "A", "org_code": "LC", "org_path": "/HO/LC"}
SLOTS = [Slot(id=f"slot_{n}", slot=str(n), **PLACE) for n in range(3)]
IN_A = {"cabinet": "A"}
SEAL = Asked(collection="seals", query={"_id": "S1"}, limit=1)


@pytest.fixture
def database(endpoints) -> Iterator[Any]:
    with MongoClient(endpoints.mongo_url) as client:
        client[NAME].users.insert_one({"_id": "user_1"})
        client[NAME].slots.insert_many([to_record(slot) | {"fence": 0} for slot in SLOTS])
        client[NAME].seals.insert_one({"_id": "S1"})
        yield client[NAME]
        client.drop_database(NAME)


def decided(endpoints, work) -> Any:
    async def run() -> Any:
        mongo = Mongo(endpoints.mongo_url, NAME)
        try:
            return await decide(mongo, work, by="me", cause="test", at=NOW)
        finally:
            mongo.close()

    return asyncio.run(run())


def reads(database, endpoints, work) -> list[str]:
    """The collections that a decision's commands read."""
    database.command("profile", 2, filter={"appName": "lienkeeper"})
    try:
        decided(endpoints, work)
    finally:
        database.command("profile", 0)
    commands = [entry["command"] for entry in database["system.profile"].find({})]
    database["system.profile"].drop()
    return [c.get("find") or c["aggregate"] for c in commands if "find" in c or "aggregate" in c]


def test_what_was_asked_ahead_is_not_asked_again(database, endpoints):
    async def work(decision: Decision) -> None:
        await decision.ahead(asked(Slot, IN_A), asked(Slot, {"slot": "2"}, limit=1), SEAL)
        assert await decision.find(Slot, IN_A) == SLOTS
        assert await decision.first(Slot, {"slot": "2"}) == SLOTS[2]
        assert await decision.exists(SEAL)
        assert await decision.get(Slot, "slot_1") == SLOTS[1]

    assert reads(database, endpoints, work) == ["users"]


def test_what_was_not_asked_ahead_is_asked_once(database, endpoints):
    async def work(decision: Decision) -> None:
        for _ in range(2):
            assert await decision.find(Slot, IN_A) == SLOTS
            assert await decision.find(Slot, {"_id": {"$in": ["slot_2", "slot_0"]}}) == SLOTS[::2]
            assert await decision.first(Slot, {"_id": "slot_9"}) is None

    assert reads(database, endpoints, work) == ["slots", "slots"]


def test_the_scope_of_a_question_is_part_of_it(database, endpoints):
    async def work(decision: Decision) -> None:
        elsewhere = {"org_path": "/HO/T1"}
        await decision.ahead(asked(Slot, IN_A))
        assert await decision.find(Slot, IN_A, within=elsewhere) == []
        assert await decision.find(Slot, {"_id": "slot_0"}, within=elsewhere) == []

    decided(endpoints, work)


def test_a_decision_reads_back_what_it_has_changed(database, endpoints):
    async def work(decision: Decision) -> None:
        await decision.ahead(asked(Slot, IN_A))
        (first, *_) = await decision.find(Slot, IN_A)
        saved = decision.save(replace(first, closed=True))
        assert (await decision.find(Slot, IN_A))[0] is saved
        assert await decision.get(Slot, first.id) is saved

    decided(endpoints, work)
    assert database.slots.find_one({"_id": "slot_0"})["closed"] is True


def test_what_was_begun_goes_on_beside_the_reads(database, endpoints):
    async def outside(wait: asyncio.Event, answer: str) -> str:
        await wait.wait()
        return answer

    async def work(decision: Decision) -> list[str]:
        event = asyncio.Event()
        late = decision.begin(outside(event, "late"))

        async def release() -> str:
            event.set()
            return "soon"

        return [await decision.begin(release()), await late]

    assert decided(endpoints, work) == ["soon", "late"]


def test_what_goes_wrong_outside_is_told_where_it_is_awaited(database, endpoints):
    async def broken() -> str:
        raise ZeroDivisionError

    async def work(decision: Decision) -> str:
        begun = decision.begin(broken())
        try:
            return await begun
        except ZeroDivisionError:
            return "known"

    assert decided(endpoints, work) == "known"


def test_what_follows_is_called_once_the_decision_is_kept_and_not_before(database, endpoints):
    called: list[bool] = []

    def follow() -> None:
        called.append(database.slots.find_one({"_id": "slot_0"})["closed"])

    async def work(decision: Decision) -> None:
        slot = await decision.get(Slot, "slot_0")
        decision.save(replace(slot, closed=True))
        decision.afterwards(follow)

    async def given_up(decision: Decision) -> None:
        decision.afterwards(follow)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decided(endpoints, given_up)
    assert called == []
    decided(endpoints, work)
    assert called == [True]
