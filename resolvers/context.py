"""What one request knows: who asks, when, in which language, and through what it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeAlias

import strawberry

from domain.calendar import business_date
from domain.people import Actor
from storage.clock import Clock
from storage.mongo import Mongo
from storage.objects import Measured, Objects
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
    rulebook: Rulebook
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Context:
    """One request. `now` stands still while it runs.

    look_up: reads who asks and what they see, once a request; it blocks, so it belongs into a hop:
    either the first hop of the reads, or `identified`. It raises where nobody may ask any more.
    """

    stores: Stores
    look_up: Callable[[], Sight]
    request_id: str
    chinese: bool
    now: datetime

    @cached_property
    def sight(self) -> Sight:
        """Who asks and what they see."""
        return self.look_up()

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.sight.viewer

    async def identified(self) -> None:
        """Looks up who asks, off the event loop. Raises: Unavailable, and as `look_up`."""
        if "sight" not in self.__dict__:
            await self.stores.mongo.hop(lambda: self.sight)

    @property
    def today(self) -> date:
        """The business date of this request."""
        return business_date(self.now)

    @cached_property
    def digests(self) -> dict[str, str | None]:
        """Hashes of stored objects that this request has already computed, by file version."""
        return {}

    @cached_property
    def measured(self) -> dict[str, Measured | None]:
        """What this request has already measured in the store, by file version."""
        return {}

    @cached_property
    def reader(self) -> Reader:
        """The reads of this request, through the actor's scope and masking."""
        return Reader(self.stores.mongo, self.sight)


Info: TypeAlias = strawberry.Info[Context, None]
