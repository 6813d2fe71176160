"""One transaction for one decision: read, decide, save, with a fence on everything read.

A decision reads entities, gives them to rules, and hands back what shall be kept. Whatever it
read and did not change is bumped in the same transaction, so that two decisions that each read
what the other changes cannot both pass (write skew).
"""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from ulid import ULID

from domain.refusals import Refusal, RefusalCode, Refused
from storage.errors import Busy, Unavailable
from storage.mongo import JOURNALED, QUERY_TIMEOUT_MS, Mongo
from storage.records import KEPT, Record, from_record, is_versioned, to_record

T = TypeVar("T")
MAX_ATTEMPTS = 40
MAX_PAUSE_S = 0.25
MAX_FOUND = 5_000  # entities one question of a decision may bring
_DUPLICATE = 11000


class Decision:
    """What one decision read and what it wants kept; nothing is written before `flush`.

    by: login of whoever decides; cause: name of the mutation, import or job.
    """

    def __init__(
        self, mongo: Mongo, session: AsyncIOMotorClientSession, *, by: str, cause: str, at: datetime
    ) -> None:
        self._mongo, self._session = mongo, session
        self._by, self._cause, self._at = by, cause, at
        self._seen: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._added: dict[str, Any] = {}
        self._writes: dict[str, list[UpdateOne | InsertOne[Record]]] = defaultdict(list)

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
        wanted = dict(query) if not within else {"$and": [dict(query), within]}
        cursor = self._mongo.database[KEPT[cls].collection].find(wanted, session=self._session)
        records = await cursor.sort("_id", 1).limit(limit + 1).to_list(limit + 1)
        if len(records) > limit == MAX_FOUND:
            raise Refused(_too_many(cls))
        return [self._keep_in_mind(cls, record) for record in records[:limit]]

    async def exists(self, collection: str, query: Mapping[str, Any]) -> bool:
        """Whether a record that never changes is there, such as a used seal."""
        database = self._mongo.database
        found = await database[collection].find_one(dict(query), {"_id": 1}, session=self._session)
        return found is not None

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

    def write(self, collection: str, operation: UpdateOne | InsertOne[Record]) -> None:
        """Adds a plain write to the same transaction, for what is not an entity."""
        self._writes[collection].append(operation)

    @property
    def changed(self) -> list[Any]:
        """Everything this decision keeps, new ones first."""
        return [*self._added.values(), *self._saved.values()]

    async def flush(self) -> None:
        """Writes everything: entities under a compare on version, fences, events."""
        stamp = {"updated_at": self._at, "updated_by": self._by}
        for entity in self._added.values():
            record = to_record(entity) | stamp
            record |= {"created_at": self._at, "created_by": self._by, "fence": 0}
            self._writes[KEPT[type(entity)].collection].append(InsertOne(record))
        for entity in self._saved.values():
            record = to_record(entity) | stamp
            where = {"_id": record.pop("_id"), "version": entity.version - 1}
            self._writes[KEPT[type(entity)].collection].append(UpdateOne(where, {"$set": record}))
        for entity in self.changed:
            self._tell(entity)
        for collection, operations in self._writes.items():
            await self._write_all(collection, operations)
        await self._fence()

    async def _write_all(
        self, collection: str, operations: Sequence[UpdateOne | InsertOne[Record]]
    ) -> None:
        target = self._mongo.database[collection]
        done = await target.bulk_write(list(operations), session=self._session)
        updates = sum(isinstance(operation, UpdateOne) for operation in operations)
        if done.matched_count + done.upserted_count != updates:
            raise _Overtaken

    async def _fence(self) -> None:
        ids: dict[str, list[str]] = defaultdict(list)
        for key, entity in self._seen.items():
            if KEPT[type(entity)].fenced and key not in self._saved:
                ids[KEPT[type(entity)].collection].append(entity.id)
        for collection, read in sorted(ids.items()):
            await self._mongo.database[collection].update_many(
                {"_id": {"$in": read}}, {"$inc": {"fence": 1}}, session=self._session
            )

    def _keep_in_mind(self, cls: type[T], record: Record) -> T:
        entity = from_record(cls, record)
        key = _key(entity)
        mine = self._added.get(key) or self._saved.get(key)
        if mine is not None:
            return mine  # type: ignore[no-any-return]
        if is_versioned(cls):
            self._seen[key] = entity
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
            "at": self._at,
            "org_path": entity.org_path,
            "position": None,
        }
        self._writes["outbox"].append(InsertOne(event))


