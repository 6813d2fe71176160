"""Relations declared as data: from one declaration come every batched read along them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from storage.finds import Sort
from storage.records import Record

MAX_RELATED = 100  # rows a relation gives to one parent
MAX_BATCH = 20_000  # rows one batched read may bring
MIN_BATCH = 1_000  # rows a batched read may always bring, however few are wanted

Read: TypeAlias = Callable[[Sequence[str], int, Sort | None], list[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How rows of one collection lead to rows of another.

    local: field of the parent; foreign: field of the rows, either may hold a list.
    many: whether a parent leads to a list. Scope and masking are those of `collection`.
    """

    collection: str
    local: str = "_id"
    foreign: str = "_id"
    many: bool = False
    order: str = "_id"
    descending: bool = False
    where: Mapping[str, Any] = field(default_factory=dict)
    limit: int = MAX_RELATED

    def keys(self, parent: Mapping[str, Any]) -> tuple[str, ...]:
        """The values that lead from a parent to its rows; every key of a record is a text."""
        if "." not in self.local:
            value = parent.get(self.local)
        else:
            value = parent
            for part in self.local.split("."):
                value = _step(value, part)
        if type(value) is str:
            return (value,)
        if type(value) is list:
            return tuple([key for key in value if type(key) is str])
        return ()

    def __hash__(self) -> int:
        return hash((self.collection, self.local, self.foreign, self.order, self.many))

    def query(self, keys: Sequence[str]) -> Record:
        """The one read that serves many parents."""
        return {self.foreign: {"$in": list(keys)}, **self.where}

    def sort(self) -> Sort:
        """The order of a parent's rows; `_id` decides between equals."""
        direction = -1 if self.descending else 1
        by_id = [("_id", direction)]
        return by_id if self.order == "_id" else [(self.order, direction), *by_id]

    def place(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Where a row stands in that order, as the server compares: nothing, numbers, texts."""
        value = row.get(self.order)
        kind = type(value)
        if kind is str:
            return 2, value, row["_id"]
        if isinstance(value, int):
            return 1, value, row["_id"]
        return 0 if value is None else 3, 0, row["_id"]


def batches(
    relation: Relation, keys: Sequence[str], limit: int, read: Read
) -> Iterator[tuple[Sequence[str], list[Record]]]:
    """Reads the rows of all keys at once, bounded, in order; halves the keys where it overflows.

    limit: rows wanted of one key. The rows come unsorted and are sorted here: asked to sort, the
    server is tempted to walk the sort's index through the whole collection. Only a key that has
    more rows than any batch may bring is read in the server's order, up to the limit.
    """
    most = min(max(MIN_BATCH, len(keys) * limit), MAX_BATCH)
    found = read(keys, most + 1, None)
    if len(found) <= most:
        found.sort(key=relation.place, reverse=relation.descending)
        yield keys, found
    elif len(keys) == 1:
        yield keys, read(keys, limit, relation.sort())
    else:
        half = len(keys) // 2
        yield from batches(relation, keys[:half], limit, read)
        yield from batches(relation, keys[half:], limit, read)


def shared_out(
    relation: Relation,
    keys: Sequence[str],
    rows: Sequence[Record],
    *,
    start: int,
    into: dict[str, list[int]],
) -> None:
    """Notes for each key the places of its rows, in order. start: the first row's place."""
    wanted = frozenset(keys)
    first, *parts = relation.foreign.split(".")
    for place, row in enumerate(rows, start):
        value: Any = row.get(first)
        for part in parts:
            value = _step(value, part)
        if type(value) is str:
            if value in wanted:
                into.setdefault(value, []).append(place)
            continue
        for key in value if type(value) is list else (value,):
            if type(key) is str and key in wanted:
                own = into.setdefault(key, [])
                if not own or own[-1] != place:
                    own.append(place)


def _step(value: Any, part: str) -> Any:
    if isinstance(value, list):
        return [item.get(part) for item in value if isinstance(item, dict)]
    return value.get(part) if isinstance(value, dict) else None
