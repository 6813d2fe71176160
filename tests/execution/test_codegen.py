"""The generated function of a level: what it takes as it is, what it hands on, what it refuses."""

from datetime import UTC, date, datetime

import pytest

import server
from execution.codegen import Leaf, Named, build_function
from execution.levels import Unexpected, Wrapping

TODAY = date(2025, 6, 20)
SCHEMA = server.graphql_schema()._schema
MOMENT = datetime(2025, 6, 20, 2, 0, 0, 123456, tzinfo=UTC)


def leaf(kind: str, *, nullable: bool = False, many: bool = False) -> Leaf:
    wrapping = Wrapping(nullable=nullable, many=many)
    return Leaf(key="out", name="field", type=SCHEMA.type_map[kind], wrapping=wrapping)


def built(one: Leaf, *values):
    rows = [{"_id": "loan_1", "field": value} for value in values]
    return [row["out"] for row in build_function([one], prefix="loan")(rows, TODAY)]


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("String", "text", "text"),
        ("String", 5, "5"),
        ("Int", 2**31 - 1, 2**31 - 1),
        ("Int", -(2**31), -(2**31)),
        ("Boolean", False, False),
        ("Money", 0, "0.00"),
        ("Money", 123405, "1234.05"),
        ("Money", -5, "-0.05"),
        ("Date", TODAY, "2025-06-20"),
        ("DateTime", MOMENT, "2025-06-20T02:00:00.123Z"),
        ("LoanStatus", "SETTLED", "SETTLED"),
    ],
)
def test_values_go_out_as_graphql_core_tells_them(kind, value, told):
    assert leaf(kind).type.coerce_output_value(value) == told
    assert built(leaf(kind), value) == [told]
    assert built(leaf(kind, nullable=True), value, None) == [told, None]
    assert built(leaf(kind, many=True), [value, value], []) == [[told, told], []]


@pytest.mark.parametrize("kind", ["String", "Int", "Boolean", "Money", "DateTime", "LoanStatus"])
def test_a_null_where_none_may_be_is_given_up(kind):
    with pytest.raises(Unexpected):
        built(leaf(kind), None)
    with pytest.raises(Unexpected):
        built(leaf(kind, many=True), [None])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Int", 2**31),
        ("Int", -(2**31) - 1),
        ("Int", "x"),
        ("LoanStatus", "NO_SUCH"),
        ("Money", "1"),
    ],
)
def test_what_graphql_core_refuses_is_refused(kind, value):
    for one in (leaf(kind), leaf(kind, nullable=True)):
        with pytest.raises(Exception, match=r"."):
            built(one, value)


def test_a_field_that_a_record_lacks_is_null():
    build = build_function([leaf("String", nullable=True)], prefix=None)
    assert build([{}], TODAY) == [{"out": None}]


def test_a_row_of_another_type_is_given_up():
    with pytest.raises(Unexpected):
        build_function([Named(key="t", type_name="Loan")], prefix="coll")(
            [{"_id": "loan_1"}], TODAY
        )
