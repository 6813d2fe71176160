"""The connection to MongoDB (motor), its limits, and whether it answers."""

from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import ReadPreference
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from storage.errors import Unavailable
from storage.records import Record

MAX_POOL = 100
SERVER_SELECTION_MS = 5_000
SOCKET_TIMEOUT_MS = 30_000
QUERY_TIMEOUT_MS = 10_000
APP_NAME = "lienkeeper"

Database = AsyncIOMotorDatabase[Record]
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
        self.client.close()
