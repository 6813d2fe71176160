"""Reading for one viewer: every query passes through the viewer's scope and masking here.

`Reads` blocks and runs in one hop of `storage.mongo`; `Reader` is the same for the event loop.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from strawberry.dataloader import DataLoader

from storage.finds import BY_ID, Sort, Span, find
from storage.mongo import QUERY_TIMEOUT_MS, Direct, Mongo
from storage.pages import MAX_TOTAL, connection
from storage.questions import One, PageOf, Question, Several
from storage.records import COLLECTION_OF_PREFIX, Record
from storage.relations import Keys, Relation, batches, dealt, shared_out
from storage.scope import Sight, under

Fields = frozenset[str] | None  # none: whole records
# Words what is kept unworded in rows of a collection, of which those fields were read.
Word = Callable[[str, list[Record], Fields], list[Record]]


class Reads:
    """The reads of one request, each within the viewer's scope and masked."""

    def __init__(self, database: Direct, sight: Sight, word: Word | None = None) -> None:
        self._database, self.sight, self._word = database, sight, word
        self.asked = 0  # commands so far

    def find(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        sort: Sort | None = BY_ID,
        limit: int,
        fields: Fields = None,
        span: Span | None = None,
        unscoped: bool = False,
    ) -> list[Record]:
        """Records the viewer may see, masked; without `sort` in any order. Raises: PyMongoError."""
        self.asked += 1
        rows = find(
            self._database,
            collection,
            query if unscoped else self.sight.within(collection, query),
            sort=sort,
            limit=limit,
            fields=None if fields is None else self.sight.projection(collection, fields),
            span=span,
        )
        return self.shown(collection, rows, fields=fields)

    def shown(self, collection: str, rows: list[Record], *, fields: Fields = None) -> list[Record]:
        """Records as the viewer may see them, in the viewer's language."""
        rows = self.sight.shown(collection, rows, fields=fields)
        return rows if self._word is None else self._word(collection, rows, fields)

    def answer(
        self, question: Question, *, fields: Fields = None, edges: bool = True
    ) -> Record | list[Record] | None:
        """What a root field asked for: a record or none, records, or a page of them.

        edges: whether a page's edges are wanted. Raises: BadCursor, PyMongoError.
        """
        match question:
            case One():
                found = self.find(question.collection, question.query, limit=1, fields=fields)
                return found[0] if found else None
            case Several():
                return self.find(
                    question.collection,
                    question.query,
                    sort=question.sort,
                    limit=question.limit,
                    fields=fields,
                )
            case PageOf():
                return self._page(question, fields=fields, edges=edges)

    def count(self, collection: str, query: Mapping[str, Any]) -> int:
        """How many the viewer may see, counted up to `MAX_TOTAL`. Raises: PyMongoError."""
        self.asked += 1
        return self._database[collection].count_documents(
            self.sight.within(collection, query), limit=MAX_TOTAL, maxTimeMS=QUERY_TIMEOUT_MS
        )

    def related(
        self, relation: Relation, parents: Sequence[Keys], *, limit: int, fields: Fields = None
    ) -> tuple[list[Record], list[Sequence[int]] | None]:
        """The rows that parents lead to, and for each parent the places of its own among them.

        No places are told where all rows are those of one parent, in order. fields: those that
        the relation looks at (`looks_at`) are among them. One read serves all parents; it is
        divided where it would bring too much. Raises: PyMongoError.
        """

        def read(some: Sequence[str], most: int, sort: Sort | None) -> list[Record]:
            query = relation.query(some)
            return self.find(relation.collection, query, sort=sort, limit=most, fields=fields)

        keys = list(dict.fromkeys(chain.from_iterable(parents)))
        if not keys or limit <= 0:
            return [], [[] for _ in parents]
        if len(parents) == 1 == len(keys):
            ((_, found),) = batches(relation, keys, limit, read)
            if len(found) > 1:
                relation.put_in_order(found)
            return found[:limit], None
        rows: list[Record] = []
        places: dict[str, Sequence[int]] = dict.fromkeys(keys, ())
        for _, found in batches(relation, keys, limit, read):
            rows += shared_out(relation, found, limit, start=len(rows), into=places)
        if set(map(len, parents)) == {1}:
            return rows, list(map(places.__getitem__, chain.from_iterable(parents)))
        return rows, [_joined(places, parent, rows)[:limit] for parent in parents]

    def _page(self, question: PageOf, *, fields: Fields, edges: bool) -> Record | None:
        order, query, span = question.order, question.query, None
        if question.org is not None:
            orgs = self.find("orgs", {"code": question.org}, limit=1)
            if not orgs:
                return None
            query = {"$and": [query, under((orgs[0]["jurisdiction_path"],))]}
        wanted = query
        if question.after is not None:
            wanted = {"$and": [query, order.after(question.after)]}
            span = order.span(query, question.after)
        if fields is not None:
            fields |= order.looks_at
        rows = self.find(
            question.collection,
            wanted,
            sort=order.sort(),
            limit=question.first + 1,
            fields=fields,
            span=span,
        )
        return connection(
            rows[: question.first],
            order,
            has_next=len(rows) > question.first,
            has_previous=question.after is not None,
            edges=edges,
        ) | {"collection": question.collection, "query": query}


