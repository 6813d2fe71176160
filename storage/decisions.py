"""One transaction for one decision: read, decide, save, with a fence on everything read.

A decision reads entities, gives them to rules, and hands back what shall be kept. Whatever it
read and did not change is bumped in the same transaction, so that two decisions that each read
what the other changes cannot both pass (write skew).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from ulid import ULID

from domain.refusals import Refusal, RefusalCode, Refused
from storage.finds import Asked, find, find_together
from storage.mongo import QUERY_TIMEOUT_MS, Direct, Mongo
from storage.outside import Begun
from storage.records import KEPT, Record, changes, from_record, is_versioned, to_record
from storage.writes import Insert, Update, Write, raise_fences, write

T = TypeVar("T")
TALLY_TIMEOUT_MS = 45_000  # a transaction has sixty seconds
TALLIED_AT_ONCE = 1_000  # rows; nobody waits for one batch of as many as fit into a message
MAX_FOUND = 5_000  # entities one question of a decision may bring


class Decision:
    """What one decision read and what it wants kept; nothing is written before `flush`.

    Its reads block: the work of a decision runs in a hop, see `decide`.
    by: login of whoever decides; cause: name of the mutation, import or job; at: when.
    """

    def __init__(
        self, mongo: Mongo, session: ClientSession, *, by: str, cause: str, at: datetime
    ) -> None:
        self._mongo, self._session = mongo, session
        self._loop = asyncio.get_running_loop()
        self._by, self._cause, self.at = by, cause, at
        self._heard: dict[tuple[str, str, int], list[Record]] = {}  # answers, by question
        self._seen: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._added: dict[str, Any] = {}
        self._writes: dict[str, list[Write]] = defaultdict(list)
        self._afterwards: list[Callable[[], None]] = []

    async def get(self, cls: type[T], id: str, *, within: Record | None = None) -> T:
        """The entity of that id. `within`: the scope it must lie in. Refuses: NOT_FOUND."""
        found = await self.first(cls, {"_id": id}, within=within)
        if found is None:
            raise Refused(not_found(cls, id))
        return found

    async def first(
        self, cls: type[T], query: Mapping[str, Any], *, within: Record | None = None
    ) -> T | None:
        """The one entity that answers the query, if any."""
        found = await self.find(cls, query, within=within, limit=1)
        return found[0] if found else None

    async def find(
        self,
        cls: type[T],
        query: Mapping[str, Any],
        *,
        within: Record | None = None,
        limit: int = MAX_FOUND,
    ) -> list[T]:
        """Entities that answer the query, by id. Refuses: LIMIT_EXCEEDED beyond `MAX_FOUND`."""
        known = None if within else self._known(query)
        if known is not None:
            return known
        records = self._read(asked(cls, query, within=within, limit=limit))
        if len(records) > limit == MAX_FOUND:
            raise Refused(_too_many(cls))
        return [self._keep_in_mind(cls, record) for record in records[:limit]]

    async def ahead(self, *questions: Asked) -> None:
        """Asks in one command what is about to be asked one by one.

        On a snapshot the answers cannot become stale; what is not asked after all does no harm.
        """
        new = {one.key: one for one in questions if one.key not in self._heard}
        if new:
            answers = find_together(self._mongo.direct, list(new.values()), self._session)
            self._heard |= dict(zip(new, answers or (), strict=bool(answers)))

    async def exists(self, one: Asked) -> bool:
        """Whether a record that never changes is there, such as a used seal."""
        return bool(self._read(one))

    async def count(self, collection: str, query: Mapping[str, Any]) -> int:
        """How many records answer; what makes the number matter is fenced by the caller."""
        return self._mongo.direct[collection].count_documents(
            query, session=self._session, maxTimeMS=QUERY_TIMEOUT_MS
        )

    async def records(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        limit: int,
        fields: Mapping[str, int] | None = None,
    ) -> list[Record]:
        """Records that a rule only looks at, by id, such as counts that are over."""
        database, session = self._mongo.direct, self._session
        return find(database, collection, query, limit=limit, fields=fields, session=session)

    def tallied(self, collection: str, stages: Sequence[Record]) -> Iterator[Record]:
        """Rows that an aggregation over many records gives, one after another.

        Nothing of them is fenced: a rule only looks at them.
        """
        return self._mongo.direct[collection].aggregate(
            list(stages),
            session=self._session,
            allowDiskUse=True,
            batchSize=TALLIED_AT_ONCE,
            maxTimeMS=TALLY_TIMEOUT_MS,
        )

    def begin(self, work: Coroutine[Any, Any, T]) -> Begun[T]:
        """Begins what is awaited outside later on. Who never awaits it lets it run to its end."""
        return Begun(asyncio.run_coroutine_threadsafe(work, self._loop))

    def save(self, entity: T) -> T:
        """Keeps the entity's new state; it must have been read here. One version a decision."""
        key = _key(entity)
        if key in self._added:
            self._added[key] = entity
            return entity
        version = self._seen[key].version + 1
        saved: T = replace(entity, version=version)  # type: ignore[type-var]
        self._saved[key] = saved
        return saved

    def add(self, entity: T) -> T:
        """Keeps a new entity."""
        self._added[_key(entity)] = entity
        return entity

    def write(self, collection: str, operation: Write) -> None:
        """Adds a plain write to the same transaction, for what is not an entity."""
        self._writes[collection].append(operation)

    def afterwards(self, call: Callable[[], None]) -> None:
        """Calls it, on the event loop, once the decision is kept. A crash may come between."""
        self._afterwards.append(call)

    def kept(self) -> None:
        """Calls what was to follow."""
        for call in self._afterwards:
            call()

    def _read(self, one: Asked) -> list[Record]:
        heard = self._heard.get(one.key)
        if heard is None:
            database, session = self._mongo.direct, self._session
            heard = find(database, one.collection, one.query, limit=one.limit, session=session)
            self._heard[one.key] = heard
        return heard

    def _known(self, query: Mapping[str, Any]) -> list[Any] | None:
        """What was asked for by ids that were all given out before; else none."""
        match query:
            case {"_id": str(id), **others} if not others:
                ids = {id}
            case {"_id": {"$in": [*several], **more}, **others} if not (more or others):
                ids = set(several)
            case _:
                return None
        return [self._now(id) for id in sorted(ids)] if self._seen.keys() >= ids else None

    def _now(self, id: str) -> Any:
        """An entity that was read or added, as this decision has left it."""
        return self._added.get(id) or self._saved.get(id) or self._seen.get(id)

    @property
    def changed(self) -> list[Any]:
        """Everything this decision keeps, new ones first."""
        return [*self._added.values(), *self._saved.values()]

    def flush(self, database: Direct) -> None:
        """Writes everything: entities under a compare on version, fences, events. It blocks.

        Raises: Overtaken, PyMongoError.
        """
        stamp = {"updated_at": self.at, "updated_by": self._by}
        for entity in self._added.values():
            record = to_record(entity) | stamp
            record |= {"created_at": self.at, "created_by": self._by, "fence": 0}
            self._writes[KEPT[type(entity)].collection].append(Insert(record))
        for entity in self._saved.values():
            before = self._seen[_key(entity)]
            where = {"_id": entity.id, "version": before.version}
            change = {"$set": changes(before, entity) | stamp}
            self._writes[KEPT[type(entity)].collection].append(Update(where, change))
        for entity in self.changed:
            self._tell(entity)
        for collection, operations in self._writes.items():
            write(database, collection, operations, self._session)
        for collection, ids in self._read_only():
            raise_fences(database, collection, ids, self._session)

    def _read_only(self) -> list[tuple[str, list[str]]]:
        """Ids of what was read and not changed, by collection."""
        ids: dict[str, list[str]] = defaultdict(list)
        for key, entity in self._seen.items():
            if KEPT[type(entity)].fenced and key not in self._saved:
                ids[KEPT[type(entity)].collection].append(entity.id)
        return sorted(ids.items())

    def _keep_in_mind(self, cls: type[T], record: Record) -> T:
        known = self._now(record["_id"])
        if known is not None:
            return known  # type: ignore[no-any-return]
        entity = from_record(cls, record)
        if is_versioned(cls):
            self._seen[_key(entity)] = entity
        return entity

    def _tell(self, entity: Any) -> None:
        kept = KEPT[type(entity)]
        if not kept.told:
            return
        event = {
            "_id": f"out_{ULID()}",
            "aggregate": type(entity).__name__,
            "aggregate_id": entity.id,
            "aggregate_seq": entity.version,
            "type": f"{type(entity).__name__}.{'created' if entity.version == 0 else 'changed'}",
            "cause": self._cause,
            "by": self._by,
            "at": self.at,
            "org_path": entity.org_path,
            "position": None,
        }
        self._writes["outbox"].append(Insert(event))


def asked(
    cls: type, query: Mapping[str, Any], *, within: Record | None = None, limit: int = MAX_FOUND
) -> Asked:
    """What `Decision.find` asks; of `first`, the limit is 1."""
    wanted = {"$and": [dict(query), within]} if within else dict(query)
    return Asked(collection=KEPT[cls].collection, query=wanted, limit=limit + 1)


def not_found(cls: type, id: str) -> Refusal:
    """Absent and out of reach look the same."""
    return Refusal(
        code=RefusalCode.NOT_FOUND,
        rule_id="INV-09",
        detail={"subject": cls.__name__, "id": id[:100]},
    )


def _key(entity: Any) -> str:
    return str(entity.id)


def _too_many(cls: type) -> Refusal:
    return Refusal(
        code=RefusalCode.LIMIT_EXCEEDED,
        rule_id="INPUT",
        detail={"field": cls.__name__, "actual": f"more than {MAX_FOUND}", "limit": str(MAX_FOUND)},
    )
