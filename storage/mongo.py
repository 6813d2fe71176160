"""The connection to MongoDB (motor), its limits, and whether it answers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.database import Database as DirectDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from storage.errors import Busy, Unavailable
from storage.records import Record

MAX_POOL = 100
SERVER_SELECTION_MS = 5_000
SOCKET_TIMEOUT_MS = 30_000
QUERY_TIMEOUT_MS = 10_000
APP_NAME = "lienkeeper"
MAX_THREADS = 12  # that speak with MongoDB at once
MAX_WAITING = 1_000  # pieces of work that wait for one of them

Database = AsyncIOMotorDatabase[Record]
Direct = DirectDatabase[Record]
T = TypeVar("T")
JOURNALED = WriteConcern(w="majority", j=True, wtimeout=QUERY_TIMEOUT_MS)
CODEC: CodecOptions[Record] = CodecOptions(tz_aware=True, tzinfo=UTC)


class Mongo:
    """One client for the whole process; every write is journaled on a majority."""

    def __init__(self, url: str, database: str) -> None:
        self.client: AsyncIOMotorClient[Record] = AsyncIOMotorClient(
            url,
            appname=APP_NAME,
            maxPoolSize=MAX_POOL,
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            socketTimeoutMS=SOCKET_TIMEOUT_MS,
            retryWrites=True,
        )
        self.database: Database = self.client.get_database(
            database,
            codec_options=CODEC,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=JOURNALED,
        )
        self.direct: Direct = self.database.delegate
        self.threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="mongo")
        self._waiting = 0

    def session(self) -> ClientSession:
        """A session of `direct`; it ends with its context."""
        session: ClientSession = self.client.delegate.start_session()
        return session

    async def hop(self, work: Callable[[], T], *, translate: bool = True) -> T:
        """Runs work that speaks with `direct`, off the event loop, in one hop.

        Motor hops to a thread and back for each call; work that asks several times hops once.
        translate: whether the driver's errors become Unavailable.
        Raises: Unavailable, Busy, and whatever the work raises.
        """
        if self._waiting >= MAX_WAITING:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, work)
        except PyMongoError as error:
            if not translate:
                raise
            raise Unavailable("mongo") from error
        finally:
            self._waiting -= 1

    async def ping(self) -> None:
        """Asks for a sign of life. Raises: Unavailable."""
        try:
            answer: dict[str, Any] = await self.client.admin.command("hello")
        except PyMongoError as error:
            raise Unavailable("mongo") from error
        if not answer.get("isWritablePrimary"):
            raise Unavailable("mongo")

    def close(self) -> None:
        """Gives every connection back."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.client.close()
