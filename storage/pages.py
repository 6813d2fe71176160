"""Keyset pages: a cursor says where the last row stood, so pages stay right as rows come and go."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson.max_key import MaxKey

from storage.finds import Span
from storage.records import Record

MAX_PAGE = 100
DEFAULT_PAGE = 20
MAX_CURSOR_LENGTH = 4_000
MAX_TOTAL = 10_000
_CURSOR_PARTS = 3
_json_text = json.encoder.encode_basestring_ascii  # as `json.dumps` writes a text


class BadCursor(Exception):
    """A cursor that this list did not give out."""


class BadPage(Exception):
    """A page size outside 0 to `MAX_PAGE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One way to sort a list: a field, its direction, and `_id` for what is equal.

    then: fields between the first and `_id`; texts that no row lacks.
    among: fields that the list holds to one value each. An order by several fields has an index
    of these, its own and `_id`, so that its pages can begin where their cursors stand.
    """

    name: str
    field: str
    then: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    descending: bool = False

    @property
    def looks_at(self) -> frozenset[str]:
        """The parts of a row that its cursor is made of."""
        return frozenset(field.partition(".")[0] for field in (self.field, *self.then))

    def sort(self) -> list[tuple[str, int]]:
        """The sort specification; `_id` runs the same way, so one index serves both."""
        direction = -1 if self.descending else 1
        if self.field == "_id":
            return [("_id", direction)]
        return [(field, direction) for field in (self.field, *self.then, "_id")]

    def cursor(self, record: Record) -> str:
        """The place of a record in this order."""
        value = record["_id"] if self.field == "_id" else _value(record, self.field)
        told = _json_text(value) if type(value) is str else json.dumps(value)
        text = f"[{_json_text(self.name)}, {told}, {_json_text(record['_id'])}"
        for field in self.then:
            text += f", {_json_text(_value(record, field))}"
        text += "]"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def after(self, cursor: str) -> Record:
        """The filter for what follows a cursor. Raises: BadCursor."""
        value, id, between = _decoded(cursor, self.name, len(self.then))
        step = "$lt" if self.descending else "$gt"
        if self.field == "_id":
            return {"_id": {step: id}}
        if value is None:
            beyond: list[Record] = [] if self.descending else [{self.field: {"$ne": None}}]
        else:
            beyond = [{self.field: {step: value}}]
            if self.descending:
                beyond.append({self.field: None})
        equal: Record = {self.field: value}
        for field, told in zip(self.then, between, strict=True):
            beyond.append(equal | {field: {step: told}})
            equal |= {field: told}
        return {"$or": [*beyond, equal | {"_id": {step: id}}]}

    def span(self, query: Mapping[str, Any], cursor: str) -> Span | None:
        """Where in the index of its several fields what follows a cursor lies; else none.

        It says no more than `after`, which a server reads as a range of the first field alone.
        Raises: BadCursor.
        """
        if not self.then or self.descending:
            return None
        value, id, between = _decoded(cursor, self.name, len(self.then))
        fixed = {field: query[field] for field in self.among}
        own = (self.field, *self.then, "_id")
        start = fixed | dict(zip(own, (value, *between, id), strict=True))
        return Span(start=start, end=fixed | dict.fromkeys(own, MaxKey()))


def connection(
    rows: Sequence[Record], order: Order, *, has_next: bool, has_previous: bool, edges: bool
) -> Record:
    """A page as the record behind a connection. edges: whether it has any."""
    return {
        "nodes": rows,
        "edges": [{"cursor": order.cursor(row), "node": row} for row in rows] if edges else None,
        "page_info": {
            "has_next_page": has_next,
            "has_previous_page": has_previous,
            "start_cursor": order.cursor(rows[0]) if rows else None,
            "end_cursor": order.cursor(rows[-1]) if rows else None,
        },
    }


def page_size(first: int | None) -> int:
    """How many rows to give. Raises: BadPage."""
    if first is None:
        return DEFAULT_PAGE
    if not 0 <= first <= MAX_PAGE:
        raise BadPage(f"`first` is {first}; it may be 0 to {MAX_PAGE}.")
    return first


def _value(record: Record, path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _decoded(cursor: str, order: str, between: int) -> tuple[str | int | None, str, list[str]]:
    if len(cursor) > MAX_CURSOR_LENGTH:
        raise BadCursor
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadCursor from error
    if not isinstance(parts, list) or len(parts) != _CURSOR_PARTS + between or parts[0] != order:
        raise BadCursor
    _, value, id, *more = parts
    if not isinstance(id, str) or isinstance(value, bool):
        raise BadCursor
    if not (value is None or isinstance(value, str | int)):
        raise BadCursor
    if not all(isinstance(one, str) for one in more):
        raise BadCursor
    return value, id, more
