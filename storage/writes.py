"""Writes as data, and one command for the writes to a collection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from storage.mongo import Direct
from storage.records import Record

MAX_IN_ONE = 1_000  # writes of one command
_DUPLICATE = 11000


@dataclass(frozen=True, slots=True)
class Insert:
    """A new record."""

    record: Record


@dataclass(frozen=True, slots=True)
class Update:
    """A change of the one record that answers; there has to be one, unless it may be made."""

    where: Mapping[str, Any]
    change: Mapping[str, Any]
    upsert: bool = False


Write: TypeAlias = Insert | Update


class Overtaken(Exception):
    """Another changed or made meanwhile what this one read; it has to ask again."""


def write(
    database: Direct, collection: str, writes: Sequence[Write], session: ClientSession
) -> None:
    """Makes the writes, in their order, within a transaction. Raises: Overtaken, PyMongoError."""
    for kind, run in groupby(writes, type):
        these = list(run)
        for start in range(0, len(these), MAX_IN_ONE):
            some = these[start : start + MAX_IN_ONE]
            command = _insert(collection, some) if kind is Insert else _update(collection, some)
            if _done(database, command, session) != len(some):
                raise Overtaken


def raise_fences(
    database: Direct, collection: str, ids: Sequence[str], session: ClientSession
) -> None:
    """Marks records that a decision read, so that whoever changes them meanwhile conflicts."""
    fence = {"q": {"_id": {"$in": list(ids)}}, "u": {"$inc": {"fence": 1}}, "multi": True}
    _done(database, {"update": collection, "updates": [fence]}, session)


def _insert(collection: str, writes: Sequence[Any]) -> Record:
    return {"insert": collection, "documents": [one.record for one in writes]}


def _update(collection: str, writes: Sequence[Any]) -> Record:
    updates = [{"q": one.where, "u": one.change, "upsert": one.upsert} for one in writes]
    return {"update": collection, "updates": updates}


def _done(database: Direct, command: Record, session: ClientSession) -> int:
    """How many records it made or found."""
    reply = database.command(command, session=session)
    for problem in reply.get("writeErrors", ()):
        if problem["code"] == _DUPLICATE:
            raise Overtaken
        raise OperationFailure("a write failed", problem["code"], problem)
    return int(reply["n"])
