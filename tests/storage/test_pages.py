"""Cursors: each row follows the one before it, whatever field they differ in."""

import pytest
from bson.max_key import MaxKey

from storage.pages import BadCursor, Order
from storage.records import Record

BY_PLACE = Order(name="place", field="p.a", then=("p.b", "p.c"))
ROWS = [
    {"_id": id, "p": {"a": a, "b": b, "c": c}}
    for id, a, b, c in (
        ("4", "A", "1", "x"),
        ("3", "A", "1", "y"),
        ("5", "A", "1", "y"),
        ("2", "A", "2", "x"),
        ("1", "B", "1", "x"),
    )
]


def _value(row: Record, path: str):
    for part in path.split("."):
        row = row[part]
    return row


def _answers(row: Record, query: Record) -> bool:
    """Whether a row answers a filter of this module, as the server would say."""
    for path, wanted in query.items():
        if path == "$or":
            if not any(_answers(row, one) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            ((step, bound),) = wanted.items()
            found = _value(row, path)
            if not {"$gt": found > bound, "$gte": found >= bound, "$lt": found < bound}[step]:
                return False
        elif _value(row, path) != wanted:
            return False
    return True


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_goes_on_behind_each_row(descending):
    order = Order(name="place", field="p.a", then=("p.b", "p.c"), descending=descending)
    rows = ROWS[::-1] if descending else ROWS
    for place, row in enumerate(rows):
        query = order.after(order.cursor(row))
        if descending:  # a missing value would come last; here none is missing
            query = {"$or": [one for one in query["$or"] if one != {"p.a": None}]}
        assert [one for one in rows if _answers(one, query)] == rows[place + 1 :]


def test_the_sort_and_the_index_run_the_same_way():
    assert BY_PLACE.sort() == [("p.a", 1), ("p.b", 1), ("p.c", 1), ("_id", 1)]
    assert BY_PLACE.looks_at == {"p"}
    assert Order(name="created", field="_id").sort() == [("_id", 1)]


def test_a_page_begins_in_its_index_where_its_cursor_stands():
    order = Order(name="place", field="p.a", then=("p.b", "p.c"), among=("vault", "state"))
    span = order.span({"vault": "V", "state": "IN", "more": 1}, order.cursor(ROWS[1]))
    assert span is not None
    assert list(span.index) == ["vault", "state", "p.a", "p.b", "p.c", "_id"]
    assert list(span.start.values()) == ["V", "IN", "A", "1", "y", "3"]
    assert list(span.end.values()) == ["V", "IN", *[MaxKey()] * 4]
    assert Order(name="no", field="no").span({}, "any") is None


@pytest.mark.parametrize(
    "other",
    [Order(name="place", field="p.a"), Order(name="place", field="p.a", then=("p.b",))],
)
def test_a_cursor_of_other_fields_is_refused(other):
    with pytest.raises(BadCursor):
        BY_PLACE.after(other.cursor(ROWS[0]))
    with pytest.raises(BadCursor):
        other.after(BY_PLACE.cursor(ROWS[0]))
