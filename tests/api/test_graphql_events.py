"""Operations answered as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from tests.api.doors import GRAPHQL_JSON, TOKEN, Doors, code, open_doors

pytestmark = pytest.mark.anyio
EVENTS = "text/event-stream"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with open_doors() as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "results"),
    [
        ("subscription { count(to: 2) }", [{"data": {"count": 0}}, {"data": {"count": 1}}]),
        ("{ hello }", [{"data": {"hello": "Hello you"}}]),
        ("mutation { touch }", [{"data": {"touch": 1}}]),
    ],
)
@pytest.mark.parametrize("accept", [EVENTS, f"{EVENTS}, application/json"])
async def test_events_carry_every_kind_of_operation(doors, query, results, accept):
    answer = await doors.ask(query, accept)
    assert answer.headers["content-type"].startswith(EVENTS)
    assert events(answer.text) == [*(("next", result) for result in results), ("complete", None)]


async def test_a_subscription_streams_wherever_events_are_accepted(doors):
    answer = await doors.ask("subscription { count(to: 1) }", f"{GRAPHQL_JSON}, {EVENTS}")
    assert events(answer.text) == [("next", {"data": {"count": 0}}), ("complete", None)]
    answer = await doors.ask("subscription { count(to: 1) }", GRAPHQL_JSON)
    assert (answer.status_code, code(answer.json())) == (406, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subscription { count(", "GRAPHQL_PARSE_FAILED"),
        ("subscription { counts }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($n: Int!) { count(to: $n) }", "BAD_USER_INPUT"),
        ("subscription { fail }", "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_errors_of_a_stream_are_events_with_codes(doors, query, expected):
    answer = await doors.ask(query, EVENTS)
    *_, (kind, last), complete = events(answer.text)
    assert (kind, code(last), complete) == ("next", expected, ("complete", None))
    assert "hunter2" not in answer.text


async def test_a_stream_ends_with_its_reader(doors):
    body = {"query": "subscription { wait }"}
    headers = {"accept": EVENTS, "authorization": TOKEN}
    async with doors.client.stream("POST", "/graphql", json=body, headers=headers) as answer:
        assert [part async for part in _first(answer.aiter_text())]
    await asyncio.wait_for(doors.callers[0].released.wait(), 5)


async def _first(parts):
    async for part in parts:
        yield part
        return


def events(text: str) -> list:
    found = []
    for block in text.strip().split("\r\n\r\n"):
        kind, content = (line.partition(": ")[2] for line in block.split("\r\n"))
        found.append((kind, orjson.loads(content) if content else None))
    return found
