"""The event feed: one query to resume from anywhere, one subscription to stay with it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from resolvers.context import Info
from schema.viewer import Event, EventPage
from storage.records import Record
from storage.sequence import sequence

MAX_EVENTS = 200
POLL_S = 0.3
Position = Annotated[
    str | None,
    strawberry.argument(description="A cursor of this feed; none begins at the beginning."),
]


@strawberry.type
class EventQueries:
    """Reading the feed."""

    @strawberry.field(description="Events after a cursor, in the order of commit (事件).")
    async def events(
        self,
        info: Info,
        after: Position = None,
        first: Annotated[int, strawberry.argument(description="How many, 1 to 200.")] = 50,
    ) -> EventPage:
        """A stretch of the feed within the viewer's reach."""
        if not 1 <= first <= MAX_EVENTS:
            raise _bad(f"`first` is {first}; it may be 1 to {MAX_EVENTS}.")
        await sequence(info.context.stores.mongo)
        found = await _after(info, _position(after), first + 1)
        events = [_event(record) for record in found[:first]]
        end = events[-1]["cursor"] if events else str(_position(after))
        return {  # type: ignore[return-value]
            "events": events,
            "end_cursor": end,
            "has_more": len(found) > first,
        }


@strawberry.type
class Subscription:
    """What stays open."""

    @strawberry.subscription(
        description="Events as they are committed, from a cursor on or from now (事件)."
    )
    async def events(
        self,
        info: Info,
        after: Annotated[
            str | None,
            strawberry.argument(description="A cursor of this feed; none begins now."),
        ] = None,
    ) -> AsyncGenerator[Event, None]:
        """The same ids in the same order as the query."""
        mongo = info.context.stores.mongo
        if after is None:
            await sequence(mongo)
            last = await mongo.database["outbox"].find_one(
                {"position": {"$ne": None}}, sort=[("position", -1)]
            )
            position = int(last["position"]) if last else 0
        else:
            position = _position(after)
        while True:
            await sequence(mongo)
            for record in await _after(info, position, MAX_EVENTS):
                position = int(record["position"])
                yield _event(record)  # type: ignore[misc]
            await asyncio.sleep(POLL_S)


async def _after(info: Info, position: int, limit: int) -> list[Record]:
    return await info.context.reader.find(
        "outbox", {"position": {"$gt": position}}, sort=[("position", 1)], limit=limit
    )


def _event(record: Record) -> Any:
    return record | {"cursor": str(record["position"])}


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdigit() or len(cursor) > 18:
        raise _bad("`after` is not a cursor of the event feed.")
    return int(cursor)


def _bad(sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions={"code": "BAD_USER_INPUT"})
