"""The one connection that a hop keeps: shared, replaced where it breaks, always given back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient

from domain.vaults import Slot
from storage.decisions import Decision
from storage.finds import find
from storage.mongo import MAX_POOL, Mongo
from storage.records import to_record
from storage.transactions import decide

NAME = "lienkeeper_hops"
NOW = datetime(2025, 6, 20, 2, tzinfo=UTC)
SLOT = Slot(id="slot_1", slot="1", vault="V", cabinet="A", org_code="LC", org_path="/HO/LC")


@pytest.fixture
def database(endpoints) -> Iterator[Any]:
    with MongoClient(endpoints.mongo_url) as client:
        client[NAME].slots.insert_one(to_record(SLOT) | {"fence": 0})
        yield client[NAME]
        client.drop_database(NAME)


def run(endpoints, work: Callable[[Mongo], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        mongo = Mongo(endpoints.mongo_url, NAME)
        try:
            return await work(mongo)
        finally:
            mongo.close()

    return asyncio.run(go())


@contextmanager
def hanging_up(database, *commands: str) -> Iterator[None]:
    """The server hangs up once, when one of these commands comes for the slots."""
    data = {"failCommands": commands, "closeConnection": True, "namespace": f"{NAME}.slots"}
    admin = database.client.admin
    admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data=data)
    try:
        yield
    finally:
        told = admin.command("configureFailPoint", "failCommand", mode="off")
    assert told["count"] >= 1, "nothing was hung up on"


def line(mongo: Mongo) -> str:
    """Our end of the connection that a command is sent on."""
    return str(mongo.direct.command({"whatsmyuri": 1})["you"])


def slots(mongo: Mongo) -> list[str]:
    return [row["_id"] for row in find(mongo.direct, "slots", {}, limit=10)]


def test_the_commands_of_a_hop_share_a_connection(database, endpoints):
    async def work(mongo: Mongo) -> list[str]:
        return await mongo.hop(lambda: [line(mongo), *slots(mongo), line(mongo)])

    first, slot, second = run(endpoints, work)
    assert first == second
    assert slot == "slot_1"


def test_a_read_is_asked_again_on_another_connection(database, endpoints):
    async def work(mongo: Mongo) -> list[str]:
        return await mongo.hop(lambda: [line(mongo), *slots(mongo), line(mongo)])

    with hanging_up(database, "find"):
        first, slot, second = run(endpoints, work)
    assert first != second
    assert slot == "slot_1"


@pytest.mark.parametrize("command", ["find", "update"])
def test_a_decision_whose_connection_breaks_is_made_once(database, endpoints, command):
    attempts = []

    async def work(decision: Decision) -> None:
        attempts.append(command)
        slot = await decision.get(Slot, "slot_1")
        decision.save(replace(slot, capacity=slot.capacity + 1))

    with hanging_up(database, command):
        run(endpoints, lambda mongo: decide(mongo, work, by="me", cause="test", at=NOW))
    assert attempts == [command] * 2
    kept = database.slots.find_one({})
    assert (kept["capacity"], kept["version"]) == (SLOT.capacity + 1, 1)


def test_work_that_fails_gives_its_connection_back(database, endpoints):
    def failing(mongo: Mongo) -> None:
        slots(mongo)
        raise LookupError

    async def work(mongo: Mongo) -> list[str]:
        for _ in range(MAX_POOL + 1):
            with pytest.raises(LookupError):
                await mongo.hop(lambda: failing(mongo))
        return await mongo.hop(lambda: slots(mongo))

    assert run(endpoints, work) == ["slot_1"]
