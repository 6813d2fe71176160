"""Relations declared as data: from one declaration come every batched read along them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.records import Record

MAX_RELATED = 100  # rows a relation gives to one parent
MAX_BATCH = 20_000  # rows one batched read may bring


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

    def keys(self, parent: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values that lead from a parent to its rows."""
        value: Any = parent
        for part in self.local.split("."):
            value = _step(value, part)
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list | tuple) else (value,)

    def __hash__(self) -> int:
        return hash((self.collection, self.local, self.foreign, self.order, self.many))

    def query(self, keys: Sequence[Any]) -> Record:
        """The one read that serves many parents."""
        return {self.foreign: {"$in": list(keys)}, **self.where}

    def shared_out(self, keys: set[Any], rows: Sequence[Record]) -> dict[Any, list[Record]]:
        """The rows by the key that led to them, in order."""
        groups: dict[Any, list[Record]] = defaultdict(list)
        for row in rows:
            value: Any = row
            for part in self.foreign.split("."):
                value = _step(value, part)
            for key in value if isinstance(value, list) else (value,):
                if key in keys:
                    groups[key].append(row)
        return groups


def _step(value: Any, part: str) -> Any:
    if isinstance(value, list):
        return [item.get(part) for item in value if isinstance(item, dict)]
    return value.get(part) if isinstance(value, dict) else None
