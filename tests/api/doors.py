"""A toy schema behind the real doors, served on a loopback port."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NewType

import httpx2
import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from strawberry.schema.config import StrawberryConfig

from domain.refusals import Forbidden
from execution import extensions
from execution.documents import Documents
from execution.errors import Unauthenticated
from execution.schema import Schema
from routes.graphql import graphql_routes
from storage.pages import BadCursor, BadPage

TOKEN = "Bearer good"
GRAPHQL_JSON = "application/graphql-response+json"
Even = NewType("Even", int)


def _even(value: Any) -> int:
    if not isinstance(value, int) or value % 2:
        raise ValueError("An Even is an even number, like 2.")
    return value


@dataclass
class Caller:
    bearer: str | None
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def identified(self) -> None:
        """There is nothing to look up."""


@strawberry.type
class File:
    name: str = "scan.pdf"


@strawberry.type
class Loan:
    number: str = "L-1"

    @strawberry.field
    def files(self, limit: int = 100) -> list[File]:
        return [File()]

    @strawberry.field
    def related(self) -> list["Loan"]:
        return []

    @strawberry.field
    def parent(self) -> "Loan | None":
        return Loan()


@strawberry.type
class Loans:
    nodes: list[Loan]
    total_count: int = 1


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "you") -> str:
        return f"Hello {name}"

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def half(self, of: Even) -> int:
        return of // 2

    @strawberry.field
    def caller(self, info: strawberry.Info[Caller, None]) -> str | None:
        return info.context.bearer

    @strawberry.field
    def loan(self) -> Loan:
        return Loan()

    @strawberry.field
    def loans(self, first: int | None = None, after: str | None = None) -> Loans:
        return Loans(nodes=[Loan()])

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError("the password is hunter2")

    @strawberry.field
    def missing(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def locked(self) -> str | None:
        raise Forbidden("Only a custodian may look.")

    @strawberry.field
    def conflict(self) -> str | None:
        raise GraphQLError("Ours.", extensions={"code": "IN_PROGRESS"})

    @strawberry.field
    def badly(self, how: str) -> str | None:
        raise BadCursor if how == "cursor" else BadPage("`first` is 101; it may be 0 to 100.")

    @strawberry.field
    def odd(self) -> str:
        return "\ud800"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> int:
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def wait(self, info: strawberry.Info[Caller, None]) -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            info.context.released.set()

    @strawberry.subscription
    async def fail(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("the password is hunter2")


def toy_schema(*, introspection: bool = True) -> Schema:
    even = strawberry.scalar(name="Even", parse_value=_even, serialize=int)
    documents = Documents()
    return Schema(
        Query,
        Mutation,
        Subscription,
        documents=documents,
        extensions=extensions(documents, introspection=introspection),
        config=StrawberryConfig(scalar_map={Even: even}),
    )


@dataclass
class Doors:
    port: int
    client: httpx2.AsyncClient
    callers: list[Caller]

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    async def ask(self, query: Any, accept: str = GRAPHQL_JSON, **rest: Any) -> httpx2.Response:
        headers = {"accept": accept, "authorization": TOKEN}
        return await self.client.post("/graphql", json={"query": query, **rest}, headers=headers)

    async def send(self, content: bytes, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            "/graphql",
            content=content,
            headers={"content-type": "application/json", "authorization": TOKEN, **named},
        )


@asynccontextmanager
async def open_doors(
    schema: Schema | None = None, init_timeout: timedelta = timedelta(seconds=10)
) -> AsyncIterator[Doors]:
    callers: list[Caller] = []

    async def context_of(headers: Mapping[str, str], bearer: str | None) -> Caller:
        if bearer == "Bearer broken":
            raise RuntimeError("the directory is down at 10.0.0.1")
        if bearer != TOKEN:
            raise Unauthenticated("Please sign in.")
        callers.append(Caller(bearer))
        return callers[-1]

    routes = graphql_routes(
        schema or toy_schema(), context_of=context_of, init_timeout=init_timeout
    )
    async with (
        serve(Starlette(routes=routes)) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield Doors(port, client, callers)


@asynccontextmanager
async def serve(app: Starlette) -> AsyncIterator[int]:
    """Runs the application; connections wait in the socket until it accepts them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await running


def code(body: dict[str, Any]) -> str:
    """The code of the only error."""
    (error,) = body["errors"]
    return str(error["extensions"]["code"])
