"""What one request knows: who asks, when, in which language, and through what it reads."""

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
    """One request. `now` stands still while it runs."""

    stores: Stores
    actor: Actor
    request_id: str
    chinese: bool
    now: datetime

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
        return Reader(self.stores.mongo, viewer=self.actor, sealer=self.stores.sealer)


Info: TypeAlias = strawberry.Info[Context, None]
