"""GraphQL over HTTP, as a client meets it."""

import logging
from collections.abc import AsyncIterator

import pytest
from graphql import get_introspection_query

from routes.body import MAX_BODY_BYTES
from tests.api.doors import GRAPHQL_JSON, TOKEN, Doors, code, open_doors, toy_schema

pytestmark = pytest.mark.anyio
JSON = "application/json"
EVENTS = "text/event-stream"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with open_doors() as opened:
        yield opened


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, application/json", JSON),
        ("application/json", JSON),
        ("*/*", JSON),
        ("application/*;q=0.1", JSON),
        ("text/html;q=0.9, */*;q=0.8", JSON),
    ],
)
async def test_the_answer_has_the_type_the_client_likes_best(doors, accept, media):
    answer = await doors.ask("{ hello }", accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media
    assert answer.json() == {"data": {"hello": "Hello you"}}


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=x"])
async def test_a_type_we_do_not_speak_is_not_acceptable(doors, accept):
    answer = await doors.ask("{ hello }", accept)
    assert (answer.status_code, code(answer.json())) == (406, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("query", "rest", "expected"),
    [
        ("{ hello", {}, "GRAPHQL_PARSE_FAILED"),
        ('{ echo(text: "\\ud800") }', {}, "GRAPHQL_PARSE_FAILED"),
        ("{ helo }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ loan }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("fragment A on Query { hello }", {}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", {}, "BAD_USER_INPUT"),
        ("query A { hello }", {"operationName": "B"}, "BAD_USER_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {}, "BAD_USER_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {"variables": {"t": 1}}, "BAD_USER_INPUT"),
        ("query ($e: Even!) { half(of: $e) }", {"variables": {"e": 3}}, "BAD_USER_INPUT"),
        ("{ half(of: 3) }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_refused_document_has_a_code_and_no_data(doors, query, rest, expected):
    for accept, status in ((GRAPHQL_JSON, 400), (JSON, 200)):
        answer = await doors.ask(query, accept, **rest)
        assert answer.status_code == status
        assert "data" not in answer.json()
        assert code(answer.json()) == expected
        assert "Did you mean" not in answer.text


async def test_the_named_operation_runs(doors):
    query = "query A { a: hello } query B { b: hello }"
    for _ in range(2):  # the second time the document is known
        answer = await doors.ask(query, operationName="B")
        assert answer.json() == {"data": {"b": "Hello you"}}


@pytest.mark.parametrize("field", ["boom", "missing"])
async def test_a_fault_is_masked_and_logged_once(doors, caplog, field):
    with caplog.at_level(logging.ERROR):
        answer = await doors.ask(f"{{ {field} }}")
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["path"] == [field]
    assert "hunter2" not in answer.text
    (record,) = [r for r in caplog.records if r.name.startswith(("execution", "strawberry"))]
    assert error["extensions"]["reference"] in record.getMessage()
    assert record.exc_info


@pytest.mark.parametrize(
    ("query", "expected", "message"),
    [
        ("{ locked }", "FORBIDDEN", "Only a custodian may look."),
        ("{ conflict }", "IN_PROGRESS", "Ours."),
        ('{ badly(how: "page") }', "BAD_USER_INPUT", "`first` is 101; it may be 0 to 100."),
        ('{ badly(how: "cursor") }', "BAD_USER_INPUT", None),
    ],
)
async def test_what_a_resolver_says_to_the_caller_passes(doors, query, expected, message):
    body = (await doors.ask(query)).json()
    assert code(body) == expected
    assert message in {None, body["errors"][0]["message"]}
    assert next(iter(body["data"].values())) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"1",
        b'"text"',
        b"{",
        b"[" * 100_000,
        b"[]",
        b'[{"query": "{ hello }"}]',
        b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
        b'{"query": "\xff"}',
        b'{"query": "{ hello }", "variables": {"t": "\\ud800"}}',
        b'{"query": "{ hello }", "variables": {"t": "\xed\xa0\x80"}}',
        b"\xef\xbb\xbf{}",
        b'{"query": "{ hello }", "n": NaN}',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 1}',
        b'{"query": ["{ hello }"]}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "variables": "{}"}',
        b'{"query": "{ hello }", "operationName": 1}',
        b'{"query": "{ hello }", "extensions": []}',
        b"\x1f\x8b\x08\x00",
    ],
)
async def test_a_malformed_body_is_a_bad_request(doors, content):
    for accept in (JSON, GRAPHQL_JSON, EVENTS):
        answer = await doors.send(content, accept=accept)
        assert (answer.status_code, code(answer.json())) == (400, "BAD_USER_INPUT")
        assert "Traceback" not in answer.text


async def test_deep_variables_are_bad_input(doors):
    deep = b"[" * 900 + b"]" * 900
    query = b'{"query": "query ($t: String!) { echo(text: $t) }", "variables": {"t": %s}}' % deep
    answer = await doors.send(query, accept=GRAPHQL_JSON)
    assert (answer.status_code, code(answer.json())) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"content_type": "application/json; charset=utf-16"}, 415),
        ({"content_type": ""}, 415),
        ({"content_encoding": "gzip"}, 415),
        ({"content_type": 'application/json; charset="UTF-8"'}, 200),
    ],
)
async def test_only_plain_json_is_read(doors, headers, status):
    answer = await doors.send(b'{"query": "{ hello }"}', **headers)
    assert answer.status_code == status
    assert status == 200 or code(answer.json()) == "BAD_USER_INPUT"