class Reader:
    """The same reads for whoever runs on the event loop; lives as long as the request."""

    def __init__(self, mongo: Mongo, sight: Sight, word: Word | None = None) -> None:
        self._mongo = mongo
        self.reads = Reads(mongo.direct, sight, word)
        self._loaders: dict[tuple[Relation, int], DataLoader[Keys, Sequence[Record]]] = {}

    def show(self, collection: str, record: Record) -> Record:
        """A record as the viewer may see it."""
        return self.reads.shown(collection, [record])[0]

    def show_any(self, record: Record) -> Record:
        """A record of any type as the viewer may see it."""
        return self.show(COLLECTION_OF_PREFIX[record["_id"].partition("_")[0]], record)

    async def find(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        sort: Sort = BY_ID,
        limit: int,
        unscoped: bool = False,
    ) -> list[Record]:
        """Records the viewer may see, masked. Raises: Unavailable."""
        return await self._mongo.hop(
            lambda: self.reads.find(collection, query, sort=sort, limit=limit, unscoped=unscoped)
        )

    async def one(self, collection: str, query: Mapping[str, Any]) -> Record | None:
        """The record that answers, if the viewer may see it. Raises: Unavailable."""
        found = await self.find(collection, query, limit=1)
        return found[0] if found else None

    async def answer(self, question: Question | None) -> Any:
        """What a root field asked for. Raises: BadCursor, Unavailable."""
        if question is None:
            return None
        return await self._mongo.hop(lambda: self.reads.answer(question))

    async def count(self, collection: str, query: Mapping[str, Any]) -> int:
        """How many the viewer may see, counted up to `MAX_TOTAL`. Raises: Unavailable."""
        return await self._mongo.hop(lambda: self.reads.count(collection, query))

    async def related(
        self, relation: Relation, parent: Mapping[str, Any], *, limit: int
    ) -> Sequence[Record]:
        """Rows a parent leads to; all parents of one level share one read. Raises: Unavailable."""
        loader = self._loaders.get((relation, limit))
        if loader is None:
            loader = self._loaders[relation, limit] = self._loader(relation, limit)
        # Parents share what they wait for; one that is cancelled must not cancel it for the others.
        return await asyncio.shield(loader.load(relation.keys([parent])[0]))

    def _loader(self, relation: Relation, limit: int) -> DataLoader[Keys, Sequence[Record]]:
        async def load(parents: list[Keys]) -> Sequence[Sequence[Record]]:
            rows, places = await self._mongo.hop(
                lambda: self.reads.related(relation, parents, limit=limit)
            )
            return [rows] if places is None else dealt(rows, places)

        return DataLoader(load_fn=load)


def _joined(
    places: Mapping[str, Sequence[int]], keys: Keys, rows: Sequence[Record]
) -> Sequence[int]:
    """The rows of several keys without repeats, in the order of the keys."""
    if len(keys) == 1:
        return places[keys[0]]
    return list({rows[place]["_id"]: place for key in keys for place in places[key]}.values())
