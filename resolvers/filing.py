"""Filing receipts (回单归档): documents that decisions announced are stored and accepted.

A receipt is announced as an upload is: its file says what hash and size it will have and waits for
its bytes (`PENDING`). They are stored right after the decision that moved the papers; what a crash
or an outage left is drawn again by `jobs/receipts.py`, or by whoever asks for it first.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType

from anyio import to_thread

from domain.files import ArchiveFile, FileSource, FileStatus, FileVersion, filed, unfiled
from domain.receipts import Receipt
from domain.roles import SYSTEM
from papers.receipts import receipt_pdf
from storage.clock import Clock
from storage.decisions import Decision
from storage.errors import Busy, Unavailable
from storage.mongo import Mongo
from storage.objects import Objects
from storage.records import from_record
from storage.transactions import decide

MIME = "application/pdf"
MAX_WAITING = 1_000  # documents held in memory; the job finds the others
MAX_AT_ONCE = 50  # stored beside each other and accepted by one decision
UNFILED: Mapping[str, str] = MappingProxyType(
    {"status": FileStatus.PENDING.value, "source": FileSource.GENERATED.value}
)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A document that was announced, and its bytes."""

    version_id: str
    object_key: str
    content: bytes


class Filer:
    """Stores what was drawn here; one round after the other, each with all that waits."""

    def __init__(self, mongo: Mongo, objects: Objects, clock: Clock) -> None:
        self._mongo, self._objects, self._clock = mongo, objects, clock
        self._waiting: dict[str, Drawn] = {}
        self._round: asyncio.Task[None] | None = None

    def begin(self, documents: Sequence[Drawn]) -> None:
        """Files these soon, behind whatever is being filed."""
        for drawn in documents:
            if len(self._waiting) < MAX_WAITING:
                self._waiting.setdefault(drawn.version_id, drawn)
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._go_on())

    async def settled(self) -> None:
        """Waits for all that was begun; whether it went well, the records tell."""
        if self._round is not None:
            await asyncio.shield(self._round)

    async def file_anew(self, version_ids: Sequence[str]) -> None:
        """Draws announced documents again from their receipts, and files them."""
        here = [id for id in version_ids if id not in self._waiting]
        self.begin(await self._drawn(here) if here else ())
        await self.settled()

    async def _go_on(self) -> None:
        while self._waiting:
            some = dict(islice(self._waiting.items(), MAX_AT_ONCE))
            try:
                await self._file(some)
            except (Unavailable, Busy) as error:
                _LOG.warning("receipts are not filed yet: %s", error)
            finally:
                for id in some:
                    del self._waiting[id]

    async def _file(self, documents: Mapping[str, Drawn]) -> None:
        puts = (
            self._objects.put_bytes(drawn.object_key, drawn.content, mime=MIME)
            for drawn in documents.values()
        )
        stored = await asyncio.gather(*puts)
        versions = dict(zip(documents, stored, strict=True))
        now = self._clock.now()

        async def accept(decision: Decision) -> None:
            found = await decision.find(FileVersion, {"_id": {"$in": sorted(versions)}})
            waiting = [one for one in found if unfiled(one)]
            files = [one.file_id for one in waiting]
            for file in await decision.find(ArchiveFile, {"_id": {"$in": files}}):
                decision.save(replace(file, status=FileStatus.ACCEPTED))
            for version in waiting:
                decision.save(filed(version, stored=versions[version.id], by=SYSTEM, now=now))

        await decide(self._mongo, accept, by=SYSTEM, cause="file_receipts", at=now)

    async def _drawn(self, version_ids: Sequence[str]) -> list[Drawn]:
        """Documents as their records announce them; one that would come out otherwise is none."""
        database = self._mongo.database
        query = {"_id": {"$in": list(version_ids)}, **UNFILED}
        drawn = []
        for record in await database["file_versions"].find(query).to_list(MAX_AT_ONCE):
            receipt = await database["receipts"].find_one({"file_ids": record["file_id"]})
            if receipt is None:
                continue
            content, _ = await to_thread.run_sync(receipt_pdf, from_record(Receipt, receipt))
            if hashlib.sha256(content).hexdigest() != record["sha256"]:
                _LOG.error("receipt %s is drawn otherwise than announced", receipt["_id"])
                continue
            key = record["object_key"]
            drawn.append(Drawn(version_id=record["_id"], object_key=key, content=content))
        return drawn
