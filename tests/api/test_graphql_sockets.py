"""graphql-transport-ws, as a client meets it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from routes.body import MAX_BODY_BYTES
from routes.graphql import MAX_OPERATIONS_PER_SOCKET
from tests.api.doors import TOKEN, Doors, open_doors

pytestmark = pytest.mark.anyio
INIT = {"type": "connection_init", "payload": {"authorization": TOKEN}}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with open_doors() as opened:
        yield opened


@asynccontextmanager
async def dialled(
    doors: Doors, protocol: str = "graphql-transport-ws", **options: Any
) -> AsyncIterator[ClientConnection]:
    url = doors.socket_url
    async with connect(url, subprotocols=[Subprotocol(protocol)], proxy=None, **options) as socket:
        yield socket


@asynccontextmanager
async def signed_in(doors: Doors) -> AsyncIterator[ClientConnection]:
    async with dialled(doors) as socket:
        await tell(socket, INIT)
        assert await heard(socket) == {"type": "connection_ack"}
        yield socket


async def tell(socket: ClientConnection, message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def subscribe(socket: ClientConnection, id: str, query: str, **rest: Any) -> None:
    await tell(socket, {"id": id, "type": "subscribe", "payload": {"query": query, **rest}})


async def heard(socket: ClientConnection) -> Any:
    return orjson.loads(await socket.recv(decode=True))


async def closed(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed):
        await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


async def test_every_kind_of_operation_runs(doors):
    async with signed_in(doors) as socket:
        for id, query, results in (
            ("1", "subscription { count(to: 2) }", [{"count": 0}, {"count": 1}]),
            ("2", "{ caller }", [{"caller": TOKEN}]),
            ("3", "mutation { touch }", [{"touch": 1}]),
        ):
            await subscribe(socket, id, query)
            for result in results:
                assert await heard(socket) == {
                    "id": id,
                    "type": "next",
                    "payload": {"data": result},
                }
            assert await heard(socket) == {"id": id, "type": "complete"}


async def test_ping_is_answered_before_and_after_the_greeting(doors):
    async with dialled(doors) as socket:
        for message in ({"type": "ping"}, {"type": "ping", "payload": {"a": 1}}):
            await tell(socket, message)
            assert await heard(socket) == {"type": "pong"}
        await tell(socket, {"type": "pong"})
        await tell(socket, INIT)
        assert await heard(socket) == {"type": "connection_ack"}


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
async def test_a_token_comes_in_the_payload_or_the_header(doors, name):
    async with dialled(doors) as socket:
        await tell(socket, {"type": "connection_init", "payload": {name: TOKEN}})
        assert await heard(socket) == {"type": "connection_ack"}
    async with dialled(doors, additional_headers={name: TOKEN}) as socket:
        await tell(socket, {"type": "connection_init"})
        assert await heard(socket) == {"type": "connection_ack"}
    assert len(doors.callers) == 2


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (None, 4401),
        ({"authorization": "Bearer bad"}, 4401),
        ({"authorization": ["Bearer good"]}, 4401),
        ({"authorization": "Bearer broken"}, 4500),
    ],
)
async def test_a_stranger_is_shown_out(doors, payload, expected):
    async with dialled(doors) as socket:
        await tell(socket, {"type": "connection_init", "payload": payload})
        assert await closed(socket) == expected
        assert "10.0.0.1" not in (socket.close_reason or "")


async def test_nothing_runs_before_the_greeting(doors):
    async with dialled(doors) as socket:
        await subscribe(socket, "1", "{ hello }")
        assert await closed(socket) == 4401


async def test_a_second_greeting_closes(doors):
    async with signed_in(doors) as socket:
        await tell(socket, INIT)
        assert await closed(socket) == 4429


async def test_who_says_nothing_is_not_kept():
    patience = timedelta(milliseconds=10)
    async with open_doors(init_timeout=patience) as doors, dialled(doors) as socket:
        assert await closed(socket) == 4408


async def test_the_old_protocol_is_not_spoken(doors):
    async with dialled(doors, protocol="graphql-ws") as socket:
        assert await closed(socket) == 4406


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[" * 100_000,
        "null",
        "[]",
        "{}",
        '{"type": 1}',
        '{"type": "start", "id": "1"}',
        '{"type": "%s"}' % ("long" * 100),
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1", "payload": "{ hello }"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": 1}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": []}',
        '{"type": "ping", "payload": 1}',
        b'{"type": "ping"}',
    ],
)
async def test_a_malformed_message_closes_with_the_agreed_code(doors, message):
    async with signed_in(doors) as socket:
        await socket.send(message)
        assert await closed(socket) == 4400


async def test_a_message_is_bounded(doors):
    async with signed_in(doors) as socket:
        await socket.send(" " * (MAX_BODY_BYTES + 1))
        assert await closed(socket) == 1009


@pytest.mark.parametrize(
    ("query", "rest", "expected"),
    [
        ("subscription { wait", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ helo }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ hello }", {"operationName": "Other"}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", {}, "BAD_USER_INPUT"),
        ("{loan" * 1_000, {}, "DOCUMENT_TOO_COMPLEX"),
        ("#" + "x" * 100_000 + "\n{ hello }", {}, "DOCUMENT_TOO_COMPLEX"),
        ("{" + "hello " * 501 + "}", {}, "DOCUMENT_TOO_COMPLEX"),
    ],
)
async def test_an_error_of_one_operation_leaves_the_others_alone(doors, query, rest, expected):
    async with signed_in(doors) as socket:
        await subscribe(socket, "lasting", "subscription { wait }")
        assert (await heard(socket))["type"] == "next"
        for _ in range(2):  # the id is free again after its error
            await subscribe(socket, "wrong", query, **rest)
            told = await heard(socket)
            assert (told["id"], told["type"]) == ("wrong", "error")
            assert [error["extensions"]["code"] for error in told["payload"]] == [expected]
        await subscribe(socket, "right", "{ hello }")
        assert (await heard(socket))["payload"] == {"data": {"hello": "Hello you"}}


async def test_a_fault_in_a_stream_is_masked(doors):
    async with signed_in(doors) as socket:
        await subscribe(socket, "1", "subscription { fail }")
        assert (await heard(socket))["payload"] == {"data": {"fail": 1}}
        (error,) = (await heard(socket))["payload"]["errors"]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "hunter2" not in error["message"]
        assert await heard(socket) == {"id": "1", "type": "complete"}


async def test_an_id_in_use_closes(doors):
    async with signed_in(doors) as socket:
        await subscribe(socket, "1" * 200, "subscription { wait }")
        assert (await heard(socket))["type"] == "next"
        await subscribe(socket, "1" * 200, "{ hello }")
        assert await closed(socket) == 4409


async def test_a_connection_runs_so_many_operations_at_once(doors):
    async with signed_in(doors) as socket:
        for number in range(MAX_OPERATIONS_PER_SOCKET):
            await subscribe(socket, str(number), "subscription { wait }")
            assert (await heard(socket))["type"] == "next"
        await subscribe(socket, "more", "{ hello }")
        told = await heard(socket)
        assert (told["id"], told["type"]) == ("more", "error")
        assert told["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        await tell(socket, {"id": "0", "type": "complete"})
        await subscribe(socket, "more", "{ hello }")
        assert (await heard(socket))["type"] == "next"


async def test_completing_ends_the_source(doors):
    async with signed_in(doors) as socket:
        await subscribe(socket, "1", "subscription { wait }")
        await heard(socket)
        await tell(socket, {"id": "1", "type": "complete"})
        await asyncio.wait_for(doors.callers[-1].released.wait(), 5)


async def test_hanging_up_ends_the_source(doors, caplog):
    async with signed_in(doors) as socket:
        await subscribe(socket, "1", "subscription { wait }")
        await heard(socket)
    await asyncio.wait_for(doors.callers[-1].released.wait(), 5)
    assert not caplog.records
