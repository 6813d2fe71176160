"""Reading for one viewer: every query passes through the viewer's scope and masking here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.errors import PyMongoError
from strawberry.dataloader import DataLoader

from domain.people import Actor
from storage.errors import Unavailable
from storage.mongo import QUERY_TIMEOUT_MS, Mongo
from storage.pages import MAX_TOTAL, Order
from storage.records import COLLECTION_OF_PREFIX, Record
from storage.relations import MAX_BATCH, Relation
from storage.scope import scope, shown
from storage.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list, and how to go on."""

    rows: Sequence[Record]
    order: Order
    has_next: bool
    has_previous: bool
    collection: str
    query: Record


class Reader:
    """The reads of one request, batched per relation; lives as long as the request."""

    def __init__(self, mongo: Mongo, *, viewer: Actor, sealer: Sealer) -> None:
        self._mongo, self._viewer, self._sealer = mongo, viewer, sealer
        self._scope = scope(viewer)
        self._loaders: dict[Relation, DataLoader[tuple[Any, ...], list[Record]]] = {}

    def show(self, collection: str, record: Record) -> Record:
        """A record as the viewer may see it."""
        return shown(collection, record, viewer=self._viewer, sealer=self._sealer)

    def show_any(self, record: Record) -> Record:
        """A record of any type as the viewer may see it."""
        return self.show(COLLECTION_OF_PREFIX[record["_id"].partition("_")[0]], record)

    async def find(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (("_id", 1),),
        limit: int,
        unscoped: bool = False,
    ) -> list[Record]:
        """Records the viewer may see, masked. Raises: Unavailable."""
        wanted = self._within(query) if not unscoped else dict(query)
        try:
            cursor = self._mongo.database[collection].find(wanted).max_time_ms(QUERY_TIMEOUT_MS)
            records = await cursor.sort(list(sort)).limit(limit).to_list(limit)
        except PyMongoError as error:
            raise Unavailable("mongo") from error
        return [self.show(collection, record) for record in records]

    async def one(self, collection: str, query: Mapping[str, Any]) -> Record | None:
        """The record that answers, if the viewer may see it."""
        found = await self.find(collection, query, limit=1)
        return found[0] if found else None

    async def node(self, id: str) -> Record | None:
        """The record of any type with that id, if the viewer may see it."""
        collection = COLLECTION_OF_PREFIX.get(id.partition("_")[0])
        return None if collection is None else await self.one(collection, {"_id": id})

    async def page(
        self, collection: str, query: Record, *, order: Order, first: int, after: str | None
    ) -> Page:
        """A page after a cursor. Raises: BadCursor, Unavailable."""
        wanted = query if after is None else {"$and": [query, order.after(after)]}
        rows = await self.find(collection, wanted, sort=order.sort(), limit=first + 1)
        return Page(
            rows=rows[:first],
            order=order,
            has_next=len(rows) > first,
            has_previous=after is not None,
            collection=collection,
            query=query,
        )

    async def count(self, collection: str, query: Record) -> int:
        """How many the viewer may see, counted up to `MAX_TOTAL`."""
        try:
            return await self._mongo.database[collection].count_documents(
                self._within(query), limit=MAX_TOTAL, maxTimeMS=QUERY_TIMEOUT_MS
            )
        except PyMongoError as error:
            raise Unavailable("mongo") from error

    async def related(self, relation: Relation, parent: Mapping[str, Any]) -> list[Record]:
        """Rows a parent leads to; all parents of one level share one read."""
        keys = relation.keys(parent)
        if not keys:
            return []
        loader = self._loaders.get(relation)
        if loader is None:
            loader = self._loaders[relation] = self._loader(relation)
        return await loader.load(keys)

    def _loader(self, relation: Relation) -> DataLoader[tuple[Any, ...], list[Record]]:
        async def load(parents: list[tuple[Any, ...]]) -> list[list[Record]]:
            keys = {key for parent in parents for key in parent}
            direction = -1 if relation.descending else 1
            rows = await self.find(
                relation.collection,
                relation.query(sorted(keys)),
                sort=[(relation.order, direction)],
                limit=MAX_BATCH,
            )
            groups = relation.shared_out(keys, rows)
            return [_joined(groups, parent)[: relation.limit] for parent in parents]

        return DataLoader(load_fn=load)

    def _within(self, query: Mapping[str, Any]) -> Record:
        return dict(query) if not self._scope else {"$and": [dict(query), self._scope]}


def _joined(groups: Mapping[Any, list[Record]], keys: Sequence[Any]) -> list[Record]:
    """Rows of several keys without repeats, in the order of the keys."""
    if len(keys) == 1:
        return groups.get(keys[0], [])
    seen: dict[str, Record] = {}
    for key in keys:
        for row in groups.get(key, ()):
            seen.setdefault(row["_id"], row)
    return list(seen.values())
