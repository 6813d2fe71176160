"""One read in one command: what a cursor does, without the cursor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect

from storage.mongo import QUERY_TIMEOUT_MS, Direct
from storage.records import Record

Sort = Sequence[tuple[str, int]]
BY_ID: Sort = (("_id", 1),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of one index, by all its fields in their order: from `start` on, up to `end`.

    A filter on several fields cannot say it: its bounds end at the first field that is a range.
    """

    start: Record
    end: Record

    @property
    def index(self) -> dict[str, int]:
        """The index; it has to be there (storage/indexes.py)."""
        return dict.fromkeys(self.start, 1)


def find(
    database: Direct,
    collection: str,
    query: Mapping[str, Any],
    *,
    sort: Sort | None = BY_ID,
    limit: int,
    fields: Mapping[str, int] | None = None,
    span: Span | None = None,
    session: ClientSession | None = None,
) -> list[Record]:
    """Records that answer, all in the command's own batch. Raises: PyMongoError.

    fields: the projection; none means whole records. span: nothing outside it is looked at.
    """
    command: dict[str, Any] = {
        "find": collection,
        "filter": query,
        "limit": limit,
        "batchSize": limit + 1,  # with one as large as the limit the cursor would stay open
        "maxTimeMS": QUERY_TIMEOUT_MS,
    }
    if sort is not None:
        command["sort"] = dict(sort)
    if fields is not None:
        command["projection"] = fields
    if span is not None:
        command |= {"hint": span.index, "min": span.start, "max": span.end}
    if session is None:
        command["readConcern"] = {"level": "majority"}
    reply = _sent(database, command, session)["cursor"]
    if reply["id"]:  # it grew to the size of one message; a cursor goes on behind it
        cursor = database[collection].find(query, fields, sort=sort, session=session)
        if span is not None:
            cursor.hint(list(span.index.items()))
            cursor.min(list(span.start.items())).max(list(span.end.items()))
        return cursor.limit(limit).max_time_ms(QUERY_TIMEOUT_MS).to_list()
    batch: list[Record] = reply["firstBatch"]
    return batch


def _sent(database: Direct, command: dict[str, Any], session: ClientSession | None) -> Record:
    """The reply; asked once more where the connection broke, as the driver does for cursors."""
    try:
        return database.command(command, session=session)
    except AutoReconnect:
        if session is not None:  # a transaction is begun again as a whole
            raise
        return database.command(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Records by id that answer one question, `limit` of them at most."""

    collection: str
    query: Mapping[str, Any]
    limit: int

    @property
    def key(self) -> tuple[str, str, int]:
        """The same for the same question."""
        return self.collection, repr(self.query), self.limit

    @property
    def pipeline(self) -> list[Record]:
        """The question as stages of an aggregation."""
        return [{"$match": self.query}, {"$sort": dict(BY_ID)}, {"$limit": self.limit}]


def find_together(
    database: Direct, questions: Sequence[Asked], session: ClientSession
) -> list[list[Record]] | None:
    """The answers to several questions, in one command; none where it could not be asked.

    They have to fit into one message. A lookup needs a record to hang on: any person's will do.
    Raises: PyMongoError.
    """
    names = [f"a{number}" for number in range(len(questions))]
    stages: list[Record] = [{"$limit": 1}, {"$project": {"_id": 1}}]
    for name, asked in zip(names, questions, strict=True):
        lookup = {"from": asked.collection, "pipeline": asked.pipeline, "as": name}
        stages.append({"$lookup": lookup})
    command = {
        "aggregate": "users",
        "pipeline": stages,
        "cursor": {},
        "maxTimeMS": QUERY_TIMEOUT_MS,
    }
    rows = _sent(database, command, session)["cursor"]["firstBatch"]
    return [rows[0][name] for name in names] if rows else None