async def test_a_body_is_bounded_by_its_length_and_by_its_bytes(doors):
    fits = b'{"query": "{ hello }"}'.ljust(MAX_BODY_BYTES)
    assert (await doors.send(fits)).status_code == 200
    assert (await doors.send(fits + b" ")).status_code == 413

    async def unannounced():
        yield fits
        yield b" "

    answer = await doors.send(unannounced())
    assert (answer.status_code, code(answer.json())) == (413, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "header", ["authorization", "x-requested-with", "apollo-require-preflight"]
)
async def test_a_get_needs_a_header_that_no_foreign_page_sends(doors, header):
    params = {"query": "query ($n: String) { hello(name: $n) }", "variables": '{"n": "W"}'}
    assert (await doors.client.get("/graphql", params=params)).status_code == 400
    headers = {header: TOKEN}
    answer = await doors.client.get("/graphql", params=params, headers=headers)
    if header == "authorization":
        assert answer.json() == {"data": {"hello": "Hello W"}}
    else:
        assert (answer.status_code, code(answer.json())) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("query_string", "status"),
    [
        ("query=mutation{touch}", 405),
        ("query=subscription{wait}", 406),
        ("query={hello}&variables=x", 400),
        ("query=%ff", 400),
        ("", 400),
        ("&".join(f"a{n}=1" for n in range(11)), 400),
        ("query=" + "x" * 16_384, 414),
    ],
)
async def test_a_get_only_asks(doors, query_string, status):
    headers = {"authorization": TOKEN}
    answer = await doors.client.get(f"/graphql?{query_string}", headers=headers)
    assert (answer.status_code, code(answer.json())) == (status, "BAD_USER_INPUT")


async def test_other_methods_are_not_allowed(doors):
    for method in ("PUT", "DELETE", "OPTIONS"):
        answer = await doors.client.request(method, "/graphql")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"


async def test_the_path_answers_without_a_redirect(doors):
    assert (await doors.ask("mutation { touch }")).json() == {"data": {"touch": 1}}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON, EVENTS])
async def test_a_stranger_is_told_so(doors, accept):
    answer = await doors.send(b'{"query": "{ hello }"}', authorization="Bearer bad", accept=accept)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    error = {"message": "Please sign in.", "extensions": {"code": "UNAUTHENTICATED"}}
    assert answer.json() == {"errors": [error]}


async def test_a_broken_directory_is_a_fault(doors):
    answer = await doors.send(b'{"query": "{ hello }"}', authorization="Bearer broken")
    assert (answer.status_code, code(answer.json())) == (500, "INTERNAL_SERVER_ERROR")
    assert "10.0.0.1" not in answer.text


async def test_stored_text_that_is_no_unicode_still_arrives(doors):
    answer = await doors.ask("{ odd }")
    assert answer.status_code == 200
    assert b'"\\ud800"' in answer.content


async def test_introspection_can_be_switched_off():
    query = get_introspection_query()
    async with open_doors() as doors:
        assert (await doors.ask(query)).status_code == 200
    async with open_doors(toy_schema(introspection=False)) as doors:
        answer = await doors.ask("{ __schema { __typename } }")
        assert (answer.status_code, code(answer.json())) == (400, "GRAPHQL_VALIDATION_FAILED")
        assert (await doors.ask("{ __typename }")).json() == {"data": {"__typename": "Query"}}
