"""Relations declared as data: from one declaration come every batched read along them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from storage.finds import Sort
from storage.records import Long, Record

MAX_RELATED = 100  # rows a relation gives to one parent
MAX_BATCH = 20_000  # rows one batched read may bring
MIN_BATCH = 1_000  # rows a batched read may always bring, however few are wanted

T = TypeVar("T")
Keys: TypeAlias = tuple[str, ...]
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

    def keys(self, parents: Sequence[Mapping[str, Any]]) -> list[Keys]:
        """For each parent the values that lead to its rows; every key of a record is a text."""
        values = _values(parents, self.local)
        if set(map(type, values)) == {str}:
            return list(zip(values, strict=True))
        return [(value,) if type(value) is str else _texts(value) for value in values]

    @property
    def looks_at(self) -> frozenset[str]:
        """The fields of the rows by which they are shared out and sorted."""
        return frozenset({self.foreign.partition(".")[0], self.order})

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

    def put_in_order(self, rows: list[Record], *, by_key: bool = False) -> None:
        """Sorts rows as `sort` does. by_key: within each value of `foreign`, a plain text."""
        kinds = {str} if self.order == "_id" else {type(row.get(self.order)) for row in rows}
        first = (self.foreign,) if by_key else ()
        place: Callable[[Record], Any]
        if kinds == {str} or kinds <= {int, Long}:
            place = itemgetter(*first, self.order, "_id")
        else:
            place = partial(self._place, first)
        rows.sort(key=place, reverse=self.descending)

    def _place(self, first: Sequence[str], row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Where a row stands in that order, as the server compares: nothing, numbers, texts."""
        before, value = [row[name] for name in first], row.get(self.order)
        if type(value) is str:
            return *before, 2, value, row["_id"]
        if isinstance(value, int):
            return *before, 1, value, row["_id"]
        return *before, 0 if value is None else 3, 0, row["_id"]


def batches(
    relation: Relation, keys: Sequence[str], limit: int, read: Read
) -> list[tuple[Sequence[str], list[Record]]]:
    """Reads the rows of all keys at once, bounded; halves the keys where it overflows.

    limit: rows wanted of one key. The rows come in no order and are sorted here: asked to sort, the
    server is tempted to walk the sort's index through the whole collection. Only a key that has
    more rows than any batch may bring is read in the server's order, up to the limit.
    """
    most = min(max(MIN_BATCH, len(keys) * limit), MAX_BATCH)
    found = read(keys, most + 1, None)
    if len(found) <= most:
        return [(keys, found)]
    if len(keys) == 1:
        return [(keys, read(keys, limit, relation.sort()))]
    half = len(keys) // 2
    return [
        *batches(relation, keys[:half], limit, read),
        *batches(relation, keys[half:], limit, read),
    ]


def shared_out(
    relation: Relation,
    rows: list[Record],
    limit: int,
    *,
    start: int,
    into: dict[str, Sequence[int]],
) -> list[Record]:
    """The rows that their keys keep, `limit` each; notes each key's places among them, in order.

    start: the place of the first row. into: by key, with every key that was asked for.
    """
    values = _single(_values(rows, relation.foreign))
    if values is None or "." in relation.foreign:
        return _shared_by_several(relation, rows, limit, start=start, into=into)
    counts = Counter(values)
    if len(counts) == len(rows):  # one each, in whatever order
        into.update(zip(values, zip(range(start, start + len(rows)), strict=True), strict=True))
        return rows
    relation.put_in_order(rows, by_key=True)
    counts = Counter(_single(_values(rows, relation.foreign)))
    kept: list[Record] = []
    at = 0
    for key, count in counts.items():
        first = start + len(kept)
        kept += rows[at : at + min(count, limit)]
        into[key] = range(first, start + len(kept))
        at += count
    return kept


def _shared_by_several(
    relation: Relation,
    rows: list[Record],
    limit: int,
    *,
    start: int,
    into: dict[str, Sequence[int]],
) -> list[Record]:
    """The same where a row may belong to several keys; it is kept, whoever wants it."""
    relation.put_in_order(rows)
    own: dict[str, list[int]] = {}
    for place, value in enumerate(_values(rows, relation.foreign), start):
        for key in (value,) if type(value) is str else _texts(value):
            if key in into:
                places = own.setdefault(key, [])
                if not places or places[-1] != place:
                    places.append(place)
    into.update((key, places[:limit]) for key, places in own.items())
    return rows


def dealt(rows: Sequence[T], places: Sequence[Sequence[int]]) -> list[Sequence[T]]:
    """What stands at the places of each parent."""
    return [
        rows[own.start : own.stop] if type(own) is range else [rows[at] for at in own]
        for own in places
    ]


def _values(records: Sequence[Mapping[str, Any]], path: str) -> list[Any]:
    """What stands at a path of each record: a value, or those of the items along it."""
    if "." not in path:
        try:
            return list(map(itemgetter(path), records))
        except KeyError:  # records from before the field was added
            return [record.get(path) for record in records]
    first, *parts = path.split(".")
    values = [record.get(first) for record in records]
    for part in parts:
        values = [_step(value, part) for value in values]
    return values


def _single(values: list[Any]) -> list[str] | None:
    """The text that each value is, or the only one that it lists; none where some are otherwise."""
    if set(map(type, values)) == {list} and set(map(len, values)) == {1}:
        values = list(chain.from_iterable(values))
    return values if set(map(type, values)) == {str} else None


def _texts(value: Any) -> Keys:
    return tuple([key for key in value if type(key) is str]) if type(value) is list else ()


def _step(value: Any, part: str) -> Any:
    if isinstance(value, list):
        return [item.get(part) for item in value if isinstance(item, dict)]
    return value.get(part) if isinstance(value, dict) else None
