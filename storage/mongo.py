"""The connection to MongoDB (motor), its limits, and whether it answers."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import MongoClient, ReadPreference
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
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
APP_NAME = "lienkeeper"  # of requests
MAX_THREADS = 12  # that speak with MongoDB at once
MAX_WAITING = 1_000  # pieces of work that wait for one of them

Database = AsyncIOMotorDatabase[Record]
T = TypeVar("T")
JOURNALED = WriteConcern(w="majority", j=True, wtimeout=QUERY_TIMEOUT_MS)
CODEC: CodecOptions[Record] = CodecOptions(tz_aware=True, tzinfo=UTC)


class _Line:
    """A connection that the driver's pool lends to one thread, from the first command on."""

    def __init__(self, client: MongoClient[Record]) -> None:
        self._client = client
        self._lent: Any = None
        self._connection: Any = None
        self._session: ClientSession | None = None

    def send(self, database: str, command: Record, session: ClientSession | None) -> Record:
        """The reply to a command. Raises: PyMongoError; the next is then sent on a new line."""
        if self._lent is None or self._session is not session:
            self.give_back()
            lent = self._client._conn_for_writes(session, next(iter(command)))
            self._connection = lent.__enter__()
            self._lent, self._session = lent, session
        try:
            reply: Record = self._connection.command(
                database,
                command,
                codec_options=CODEC,
                session=session,
                client=self._client if session is not None else None,
            )
        except BaseException as problem:
            self.give_back(problem)
            raise
        return reply

    def give_back(self, problem: BaseException | None = None) -> None:
        """Returns the connection; a problem tells the driver what has become of the server."""
        lent, self._lent = self._lent, None
        if lent is not None:
            kind, trace = (type(problem), problem.__traceback__) if problem else (None, None)
            lent.__exit__(kind, problem, trace)


class Direct:
    """The database as a thread speaks with it, by the client that Motor delegates to. It blocks.

    All commands of one hop are sent on one connection: choosing a server, lending a connection
    and opening a session for each cost more than a small command itself.
    """

    def __init__(self, client: MongoClient[Record], database: DirectDatabase[Record]) -> None:
        self._client, self._database = client, database
        self._kept = threading.local()

    def __getitem__(self, collection: str) -> Collection[Record]:
        return self._database[collection]

    @contextmanager
    def line(self) -> Iterator[_Line]:
        """Keeps one connection for whatever this thread sends meanwhile."""
        line = self._kept.line = _Line(self._client)
        try:
            yield line
        finally:
            self._kept.line = None
            line.give_back()

    def command(self, command: Record, *, session: ClientSession | None = None) -> Record:
        """The reply to one command. Raises: PyMongoError."""
        kept: _Line | None = getattr(self._kept, "line", None)
        if kept is not None:
            return kept.send(self._database.name, command, session)
        with self.line() as line:
            return line.send(self._database.name, command, session)


class Mongo:
    """A client with connections and threads of its own; every write is journaled on a majority."""

    def __init__(self, url: str, database: str, *, app_name: str = APP_NAME) -> None:
        self.client: AsyncIOMotorClient[Record] = AsyncIOMotorClient(
            url,
            appname=app_name,
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
        self.direct = Direct(self.client.delegate, self.database.delegate)
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
            return await asyncio.get_running_loop().run_in_executor(
                self.threads, self._on_one_line, work
            )
        except PyMongoError as error:
            if not translate:
                raise
            raise Unavailable("mongo") from error
        finally:
            self._waiting -= 1

    def _on_one_line(self, work: Callable[[], T]) -> T:
        with self.direct.line():
            return work()

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
