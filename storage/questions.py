"""What a root field asks for, as data: any executor may read it, with the fields it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from storage.finds import BY_ID, Sort
from storage.pages import Order
from storage.records import COLLECTION_OF_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """The record that answers, if the viewer may see it."""

    collection: str
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Records that answer, at most `limit`."""

    collection: str
    query: Mapping[str, Any]
    sort: Sort = BY_ID
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOf:
    """One page of the records that answer: `first` of them, behind the cursor `after`.

    org: code of the organisation in whose jurisdiction they lie; nothing answers where that is out
    of the viewer's reach. None means wherever the viewer reaches.
    """

    collection: str
    query: Mapping[str, Any]
    order: Order
    first: int
    after: str | None
    org: str | None = None


Question: TypeAlias = One | Several | PageOf


def by_id(id: str) -> One | None:
    """The record of any type with that id; none where no type has such ids."""
    collection = COLLECTION_OF_PREFIX.get(id.partition("_")[0])
    return None if collection is None else One(collection=collection, query={"_id": id})