class _Overtaken(Exception):
    """Another decision changed what this one read; ask again."""


async def decide(
    mongo: Mongo, work: Callable[[Decision], Awaitable[T]], *, by: str, cause: str, at: datetime
) -> T:
    """Runs one decision in one transaction, again from the start while others overtake it.

    Raises: whatever `work` raises, with nothing written; Busy, Unavailable.
    """
    async with await mongo.client.start_session() as session:
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(random.uniform(0, min(MAX_PAUSE_S, 0.005 * 2**attempt)))  # noqa: S311
            try:
                return await _attempt(mongo, session, work, by=by, cause=cause, at=at)
            except (_Overtaken, DuplicateKeyError):
                continue
            except BulkWriteError as error:
                if not _may_retry(error):
                    raise
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise Unavailable("mongo") from error
    raise Busy


async def consider(mongo: Mongo, work: Callable[[Decision], Awaitable[T]], *, at: datetime) -> T:
    """Runs the reads and rules of a decision on one snapshot and keeps nothing."""
    async with await mongo.client.start_session() as session:
        session.start_transaction(read_concern=ReadConcern("snapshot"))
        try:
            return await work(Decision(mongo, session, by="", cause="", at=at))
        except PyMongoError as error:
            raise Unavailable("mongo") from error
        finally:
            await _abort(session)


async def _attempt(
    mongo: Mongo,
    session: AsyncIOMotorClientSession,
    work: Callable[[Decision], Awaitable[T]],
    *,
    by: str,
    cause: str,
    at: datetime,
) -> T:
    session.start_transaction(
        read_concern=ReadConcern("snapshot"),
        write_concern=JOURNALED,
        max_commit_time_ms=QUERY_TIMEOUT_MS,
    )
    try:
        decision = Decision(mongo, session, by=by, cause=cause, at=at)
        result = await work(decision)
        await decision.flush()
    except BaseException:
        await _abort(session)
        raise
    try:
        await _commit(session)
    except PyMongoError:
        await _let_go(mongo, session)
        raise
    return result


async def _commit(session: AsyncIOMotorClientSession) -> None:
    for attempt in range(MAX_ATTEMPTS):
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            if not unknown or attempt == MAX_ATTEMPTS - 1:
                raise
            await asyncio.sleep(MAX_PAUSE_S)
        else:
            return


async def _let_go(mongo: Mongo, session: AsyncIOMotorClientSession) -> None:
    """Ends what a refused commit left open on the server, whose locks others would wait for.

    A driver sends no abort after a commit; a newer transaction of the same session ends the older.
    """
    with contextlib.suppress(PyMongoError):
        session.start_transaction()
        await mongo.database["meta"].find_one({}, session=session)
        await session.abort_transaction()


async def _abort(session: AsyncIOMotorClientSession) -> None:
    if session.in_transaction:  # type: ignore[truthy-function]
        try:
            await session.abort_transaction()
        except ConnectionFailure:
            return  # the server forgets a transaction whose client is gone


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


def _may_retry(error: BulkWriteError) -> bool:
    """Two wrote the same unique key at once: the second asks again and gets a coded answer."""
    details = error.details or {}
    failed = details.get("writeErrors", [])
    duplicate = any(problem.get("code") == _DUPLICATE for problem in failed)
    return duplicate or error.has_error_label("TransientTransactionError")
