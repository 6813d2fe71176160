"""How much one document may ask for: each limit at its edge, and documents made to hurt."""

from collections.abc import AsyncIterator
from time import process_time

import pytest
from graphql import get_introspection_query, parse

from execution import limits
from execution.documents import Documents
from tests.api.doors import Doors, open_doors

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with open_doors() as opened:
        yield opened


def nested(depth: int, inner: str = "parent") -> str:
    return "{ loan " + f"{{ {inner} " * (depth - 2) + "{ number }" + "}" * (depth - 2) + " }"


def unfolded(levels: int) -> str:
    """Fragments that each spread the next one twice."""
    parts = [
        f"fragment F{n} on Loan {{ parent {{ ...F{n + 1} }} p: parent {{ ...F{n + 1} }} }}"
        for n in range(levels)
    ]
    return "{ loan { ...F0 } } " + " ".join(parts) + f" fragment F{levels} on Loan {{ number }}"


def side_by_side(count: int) -> str:
    return "{ loan { " + "number " * count + "} }"


def chain(length: int) -> str:
    parts = [f"fragment F{n} on Loan {{ ...F{n + 1} }}" for n in range(length - 1)]
    last = f"fragment F{length - 1} on Loan {{ number }}"
    return "{ loan { ...F0 } } " + " ".join(parts) + last


def priced(first: str) -> str:
    """Costs 1 + first * 188: three lists inside each other, of 5 each."""
    inner = "number " + "related { number related { number files { name } } }"
    return f"loans(first: {first}) {{ nodes {{ {inner} }} }}"


EDGES = [
    ("levels of fields", nested(limits.MAX_DEPTH), nested(limits.MAX_DEPTH + 1)),
    ("fields", side_by_side(limits.MAX_FIELDS - 1), side_by_side(limits.MAX_FIELDS)),
    (
        "aliases",
        "{ loan { " + " ".join(f"a{n}: number" for n in range(limits.MAX_ALIASES)) + " } }",
        "{ loan { " + " ".join(f"a{n}: number" for n in range(limits.MAX_ALIASES + 1)) + " } }",
    ),
    (
        "directives",
        "{ loan { " + "number @skip(if: false) " * limits.MAX_DIRECTIVES + "} }",
        "{ loan { " + "number @skip(if: false) " * (limits.MAX_DIRECTIVES + 1) + "} }",
    ),
    (
        "root fields",
        "{ " + "hello " * limits.MAX_ROOT_FIELDS + "}",
        "{ ...F ...F } fragment F on Query { " + "hello " * 11 + "}",
    ),
    ("levels of selections", chain(limits.MAX_NESTING - 2), chain(limits.MAX_NESTING - 1)),
    ("estimated values", "{ loans(first: 16000) { nodes { " + "number " * 30 + "} } }",
     "{ loans(first: 17000) { nodes { " + "number " * 30 + "} } }"),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "most", "more"), EDGES, ids=[edge[0] for edge in EDGES])
async def test_each_limit_at_its_edge(doors, limit, most, more):
    answer = await doors.ask(most)
    assert answer.status_code == 200, answer.text
    answer = await doors.ask(more)
    (error,) = answer.json()["errors"]
    assert answer.status_code == 400
    assert error["extensions"]["code"] == "DOCUMENT_TOO_COMPLEX"
    assert error["extensions"]["limit"] == limit


@pytest.mark.parametrize(
    "query",
    [
        unfolded(90),
        chain(99),
        " ".join(f"fragment F{n} on Loan {{ number }}" for n in range(101)) + "{ hello }",
        "{ " + "...{ " * 200 + "hello" + "}" * 200 + " }",
        "{ loan { " + "parent { ".join("" for _ in range(2_000)),
        "{ echo(text: " + "[" * 2_000,
        "query ($a: " + "[" * 2_000,
        "{ " + "hello " * 5_000 + "}",
        "#\n" * 1_001 + "{ hello }",
        "{ hello " + " " * 100_000 + "}",
        "{ loans(first: 999999999999999999999999) { nodes { number } } }",
        "query ($n: Int = 500000) { loans(first: $n) { nodes { number } } }",
        "{ loan { " + "related { " * 9 + "number" + " }" * 11,
        "{ __schema { types { fields { type { fields { type { fields { type { fields"
        " { type { fields { name } } } } } } } } } } } }",
    ],
)  # fmt: skip
async def test_documents_made_to_hurt_are_refused_quickly(doors, query):
    started = process_time()
    answer = await doors.ask(query)
    assert process_time() - started < 1.0
    assert answer.status_code in {400, 413}
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "DOCUMENT_TOO_COMPLEX"


@pytest.mark.parametrize(
    "query",
    [
        "{ loan { ...Nobody } }",
        "{ loan { ...A } } fragment A on Loan { parent { ...B } } fragment B on Loan { ...A }",
        "{ loan { ...A } } fragment A on Loan { ...A }",
        "{ nothing { first { number } } }",
        "{ loan { ... on Nothing { number } } }",
        "{ loans(first: $unknown) { nodes { number } } }",
        "{ hello { a } }",
    ],
)
async def test_what_no_schema_knows_is_left_to_validation(doors, query):
    answer = await doors.ask(query)
    codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert (answer.status_code, codes) == (400, {"GRAPHQL_VALIDATION_FAILED"})


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({}, 200),
        ({"n": 1}, 200),
        ({"n": None}, 200),
        ({"n": 2_659}, 200),
        ({"n": 2_660}, 400),
        ({"n": True}, 400),
        ({"n": 10**30}, 400),
    ],
)
async def test_a_page_size_in_a_variable_counts_each_time(doors, variables, status):
    query = f"query ($n: Int = 2) {{ {priced('$n')} }}"
    for _ in range(2):  # the second time the document is known
        assert (await doors.ask(query, variables=variables)).status_code == status


async def test_a_screen_of_fifty_loans_and_all_that_hangs_on_them_passes(doors):
    fields = " ".join(f"f{n}: number" for n in range(10))
    contracts = f"related {{ {fields} related {{ number related {{ number files {{ name }} }} }} }}"
    answer = await doors.ask(f"{{ loans(first: 50) {{ nodes {{ number {contracts} }} }} }}")
    assert answer.status_code == 200, answer.text


async def test_a_list_costs_what_its_limit_says(doors):
    query = "{ loans(first: 100) { nodes { files(limit: %s) { name } } } }"
    assert (await doors.ask(query % 4_990)).status_code == 200
    assert (await doors.ask(query % 5_000)).status_code == 400


async def test_clients_may_ask_for_the_whole_schema(doors):
    for query in (
        get_introspection_query(),
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        ),
    ):
        answer = await doors.ask(query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["__schema"]["queryType"]["name"] == "Query"


def test_the_documents_used_last_are_kept():
    documents = Documents(max_documents=2, max_total_length=100)
    texts = ["{ a }", "{ b }", "{ c }"]
    for text in texts[:2]:
        documents.keep(text, parse(text))
    assert documents.find(texts[0]) is not None
    documents.keep(texts[2], parse(texts[2]))
    assert [documents.find(text) is not None for text in texts] == [True, False, True]


def test_long_documents_push_out_others():
    documents = Documents(max_documents=10, max_total_length=20)
    for text in ("{ a }", "{ b }", "{ long_enough }"):
        documents.keep(text, parse(text))
        documents.keep(text, parse(text))
    assert len(documents) == 2
    documents.keep("{ longer_than_everything }", parse("{ a }"))
    assert len(documents) == 0
