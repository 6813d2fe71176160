"""What one request knows: who asks, when, in which language, and through what it reads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TypeAlias

import strawberry
from ulid import ULID

from domain.calendar import business_date
from domain.people import Actor
from resolvers.filing import Filer
from schema.kept_runs import worded
from storage.clock import Clock
from storage.mongo import Mongo
from storage.notary import Notary
from storage.objects import Measured, Objects
from storage.outside import Begun
from storage.reads import Reader
from storage.rulebook import Rulebook
from storage.scope import Sight
from storage.sealing import Sealer


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that keeps, shared by every request of the process."""

    mongo: Mongo
    objects: Objects
    sealer: Sealer
    notary: Notary
    rulebook: Rulebook
    clock: Clock
    filer: Filer


@dataclass(kw_only=True)
class Context:
    """One request. `now` stands still while it runs.

    look_up: reads who asks and what they see, once a request; it blocks, so it belongs into a hop:
    either the first hop of the reads, or `identified`. It raises where nobody may ask any more.
    digests, measured: what this request finds and has found out about stored objects, by file
    version.
    """

    stores: Stores
    look_up: Callable[[], Sight]
    given_id: str | None  # the client's own name for this request, if it has one
    chinese: bool
    now: datetime
    digests: dict[str, Begun[str | None]] = field(default_factory=dict)
    measured: dict[str, Measured | None] = field(default_factory=dict)
    # Not `cached_property`: up to Python 3.11 that holds one lock for every request.
    _sight: Sight | None = None
    _reader: Reader | None = None
    _request_id: str | None = None

    @property
    def sight(self) -> Sight:
        """Who asks and what they see."""
        if self._sight is None:
            self._sight = self.look_up()
        return self._sight

    @property
    def request_id(self) -> str:
        """What this request is called in logs and ledgers."""
        if self._request_id is None:
            self._request_id = self.given_id or f"req_{ULID()}"
        return self._request_id

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.sight.viewer

    async def identified(self) -> None:
        """Looks up who asks, off the event loop. Raises: Unavailable, and as `look_up`."""
        if self._sight is None:
            await self.stores.mongo.hop(lambda: self.sight)

    @property
    def today(self) -> date:
        """The business date of this request."""
        return business_date(self.now)

    @property
    def reader(self) -> Reader:
        """The reads of this request, through the actor's scope and masking."""
        if self._reader is None:
            word = partial(worded, chinese=self.chinese)
            self._reader = Reader(self.stores.mongo, self.sight, word)
        return self._reader


Info: TypeAlias = strawberry.Info[Context, None]
